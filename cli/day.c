/* SPDX-License-Identifier: Apache-2.0 */
#include "day.h"

#include <string.h>

#define DATE_LEN 10

bool day_parse(const char *text, size_t len, int64_t *out)
{
    char whole[PINTLE_TIME_TEXT_SIZE];

    if (len == DATE_LEN) {
        (void)snprintf(whole, sizeof(whole), "%.10sT00:00:00Z", text);
        text = whole;
        len = PINTLE_TIME_TEXT_SIZE - 1;
    }
    return pintle_time_parse(out, text, len, NULL) == PINTLE_OK;
}
