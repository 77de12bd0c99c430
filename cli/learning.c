/* SPDX-License-Identifier: Apache-2.0 */
#include "learning.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pinset_path.h"
#include "verdict.h"

#define DAY_S 86400

const char *const learning_positions[] = {"leaf", "ca", NULL};

/* --- options ---------------------------------------------------------------------------------- */

bool learning_options_check(const char *command, const struct learning_options *options,
                            struct living_options *living, const struct pin_options *pins)
{
    bool learns = options->tofu || options->hpkp;
    const char *state = living->state;
    bool good;

    if (learns && living->seed == NULL)
        living->state = NULL; /* it is ours */
    good = living_options_check(command, living, pins);
    living->state = state;
    if (!good)
        return false;
    if (options->tofu && living->seed != NULL)
        opt_mistake(command, "options --tofu and --seed exclude each other: signed pins say "
                             "themselves which hosts are learned");
    else if (options->tofu && pins->pins.count > 0)
        opt_mistake(command, "options --tofu and --pin exclude each other");
    else if (options->tofu_at != NULL && !options->tofu && opt_env_value("PINTLE_TOFU_AT") == NULL)
        opt_mistake(command, "option --tofu-at needs --tofu");
    else if (options->app != NULL && state != NULL && opt_env_value("PINTLE_STATE") == NULL &&
             opt_env_value("PINTLE_APP") == NULL)
        opt_mistake(command, "options --state and --app exclude each other");
    else
        return true;
    return false;
}

/* --- the state ---------------------------------------------------------------------------------- */

static enum cli_exit open_state(struct learning *learning, const char *given, const char *app)
{
    struct pintle_error err = {0};
    enum pintle_status status = PINTLE_OK;
    bool recovered = false;
    char *path = NULL;

    if (given == NULL)
        status = pintle__state_default_path(&path, app, &err);
    if (status == PINTLE_OK)
        status =
            pintle__state_open(&learning->state, given != NULL ? given : path, &recovered, &err);
    if (status != PINTLE_OK)
        cli_error("%s", err.text);
    else if (recovered)
        cli_error("%s: was lost or damaged; hosts that may have been known are refused until "
                  "they are forgotten (pintle trust forget)",
                  cli_safe(given != NULL ? given : path));
    free(path);
    return cli_exit_for(status);
}

/* --- the pin-set --------------------------------------------------------------------------------- */

static bool learns_by_itself(const struct pintle_pinset *set)
{
    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++) {
        if (verdict_learns(pintle_pinset_get_rule(set, i)))
            return true;
    }
    return false;
}

static char *dump(const json_t *document)
{
    return document != NULL ? cli_json_dump(document, JSON_COMPACT) : NULL;
}

static enum cli_exit parse(const struct pintle_pinset **out, const json_t *document)
{
    struct pintle_pinset_options how = {.crypto = guard_crypto()};
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    char *text = dump(document);
    enum pintle_status status;

    *out = NULL;
    if (text == NULL)
        cli_no_memory();
    status = pintle_pinset_parse(&set, text, strlen(text), &how, &err);
    free(text);
    *out = set;
    return status == PINTLE_OK ? CLI_OK : cli_fail("--tofu", &err);
}

/* No pin-set was named and there is none here: one without rules. */
static json_t *empty_document(void)
{
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    int64_t now = pintle_clock_system(NULL);

    return json_pack("{s:i, s:s, s:i, s:s, s:s, s:[]}", "pintle", 1, "app", LEARNING_APP, "version",
                     1, "issued", pintle_time_format(now, issued), "expires",
                     pintle_time_format(now + DAY_S, expires), "rules");
}

static bool has_pinset(const struct pin_options *pins)
{
    char path[PINSET_PATH_SIZE];

    return pins->pins.count > 0 || pins->pinset != NULL ||
           access(pinset_path(NULL, path), F_OK) == 0;
}

static enum cli_exit load(const struct pintle_pinset **out, const struct learning_how *how,
                          const struct target *target)
{
    bool optional = how->learning->tofu || how->learning->hpkp;
    enum cli_exit code;
    json_t *empty;

    if (!optional || has_pinset(how->pins))
        return guard_pinset(out, how->pins, target);
    empty = empty_document();
    code = parse(out, empty);
    json_decref(empty);
    return code;
}

/* The document that rules are added to. */
static enum cli_exit keep_document(struct learning *learning, const struct pintle_pinset *set)
{
    struct pintle_error err = {0};
    size_t len;
    char *text;

    if (pintle_pinset_format(&text, &len, set, &err) != PINTLE_OK)
        return cli_fail("--tofu", &err);
    learning->document = json_loadb(text, len, 0, NULL);
    free(text);
    if (learning->document == NULL)
        cli_no_memory();
    return CLI_OK;
}

/*
 * Where the target's keys are learned. What was learned from its CA stays so: a forgotten option must
 * not make it the one key that the server has today.
 */
static const char *position(const struct learning *learning, const struct target *target)
{
    const struct pintle_memory *memory = pintle__state_get_memory(learning->state);
    const char *asked = learning->tofu_at != NULL ? learning->tofu_at : "leaf";
    struct pintle_learned held;

    if (memory->recall(memory->ctx, PINTLE_LEARNED_TOFU, &target->host, target->port,
                       pintle_clock_system(NULL), &held) != PINTLE_RECALL_FOUND ||
        held.at != PINTLE_AT_CA || strcmp(asked, "ca") == 0)
        return asked;
    if (learning->tofu_at != NULL)
        cli_note("%s: its CA was learned, and stays so; pintle trust add --replace learns its key",
                 target->text);
    return "ca";
}

