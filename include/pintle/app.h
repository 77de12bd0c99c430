/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/app.h: what most applications want from the operating system: a pin-set from a file, the
 * system clock and a thread that hands out reports.
 */
#ifndef PINTLE_APP_H
#define PINTLE_APP_H

#include <pintle/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The system's wall clock, as a pintle_clock_fn. ctx is ignored. Thread-safe. */
PINTLE_API int64_t pintle_clock_system(void *ctx);

/*
 * Load a pin-set from a file, or from a pipe until its end, as pintle_pinset_parse() does from
 * memory. E_IO with the path and the system's reason in err->text; E_LIMIT before reading more than
 * options->max_len.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pinset_load(
    struct pintle_pinset **out, const char *path, const struct pintle_pinset_options *options,
    struct pintle_error *err);

/*
 * Make an engine from a pin-set file of at most PINTLE_PINSET_MAX_LEN (for larger ones:
 * pintle_pinset_load() and pintle_new()). config as for pintle_new(); a missing clock is the
 * system's.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_open(struct pintle **out, const char *path,
                                                          const struct pintle_config *config,
                                                          struct pintle_error *err);

/*
 * Make an engine from a seed that the program was built with (`pintle embed`), with no network and
 * no disk; to have it updated as well, use pintle/update.h. The errors of
 * pintle_trusted_new_from_seed() and pintle_new(); a missing clock is the system's.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_open_seed(struct pintle **out,
                                                               struct pintle_view seed,
                                                               const struct pintle_config *config,
                                                               struct pintle_error *err);

/*
 * Read a file again, as pintle_open() does, and put it in force. On any failure the pin-set in
 * force stays in force. Thread-safe.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_reload(struct pintle *engine, const char *path,
                                                            struct pintle_error *err);

/*
 * A thread that calls `reported` for every report, soon after it was queued, so that no handshake
 * waits for the work done there. Make the reporter first, pass pintle_reporter_notify and it as
 * `notify` and `notify_ctx` of the config, then start it with the engine:
 *
 *   struct pintle_reporter *reporter;
 *   pintle_reporter_new(&reporter, my_report, my_ctx, &err);
 *   config.notify = pintle_reporter_notify;
 *   config.notify_ctx = reporter;
 *   pintle_open(&engine, "pintle.json", &config, &err);
 *   pintle_reporter_start(reporter, engine, &err);
 *   …
 *   pintle_reporter_stop(reporter);   hands out what is still queued, joins the thread
 *   pintle_free(engine);
 *   pintle_reporter_free(reporter);   last: the engine may notify until it is freed
 */
struct pintle_reporter;

PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_reporter_new(
    struct pintle_reporter **out, void (*reported)(void *ctx, const struct pintle_report *report),
    void *ctx, struct pintle_error *err);

/* The `notify` of a reporter: never blocks. */
PINTLE_API void pintle_reporter_notify(void *reporter);

/*
 * Start handing out, what was queued before first. Owns one reference on the engine until stopped.
 * `reported` runs on a thread of its own that takes no signals. E_STATE if started, E_IO without a
 * thread.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_reporter_start(
    struct pintle_reporter *reporter, struct pintle *engine, struct pintle_error *err);

/*
 * Hand out what is still queued and end the thread; waits for it, so `reported` must not call this.
 * Does nothing unless started. It may be started again.
 */
PINTLE_API void pintle_reporter_stop(struct pintle_reporter *reporter);

/* Stop and free. */
PINTLE_API void pintle_reporter_free(struct pintle_reporter *reporter);

#ifdef __cplusplus
}
#endif
#endif
