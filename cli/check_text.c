/* SPDX-License-Identifier: Apache-2.0 */
/* A check as a table and a list of findings. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certificate.h"
#include "check.h"
#include "verdict.h"

static const struct {
    const char *name;
    enum cli_style style;
} severities[] = {
    [PINTLE_INFO] = {"info", CLI_DIM},
    [PINTLE_WARNING] = {"warning", CLI_YELLOW},
    [PINTLE_ERROR] = {"error", CLI_RED},
};

const char *check_severity_name(enum pintle_severity severity)
{
    return severities[severity].name;
}

/* --- marks ----------------------------------------------------------------------------------- */

enum mark {
    MARK_GOOD = 0,
    MARK_BAD = 1,
    MARK_NONE = 2
};

/* Signs on a terminal that says it can show them, words elsewhere. */
static bool has_signs(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = opt_env_value(names[i]);

        if (value != NULL)
            return isatty(STDOUT_FILENO) == 1 &&
                   (strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL);
    }
    return false;
}

static void print_mark(enum mark mark)
{
    static const char *const signs[] = {"✓", "✗", "–"};
    static const char *const words[] = {"ok  ", "FAIL", "skip"};
    static const enum cli_style styles[] = {CLI_GREEN, CLI_RED, CLI_DIM};

    (void)printf("  %s%s%s ", cli_on(stdout, styles[mark]), has_signs() ? signs[mark] : words[mark],
                 cli_off(stdout));
}

/* --- one handshake --------------------------------------------------------------------------- */

static enum mark mark_of(const struct sighting *s)
{
    if (s->no_route)
        return MARK_NONE;
    if (!sighting_seen(s))
        return MARK_BAD;
    if (check_is_learned(s))
        return MARK_NONE;
    return check_matches(s) || s->verdict.reason == PINTLE_REASON_OFF ? MARK_GOOD : MARK_BAD;
}

static void print_match(const struct check *check, const struct endpoint *endpoint,
                        const struct sighting *s)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, endpoint->rule_index);
    const struct pintle_rule_pin *pin;

    if (s->verdict.pin_index < 0 || (uint32_t)s->verdict.pin_index >= rule->pin_count)
        return;
    pin = &rule->pins[s->verdict.pin_index];
    (void)printf("  %s pin %d%s%s%s", pin->backup ? "backup" : "live", s->verdict.pin_index,
                 pin->label[0] != '\0' ? " (" : "", cli_safe(pin->label),
                 pin->label[0] != '\0' ? ")" : "");
    (void)printf(s->verdict.cert_index == 0 ? " as the server's key" : " as CA %d",
                 s->verdict.cert_index);
}

static void print_seen(const struct check *check, const struct endpoint *endpoint,
                       const struct sighting *s)
{
    struct pintle_certificate_info leaf;
    int64_t days = check_days_left(check, s);
    char key[64];

    if (s->served_count > 0 && pintle_certificate_describe(&leaf, s->served[0], NULL) == PINTLE_OK)
        (void)printf("  %s", cli_safe(certificate_key_text(&leaf, key)));
    if (check_matches(s))
        print_match(check, endpoint, s);
    else if (check_is_learned(s))
        (void)printf("  not pinned: clients learn its key on first use");
    else
        (void)printf("  %s: %s", pintle_reason_name(s->verdict.reason),
                     s->path_detail[0] != '\0' && s->path != PINTLE_PATH_VALID
                         ? cli_safe(s->path_detail)
                         : pintle_reason_text(s->verdict.reason));
    if (s->verdict.softened)
        (void)printf(" (report mode: let pass)");
    if (days != INT64_MAX && days >= 0)
        (void)printf("  %lld day%s left", (long long)days, days == 1 ? "" : "s");
}

static void print_sighting(const struct check *check, const struct endpoint *endpoint,
                           const struct sighting *s)
{
    print_mark(mark_of(s));
    (void)printf("%s at %s", endpoint->target.text, s->address);
    if (sighting_seen(s))
        print_seen(check, endpoint, s);
    else if (s->no_route)
        (void)printf("  no route from here, not checked");
    else
        (void)printf("  %s", cli_safe(check_error_text(s)));
    (void)putchar('\n');
}

