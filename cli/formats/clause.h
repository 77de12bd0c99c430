/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a platform's file says, as a list of clauses: "these hosts, these pins, until then". Every
 * writer is given clauses, every reader makes them; what a file means for a host is asked of them.
 */
#ifndef PINTLE_CLI_FORMATS_CLAUSE_H
#define PINTLE_CLI_FORMATS_CLAUSE_H

#include <pintle/pintle.h>

/* How far a clause reaches from its host. The order is from narrow to wide. */
enum reach {
    REACH_EXACT = 0,        /* the host itself */
    REACH_ONE = 1,          /* names with exactly one label more: "*.host" */
    REACH_EXACT_OR_ONE = 2, /* both */
    REACH_ANY = 3           /* the host and all below it: "**.host" */
};

/* `until` is the pin's own end, PINTLE_NEVER without. */
struct clause_pin {
    struct pintle_pin pin;
    enum pintle_position at;
    const char *label;
    int64_t until;
    bool backup;
};

/* Rules of the pin-set that a clause stands for, by index; more than one if they had to be merged. */
struct clause_rules {
    size_t *items;
    size_t count;
};

/*
 * host        normalised, without stars
 * port        0: every port
 * enforce     a mismatch refuses; else it is only reported
 * exempt      asks for no pin: takes its hosts out of a wider clause
 * key_alone   the pinned leaf key is enough: no CA is asked for
 * until       first second in which no pin is asked for; PINTLE_NEVER without
 * pins        one of them suffices
 * deny        one of them refuses
 * report      where mismatches are reported to
 * id          of the rule that it is made of, or "" (in a file that was read)
 * rules       on export; empty in what was read
 * group       of what was read: clauses of one group are one rule of the pin-set
 * line        of what was read: where it stands, from 1
 */
struct clause {
    const char *host;
    int64_t until;
    struct clause_pin *pins;
    size_t pin_count;
    const struct pintle_pin *deny;
    size_t deny_count;
    const char *const *report;
    size_t report_count;
    const char *id;
    struct clause_rules rules;
    size_t group;
    enum reach reach;
    uint32_t line;
    uint16_t port;
    bool enforce;
    bool exempt;
    bool key_alone;
};

/* A pin-set takes no more in a rule: readers stop there. */
#define CLAUSE_PINS_MAX 4096

struct clause_block;

/* Begins zeroed; owns whatever its clauses point to, but what they borrow from a pin-set. */
struct clauses {
    struct clause *items;
    size_t count;
    size_t size;
    struct clause_block *blocks;
};

void clauses_clear(struct clauses *clauses);

/* A new clause at the end: zeroed, enforcing, without end. NULL without memory. Moves the others. */
struct clause *clauses_add(struct clauses *clauses);

/* Memory that lives as long as the clauses, zeroed; a copy of a text. NULL without memory. */
void *clauses_alloc(struct clauses *clauses, size_t count, size_t size);
char *clauses_text(struct clauses *clauses, const char *text, size_t len);

/* Append a pin to a clause unless it has it in this position. False without memory. */
bool clause_add_pin(struct clauses *clauses, struct clause *clause, const struct clause_pin *pin);

/* Append a URL to where a clause reports. False without memory. */
bool clause_add_report(struct clauses *clauses, struct clause *clause, const char *url, size_t len);

/* True if a clause that reaches so far from its host covers a name `labels` deeper. */
bool reach_covers(enum reach reach, size_t labels);

/* The narrowest that covers both. */
enum reach reach_join(enum reach a, enum reach b);

/* The clauses for a host, found in O(labels of the host * log clauses). */
struct clause_index {
    const struct clauses *clauses;
    size_t *order; /* by host, then as in the file */
};

/* False without memory. The clauses must outlive the index and stay as they are. */
bool clause_index_init(struct clause_index *index, const struct clauses *clauses);
void clause_index_clear(struct clause_index *index);

/* Whether all clauses that cover a host count, or those of the most specific host alone. */
enum clause_choice {
    CLAUSE_MOST_SPECIFIC = 0, /* longest host; then EXACT before ONE before the rest */
    CLAUSE_EVERY = 1
};

/* Tell `found` of each clause that counts for a host and port, the most specific first. */
void clause_index_find(const struct clause_index *index, enum clause_choice choice,
                       const struct pintle_host *host, uint16_t port,
                       void (*found)(void *ctx, const struct clause *clause), void *ctx);

#endif
