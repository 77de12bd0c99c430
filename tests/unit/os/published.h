/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An app whose pins are published to a folder, for tests of the updater in C. Version V of its
 * pin-set pins, for api.test, the key V % 2 + 1 of kit/fake_cert.h.
 */
#ifndef PINTLE_TESTS_UNIT_OS_PUBLISHED_H
#define PINTLE_TESTS_UNIT_OS_PUBLISHED_H

#include <pintle/update.h>

#include "unit/os/folder.h"

#define PUBLISHED_HOST "api.test"

/* The key that version pins for the host. */
uint32_t published_key(int64_t version);

/* A seed with this version; free() it. */
char *published_seed(int64_t version, size_t *len);

/* Write this version as a source below `folder`, the pointer last. */
void published_write(const struct folder *folder, int64_t version);

/* Remove what was written there, and the folder. */
void published_clear(const struct folder *folder);

/* Teardown for cmocka behind folder_set_up(). */
int published_tear_down(void **state);

/* A handshake whose path has one key. */
struct pintle_verdict published_decide(struct pintle *engine, uint32_t key);

/* A config whose source is `folder`, whose clock stands still, without a database. */
struct pintle_update_config published_config(const struct folder *folder);

#endif
