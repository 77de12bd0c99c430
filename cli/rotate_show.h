/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON, as text, as a calendar; and back from JSON. */
#ifndef PINTLE_CLI_ROTATE_SHOW_H
#define PINTLE_CLI_ROTATE_SHOW_H

#include "cli.h"
#include "rotate_plan.h"

/* docs/spec/schema/rotate-plan.schema.json, without "schema" and "pintle_version"; NULL without
 * memory. `file` is the pin-set's. */
json_t *rotate_plan_json(const struct rotate_plan *plan, const char *file, bool published);

/*
 * Read a plan that `pintle rotate plan --format json` printed. Tells failures itself, with the
 * JSON pointer of what is wrong. "-" is standard input.
 */
enum cli_exit rotate_plan_read(struct rotate_plan *out, const char *path);

/* For people, on stdout. */
void rotate_plan_print(const struct rotate_plan *plan, const char *file);

/* RFC 5545, on stdout: an event with an alarm for each step. */
void rotate_plan_print_ics(const struct rotate_plan *plan, int64_t now);

/* Add a member that is a time, unless it never comes. */
json_t *rotate_json_time(json_t *json, const char *key, int64_t time);

/* Notes as a list of {"id", "text"}. */
json_t *rotate_json_notes(const struct rotate_notes *notes);

/* "2026-11-21" or, unless it is midnight, "2026-11-21 13:45"; "never". Static buffers, four in turn. */
const char *rotate_date(int64_t time);

#endif
