/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of `pintle check` share. It works in three steps: gather which servers to look at
 * (check_servers.c), look at them and find what is wrong (check_run.c, check_live.c, check_rule.c), and
 * print (check_text.c, check_json.c, check_sarif.c). `pintle publish` does all but the printing.
 */
#ifndef PINTLE_CLI_CHECK_H
#define PINTLE_CLI_CHECK_H

#include "guard.h"
#include "pinset_path.h"
#include "survey.h"

struct check_options {
    struct net_options net;
    const char *pinset;
    const char *format;
    const char *fail_on;
    const char *rule;
    struct opt_list hosts;
    long within;
    bool json;
    bool offline;
};

/* A server that a rule is for. status and err tell why there is no survey, if there is none. */
struct endpoint {
    size_t rule_index;
    struct target target;
    enum pintle_status status;
    struct pintle_error err;
    struct survey survey;
};

/* As struct pintle_finding, with a detail of its own. */
struct check_finding {
    const struct pintle_finding_kind *kind;
    size_t rule_index;
    size_t pin_index;
    char *detail;
};

/*
 * only      index of the rule of --rule, or SIZE_MAX for all
 * no_memory something could not be kept: the check is void
 * internal  a verdict could not be reached
 */
struct check {
    const struct check_options *options;
    char path[PINSET_PATH_SIZE];
    const struct pintle_pinset *set;
    struct pintle *engine;
    int64_t now;
    size_t only;
    struct endpoint *endpoints;
    size_t endpoint_count;
    struct check_finding *findings;
    size_t finding_count;
    bool no_memory;
    bool internal;
};

/* --- check_run.c -------------------------------------------------------------------------------- */

/* Begin with a pin-set, which is taken over. Clear in any case. Tells failures itself. */
enum cli_exit check_take(struct check *check, struct pintle_pinset *set);
void check_clear(struct check *check);

/* Find what is dangerous in the document. */
void check_lint(struct check *check);

/* Look at the servers of the rules, and find what is wrong there. Tells failures itself. */
enum cli_exit check_look(struct check *check);

/* The exit code for servers that could not be looked at: 4, 3 or 0. */
enum cli_exit check_unseen(const struct check *check);

/* Keep a finding unless it is there already. `id` as in findings.def. */
void check_add(struct check *check, const char *id, size_t rule_index, size_t pin_index,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* True if the rule is looked at. */
bool check_covers(const struct check *check, size_t rule_index);

/* --- check_servers.c -------------------------------------------------------------------------- */

/* Find the servers of the rules, and those of --host. Tells failures itself. */
enum cli_exit check_gather(struct check *check);

/* Look at all of them. Tells an interruption by its result. */
enum cli_exit check_survey(struct check *check);

/* --- check_live.c, check_rule.c ----------------------------------------------------------------
 */

/* What one server shows. */
void check_endpoint(struct check *check, const struct endpoint *endpoint);

/* What the servers of a rule show together. */
void check_rule(struct check *check, size_t rule_index);

/* True if the handshake was accepted by a pin, or would have been. */
bool check_matches(const struct sighting *s);

/* True if no pin matched, and whether a client accepts depends on what it learned itself. */
bool check_is_learned(const struct sighting *s);

/* True if one of these certificates is for the key. */
bool check_shows(const struct pintle_view *views, size_t count, const struct pintle_pin *pin);

/* The certificates that the rule's pins are compared with: the verified path, or the leaf alone. */
size_t check_pinned_part(const struct check *check, const struct endpoint *endpoint,
                         const struct sighting *s, const struct pintle_view **views);

/* Days until the first certificate of the chain ends; INT64_MAX if there is none. */
int64_t check_days_left(const struct check *check, const struct sighting *s);

/* --- printing -------------------------------------------------------------------------------- */

/* Findings of a severity. */
size_t check_count(const struct check *check, enum pintle_severity severity);

/* "error", "warning", "info". */
const char *check_severity_name(enum pintle_severity severity);

/* "match", "mismatch", …, or "unreachable", "tls", "no-route". */
const char *check_result_name(const struct sighting *s);

/* Why there was no handshake, without the address that it begins with. */
const char *check_error_text(const struct sighting *s);

enum cli_exit check_print_text(const struct check *check);
enum cli_exit check_print_json(const struct check *check);
enum cli_exit check_print_sarif(const struct check *check);

#endif
