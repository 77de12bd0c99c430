/* SPDX-License-Identifier: Apache-2.0 */
/* The pin-set that is written, and the account of it. */
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "init.h"
#include "json_build.h"

#define DAY_S 86400

/* --- the document ---------------------------------------------------------------------------- */

static json_t *pin_json(const struct init_pin *pin)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *json = json_pack("{s:s, s:s, s:o}", "spki", pintle_pin_format(&pin->pin, text), "at",
                             pin->at, "label", cli_json_text(pin->label));

    return json_build_member(json, pin->backup, "backup", json_true());
}

static json_t *pins_json(const struct init_rule *rule)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rule->pin_count; i++)
        list = json_build_item(list, pin_json(&rule->pins[i]));
    return list;
}

static json_t *rule_json(const struct init *init, const struct init_rule *rule)
{
    const struct init_options *options = init->options;
    char until[PINTLE_TIME_TEXT_SIZE];

    (void)pintle_time_format(init->now + (int64_t)options->days * DAY_S, until);
    return json_pack("{s:s, s:[s], s:[i], s:s, s:s, s:o, s:s, s:s}", "id", rule->id, "match",
                     rule->target.host.text, "ports", (int)rule->target.port, "mode", options->mode,
                     "trust", options->trust_key ? "key" : "pkix", "pins", pins_json(rule),
                     "enforce_until", until, "after", "report");
}

static json_t *rules_json(const struct init *init)
{
    json_t *list = json_array();

    for (size_t i = 0; i < init->count; i++)
        list = json_build_item(list, rule_json(init, &init->rules[i]));
    return list;
}

/* The host backwards, as app names are: "com.example.api". */
static const char *default_app(const struct init *init, char out[PINTLE_HOST_MAX_LEN + 2])
{
    const struct pintle_host *host = &init->rules[0].target.host;
    size_t end = host->len;
    size_t len = 0;

    if (host->is_ip)
        return host->text;
    while (end > 0) {
        size_t start = end;

        while (start > 0 && host->text[start - 1] != '.')
            start--;
        if (len > 0)
            out[len++] = '.';
        memcpy(out + len, host->text + start, end - start);
        len += end - start;
        end = start > 0 ? start - 1 : 0;
    }
    out[len] = '\0';
    return out;
}

static char *write_json(const struct init *init)
{
    const struct init_options *options = init->options;
    char app[PINTLE_HOST_MAX_LEN + 2];
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    /* Enforced as long as a rule is, counted anew with each issue; never less than it is fresh. */
    long hard_days = options->days > options->expires_days ? options->days : options->expires_days;
    json_t *document = json_pack(
        "{s:i, s:o, s:I, s:s, s:s, s:I, s:o}", "pintle", 1, "app",
        cli_json_text(options->app != NULL ? options->app : default_app(init, app)), "version",
        (json_int_t)init->version, "issued", pintle_time_format(init->now, issued), "expires",
        pintle_time_format(init->now + (int64_t)options->expires_days * DAY_S, expires),
        "hard_ttl_s", (json_int_t)hard_days * DAY_S, "rules", rules_json(init));
    char *text = document != NULL ? cli_json_dump(document, JSON_COMPACT) : NULL;

    json_decref(document);
    return text;
}

/* What is written is what the library read and laid out. */
enum cli_exit init_compose(struct init *init)
{
    struct pintle_pinset_options how = {.crypto = guard_crypto()};
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    char *text = write_json(init);
    enum pintle_status status;

    if (text == NULL) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    status = pintle_pinset_parse(&set, text, strlen(text), &how, &err);
    free(text);
    if (status == PINTLE_OK)
        status = pintle_pinset_format(&init->document, &init->document_len, set, &err);
    pintle_pinset_free(set);
    return status == PINTLE_OK ? CLI_OK : cli_fail("the new pin-set", &err);
}

/* --- the account ----------------------------------------------------------------------------- */

static json_t *account_json(const struct init_rule *rule)
{
    json_t *json = json_pack("{s:s, s:s, s:i, s:o}", "id", rule->id, "host", rule->target.host.text,
                             "port", (int)rule->target.port, "pins", pins_json(rule));

    if (rule->new_key.key_pem == NULL)
        return json;
    json = json_build_text(json, "key_file", rule->key_path);
    return json_build_text(json, "request_file", rule->request_path);
}

static enum cli_exit print_json(const struct init *init)
{
    json_t *list = json_array();

    for (size_t i = 0; i < init->count; i++)
        list = json_build_item(list, account_json(&init->rules[i]));
    return cli_print_json("init",
                          json_pack("{s:o, s:I, s:o}", "file", cli_json_text(init->options->out),
                                    "version", (json_int_t)init->version, "rules", list));
}

static void print_rule(const struct init *init, const struct init_rule *rule)
{
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)printf("\n%s%s%s  %s for %ld days, then report\n", cli_on(stdout, CLI_BOLD),
                 rule->target.text, cli_off(stdout), init->options->mode, init->options->days);
    for (size_t i = 0; i < rule->pin_count; i++)
        (void)printf("  %s  %s\n", pintle_pin_format(&rule->pins[i].pin, text),
                     cli_safe(rule->pins[i].label));
    if (rule->new_key.key_pem != NULL)
        (void)printf("  backup key      %s\n  its request     %s\n", cli_safe(rule->key_path),
                     cli_safe(rule->request_path));
}

static void print_next(const struct init *init)
{
    bool made = false;

    for (size_t i = 0; i < init->count; i++)
        made = made || init->rules[i].new_key.key_pem != NULL;
    (void)printf("\nnext:\n");
    if (made)
        (void)printf("  - move the backup key offline, away from the server: it is what you rotate "
                     "to\n");
    (void)printf("  - see that the pins hold:      pintle check -p %s\n"
                 "  - talk through them:           pintle fetch -p %s https://%s/\n",
                 cli_safe(init->options->out), cli_safe(init->options->out),
                 target_url_host(&init->rules[0].target));
}

enum cli_exit init_print(const struct init *init)
{
    if (init->options->json)
        return print_json(init);
    (void)printf("wrote %s%s%s: version %lld, %zu rule%s, expires in %ld days\n",
                 cli_on(stdout, CLI_BOLD), cli_safe(init->options->out), cli_off(stdout),
                 (long long)init->version, init->count, init->count == 1 ? "" : "s",
                 init->options->expires_days);
    for (size_t i = 0; i < init->count; i++)
        print_rule(init, &init->rules[i]);
    if (!opt_common.quiet)
        print_next(init);
    return CLI_OK;
}
