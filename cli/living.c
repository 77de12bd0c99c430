/* SPDX-License-Identifier: Apache-2.0 */
#include "living.h"

#include <stdlib.h>
#include <string.h>

#include "os/file.h"

/* --- options --------------------------------------------------------------------------------- */

/* Pins of the command line, not of the environment. */
static bool names_pins(const struct pin_options *pins)
{
    return pins->pins.count > 0 || pins->trust_key ||
           (pins->pinset != NULL && !opt_is_from_env("PINTLE_PINSET", pins->pinset));
}

static bool needs_seed(const char *command, const struct living_options *options)
{
    const char *option = NULL;

    if (options->sources.count > 0 && opt_env_value("PINTLE_SOURCE") == NULL)
        option = "--source";
    else if (options->state != NULL && !opt_is_from_env("PINTLE_STATE", options->state))
        option = "--state";
    if (option != NULL)
        opt_mistake(command, "option %s needs --seed", option);
    return option == NULL;
}

bool living_options_check(const char *command, struct living_options *options,
                          const struct pin_options *pins)
{
    if (options->seed != NULL && pins != NULL && names_pins(pins)) {
        if (!opt_is_from_env("PINTLE_SEED", options->seed)) {
            opt_mistake(command, "options --seed and %s exclude each other",
                        pins->pins.count > 0 ? "--pin"
                        : pins->trust_key    ? "--trust-key"
                                             : "--pinset");
            return false;
        }
        options->seed = NULL;
        return true;
    }
    return options->seed != NULL || needs_seed(command, options);
}

/* --- events ---------------------------------------------------------------------------------- */

/* What is in force now did not come from the seed; `source` is "" for what the database held. */
static void note_source(struct living *living, const char *source)
{
    (void)pthread_mutex_lock(&living->mutex);
    (void)snprintf(living->source, sizeof(living->source), "%s",
                   source[0] != '\0' ? source : "state");
    (void)pthread_mutex_unlock(&living->mutex);
}

static void note_storage_failure(struct living *living)
{
    (void)pthread_mutex_lock(&living->mutex);
    living->storage_failed = true;
    (void)pthread_mutex_unlock(&living->mutex);
}

bool living_storage_failed(struct living *living)
{
    bool failed;

    (void)pthread_mutex_lock(&living->mutex);
    failed = living->storage_failed;
    (void)pthread_mutex_unlock(&living->mutex);
    return failed;
}

/* On any thread: cli_safe() is for the main one. The library's texts are one harmless line. */
static void happened(void *ctx, const struct pintle_event *event)
{
    struct living *living = ctx;

    switch (event->kind) {
    case PINTLE_EVENT_STARTED:
        cli_note("%s", event->text);
        break;
    case PINTLE_EVENT_UPDATED:
        note_source(living, event->source);
        cli_note("updated: %s", event->text);
        break;
    case PINTLE_EVENT_CURRENT:
        break;
    case PINTLE_EVENT_SOURCE:
        cli_note("%s", event->text);
        break;
    case PINTLE_EVENT_STORAGE:
        if (event->status != PINTLE_OK)
            note_storage_failure(living);
        cli_error("%s", event->text);
        break;
    case PINTLE_EVENT_STALE:
        cli_error("nothing says that these pins are the newest"); /* what they are is told */
        break;
    case PINTLE_EVENT_UNPINNED:
        cli_error("an emergency unpin is in force: %s", event->text);
        break;
    }
}

/* --- opening and closing ------------------------------------------------------------------------ */

static enum cli_exit read_seed(struct living *living, const char *path, struct pintle_view *out)
{
    struct pintle_error err = {0};
    size_t len;

