/* SPDX-License-Identifier: Apache-2.0 */
/* The dated steps of a rotation. */
#ifndef PINTLE_CLI_ROTATE_PLAN_H
#define PINTLE_CLI_ROTATE_PLAN_H

#include "cli.h"

#define ROTATE_STEPS 4

/* id: "publish", "deploy", "drop", "retired" */
struct rotate_step {
    const char *id;
    const char *text;
    int64_t time;
};

/*
 * pin    the key that the server will change to
 * known  clients have its pin already
 */
struct rotate_plan {
    const char *rule;
    struct pintle_pin pin;
    bool known;
    long lag_days;
    long margin_days;
    int64_t start;
    struct rotate_step steps[ROTATE_STEPS];
};

void rotate_plan_text(const struct rotate_plan *plan);
enum cli_exit rotate_plan_json(const struct rotate_plan *plan);

/* As iCalendar (RFC 5545): a day-long event for each step, with a reminder the day before. */
void rotate_plan_ics(const struct rotate_plan *plan);

#endif
