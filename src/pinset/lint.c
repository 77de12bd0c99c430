/* SPDX-License-Identifier: Apache-2.0 */
/* What loads but is dangerous. Each check tells of its findings; the texts are in findings.def. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pintle/time.h>

#include "pinset/finding.h"
#include "pinset/placeholder.h"
#include "pinset/schema.h"
#include "pinset/set.h"
#include "pinset/unknown.h"
#include "pinset/url.h"

#define DAY_S 86400
#define BOUND_MAX_DAYS 400

/* Cut when it is longer; a pattern fits. */
#define DETAIL_SIZE 320

/* rule is NULL while the document as a whole is looked at. Of the extras, which are in document
 * order, extras_done are dealt with. */
struct lint {
    const struct pintle_pinset *set;
    const struct pintle_lint_options *options;
    void (*found)(void *ctx, const struct pintle_finding *finding);
    void *ctx;
    size_t count;
    const struct pintle_rule *rule;
    size_t rule_index;
    size_t extras_done;
};

static void tell(struct lint *lint, enum pintle__finding kind, size_t pin_index, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

static void tell(struct lint *lint, enum pintle__finding kind, size_t pin_index, const char *format,
                 ...)
{
    char detail[DETAIL_SIZE];
    struct pintle_finding finding = {pintle_finding_kind_get((size_t)kind), lint->rule_index,
                                     pin_index, detail};
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    lint->count++;
    lint->found(lint->ctx, &finding);
}

/* --- members that are not known -----------------------------------------------------------------
 */

/* Longer names are cut. */
#define NAME_SIZE 160

/* A name as part of a JSON pointer (RFC 6901, section 3), in the string form of section 5. */
static void write_name(char out[NAME_SIZE], const struct pintle__name *name)
{
    static const char cut[] = "...";
    size_t len = 0;
    size_t i = 0;

    for (; i < name->len && len + 2 + sizeof(cut) <= NAME_SIZE; i++) {
        char c = name->text[i];
        out[len++] = (char)(c == '/' ? '~' : c);
        if (c == '~' || c == '/')
            out[len++] = c == '~' ? '0' : '1';
    }
    if (i < name->len) {
        /* Not inside a character: bytes 10xxxxxx go on with one. */
        for (; len > 0 && ((unsigned char)name->text[i] & 0xC0U) == 0x80U; i--)
            len--;
        memcpy(out + len, cut, sizeof(cut) - 1);
        len += sizeof(cut) - 1;
    }
    out[len] = '\0';
}

/* `where` is the pointer to the object, and `names` are the members it knows. */
static void check_members(struct lint *lint, const char *unknown, const char *where,
                          const char *const *names, size_t pin_index)
{
    struct pintle__name name;
    char text[NAME_SIZE];

    while (pintle__unknown_next(&unknown, &name)) {
        const char *meant = pintle__unknown_nearest(&name, names);
        if (pintle__unknown_is_deliberate(&name))
            continue;
        write_name(text, &name);
        tell(lint, PINTLE__FINDING_UNKNOWN_MEMBER, pin_index, "%s/%s%s%s%s", where, text,
             meant == NULL ? "" : ", did you mean \"", meant == NULL ? "" : meant,
             meant == NULL ? "" : "\"?");
    }
}

/* Those of the document itself, or of a rule and its pins. */
static void check_extras(struct lint *lint, uint32_t rule)
{
    const struct pintle_pinset *set = lint->set;
    char where[64] = "";

    for (; lint->extras_done < set->extra_count; lint->extras_done++) {
        const struct pintle__extra *extra = &set->extras[lint->extras_done];
        const char *const *names = pintle__root_members;
        size_t pin = SIZE_MAX;
        if (extra->rule != rule)
            return;
        if (extra->pin != PINTLE__NO_INDEX) {
            names = pintle__pin_members;
            pin = extra->pin;
            (void)snprintf(where, sizeof(where), "/rules/%lu/pins/%lu", (unsigned long)rule,
                           (unsigned long)extra->pin);
        } else if (rule != PINTLE__NO_INDEX) {
            names = pintle__rule_members;
            (void)snprintf(where, sizeof(where), "/rules/%lu", (unsigned long)rule);
        }
        if (extra->unknown != NULL)
            check_members(lint, extra->unknown, where, names, pin);
    }
}

/* --- dates --------------------------------------------------------------------------------------
 */

/* True if a time is still to come, but not later than within_s from now. */
static bool comes_soon(const struct pintle_lint_options *options, int64_t time)
{
    if (time <= options->now || options->within_s <= 0)
        return false;
    /* Unsigned, as `now` may be any number. */
    return (uint64_t)time - (uint64_t)options->now <= (uint64_t)options->within_s;
}

static void check_document(struct lint *lint)
{
    const struct pintle_pinset *set = lint->set;
    char expires[PINTLE_TIME_TEXT_SIZE];
    char issued[PINTLE_TIME_TEXT_SIZE];

    (void)pintle_time_format(set->expires, expires);
    (void)pintle_time_format(set->issued, issued);
    if (set->expires <= lint->options->now)
        tell(lint, PINTLE__FINDING_EXPIRED, SIZE_MAX, "expired %s", expires);
    if (comes_soon(lint->options, set->expires))
        tell(lint, PINTLE__FINDING_EXPIRES, SIZE_MAX, "expires %s", expires);
    if (set->issued > lint->options->now)
        tell(lint, PINTLE__FINDING_FROM_FUTURE, SIZE_MAX, "issued %s", issued);
    if (set->rule_count == 0)
        tell(lint, PINTLE__FINDING_NO_RULES, SIZE_MAX, "rules is empty");
    check_extras(lint, PINTLE__NO_INDEX);
}

/* The mode that lasts. */
static enum pintle_mode last_mode(const struct pintle_rule *rule)
{
    return rule->enforce_until == PINTLE_NEVER ? rule->mode : rule->after;
}

/* Now or later; by the document, whatever the date. */
static bool is_ever(const struct pintle_rule *rule, enum pintle_mode mode)
{
    return rule->mode == mode || last_mode(rule) == mode;
}

static void check_bound(struct lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    char until[PINTLE_TIME_TEXT_SIZE];

    if (last_mode(rule) == PINTLE_MODE_ENFORCE) {
        tell(lint, PINTLE__FINDING_NO_BOUND, SIZE_MAX, "%s",
             rule->enforce_until == PINTLE_NEVER ? "enforce_until is missing" : "after is enforce");
        return;
    }
    if (rule->mode != PINTLE_MODE_ENFORCE)
        return;
    (void)pintle_time_format(rule->enforce_until, until);
    if (rule->enforce_until - lint->set->issued > (int64_t)BOUND_MAX_DAYS * DAY_S)
        tell(lint, PINTLE__FINDING_FAR_BOUND, SIZE_MAX, "enforced until %s, %lld days", until,
             (long long)((rule->enforce_until - lint->set->issued) / DAY_S));
    if (rule->enforce_until <= lint->options->now)
        tell(lint, PINTLE__FINDING_ENFORCEMENT_ENDED, SIZE_MAX, "since %s the mode is %s", until,
             pintle__modes[rule->after]);
    if (comes_soon(lint->options, rule->enforce_until))
        tell(lint, PINTLE__FINDING_ENFORCEMENT_ENDS, SIZE_MAX, "from %s on the mode is %s", until,
             pintle__modes[rule->after]);
}

/* --- the pins of a rule together ----------------------------------------------------------------
 */

static void check_stock(struct lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    uint32_t backups = 0;
    uint32_t leaves = 0;

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        backups += rule->pins[i].backup ? 1 : 0;
        leaves += rule->pins[i].at == PINTLE_AT_LEAF ? 1 : 0;
    }
    if (is_ever(rule, PINTLE_MODE_ENFORCE) && backups == 0)
        tell(lint, PINTLE__FINDING_NO_BACKUP, SIZE_MAX, "pins: %lu, backups: none",
             (unsigned long)rule->pin_count);
    if (rule->pin_count > 0 && backups == rule->pin_count)
        tell(lint, PINTLE__FINDING_NO_LIVE, SIZE_MAX, "pins: %lu, all of them backups",
             (unsigned long)rule->pin_count);
    if (is_ever(rule, PINTLE_MODE_ENFORCE) && rule->trust == PINTLE_TRUST_PKIX &&
        rule->pin_count > 0 && leaves == rule->pin_count)
        tell(lint, PINTLE__FINDING_LEAF_ONLY, SIZE_MAX, "pins: %lu, all of them at leaf",
             (unsigned long)rule->pin_count);
}