    if (os_read_file(&living->seed, &len, path, PINTLE_SEED_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    out->data = (const uint8_t *)living->seed;
    out->len = len;
    return CLI_OK;
}

/* What the seed alone would put in force: to tell whether the database holds something newer. */
static enum cli_exit look_at_seed(struct living *living, const char *path, struct pintle_view seed)
{
    struct pintle_trusted_options how = {.crypto = guard_crypto(),
                                         .loader = pintle_pinset_loader()};
    struct pintle_trusted_pins pins = {0};
    struct pintle_error err = {0};
    struct pintle_trusted *trusted;

    if (pintle_trusted_new_from_seed(&trusted, seed, &how, &err) != PINTLE_OK)
        return cli_fail(path, &err);
    if (!pintle_trusted_get_pins(trusted, &pins)) {
        pintle_trusted_free(trusted);
        cli_error("%s: holds no pins", cli_safe(path));
        return CLI_INPUT;
    }
    living->seed_version = pins.facts.version;
    living->seed_epoch = pins.facts.epoch;
    pintle_trusted_free(trusted);
    return CLI_OK;
}

static void name_start(struct living *living)
{
    struct pintle_updater_status status;

    pintle_updater_get_status(living->updater, &status);
    (void)pthread_mutex_lock(&living->mutex);
    if (living->source[0] == '\0')
        (void)snprintf(living->source, sizeof(living->source), "%s",
                       status.version == living->seed_version && status.epoch == living->seed_epoch
                           ? "seed"
                           : "state");
    (void)pthread_mutex_unlock(&living->mutex);
}

enum cli_exit living_open(struct living *living, const struct living_options *options,
                          struct pintle_update_config *how)
{
    struct pintle_error err = {0};
    enum pintle_status status;
    enum cli_exit code;

    memset(living, 0, sizeof(*living));
    if (pthread_mutex_init(&living->mutex, NULL) != 0)
        cli_no_memory();
    living->opened = true;
    code = read_seed(living, options->seed, &how->seed);
    if (code == CLI_OK)
        code = look_at_seed(living, options->seed, how->seed);
    if (code != CLI_OK)
        return code;
    how->state_path = options->state;
    how->sources = options->sources.items;
    how->source_count = options->sources.count;
    how->engine.crypto = guard_crypto();
    how->happened = happened;
    how->happened_ctx = living;
    status = pintle_updater_open(&living->updater, how, &err);
    if (status == PINTLE_E_ARGUMENT) { /* a source that is none */
        cli_error("option --source: %s", err.text);
        return CLI_USAGE;
    }
    if (status != PINTLE_OK)
        return cli_fail(options->seed, &err);
    name_start(living);
    return CLI_OK;
}

void living_close(struct living *living)
{
    if (!living->opened)
        return;
    pintle_updater_close(living->updater);
    free(living->seed);
    (void)pthread_mutex_destroy(&living->mutex);
    memset(living, 0, sizeof(*living));
}

/* --- telling --------------------------------------------------------------------------------- */

json_t *living_json(struct living *living)
{
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    char time[PINTLE_TIME_TEXT_SIZE];
    struct pintle_updater_status s;
    json_t *json;

    pintle_updater_get_status(living->updater, &s);
    (void)pthread_mutex_lock(&living->mutex);
    json = json_pack("{s:I, s:I, s:I, s:s, s:s, s:b, s:b, s:o}", "root_version",
                     (json_int_t)s.root_version, "epoch", (json_int_t)s.epoch, "version",
                     (json_int_t)s.version, "issued", pintle_time_format(s.issued, issued),
                     "expires", pintle_time_format(s.expires, expires), "stale", (int)s.stale,
                     "storage", (int)(s.storage && !living->storage_failed), "source",
                     cli_json_text(living->source));
    (void)pthread_mutex_unlock(&living->mutex);
    if (json != NULL && s.fresh_until > 0 &&
        json_object_set_new(json, "fresh_until",
                            json_string(pintle_time_format(s.fresh_until, time))) != 0)
        goto failed;
    if (json != NULL && s.unpin_until > 0 &&
        json_object_set_new(json, "unpin_until",
                            json_string(pintle_time_format(s.unpin_until, time))) != 0)
        goto failed;
    return json;
failed:
    json_decref(json);
    return NULL;
}

void living_note_postponed(const struct living *living, const struct pintle_verdict *verdict)
{
    struct pintle_updater_status status;
    char when[PINTLE_TIME_TEXT_SIZE];

    if (living->updater == NULL || verdict->reason != PINTLE_REASON_MISMATCH)
        return;
    pintle_updater_get_status(living->updater, &status);
    if (status.postponed_until > 0)
        cli_note("not updated: the next try for %s is at %s (pintle update does it now)",
                 verdict->host.text, pintle_time_format(status.postponed_until, when));
}

/* --- for commands that talk to servers ----------------------------------------------------------- */

enum cli_exit living_guard_open(struct pintle **out, struct living *living,
                                const struct living_options *options, const char *ca,
                                const struct pin_options *pins, const struct target *target)
{
    struct pintle_update_config how = {.ca_file = ca,
                                       .mismatch_wait_ms = options->update_wait,
                                       .reports = true,
                                       .engine.allow_unlisted = pins->allow_unlisted};
    enum cli_exit code;

    *out = NULL;
    if (options->seed == NULL)
        return guard_open(out, pins, target);
    code = living_open(living, options, &how);
    if (code == CLI_OK)
        *out = pintle_retain(pintle_updater_get_engine(living->updater));
    return code;
}
