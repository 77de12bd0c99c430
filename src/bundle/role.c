/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/bundle.h>

const char *pintle_role_name(enum pintle_role role)
{
    switch (role) {
    case PINTLE_ROLE_ROOT:
        return "root";
    case PINTLE_ROLE_PINS:
        return "pins";
    case PINTLE_ROLE_FRESH:
        return "fresh";
    case PINTLE_ROLE_UNPIN:
        return "unpin";
    }
    return "unknown";
}

const char *pintle_role_payload_type(enum pintle_role role)
{
    switch (role) {
    case PINTLE_ROLE_ROOT:
        return "application/vnd.pintle.root+json";
    case PINTLE_ROLE_PINS:
        return "application/vnd.pintle.pins+json";
    case PINTLE_ROLE_FRESH:
        return "application/vnd.pintle.fresh+json";
    case PINTLE_ROLE_UNPIN:
        return "application/vnd.pintle.unpin+json";
    }
    return "unknown";
}