static void check_mode(struct lint *lint)
{
    const struct pintle_rule *rule = lint->rule;

    if (!is_ever(rule, PINTLE_MODE_ENFORCE))
        tell(lint, PINTLE__FINDING_NOT_ENFORCED, SIZE_MAX, "mode is %s", pintle__modes[rule->mode]);
    if (rule->mode == PINTLE_MODE_REPORT && rule->report_count == 0)
        tell(lint, PINTLE__FINDING_SILENT_REPORT, SIZE_MAX, "mode is report, report is empty");
}

/* --- one by one ---------------------------------------------------------------------------------
 */

static void check_patterns(struct lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    struct pintle_pattern pattern;

    for (uint32_t i = 0; i < rule->match_count && lint->options->is_public_suffix != NULL; i++) {
        const char *text = rule->match[i];
        if (pintle_pattern_parse(&pattern, text, strlen(text), NULL) == PINTLE_OK &&
            !pattern.suffix.is_ip &&
            lint->options->is_public_suffix(lint->options->psl_ctx, pattern.suffix.text))
            tell(lint, PINTLE__FINDING_PUBLIC_SUFFIX, SIZE_MAX, "%s", text);
    }
}

/* The first pin with the same key as pin `index`; itself if it is the first. */
static uint32_t first_equal(const struct pintle_rule *rule, uint32_t index)
{
    uint32_t i = 0;

    while (i < index && !pintle_pin_equal(&rule->pins[i].pin, &rule->pins[index].pin))
        i++;
    return i;
}

