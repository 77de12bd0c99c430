/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/pinset/found.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pintle/time.h>

int64_t time_of(const char *text)
{
    int64_t time;

    assert_int_equal(pintle_time_parse(&time, text, strlen(text), NULL), PINTLE_OK);
    return time;
}

static bool is_public_suffix(void *ctx, const char *name)
{
    static const char *const suffixes[] = {"co.uk", "test", "192.0.2.1"};
    unsigned *asked = ctx;

    *asked += 1;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (strcmp(suffixes[i], name) == 0)
            return true;
    }
    return false;
}

void note(void *ctx, const struct pintle_finding *finding)
{
    struct found *found = ctx;
    size_t len = strlen(found->text);
    char rule[24] = "-", pin[24] = "-";

    if (finding->rule_index != SIZE_MAX)
        (void)snprintf(rule, sizeof(rule), "%zu", finding->rule_index);
    if (finding->pin_index != SIZE_MAX)
        (void)snprintf(pin, sizeof(pin), "%zu", finding->pin_index);
    (void)snprintf(found->text + len, sizeof(found->text) - len, "%s %s %s %s\n", finding->kind->id,
                   rule, pin, finding->detail);
    found->count++;
}

void assert_findings_at(const char *now, const char *rules, const char *expected)
{
    assert_findings_with(now, NO_END, rules, expected);
}

void assert_findings_with(const char *now, const char *members, const char *rules,
                          const char *expected)
{
    unsigned asked = 0;
    struct pintle_lint_options options = {time_of(now), 30 * DAY_S, is_public_suffix, &asked};
    struct pintle_pinset *set = doc_load_with(members, rules);
    struct found found = {"", 0};
    struct doc wanted = {NULL, 0, 0};
    size_t count = pintle_pinset_lint(set, &options, note, &found);

    doc_add(&wanted, "%s", expected);
    assert_int_equal(count, found.count);
    assert_string_equal(found.text, wanted.text == NULL ? "" : wanted.text);
    doc_clear(&wanted);
    pintle_pinset_free(set);
}

void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_findings_at(NOW, rows[i].rules, rows[i].expected);
}
