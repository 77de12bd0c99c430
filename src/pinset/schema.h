/* SPDX-License-Identifier: Apache-2.0 */
/* The words and limits of docs/spec/pin-set.md, version 1. */
#ifndef PINTLE_SRC_PINSET_SCHEMA_H
#define PINTLE_SRC_PINSET_SCHEMA_H

#include <pintle/host.h>
#include <pintle/rule.h>

#define PINTLE__FORMAT_VERSION 1

#define PINTLE__APP_MAX_LEN 255
#define PINTLE__LABEL_MAX_LEN 128
#define PINTLE__URL_MAX_LEN 2048
#define PINTLE__MATCH_MAX 4096
#define PINTLE__PORTS_MAX 64
#define PINTLE__PINS_MAX 4096
#define PINTLE__DENY_MAX 4096
#define PINTLE__REPORT_MAX 8
#define PINTLE__CRIT_MAX 64
#define PINTLE__LEARN_DAYS_MAX 730
#define PINTLE__LEARN_DAYS_DEFAULT 90

/* No time is later, and no span reaches beyond it: 9999-12-31T23:59:59Z. */
#define PINTLE__LAST_TIME INT64_C(253402300799)

/* Members in the order in which they are written. */
enum pintle__root_member {
    PINTLE__ROOT_PINTLE,
    PINTLE__ROOT_APP,
    PINTLE__ROOT_EPOCH,
    PINTLE__ROOT_VERSION,
    PINTLE__ROOT_ISSUED,
    PINTLE__ROOT_EXPIRES,
    PINTLE__ROOT_HARD_TTL_S,
    PINTLE__ROOT_OVERLAP_S,
    PINTLE__ROOT_CRIT,
    PINTLE__ROOT_RULES,
    PINTLE__ROOT_MEMBERS
};

enum pintle__rule_member {
    PINTLE__RULE_ID,
    PINTLE__RULE_MATCH,
    PINTLE__RULE_PORTS,
    PINTLE__RULE_MODE,
    PINTLE__RULE_TRUST,
    PINTLE__RULE_LEARN_AT,
    PINTLE__RULE_LEARN_DAYS,
    PINTLE__RULE_PINS,
    PINTLE__RULE_DENY,
    PINTLE__RULE_ENFORCE_UNTIL,
    PINTLE__RULE_AFTER,
    PINTLE__RULE_REPORT,
    PINTLE__RULE_CRIT,
    PINTLE__RULE_MEMBERS
};

enum pintle__pin_member {
    PINTLE__PIN_SPKI,
    PINTLE__PIN_AT,
    PINTLE__PIN_UNTIL,
    PINTLE__PIN_LABEL,
    PINTLE__PIN_BACKUP,
    PINTLE__PIN_CRIT,
    PINTLE__PIN_MEMBERS
};

/* Most members that any of these objects knows. */
#define PINTLE__MEMBERS_MAX 13

/* Names by the values of the enums above, ended by NULL. */
extern const char *const pintle__root_members[PINTLE__ROOT_MEMBERS + 1];
extern const char *const pintle__rule_members[PINTLE__RULE_MEMBERS + 1];
extern const char *const pintle__pin_members[PINTLE__PIN_MEMBERS + 1];

/* What stands before the suffix of a pattern, by its kind. */
#define PINTLE__KINDS 3
extern const char *const pintle__stars[PINTLE__KINDS];

/* Names of enum pintle_mode, pintle_trust and pintle_position, ended by NULL. */
extern const char *const pintle__modes[];
extern const char *const pintle__trusts[];
extern const char *const pintle__positions[];

/* A rule that learns keys from the hosts themselves. */
static inline bool pintle__learns(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_TOFU || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

/* A rule that looks at the leaf's key only. */
static inline bool pintle__only_leaf(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_KEY || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

#endif
