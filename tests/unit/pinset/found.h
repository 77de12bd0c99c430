/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of lint share: short rules, and findings as lines of text. */
#ifndef PINTLE_TESTS_UNIT_PINSET_FOUND_H
#define PINTLE_TESTS_UNIT_PINSET_FOUND_H

#include "unit/pinset/doc.h"

#define NOW "2026-06-01T00:00:00Z"
#define DAY_S 86400

/* A rule's usual end, and its usual pins: one live, one backup. */
#define UNTIL "'enforce_until':'2026-12-01T00:00:00Z'"
#define PINS "'pins':[{'spki':'@1'},{'spki':'@2','backup':true}]"
#define CLEAN "{'id':'a','match':['h.test']," PINS "," UNTIL "}"

/* One rule of host h.test. */
#define RULE(members) "{'id':'a','match':['h.test']," members "}"

int64_t time_of(const char *text);

struct found {
    char text[2048];
    size_t count;
};

/* "PIN001 rule pin detail", one to a line; "-" for no rule or pin. */
void note(void *ctx, const struct pintle_finding *finding);

/* A hard_ttl_s that ends no rule and of which there is nothing to tell. */
#define NO_END "'hard_ttl_s':253402300799,"

/* Lint a document with these rules and, unless told otherwise, NO_END; @c stands for pins in the
 * expected text too. */
void assert_findings_at(const char *now, const char *rules, const char *expected);
void assert_findings_with(const char *now, const char *members, const char *rules,
                          const char *expected);

struct row {
    const char *rules;
    const char *expected;
};

void assert_rows(const struct row *rows, size_t count);

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

#endif
