/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "rotate_sim.h"

bool rotate_tally_init(struct rotate_tally *tally, size_t bins)
{
    *tally = (struct rotate_tally){.bins = bins};
    tally->diff = calloc(ROTATE_SERIES * (bins + 1), sizeof(*tally->diff));
    return tally->diff != NULL;
}

void rotate_tally_clear(struct rotate_tally *tally)
{
    free(tally->diff);
    *tally = (struct rotate_tally){0};
}

void rotate_tally_add(struct rotate_tally *sum, const struct rotate_tally *part)
{
    for (size_t i = 0; i < ROTATE_SERIES * (sum->bins + 1); i++)
        sum->diff[i] += part->diff[i];
    sum->locked_clients += part->locked_clients;
    sum->exposed_clients += part->exposed_clients;
    sum->rescued_clients += part->rescued_clients;
    sum->locked_s += part->locked_s;
    sum->exposed_s += part->exposed_s;
    if (part->longest_s > sum->longest_s)
        sum->longest_s = part->longest_s;
}

void rotate_tally_finish(struct rotate_tally *tally)
{
    for (size_t series = 0; series < ROTATE_SERIES; series++) {
        int32_t *row = tally->diff + series * (tally->bins + 1);

        for (size_t bin = 1; bin <= tally->bins; bin++)
            row[bin] += row[bin - 1];
    }
}

int32_t rotate_tally_get(const struct rotate_tally *tally, size_t series, size_t bin)
{
    return tally->diff[series * (tally->bins + 1) + bin];
}
