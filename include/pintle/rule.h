/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/rule.h: the two things that are matched: a rule (which pins, where, and what is demanded),
 * and the certificate path a handshake showed. Plain data, lent by its owner.
 */
#ifndef PINTLE_RULE_H
#define PINTLE_RULE_H

#include <pintle/pin.h>
#include <pintle/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A time that never comes: the rule or document has no such bound. */
#define PINTLE_NEVER INT64_MAX

enum pintle_trust {
    PINTLE_TRUST_PKIX = 0, /* a valid path and name, and a pin */
    PINTLE_TRUST_KEY = 1   /* the leaf's pinned key is enough: no CA, name or date is asked for */
};

enum pintle_position {
    PINTLE_AT_ANY = 0,
    PINTLE_AT_LEAF = 1, /* only as the server's own key */
    PINTLE_AT_CA = 2    /* only above the leaf */
};

struct pintle_rule_pin {
    struct pintle_pin pin;
    const char *label; /* "" when there is none */
    enum pintle_position at;
    bool backup;
};

/*
 * One rule. Strings are NUL-terminated UTF-8 without control
 * characters; all pointers live as long as their owner.
 *
 * ports          port_count ports the rule is for; none means all
 * mode, after    what is demanded until enforce_until, and what from then on
 * enforce_until  first second in which `after` holds, or PINTLE_NEVER
 */
struct pintle_rule {
    const char *id;
    const char *const *match;
    const uint16_t *ports;
    const struct pintle_rule_pin *pins;
    const struct pintle_pin *deny;
    const char *const *report;
    int64_t enforce_until;
    uint32_t match_count;
    uint32_t port_count;
    uint32_t pin_count;
    uint32_t deny_count;
    uint32_t report_count;
    enum pintle_mode mode;
    enum pintle_mode after;
    enum pintle_trust trust;
};

/*
 * A certificate path, leaf first.
 *
 * get  lends certificate `index` as DER, valid until the next call; false if it cannot. Called
 *      only as far as needed, from the leaf upwards.
 */
struct pintle_chain {
    size_t count;
    bool (*get)(void *ctx, size_t index, struct pintle_view *der);
    void *ctx;
};

/* A chain over an array of DER views, which must outlive it. */
PINTLE_API struct pintle_chain pintle_chain_from_views(const struct pintle_view *views,
                                                       size_t count);

/* The mode of a rule at a time. */
PINTLE_API enum pintle_mode pintle_rule_get_mode(const struct pintle_rule *rule, int64_t now);

#ifdef __cplusplus
}
#endif
#endif
