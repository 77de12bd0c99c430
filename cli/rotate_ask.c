/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_ask.h"

#include <string.h>

#include <pintle/x509.h>

#include "guard.h"
#include "objects_file.h"
#include "rotate_notes.h"
#include "rotate_value.h"

/* 9900-01-01: room for all waits of a plan. */
#define LATEST_START INT64_C(250246627200)

const char *const rotate_emergencies[] = {"lost", "stolen", NULL};
const char *const rotate_orders[] = {"deploy-first", "publish-first", NULL};

struct rotate_options rotate_options_default(void)
{
    return (struct rotate_options){.net.timeout = NET_TIMEOUT_DEFAULT,
                                   .lag = ROTATE_LAG_DEFAULT,
                                   .lag_share = ROTATE_LAG_SHARE_DEFAULT,
                                   .margin = ROTATE_MARGIN_DEFAULT};
}

bool rotate_is_asked(const struct rotate_options *options)
{
    return options->to != NULL || options->to_backup;
}

bool rotate_option_date(int64_t *out, const char *command, const char *option, const char *text,
                        int64_t fallback)
{
    *out = fallback;
    if (text == NULL || rotate_parse_date(out, text))
        return true;
    opt_mistake(command, "option --%s: '%s' is no date, as 2026-11-21 or 2026-11-21T13:00:00Z",
                option, cli_safe(text));
    return false;
}

/* --- the rule -------------------------------------------------------------------------------- */

static size_t rule_index(const struct pintle_pinset *set, const struct pintle_rule *rule)
{
    size_t index = 0;

    while (pintle_pinset_get_rule(set, index) != rule)
        index++;
    return index;
}

static enum cli_exit choose_by_host(struct rotate_asked *asked, const char *text, uint16_t usual)
{
    struct pintle_error err = {0};
    struct target target;

    if (target_parse_server(&target, text, usual, &err) != PINTLE_OK)
        return cli_fail(text, &err);
    asked->rule = pintle_pinset_find(asked->set, &target.host, target.port);
    if (asked->rule != NULL)
        return CLI_OK;
    cli_error("%s: no rule covers %s", cli_safe(asked->path), target.text);
    return CLI_REFUSED;
}

static enum cli_exit choose_rule(struct rotate_asked *asked, const char *command,
                                 const struct rotate_options *options)
{
    size_t count = pintle_pinset_get_rule_count(asked->set);

    if (options->rule == NULL && options->hosts.count > 0)
        return choose_by_host(asked, options->hosts.items[0], net_options_port(&options->net));
    if (options->rule == NULL && count == 1)
        asked->rule = pintle_pinset_get_rule(asked->set, 0);
    for (size_t i = 0; options->rule != NULL && i < count; i++)
        if (strcmp(pintle_pinset_get_rule(asked->set, i)->id, options->rule) == 0)
            asked->rule = pintle_pinset_get_rule(asked->set, i);
    if (asked->rule != NULL)
        return CLI_OK;
    if (options->rule != NULL)
        opt_mistake(command, "option --rule: no rule '%s' in %s", cli_safe(options->rule),
                    cli_safe(asked->path));
    else
        opt_mistake(command, "%s has %zu rules: say which with --rule or --host",
                    cli_safe(asked->path), count);
    return CLI_USAGE;
}

enum cli_exit rotate_load(struct published_pins *published, const struct pintle_pinset **set,
                          char *path, const char *command, const char *pinset, const char *dir)
{
    struct pintle_pinset *own = NULL;
    enum cli_exit code;

    *published = (struct published_pins){0};
    *set = NULL;
    if (dir == NULL) {
        code = guard_load(&own, pinset, path);
        *set = own;
        return code;
    }
    if (pinset != NULL && !opt_is_from_env("PINTLE_PINSET", pinset)) {
        opt_mistake(command, "options --dir and --pinset exclude each other");
        return CLI_USAGE;
    }
    (void)snprintf(path, PINSET_PATH_SIZE, "%s", dir);
    code = published_pins_open(published, dir);
    if (code == CLI_OK)
        *set = pintle_pinset_retain(published_pins_newest(published));
    return code;
}

enum cli_exit rotate_ask(struct rotate_asked *out, const char *command,
                         const struct rotate_options *options)
{
    enum cli_exit code;

    *out = (struct rotate_asked){.now = pintle_clock_system(NULL)};
    code =
        rotate_load(&out->published, &out->set, out->path, command, options->pinset, options->dir);
    if (code != CLI_OK)
        return code;
    code = choose_rule(out, command, options);
    if (code == CLI_OK)
        out->rule_index = rule_index(out->set, out->rule);
    return code;
}

