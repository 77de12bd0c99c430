/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be said about a plan: refusals, ways out, warnings. Pure. */
#ifndef PINTLE_CLI_ROTATE_NOTES_H
#define PINTLE_CLI_ROTATE_NOTES_H

#include "rotate_plan.h"

/* Add a note; what finds no room is left out. */
void rotate_note(struct rotate_notes *notes, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool rotate_notes_have(const struct rotate_notes *notes, const char *id);

/*
 * Judge a plan. pinned: clients have the new key as a pin; ready: from when on enough of them do.
 */
void rotate_notes_judge(struct rotate_plan *plan, const struct rotate_request *request, bool pinned,
                        int64_t ready);

#endif
