/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage of the libcurl adapter's tests: a root that clients trust, servers for HOST and OTHER
 * with keys of their own, and an engine. Every name resolves to loopback.
 */
#ifndef PINTLE_TESTS_ADAPTER_CURL_STAGE_H
#define PINTLE_TESTS_ADAPTER_CURL_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pintle/curl.h>
#include <pintle/openssl.h>

#include "adapter/curl/web.h"

#define HOST "api.example.com"
#define OTHER "other.example.com"

/*
 * One rule. pins are certificates whose keys are pinned, up to the first NULL; mode NULL is
 * "enforce", trust NULL "pkix"; port 0 is every port.
 */
struct stage_rule {
    const char *match;
    const char *mode;
    uint16_t port;
    const struct pki_cert *pins[2];
    const char *trust;
};

/*
 * root    trusted; rogue is not
 * host    HOST's certificate; `other` OTHER's; `backup` nobody serves, `odd` is for HOST with
 *         another key; all from root
 * easy    the handle of stage_guard(), and its guard
 */
struct stage {
    bool allow_unlisted;
    const struct pintle_memory *memory;
    struct pki_cert root, rogue;
    struct pki_cert host, other, backup, odd;
    struct curl_blob ca;
    struct curl_slist *resolve;
    struct pintle *engine;
    CURL *easy;
    struct pintle_curl *guard;
};

void stage_init(struct stage *stage);
void stage_clear(struct stage *stage);

/* Put rules in force, up to the first without a match; the first call makes the engine. */
void stage_rules(struct stage *stage, const struct stage_rule *rules);

/* The same with one rule: HOST, with this certificate's key pinned. */
void stage_pin(struct stage *stage, const struct pki_cert *cert);

/* A handle that trusts root and finds loopback behind every name at this port. */
CURL *stage_easy(struct stage *stage, uint16_t port);

/* A CURLOPT_WRITEFUNCTION that forgets all it gets. */
size_t stage_swallow(char *data, size_t size, size_t count, void *user);

/* The same as the stage's own, guarded. */
void stage_guard(struct stage *stage, uint16_t port);

/* Let the names have loopback at one more port. Call it before stage_easy(). */
void stage_resolve(struct stage *stage, uint16_t port);

/* Point a handle at <scheme>://<host>:<port><path>. */
void stage_url(CURL *easy, const char *scheme, const char *host, uint16_t port, const char *path);

/* Point the stage's handle at https://HOST:port/ and transfer. */
CURLcode stage_get(struct stage *stage, uint16_t port);

/* Check the stage's verdict. */
void stage_expect(const struct stage *stage, enum pintle_decision decision,
                  enum pintle_reason reason);
void stage_expect_refused(const struct stage *stage, enum pintle_reason reason);
void stage_expect_accepted(const struct stage *stage);

#endif
