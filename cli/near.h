/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean …?" */
#ifndef PINTLE_CLI_NEAR_H
#define PINTLE_CLI_NEAR_H

#include <stdbool.h>

/* The candidate closest to a mistyped word. Start with the word and zeroes. */
struct near_best {
    const char *word;
    const char *name; /* the answer, or NULL */
    unsigned distance;
};

/* Weigh one more candidate: a word, and the answer if that is the closest one. */
void near_weigh(struct near_best *best, const char *word, const char *answer);

#endif
