/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/status.h>

const char *pintle_status_name(enum pintle_status status)
{
    switch (status) {
    case PINTLE_OK:
        return "OK";
#define STATUS_NAME(name, value, text)                                                             \
    case PINTLE_##name:                                                                            \
        return #name;
        PINTLE_STATUS_MAP(STATUS_NAME)
#undef STATUS_NAME
    }
    return "E_UNKNOWN";
}

const char *pintle_status_text(enum pintle_status status)
{
    switch (status) {
    case PINTLE_OK:
        return "success";
#define STATUS_TEXT(name, value, text)                                                             \
    case PINTLE_##name:                                                                            \
        return text;
        PINTLE_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}