void rotate_asked_clear(struct rotate_asked *asked)
{
    pintle_pinset_free(asked->set);
    asked->set = NULL;
    published_pins_clear(&asked->published);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* The leaf of a chain, or the one key of the file. */
static enum cli_exit only_key(struct pintle_pin *out, const char *path,
                              const struct pintle_objects *objects)
{
    size_t count = pintle_objects_get_count(objects);

    for (size_t i = 0; i < count; i++)
        if (count > 1 && pintle_objects_get(objects, i)->kind != PINTLE_OBJECT_CERTIFICATE) {
            cli_error("%s: holds %zu keys and certificates; one is wanted, or one chain",
                      cli_safe(path), count);
            return CLI_INPUT;
        }
    *out = pintle_objects_get(objects, 0)->pin;
    return CLI_OK;
}

static enum cli_exit read_key_file(struct pintle_pin *out, const char *path)
{
    struct pintle_objects *objects;
    enum cli_exit code = objects_file_read(&objects, path, cli_fail);

    if (code == CLI_OK)
        code = only_key(out, path, objects);
    pintle_objects_free(objects);
    return code;
}

/* What looks like a pin is one; all else is a file. */
static enum cli_exit read_key(struct pintle_pin *out, const char *command, const char *option,
                              const char *text, bool *from_file)
{
    struct pintle_error err = {0};

    *from_file = false;
    if (pintle_pin_parse(out, text, strlen(text), &err) == PINTLE_OK)
        return CLI_OK;
    if (strncmp(text, "sha256/", 7) == 0) {
        opt_mistake(command, "option --%s: '%s': %s", option, cli_safe(text), err.text);
        return CLI_USAGE;
    }
    *from_file = true;
    return read_key_file(out, text);
}

/* The rule's one pin of a kind; `many` says which option names one of several. */
static enum cli_exit only_pin(struct pintle_pin *out, const struct rotate_asked *asked,
                              const char *command, bool backup, int64_t now)
{
    const struct pintle_rule *rule = asked->rule;
    uint32_t found = 0;

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];

        if (pin->backup != backup || pin->until <= now || pin->at == PINTLE_AT_CA)
            continue;
        *out = pin->pin;
        found++;
    }
    if (found == 1)
        return CLI_OK;
    if (found == 0) {
        cli_error("%s: rule %s has no %s pin for a server's own key", cli_safe(asked->path),
                  rule->id, backup ? "backup" : "live");
        return CLI_REFUSED;
    }
    opt_mistake(command, "rule %s has %lu %s pins: say which with --%s", rule->id,
                (unsigned long)found, backup ? "backup" : "live", backup ? "to" : "from");
    return CLI_USAGE;
}

/* --- the request ----------------------------------------------------------------------------- */

static bool read_dates(struct rotate_request *request, const struct rotate_asked *asked,
                       const char *command, const struct rotate_options *options)
{
    int64_t issued = pintle_pinset_get_issued(asked->set);
    int64_t now = asked->now - asked->now % 60;

    return rotate_option_date(&request->start, command, "start", options->start, now) &&
           rotate_option_date(&request->deploy, command, "deploy", options->deploy, PINTLE_NEVER) &&
           rotate_option_date(&request->cert_expires, command, "cert-expires",
                              options->cert_expires, PINTLE_NEVER) &&
           rotate_option_date(&request->since, command, "since", options->since,
                              issued < request->start ? issued : request->start);
}

/* What is planned lies within ROTATE_DAYS_MAX of its start several times over, and before the year
 * 10000, behind which no date can be written. */
static bool are_near(const struct rotate_request *request, const char *command)
{
    if (request->start > LATEST_START)
        opt_mistake(command, "option --start: is too far ahead for a plan");
    else if (request->deploy != PINTLE_NEVER &&
             request->deploy - request->start > ROTATE_DAYS_MAX * ROTATE_DAY_S)
        opt_mistake(command, "option --deploy: is more than %d days after the start",
                    ROTATE_DAYS_MAX);
    else
        return true;
    return false;
}

static bool read_lag(struct rotate_request *request, const char *command,
                     const struct rotate_options *options)
{
    request->lag_s = options->lag * ROTATE_DAY_S;
    request->margin_s = options->margin * ROTATE_DAY_S;
    if (rotate_parse_share(&request->lag_share, options->lag_share, strlen(options->lag_share)) &&
        request->lag_share > 0 && request->lag_share < 1)
        return true;
    opt_mistake(command,
                "option --lag-share: '%s' is no share above 0 and below 1, as 0.99 or 99%%",
                cli_safe(options->lag_share));
    return false;
}

static bool fits_together(const char *command, const struct rotate_options *options)
{
    bool stolen = options->emergency != NULL && strcmp(options->emergency, "stolen") == 0;

    if (options->to != NULL && options->to_backup)
        opt_mistake(command, "options --to and --to-backup exclude each other");
    else if (!rotate_is_asked(options))
        opt_mistake(command, "say what the new key is, with --to or --to-backup");
    else if (options->emergency != NULL && options->deploy != NULL)
        opt_mistake(command, "options --emergency and --deploy exclude each other");
    else if (options->order != NULL && !stolen)
        opt_mistake(command, "option --order needs --emergency stolen");
    else
        return true;
    return false;
}

