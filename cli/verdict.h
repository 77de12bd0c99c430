/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on terminals, in JSON and as exit codes. */
#ifndef PINTLE_CLI_VERDICT_H
#define PINTLE_CLI_VERDICT_H

#include "cli.h"

/*
 * 0 accepted; 4 when the path or its name is at fault, 70 when the check could not be made, 1 for
 * every other refusal.
 */
enum cli_exit verdict_exit(const struct pintle_verdict *verdict);

/* The rule for the verdict's host and port in the pin-set in force, which must be freed; or NULL.
 */
const struct pintle_rule *verdict_rule(const struct pintle_verdict *verdict,
                                       const struct pintle_pinset *set);

/* One line, without the trace. */
void verdict_print_line(FILE *stream, const struct pintle_verdict *verdict);

/*
 * The line, what became of each certificate and, if it is no match, which pins the rule has or
 * which ports it is for.
 */
void verdict_print(FILE *stream, const struct pintle_verdict *verdict,
                   const struct pintle_pinset *set);

#define VERDICT_PORTS_SIZE 256

/*
 * 'rule "ID" covers port 443 only' if the host has a rule, but for other ports; "" otherwise.
 * Returns `out`.
 */
const char *verdict_other_ports(const struct pintle_pinset *set, const struct pintle_host *host,
                                char out[VERDICT_PORTS_SIZE]);

/* The whole verdict, or NULL without memory. */
json_t *verdict_json(const struct pintle_verdict *verdict);

/* True if the rule learns keys from the hosts themselves. */
bool verdict_learns(const struct pintle_rule *rule);

/* "live" or "backup", and where it may stand when that is limited: "backup, leaf". */
const char *verdict_pin_role(const struct pintle_rule_pin *pin);

#endif
