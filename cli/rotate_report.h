/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `pintle rotate status` share. */
#ifndef PINTLE_CLI_ROTATE_REPORT_H
#define PINTLE_CLI_ROTATE_REPORT_H

#include "check.h"
#include "rotate_status.h"

/* One rule of the report. */
struct rotate_rule_report {
    size_t rule_index;
    struct rotate_facts facts;
    struct rotate_status status;
};

/* plan is NULL without one; plan_file is "" then. published: the pin-set is the one that clients get. */
struct rotate_report {
    const struct check *check;
    const struct rotate_plan *plan;
    const char *plan_file;
    bool published;
    int64_t now;
    size_t rule_count;
    struct rotate_rule_report *rules;
};

void rotate_report_print(const struct rotate_report *report);
json_t *rotate_report_json(const struct rotate_report *report);

#endif
