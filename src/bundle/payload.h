/* SPDX-License-Identifier: Apache-2.0 */
/* What the payloads of root, fresh and unpin have in common. */
#ifndef PINTLE_SRC_BUNDLE_PAYLOAD_H
#define PINTLE_SRC_BUNDLE_PAYLOAD_H

#include <pintle/bundle.h>

#include "json/member.h"

#define PINTLE__PAYLOAD_FORMAT 1
#define PINTLE__PAYLOAD_APP_MAX_LEN 255
#define PINTLE__PAYLOAD_CRIT_MAX 64

/* Members of every payload; its own come behind these. The first is "pintle_ROLE". */
enum pintle__payload_member {
    PINTLE__PAYLOAD_FORMAT_MEMBER,
    PINTLE__PAYLOAD_APP,
    PINTLE__PAYLOAD_EPOCH,
    PINTLE__PAYLOAD_ISSUED,
    PINTLE__PAYLOAD_EXPIRES,
    PINTLE__PAYLOAD_CRIT,
    PINTLE__PAYLOAD_OWN
};
#define PINTLE__PAYLOAD_COMMON_MEMBERS "app", "epoch", "issued", "expires", "crit"
#define PINTLE__PAYLOAD_MEMBERS_MAX 10

/* A payload that is being read. app is lent by json. */
struct pintle__payload {
    struct pintle__source source;
    struct pintle__at root;
    json_t *json;
    json_t *known[PINTLE__PAYLOAD_MEMBERS_MAX];
    struct pintle__string app;
    int64_t epoch;
    int64_t issued;
    int64_t expires;
};

/*
 * Read a payload up to what is its own: E_LIMIT, E_JSON, E_VERSION, E_CRIT, E_SCHEMA, E_TIME,
 * E_NOMEM. Call pintle__payload_clear() in any case.
 *
 * names  of its members, ended by NULL: "pintle_ROLE", PINTLE__PAYLOAD_COMMON_MEMBERS, its own
 */
PINTLE_MUST_USE enum pintle_status pintle__payload_read(struct pintle__payload *payload,
                                                        enum pintle_role role,
                                                        struct pintle_view bytes,
                                                        const char *const *names,
                                                        struct pintle_error *err);
void pintle__payload_clear(struct pintle__payload *payload);

/* 64 lower-case hex digits. */
PINTLE_MUST_USE enum pintle_status pintle__get_hex(const struct pintle__payload *payload,
                                                   const struct pintle__at *at, const json_t *json,
                                                   const char **out);

/* An array of min to max items; E_LIMIT if there are more. */
PINTLE_MUST_USE enum pintle_status pintle__get_list(const struct pintle__payload *payload,
                                                    const struct pintle__at *at, const json_t *json,
                                                    size_t min, size_t max, uint32_t *out_count);

enum pintle_status pintle__payload_refuse(const struct pintle__payload *payload,
                                          const struct pintle__at *at, const char *why);

#endif
