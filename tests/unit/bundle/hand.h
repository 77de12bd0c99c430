/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds made by hand, record by record. */
#ifndef PINTLE_TESTS_UNIT_BUNDLE_HAND_H
#define PINTLE_TESTS_UNIT_BUNDLE_HAND_H

#include "kit/signer.h"

struct hand {
    uint8_t bytes[64 * 1024];
    size_t len;
};

/* Nothing but the first line. */
void hand_clear(struct hand *hand);

/* That and the usual root, signed by rs. */
void hand_begin(struct hand *hand);

/* A record of a payload, which is freed, or of an envelope, which is freed; without key ids. */
void hand_add(struct hand *hand, enum pintle_role role, char *payload, const char *keys);
void hand_add_envelope(struct hand *hand, char *text);

struct pintle_view hand_view(const struct hand *hand);

#endif
