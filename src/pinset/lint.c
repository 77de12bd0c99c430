/* SPDX-License-Identifier: Apache-2.0 */
/* What loads but is dangerous. Each check tells of its findings; the texts are in findings.def. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pintle/time.h>

#include "pinset/lint.h"
#include "pinset/url.h"

#define BOUND_MAX_DAYS 400
#define LEARN_MAX_DAYS 180
#define OVERLAP_MIN_S PINTLE__DAY_S
#define EPOCH_MAX 1000

/* Cut when it is longer; a pattern fits. */
#define DETAIL_SIZE 320

void pintle__lint_tell(struct pintle__lint *lint, enum pintle__finding kind, size_t pin_index,
                       const char *format, ...)
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

/* --- dates --------------------------------------------------------------------------------------
 */

bool pintle__lint_comes_soon(const struct pintle_lint_options *options, int64_t time)
{
    if (time <= options->now || options->within_s <= 0)
        return false;
    /* Unsigned, as `now` may be any number. */
    return (uint64_t)time - (uint64_t)options->now <= (uint64_t)options->within_s;
}

/* The mode that lasts. */
static enum pintle_mode last_mode(const struct pintle_rule *rule)
{
    return rule->ends == PINTLE_NEVER ? rule->mode : rule->after;
}

bool pintle__lint_is_ever(const struct pintle_rule *rule, enum pintle_mode mode)
{
    return rule->mode == mode || last_mode(rule) == mode;
}

/* --- the document -------------------------------------------------------------------------------
 */

static bool enforces_somewhere(const struct pintle_pinset *set)
{
    for (uint32_t i = 0; i < set->rule_count; i++) {
        if (pintle__lint_is_ever(&set->rules[i], PINTLE_MODE_ENFORCE))
            return true;
    }
    return false;
}

static void check_spans(struct pintle__lint *lint)
{
    const struct pintle_pinset *set = lint->set;

    if (set->hard_ttl == PINTLE_NEVER && enforces_somewhere(set))
        pintle__lint_tell(lint, PINTLE__FINDING_NO_HARD_TTL, SIZE_MAX, "hard_ttl_s is missing");
    if (set->hard_ttl < set->expires - set->issued)
        pintle__lint_tell(lint, PINTLE__FINDING_SHORT_HARD_TTL, SIZE_MAX,
                          "hard_ttl_s is %lld, expires comes after %lld s",
                          (long long)set->hard_ttl, (long long)(set->expires - set->issued));
    if (set->overlap > 0 && set->overlap < OVERLAP_MIN_S)
        pintle__lint_tell(lint, PINTLE__FINDING_SHORT_OVERLAP, SIZE_MAX, "overlap_s is %lld",
                          (long long)set->overlap);
    if (set->epoch > EPOCH_MAX)
        pintle__lint_tell(lint, PINTLE__FINDING_HIGH_EPOCH, SIZE_MAX, "epoch is %lld",
                          (long long)set->epoch);
}

static void check_document(struct pintle__lint *lint)
{
    const struct pintle_pinset *set = lint->set;
    char expires[PINTLE_TIME_TEXT_SIZE];
    char issued[PINTLE_TIME_TEXT_SIZE];

    (void)pintle_time_format(set->expires, expires);
    (void)pintle_time_format(set->issued, issued);
    if (set->expires <= lint->options->now)
        pintle__lint_tell(lint, PINTLE__FINDING_EXPIRED, SIZE_MAX, "expired %s", expires);
    if (pintle__lint_comes_soon(lint->options, set->expires))
        pintle__lint_tell(lint, PINTLE__FINDING_EXPIRES, SIZE_MAX, "expires %s", expires);
    if (set->issued > lint->options->now)
        pintle__lint_tell(lint, PINTLE__FINDING_FROM_FUTURE, SIZE_MAX, "issued %s", issued);
    if (set->rule_count == 0)
        pintle__lint_tell(lint, PINTLE__FINDING_NO_RULES, SIZE_MAX, "rules is empty");
    check_spans(lint);
    pintle__lint_members(lint, PINTLE__NO_INDEX);
}

/* --- rules --------------------------------------------------------------------------------------
 */

