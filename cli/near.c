/* SPDX-License-Identifier: Apache-2.0 */
#include "near.h"

#include <stddef.h>
#include <string.h>

/* Longer words are no typing mistakes. */
#define WORD_MAX 32

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours between two words of <= WORD_MAX. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1] = {{0}};
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(above[j], row[j - 1]) + 1;
            row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

void near_weigh(struct near_best *best, const char *word, const char *answer)
{
    size_t len = strlen(best->word);
    unsigned found;

    if (len > WORD_MAX || strlen(word) > WORD_MAX)
        return;
    found = distance(best->word, word);
    /* One mistake in three letters is a slip, more is another word. */
    if (found > (len + 2) / 3 || (best->name != NULL && found >= best->distance))
        return;
    best->name = answer;
    best->distance = found;
}
