/* SPDX-License-Identifier: Apache-2.0 */
/* The keys a server has today. */
#include <string.h>

#include "certificate.h"
#include "guard.h"
#include "init.h"

bool init_add_pin(struct init_rule *rule, const struct init_pin *pin)
{
    for (size_t i = 0; i < rule->pin_count; i++)
        if (pintle_pin_equal(&rule->pins[i].pin, &pin->pin))
            return true;
    if (rule->pin_count == INIT_PINS_MAX)
        return false;
    rule->pins[rule->pin_count++] = *pin;
    return true;
}

static enum cli_exit add(const struct init *init, struct init_rule *rule, struct pintle_view der,
                         const char *at)
{
    struct pintle_certificate_info info = {0};
    struct init_pin pin = {.at = at};
    struct pintle_error err = {0};
    char day[PINTLE_TIME_TEXT_SIZE];
    char key[64] = "unknown key";

    if (pintle_pin_from_certificate(&pin.pin, der, guard_crypto(), &err) != PINTLE_OK)
        return cli_fail(rule->target.text, &err);
    if (pintle_certificate_describe(&info, der, NULL) == PINTLE_OK)
        (void)certificate_key_text(&info, key);
    if (strcmp(at, "ca") == 0)
        (void)snprintf(pin.label, sizeof(pin.label), "issuing CA, %.80s", info.subject);
    else
        (void)snprintf(pin.label, sizeof(pin.label), "%s, %.10s", key,
                       pintle_time_format(init->now, day));
    if (init_add_pin(rule, &pin))
        return CLI_OK;
    cli_error("%s: shows more than %d different keys", rule->target.text, INIT_PINS_MAX - 1);
    return CLI_INPUT;
}

/* Only a key whose path is valid is pinned, unless the key is all that will be trusted. */
static enum cli_exit check_path(const struct init *init, const struct init_rule *rule,
                                const struct sighting *s)
{
    if (s->served_count == 0) {
        cli_error("%s at %s: shows no certificate", rule->target.text, s->address);
        return CLI_TLS;
    }
    if (init->options->trust_key || s->path == PINTLE_PATH_VALID)
        return CLI_OK;
    cli_error("%s at %s: not pinned, its certificate path is invalid: %s", rule->target.text,
              s->address, cli_safe(s->path_detail));
    if (s->path == PINTLE_PATH_INVALID)
        cli_note("name your own CA with --ca FILE, or trust the key alone with --trust-key");
    return CLI_TLS;
}

static enum cli_exit take(const struct init *init, struct init_rule *rule, const struct sighting *s)
{
    const struct init_options *options = init->options;
    enum cli_exit code = check_path(init, rule, s);

    if (code == CLI_OK)
        code = add(init, rule, s->served[0], options->at);
    if (code == CLI_OK && options->pin_ca && s->verified_count > 1)
        code = add(init, rule, s->verified[1], "ca");
    return code;
}

/* Its key is unknown, so clients that meet it may be locked out. */
static enum cli_exit fail_unseen(const struct init_rule *rule, const struct sighting *s,
                                 size_t count)
{
    enum cli_exit code = cli_fail(rule->target.text, &s->err);

    if (count > 1)
        cli_note("every address is looked at; --connect ADDR:PORT looks at one alone");
    return code;
}

/* An address without a route says nothing as long as another answers. */
static enum cli_exit take_all(const struct init *init, struct init_rule *rule,
                              const struct survey *survey)
{
    enum cli_exit code = CLI_OK;

    for (size_t i = 0; code == CLI_OK && i < survey->count; i++) {
        const struct sighting *s = &survey->items[i];

        if (sighting_seen(s))
            code = take(init, rule, s);
        else if (s->no_route && survey->count > 1)
            cli_note("%s: no route to %s from here, not looked at", rule->target.text, s->address);
        else
            code = fail_unseen(rule, s, survey->count);
    }
    if (code == CLI_OK && rule->pin_count == 0)
        code = cli_fail(rule->target.text, &survey->items[0].err);
    return code;
}

enum cli_exit init_look(struct init *init, struct init_rule *rule)
{
    struct survey_how how = {.every_address = true};
    struct survey survey = {0};
    struct pintle_error err = {0};
    enum cli_exit code;

    if (survey_run(&survey, &rule->target, &init->options->net, &how, &err) != PINTLE_OK)
        code = cli_fail(rule->target.text, &err);
    else
        code = take_all(init, rule, &survey);
    survey_clear(&survey);
    return code;
}