static void check_bound(struct pintle__lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    char ends[PINTLE_TIME_TEXT_SIZE];

    if (last_mode(rule) == PINTLE_MODE_ENFORCE) {
        pintle__lint_tell(lint, PINTLE__FINDING_NO_BOUND, SIZE_MAX, "%s",
                          rule->ends == PINTLE_NEVER ? "enforce_until is missing"
                                                     : "after is enforce");
        return;
    }
    if (rule->mode != PINTLE_MODE_ENFORCE)
        return;
    (void)pintle_time_format(rule->ends, ends);
    if (rule->ends - lint->set->issued > (int64_t)BOUND_MAX_DAYS * PINTLE__DAY_S)
        pintle__lint_tell(lint, PINTLE__FINDING_FAR_BOUND, SIZE_MAX, "enforced until %s, %lld days",
                          ends, (long long)((rule->ends - lint->set->issued) / PINTLE__DAY_S));
    if (rule->ends <= lint->options->now)
        pintle__lint_tell(lint, PINTLE__FINDING_ENFORCEMENT_ENDED, SIZE_MAX,
                          "since %s the mode is %s", ends, pintle__modes[rule->after]);
    if (pintle__lint_comes_soon(lint->options, rule->ends))
        pintle__lint_tell(lint, PINTLE__FINDING_ENFORCEMENT_ENDS, SIZE_MAX,
                          "from %s on the mode is %s", ends, pintle__modes[rule->after]);
}

static void check_mode(struct pintle__lint *lint)
{
    const struct pintle_rule *rule = lint->rule;

    if (!pintle__lint_is_ever(rule, PINTLE_MODE_ENFORCE))
        pintle__lint_tell(lint, PINTLE__FINDING_NOT_ENFORCED, SIZE_MAX, "mode is %s",
                          pintle__modes[rule->mode]);
    if (rule->mode == PINTLE_MODE_REPORT && rule->report_count == 0)
        pintle__lint_tell(lint, PINTLE__FINDING_SILENT_REPORT, SIZE_MAX,
                          "mode is report, report is empty");
    if (rule->learn_days > LEARN_MAX_DAYS)
        pintle__lint_tell(lint, PINTLE__FINDING_LONG_LEARNING, SIZE_MAX, "learn_days is %lu",
                          (unsigned long)rule->learn_days);
}

/* --- hosts and reports --------------------------------------------------------------------------
 */

static void check_patterns(struct pintle__lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    struct pintle_pattern pattern;

    for (uint32_t i = 0; i < rule->match_count && lint->options->is_public_suffix != NULL; i++) {
        const char *text = rule->match[i];
        if (pintle_pattern_parse(&pattern, text, strlen(text), NULL) == PINTLE_OK &&
            !pattern.suffix.is_ip &&
            lint->options->is_public_suffix(lint->options->psl_ctx, pattern.suffix.text))
            pintle__lint_tell(lint, PINTLE__FINDING_PUBLIC_SUFFIX, SIZE_MAX, "%s", text);
    }
}

static void check_reports(struct pintle__lint *lint)
{
    struct pintle__endpoint to;

    for (uint32_t i = 0; i < lint->rule->report_count; i++) {
        const char *url = lint->rule->report[i];
        const struct pintle_rule *over;
        if (!pintle__url_endpoint(&to, url))
            continue;
        over = pintle_pinset_find(lint->set, &to.host, to.port);
        if (over != NULL && pintle__lint_is_ever(over, PINTLE_MODE_ENFORCE))
            pintle__lint_tell(lint, PINTLE__FINDING_PINNED_REPORT, SIZE_MAX,
                              "rule \"%s\" covers %s", over->id, url);
        if (!to.tls)
            pintle__lint_tell(lint, PINTLE__FINDING_PLAIN_REPORT, SIZE_MAX, "%s", url);
    }
}

static void check_rule(struct pintle__lint *lint)
{
    pintle__lint_stock(lint);
    check_bound(lint);
    check_mode(lint);
    check_patterns(lint);
    pintle__lint_pins(lint);
    check_reports(lint);
    pintle__lint_members(lint, (uint32_t)lint->rule_index);
}

size_t pintle_pinset_lint(const struct pintle_pinset *set,
                          const struct pintle_lint_options *options,
                          void (*found)(void *ctx, const struct pintle_finding *finding), void *ctx)
{
    struct pintle__lint lint = {set, options, found, ctx, 0, NULL, SIZE_MAX, 0};

    check_document(&lint);
    for (uint32_t i = 0; i < set->rule_count; i++) {
        lint.rule = &set->rules[i];
        lint.rule_index = i;
        check_rule(&lint);
    }
    return lint.count;
}
