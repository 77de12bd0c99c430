/* SPDX-License-Identifier: Apache-2.0 */
/* What formats that are source code have in common: rules, of which each pattern and port is a clause. */
#ifndef PINTLE_CLI_FORMATS_CODE_H
#define PINTLE_CLI_FORMATS_CODE_H

#include "format.h"

/*
 * A rule again, put together from neighbouring clauses.
 *
 * clauses, count  what it asks for is in each of them
 * match_count     the first so many clauses have its patterns; ports come around them
 */
struct code_rule {
    const struct clause *clauses;
    size_t count;
    size_t match_count;
};

/* The rule whose first clause is at *next, which moves on. False at the end. */
bool code_next_rule(struct code_rule *out, const struct clauses *clauses, size_t *next);

/* True if the rule names ports: that of every clause that has the first pattern. */
bool code_has_ports(const struct code_rule *rule);

/* A pattern as a pin-set writes it: "host", "*.host", "**.host". */
#define CODE_PATTERN_SIZE (PINTLE_HOST_MAX_LEN + 4)
const char *code_pattern(const struct clause *clause, char out[CODE_PATTERN_SIZE]);

/* "COMMENT Made by pintle export from TITLE." and the end of the line. */
void code_add_made_by(struct text *out, const char *comment, const char *title);

/* A line of its own with a pin's label behind INDENT blanks (or tabs), if there is one. */
void code_add_label(struct text *out, const char *indent, const char *comment,
                    const struct clause_pin *pin);

/* "any", "leaf" or "ca". */
const char *code_position(enum pintle_position at);

/*
 * Append a template up to a mark, "@mark@" on a line of its own; returns what stands behind that line. A template
 * begins at "@begin@".
 */
const char *code_add_until(struct text *out, const char *template, const char *mark);
const char *code_begin(const char *template);

/* Append up to a mark, and what stands from it to the next "@end@" only if that is wanted. */
const char *code_add_if(struct text *out, const char *template, const char *mark, bool wanted);

#endif