static void read_emergency(struct rotate_request *request, const struct rotate_options *options)
{
    request->emergency = ROTATE_BACKUP;
    if (options->emergency != NULL)
        request->emergency = strcmp(options->emergency, "lost") == 0 ? ROTATE_LOST : ROTATE_STOLEN;
    request->order = ROTATE_ORDER_AUTO;
    if (options->order != NULL)
        request->order = strcmp(options->order, "deploy-first") == 0 ? ROTATE_DEPLOY_FIRST
                                                                     : ROTATE_PUBLISH_FIRST;
}

static enum cli_exit read_keys(struct rotate_request *request, struct rotate_asked *asked,
                               const char *command, const struct rotate_options *options,
                               bool *has_from)
{
    enum cli_exit code = CLI_OK;
    bool from_file;

    if (options->to_backup)
        code = only_pin(&request->to, asked, command, true, request->start);
    else
        code = read_key(&request->to, command, "to", options->to, &asked->proven);
    if (code == CLI_OK && options->new_backup != NULL) {
        request->has_new_backup = true;
        code =
            read_key(&request->new_backup, command, "new-backup", options->new_backup, &from_file);
    }
    *has_from = options->from != NULL;
    if (code == CLI_OK && *has_from)
        code = read_key(&request->from, command, "from", options->from, &from_file);
    return code;
}

/*
 * Since when clients can have the new key: the history of a directory tells; a pin-set tells when it
 * was issued itself. A key that all versions have, no client lacks.
 */
static void read_history(struct rotate_request *request, const struct rotate_asked *asked,
                         const struct rotate_options *options)
{
    struct published_run run;

    if (options->dir == NULL || options->since != NULL)
        return;
    run = published_pins_run(&asked->published, request->rule->id, &request->to);
    if (run.since == PINTLE_NEVER)
        return;
    if (run.before == NULL && run.since > request->start - request->lag_s - request->margin_s)
        run.since = request->start - request->lag_s - request->margin_s;
    if (run.since < request->since)
        request->since = run.since;
    request->before = run.before;
}

static bool has_pin(const struct pintle_rule *rule, const struct pintle_pin *pin)
{
    for (uint32_t i = 0; i < rule->pin_count; i++)
        if (pintle_pin_equal(&rule->pins[i].pin, pin))
            return true;
    return false;
}

/* The three keys are three, and the old one is the rule's. */
static enum cli_exit check_keys(const struct rotate_request *request, const char *command)
{
    if (!has_pin(request->rule, &request->from)) {
        opt_mistake(command, "option --from: rule %s has no such pin", request->rule->id);
        return CLI_USAGE;
    }
    if (pintle_pin_equal(&request->from, &request->to)) {
        opt_mistake(command, "the new key is the one in use");
        return CLI_USAGE;
    }
    if (request->has_new_backup && (pintle_pin_equal(&request->new_backup, &request->to) ||
                                    pintle_pin_equal(&request->new_backup, &request->from))) {
        opt_mistake(command, "option --new-backup: a key that is no reserve: it is in use");
        return CLI_USAGE;
    }
    return CLI_OK;
}

enum cli_exit rotate_ask_plan(struct rotate_plan *out, struct rotate_asked *asked,
                              const char *command, const struct rotate_options *options)
{
    struct rotate_request request = {.set = asked->set, .rule = asked->rule};
    bool has_from = false;
    enum cli_exit code;

    if (!fits_together(command, options) || !read_dates(&request, asked, command, options) ||
        !are_near(&request, command) || !read_lag(&request, command, options))
        return CLI_USAGE;
    read_emergency(&request, options);
    if (pintle_pinset_get_overlap(asked->set) > ROTATE_DAYS_MAX * ROTATE_DAY_S) {
        cli_error("%s: overlap_s is more than %d days, too long for a plan", cli_safe(asked->path),
                  ROTATE_DAYS_MAX);
        return CLI_INPUT;
    }
    code = read_keys(&request, asked, command, options, &has_from);
    if (code == CLI_OK)
        read_history(&request, asked, options);
    if (code == CLI_OK && !options->offline && options->emergency == NULL)
        code = rotate_ask_servers(&request, &has_from, asked, options);
    if (code == CLI_OK && !has_from)
        code = only_pin(&request.from, asked, command, false, request.start);
    if (code == CLI_OK)
        code = check_keys(&request, command);
    if (code != CLI_OK)
        return code;
    if (!rotate_plan_make(out, &request)) {
        cli_error("%s: rule %s has more than %d pins, too many for a plan", cli_safe(asked->path),
                  asked->rule->id, ROTATE_PINS_MAX - 2);
        return CLI_INPUT;
    }
    if (!asked->proven && !options->to_backup && !has_pin(asked->rule, &request.to))
        rotate_note(
            &out->warnings, "unproven",
            "nothing shows that the new key exists: name its certificate or request instead "
            "of its pin");
    if (options->dir == NULL)
        rotate_note(&out->warnings, "unpublished",
                    "this is planned from the pin-set, published or not, and knows nothing of "
                    "versions before it: --dir plans from what clients have");
    return CLI_OK;
}
