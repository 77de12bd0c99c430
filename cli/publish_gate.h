/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between a pin-set and its clients: nothing is published that could lock them out. */
#ifndef PINTLE_CLI_PUBLISH_GATE_H
#define PINTLE_CLI_PUBLISH_GATE_H

#include "check.h"

/*
 * check    how the servers are reached, and `within`: the fleet's update lag in days
 * proofs   files with certificates and certificate requests of backup keys
 * accept   findings that are accepted: "ID" or "ID:RULE"
 */
struct publish_gate_options {
    struct check_options check;
    struct opt_list proofs;
    struct opt_list accept;
};

/*
 * Look at a pin-set, which is taken over, and at its servers. *accepted becomes an array of what was
 * found and accepted, *refused of what was found and not; the caller owns both, also on failure.
 * CLI_REFUSED if something was not accepted; CLI_USAGE for an --accept-risk that was not needed.
 * Tells failures.
 */
enum cli_exit publish_gate_run(const struct publish_gate_options *options,
                               struct pintle_pinset *set, int64_t now, json_t **accepted,
                               json_t **refused);

#endif