static bool is_denied(const struct pintle_rule *rule, const struct pintle_pin *pin)
{
    for (uint32_t i = 0; i < rule->deny_count; i++) {
        if (pintle_pin_equal(&rule->deny[i], pin))
            return true;
    }
    return false;
}

static void check_pin(struct lint *lint, uint32_t index)
{
    const struct pintle_rule *rule = lint->rule;
    const struct pintle_rule_pin *pin = &rule->pins[index];
    const char *placeholder = pintle__placeholder(&pin->pin);
    uint32_t first = first_equal(rule, index);
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)pintle_pin_format(&pin->pin, text);
    if (placeholder != NULL)
        tell(lint, PINTLE__FINDING_PLACEHOLDER, index, "%s: %s", text, placeholder);
    if (first != index)
        tell(lint, PINTLE__FINDING_DUPLICATE, index, "%s: pin %lu again", text,
             (unsigned long)first);
    if (is_denied(rule, &pin->pin))
        tell(lint, PINTLE__FINDING_DENIED_PIN, index, "%s", text);
    if (rule->trust == PINTLE_TRUST_KEY && pin->at == PINTLE_AT_CA)
        tell(lint, PINTLE__FINDING_KEY_AT_CA, index, "%s", text);
}

static void check_reports(struct lint *lint)
{
    struct pintle__endpoint to;

    for (uint32_t i = 0; i < lint->rule->report_count; i++) {
        const char *url = lint->rule->report[i];
        const struct pintle_rule *over;
        if (!pintle__url_endpoint(&to, url))
            continue;
        over = pintle_pinset_find(lint->set, &to.host, to.port);
        if (over != NULL && is_ever(over, PINTLE_MODE_ENFORCE))
            tell(lint, PINTLE__FINDING_PINNED_REPORT, SIZE_MAX, "rule \"%s\" covers %s", over->id,
                 url);
        if (!to.tls)
            tell(lint, PINTLE__FINDING_PLAIN_REPORT, SIZE_MAX, "%s", url);
    }
}

static void check_rule(struct lint *lint)
{
    check_stock(lint);
    check_bound(lint);
    check_mode(lint);
    check_patterns(lint);
    for (uint32_t i = 0; i < lint->rule->pin_count; i++)
        check_pin(lint, i);
    check_reports(lint);
    check_extras(lint, (uint32_t)lint->rule_index);
}

size_t pintle_pinset_lint(const struct pintle_pinset *set,
                          const struct pintle_lint_options *options,
                          void (*found)(void *ctx, const struct pintle_finding *finding), void *ctx)
{
    struct lint lint = {set, options, found, ctx, 0, NULL, SIZE_MAX, 0};

    check_document(&lint);
    for (uint32_t i = 0; i < set->rule_count; i++) {
        lint.rule = &set->rules[i];
        lint.rule_index = i;
        check_rule(&lint);
    }
    return lint.count;
}