static void print_endpoint(const struct check *check, const struct endpoint *endpoint)
{
    if (endpoint->status != PINTLE_OK) {
        print_mark(MARK_BAD);
        (void)printf("%s  %s\n", endpoint->target.text, cli_safe(endpoint->err.text));
    }
    for (size_t i = 0; i < endpoint->survey.count; i++)
        print_sighting(check, endpoint, &endpoint->survey.items[i]);
}

/* --- findings -------------------------------------------------------------------------------- */

static void print_finding(const struct check_finding *finding)
{
    const struct pintle_finding_kind *kind = finding->kind;

    (void)printf("  %s%-7s %s%s %s: %s\n", cli_on(stdout, severities[kind->severity].style),
                 severities[kind->severity].name, kind->id, cli_off(stdout), kind->title,
                 cli_safe(finding->detail));
    (void)printf("          %s\n          %sfix:%s %s\n", kind->explanation,
                 cli_on(stdout, CLI_BOLD), cli_off(stdout), kind->fix);
}

static void print_findings(const struct check *check, size_t rule_index)
{
    for (size_t i = 0; i < check->finding_count; i++)
        if (check->findings[i].rule_index == rule_index)
            print_finding(&check->findings[i]);
}

static void print_trust(const struct pintle_rule *rule)
{
    if (rule->trust == PINTLE_TRUST_KEY || rule->trust == PINTLE_TRUST_TOFU_KEY)
        (void)printf(", trusts the key alone");
    if (verdict_learns(rule))
        (void)printf(", learns the %s on first use for %lu day%s",
                     rule->learn_at == PINTLE_AT_CA ? "CAs' keys" : "server's key",
                     (unsigned long)rule->learn_days, rule->learn_days == 1 ? "" : "s");
}

/* Of a pin that does not match for ever. */
static void print_end(const struct pintle_rule_pin *pin, uint32_t index, int64_t now)
{
    char until[PINTLE_TIME_TEXT_SIZE];

    if (pin->until == PINTLE_NEVER)
        return;
    (void)printf("  pin %lu%s%s%s  %s %s\n", (unsigned long)index,
                 pin->label[0] != '\0' ? " (" : "", cli_safe(pin->label),
                 pin->label[0] != '\0' ? ")" : "",
                 pin->until > now ? "matches until" : "retired since",
                 pintle_time_format(pin->until, until));
}

static void print_rule(const struct check *check, size_t index)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, index);
    char ends[PINTLE_TIME_TEXT_SIZE];

    (void)printf("\n%srule %s%s  %s", cli_on(stdout, CLI_BOLD), rule->id, cli_off(stdout),
                 pintle_mode_name(pintle_rule_get_mode(rule, check->now)));
    if (rule->ends != PINTLE_NEVER && rule->ends > check->now)
        (void)printf(" until %.10s", pintle_time_format(rule->ends, ends));
    (void)printf(", %lu pin%s", (unsigned long)rule->pin_count, rule->pin_count == 1 ? "" : "s");
    print_trust(rule);
    (void)putchar('\n');
    for (uint32_t i = 0; i < rule->pin_count; i++)
        print_end(&rule->pins[i], i, check->now);
    for (size_t i = 0; i < check->endpoint_count; i++)
        if (check->endpoints[i].rule_index == index)
            print_endpoint(check, &check->endpoints[i]);
    print_findings(check, index);
}

/* --- advice ---------------------------------------------------------------------------------- */

/* A name of the rule to put into an example. */
static const char *example_host(const struct check *check, size_t rule_index)
{
    for (size_t i = 0; i < check->endpoint_count; i++)
        if (check->endpoints[i].rule_index == rule_index)
            return check->endpoints[i].target.host.text;
    return "HOST";
}

static bool is_told(const struct check *check, const char *id, size_t rule_index, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (check->findings[i].rule_index == rule_index &&
            strcmp(check->findings[i].kind->id, id) == 0)
            return true;
    return false;
}

static bool is_live(const struct check *check, size_t rule_index, size_t pin_index)
{
    for (size_t i = 0; i < check->finding_count; i++)
        if (check->findings[i].rule_index == rule_index &&
            check->findings[i].pin_index == pin_index &&
            strcmp(check->findings[i].kind->id, "PIN102") == 0)
            return true;
    return false;
}

