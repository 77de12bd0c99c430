/* SPDX-License-Identifier: Apache-2.0 */
/* Pins that are kept up to date: an engine from a signed seed, instead of one from a file. */
#ifndef PINTLE_CLI_LIVING_H
#define PINTLE_CLI_LIVING_H

#include <pthread.h>

#include <pintle/update.h>

#include "guard.h"

/*
 * seed         the file of --seed, or NULL: then there is nothing living here
 * sources      where updates come from
 * state        the database, or NULL for the app's own
 * update_wait  milliseconds that a mismatch waits for an update
 */
struct living_options {
    const char *seed;
    const char *state;
    struct opt_list sources;
    long update_wait;
};

#define LIVING_WAIT_DEFAULT 3000

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
/* Rows of opt_specs for a `struct living_options` that is `member` of `owner`. */
#define LIVING_SOURCE_OPTIONS(owner, member)                                                        \
    {.name = "seed", .type = OPT_FILE, .metavar = "FILE",                                          \
     .help = "the signed pins to start from (pintle embed --format seed)",                         \
     .offset = offsetof(owner, member.seed)},                                                       \
    {.name = "source", .type = OPT_LIST, .metavar = "URL",                                         \
     .help = "update from this directory or URL; may be given again",                              \
     .offset = offsetof(owner, member.sources)},                                                    \
    {.name = "state", .type = OPT_FILE, .metavar = "PATH",                                         \
     .help = "the state database (the app's own, below XDG_STATE_HOME)",                           \
     .offset = offsetof(owner, member.state)}
#define LIVING_OPTIONS(owner, member)                                                               \
    LIVING_SOURCE_OPTIONS(owner, member),                                                           \
    {.name = "update-wait", .type = OPT_COUNT, .metavar = "MS",                                    \
     .help = "how long a mismatch waits for an update, in milliseconds (3000)",                    \
     .offset = offsetof(owner, member.update_wait), .min = 0, .max = 600000}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/*
 * False after telling what does not fit together; the command then returns CLI_USAGE. A seed from
 * the environment gives way to pins from the command line: options->seed is then NULL.
 */
bool living_options_check(const char *command, struct living_options *options,
                          const struct pin_options *pins);

/*
 * An updater for a command.
 *
 * source          where the pin-set in force came from: a source, "state" or "seed"
 * storage_failed  so the library said
 * seed_epoch, seed_version
 *                 what the seed alone would put in force
 */
struct living {
    struct pintle_updater *updater;
    char *seed;
    pthread_mutex_t mutex;
    char source[2304];
    bool opened;
    bool storage_failed;
    int64_t seed_version;
    int64_t seed_epoch;
};

/*
 * Open; tells failures, and from then on what happens, itself. The engine is owned by the updater.
 *
 * how  sources may stay NULL: those of the options are used. seed, state_path, engine.crypto and
 *      `happened` are set here
 */
enum cli_exit living_open(struct living *living, const struct living_options *options,
                          struct pintle_update_config *how);

/* NULL is allowed in living->updater. Call it after living_open() failed, too. */
void living_close(struct living *living);

/* The database failed: what was learned is lost with the program. */
bool living_storage_failed(struct living *living);

/* Version, source, freshness of what is in force; NULL without memory. */
json_t *living_json(struct living *living);

/* After a mismatch: say when sources are asked, if they were not. Does nothing without an updater. */
void living_note_postponed(const struct living *living, const struct pintle_verdict *verdict);

/*
 * The engine for a command that talks to servers: from the seed if there is one, else from the pins.
 * Close `living` when the engine is not needed any more; the engine is owned by the caller.
 */
enum cli_exit living_guard_open(struct pintle **out, struct living *living,
                                const struct living_options *options, const char *ca,
                                const struct pin_options *pins, const struct target *target);

#endif
