/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/schema.h"

#include <assert.h>
#include <stddef.h>

static_assert(PINTLE__RULE_MEMBERS <= PINTLE__MEMBERS_MAX &&
                  PINTLE__ROOT_MEMBERS <= PINTLE__MEMBERS_MAX &&
                  PINTLE__PIN_MEMBERS <= PINTLE__MEMBERS_MAX,
              "the largest object sets the limit");

const char *const pintle__root_members[PINTLE__ROOT_MEMBERS + 1] = {
    [PINTLE__ROOT_PINTLE] = "pintle",
    [PINTLE__ROOT_APP] = "app",
    [PINTLE__ROOT_EPOCH] = "epoch",
    [PINTLE__ROOT_VERSION] = "version",
    [PINTLE__ROOT_ISSUED] = "issued",
    [PINTLE__ROOT_EXPIRES] = "expires",
    [PINTLE__ROOT_HARD_TTL_S] = "hard_ttl_s",
    [PINTLE__ROOT_OVERLAP_S] = "overlap_s",
    [PINTLE__ROOT_CRIT] = "crit",
    [PINTLE__ROOT_RULES] = "rules",
};

const char *const pintle__rule_members[PINTLE__RULE_MEMBERS + 1] = {
    [PINTLE__RULE_ID] = "id",
    [PINTLE__RULE_MATCH] = "match",
    [PINTLE__RULE_PORTS] = "ports",
    [PINTLE__RULE_MODE] = "mode",
    [PINTLE__RULE_TRUST] = "trust",
    [PINTLE__RULE_LEARN_AT] = "learn_at",
    [PINTLE__RULE_LEARN_DAYS] = "learn_days",
    [PINTLE__RULE_PINS] = "pins",
    [PINTLE__RULE_DENY] = "deny",
    [PINTLE__RULE_ENFORCE_UNTIL] = "enforce_until",
    [PINTLE__RULE_AFTER] = "after",
    [PINTLE__RULE_REPORT] = "report",
    [PINTLE__RULE_CRIT] = "crit",
};

const char *const pintle__pin_members[PINTLE__PIN_MEMBERS + 1] = {
    [PINTLE__PIN_SPKI] = "spki",   [PINTLE__PIN_AT] = "at",         [PINTLE__PIN_UNTIL] = "until",
    [PINTLE__PIN_LABEL] = "label", [PINTLE__PIN_BACKUP] = "backup", [PINTLE__PIN_CRIT] = "crit",
};

const char *const pintle__stars[PINTLE__KINDS] = {
    [PINTLE_PATTERN_EXACT] = "",
    [PINTLE_PATTERN_ONE] = "*.",
    [PINTLE_PATTERN_ANY] = "**.",
};

const char *const pintle__modes[] = {
    [PINTLE_MODE_ENFORCE] = "enforce",
    [PINTLE_MODE_REPORT] = "report",
    [PINTLE_MODE_OFF] = "off",
    NULL,
};

const char *const pintle__trusts[] = {
    [PINTLE_TRUST_PKIX] = "pkix",
    [PINTLE_TRUST_KEY] = "key",
    [PINTLE_TRUST_TOFU] = "tofu",
    [PINTLE_TRUST_TOFU_KEY] = "tofu-key",
    NULL,
};

const char *const pintle__positions[] = {
    [PINTLE_AT_ANY] = "any",
    [PINTLE_AT_LEAF] = "leaf",
    [PINTLE_AT_CA] = "ca",
    NULL,
};