static json_t *first_use_rule(const struct learning *learning, const struct target *target)
{
    char id[32];

    (void)snprintf(id, sizeof(id), "first-use-%u", learning->covered);
    return json_pack("{s:s, s:[s], s:[i], s:s, s:s, s:s, s:[]}", "id", id, "match",
                     target->host.text, "ports", (int)target->port, "mode", "enforce", "trust",
                     "tofu", "learn_at", position(learning, target), "pins");
}

/* The pin-set with a rule for the target. */
static enum cli_exit add_rule(struct learning *learning, const struct pintle_pinset **out,
                              const struct target *target)
{
    json_t *rules = json_object_get(learning->document, "rules");

    learning->covered++;
    if (json_array_append_new(rules, first_use_rule(learning, target)) != 0)
        cli_no_memory();
    return parse(out, learning->document);
}

/* Has the target a rule? With --tofu, one that learns nothing is told: the option has no effect. */
static bool is_covered(const struct learning *learning, const struct pintle_pinset *set,
                       const struct target *target)
{
    const struct pintle_rule *rule = pintle_pinset_find(set, &target->host, target->port);

    if (rule != NULL && learning->document != NULL && !verdict_learns(rule))
        cli_note("%s: rule \"%s\" of %s covers it: --tofu learns nothing", target->text,
                 cli_safe(rule->id), pintle_pinset_get_app(set));
    return rule != NULL;
}

enum cli_exit learning_cover(struct learning *learning, struct pintle *engine,
                             const struct target *target)
{
    const struct pintle_pinset *set = pintle_get_pinset(engine);
    bool covered = is_covered(learning, set, target);
    struct pintle_error err = {0};
    enum cli_exit code;

    pintle_pinset_free(set);
    if (learning->document == NULL || covered)
        return CLI_OK;
    code = add_rule(learning, &set, target);
    if (code != CLI_OK)
        return code;
    if (pintle_replace(engine, set, &err) == PINTLE_OK)
        return CLI_OK;
    pintle_pinset_free(set);
    return cli_fail("--tofu", &err);
}

/* --- the engine ------------------------------------------------------------------------------------ */

static enum cli_exit make(struct pintle **out, struct learning *learning,
                          const struct learning_how *how, const struct pintle_pinset *set)
{
    struct pintle_config config = {
        .crypto = guard_crypto(),
        .clock = pintle_clock_system,
        .allow_unlisted = how->pins->allow_unlisted || how->learning->hpkp,
        .memory = learning->state != NULL ? pintle__state_get_memory(learning->state) : NULL,
    };
    struct pintle_error err = {0};

    if (pintle_new(out, set, &config, &err) == PINTLE_OK)
        return CLI_OK;
    pintle_pinset_free(set);
    return cli_fail("pin-set", &err);
}

static const char *app_of(const struct learning_how *how, const struct pintle_pinset *set)
{
    return how->learning->app != NULL ? how->learning->app : pintle_pinset_get_app(set);
}

static enum cli_exit open_own(struct pintle **out, struct learning *learning,
                              const struct learning_how *how, const struct target *target)
{
    const struct learning_options *options = how->learning;
    const struct pintle_pinset *set = NULL;
    enum cli_exit code = load(&set, how, target);

    if (code == CLI_OK && options->tofu)
        code = keep_document(learning, set);
    if (code == CLI_OK && (options->tofu || options->hpkp || learns_by_itself(set)))
        code = open_state(learning, how->living->state, app_of(how, set));
    if (code != CLI_OK) {
        pintle_pinset_free(set);
        return code;
    }
    code = make(out, learning, how, set);
    return code == CLI_OK ? learning_cover(learning, *out, target) : code;
}

/* What is noted goes into the database that the updater has open as well. */
static enum cli_exit open_beside(struct pintle *engine, struct learning *learning,
                                 const struct learning_how *how)
{
    const struct pintle_pinset *set = pintle_get_pinset(engine);
    enum cli_exit code = open_state(learning, how->living->state, app_of(how, set));

    pintle_pinset_free(set);
    return code;
}

enum cli_exit learning_guard_open(struct pintle **out, struct learning *learning,
                                  const struct learning_how *how, const struct target *target)
{
    struct pin_options pins = *how->pins;
    enum cli_exit code;

    *out = NULL;
    memset(learning, 0, sizeof(*learning));
    learning->tofu_at = how->learning->tofu_at;
    if (how->living->seed == NULL)
        return open_own(out, learning, how, target);
    pins.allow_unlisted = pins.allow_unlisted || how->learning->hpkp;
    code = living_guard_open(out, &learning->living, how->living, how->ca, &pins, target);
    if (code == CLI_OK && how->learning->hpkp)
        code = open_beside(*out, learning, how);
    return code;
}

void learning_close(struct learning *learning)
{
    living_close(&learning->living);
    pintle__state_close(learning->state);
    json_decref(learning->document);
    learning->state = NULL;
    learning->document = NULL;
}
