/* SPDX-License-Identifier: Apache-2.0 */
/* Times: a text that is accepted is the one text of its second, and the other way round. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/time.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(const char *text, size_t len)
{
    struct pintle_error err;
    char again[PINTLE_TIME_TEXT_SIZE];
    int64_t time;

    if (pintle_time_parse(&time, text, len, &err) != PINTLE_OK) {
        require(err.status == PINTLE_E_TIME && err.offset <= len && err.text[0] != '\0');
        return;
    }
    (void)pintle_time_format(time, again);
    require(len == strlen(again) && memcmp(text, again, len) == 0);
}

static void check_time(int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];
    int64_t again;

    (void)pintle_time_format(time, text);
    require(pintle_time_parse(&again, text, strlen(text), NULL) == PINTLE_OK);
    require(time < 0 ? again == 0 : again == time || again == INT64_C(253402300799));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t time;

    check_text((const char *)data, size);
    if (size >= sizeof(time)) {
        memcpy(&time, data, sizeof(time));
        check_time(time);
        check_time(time & INT64_C(0x3fffffffff));
    }
    return 0;
}
