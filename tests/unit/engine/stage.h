/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine over a pin-set with a clock and certificates made up for a test.
 *
 * Documents are written with ' for " and @c for the pin of key c; a certificate path is a string
 * with one character for each certificate's key, leaf first: "p12". '?' is a certificate that is no
 * DER, '!' one that cannot be had.
 */
#ifndef PINTLE_TESTS_UNIT_ENGINE_STAGE_H
#define PINTLE_TESTS_UNIT_ENGINE_STAGE_H

#include <pintle/engine.h>

#include "kit/fake_cert.h"

/* The document's times, and the time on stage unless a test says otherwise. */
#define STAGE_ISSUED "2026-01-01T00:00:00Z"
#define STAGE_NOW "2026-05-01T12:00:00Z"
#define STAGE_EXPIRES "2027-01-01T00:00:00Z"

struct stage {
    struct pintle *engine;
    struct pintle_config config;
    struct pintle_crypto crypto; /* counts `hashes` */
    unsigned hashes;
    int64_t now;
    unsigned notified;
};

/* A certificate path that is made as it is asked for. */
struct stage_path {
    const char *keys;
    struct fake_cert cert; /* the one that is lent */
};

int64_t stage_time(const char *text);

/* Load a document of these rules. Ends the test if it cannot. */
struct pintle_pinset *stage_pinset(const char *rules, int version);

/* Everything but the engine: a config to change before stage_open(). */
void stage_init(struct stage *stage);
void stage_open(struct stage *stage, const char *rules);
void stage_close(struct stage *stage);

struct pintle_host stage_host(const char *name);
struct pintle_chain stage_chain(struct stage_path *path, const char *keys);

/* Decide on host:443 with such a path. */
struct pintle_verdict stage_decide(struct stage *stage, const char *host, enum pintle_path path,
                                   const char *keys);

#endif