/* A backup beside those that are live: there is a reserve already. */
static bool has_reserve(const struct check *check, size_t rule_index)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, rule_index);

    for (uint32_t i = 0; i < rule->pin_count; i++)
        if (rule->pins[i].backup && !is_live(check, rule_index, i))
            return true;
    return false;
}

static bool lacks_reserve(const struct check *check, size_t rule_index)
{
    return !has_reserve(check, rule_index);
}

/* For the rules with this finding that `when` holds for; the command once for each. */
static bool advise(const struct check *check, const char *id,
                   bool (*when)(const struct check *, size_t), const char *first,
                   const char *command)
{
    bool told = false;

    for (size_t i = 0; i < check->finding_count; i++) {
        const struct check_finding *finding = &check->findings[i];

        if (strcmp(finding->kind->id, id) != 0 || is_told(check, id, finding->rule_index, i) ||
            (when != NULL && !when(check, finding->rule_index)))
            continue;
        if (!told)
            (void)printf("\n%snext:%s %s\n", cli_on(stdout, CLI_BOLD), cli_off(stdout), first);
        told = true;
        if (command != NULL)
            (void)printf("      %s %s\n", command, example_host(check, finding->rule_index));
    }
    return told;
}

static void print_advice(const struct check *check)
{
    (void)advise(check, "PIN101", NULL,
                 "find out whose key that is. If it is yours, pin it; if not, somebody is in "
                 "between.",
                 "pintle inspect");
    if (advise(check, "PIN102", lacks_reserve,
               "the server has rotated to its backup key. First make a new backup:",
               "pintle key backup --add"))
        (void)printf("      Then drop \"backup\" from the pin that is live now and remove the old "
                     "pin;\n      then raise \"version\" and publish.\n");
    (void)advise(check, "PIN102", has_reserve,
                 "the server has rotated to its backup key, and there is another backup. Drop\n"
                 "      \"backup\" from the pin that is live now and remove the old pin;\n"
                 "      then raise \"version\" and publish.",
                 NULL);
    (void)advise(check, "PIN001", NULL,
                 "make a backup key while the one in use still works:", "pintle key backup --add");
}

/* --- all of it ------------------------------------------------------------------------------- */

static void print_summary(const struct check *check)
{
    size_t errors = check_count(check, PINTLE_ERROR);
    size_t warnings = check_count(check, PINTLE_WARNING);
    size_t infos = check_count(check, PINTLE_INFO);

    (void)printf("\n%s%s%s", cli_on(stdout, errors + warnings == 0 ? CLI_GREEN : CLI_RED),
                 errors + warnings == 0 ? "clean" : "not clean", cli_off(stdout));
    (void)printf(": %zu error%s, %zu warning%s", errors, errors == 1 ? "" : "s", warnings,
                 warnings == 1 ? "" : "s");
    if (infos > 0)
        (void)printf(", %zu for information", infos);
    if (check->options->offline)
        (void)printf("; no server looked at (--offline)\n");
    else
        (void)printf("; %zu server%s looked at\n", check->endpoint_count,
                     check->endpoint_count == 1 ? "" : "s");
}

enum cli_exit check_print_text(const struct check *check)
{
    char expires[PINTLE_TIME_TEXT_SIZE];

    (void)printf("%s%s%s: app %s, ", cli_on(stdout, CLI_BOLD), cli_safe(check->path),
                 cli_off(stdout), cli_safe(pintle_pinset_get_app(check->set)));
    if (pintle_pinset_get_epoch(check->set) != 1)
        (void)printf("epoch %lld, ", (long long)pintle_pinset_get_epoch(check->set));
    (void)printf("version %lld, expires %.10s\n", (long long)pintle_pinset_get_version(check->set),
                 pintle_time_format(pintle_pinset_get_expires(check->set), expires));
    print_findings(check, SIZE_MAX);
    for (size_t i = 0; i < pintle_pinset_get_rule_count(check->set); i++)
        if (check_covers(check, i))
            print_rule(check, i);
    if (!opt_common.quiet)
        print_advice(check);
    print_summary(check);
    return CLI_OK;
}
