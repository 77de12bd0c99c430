/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage of the adapter's tests: a client that trusts two roots, `root` and `rogue`, and a
 * server for HOST whose certificate comes from `root` over `inter`.
 */
#ifndef PINTLE_TESTS_ADAPTER_OPENSSL_SCENE_H
#define PINTLE_TESTS_ADAPTER_OPENSSL_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pintle/openssl.h>

#include "kit/tls_pair.h"

#define HOST "api.example.com"
#define PORT 443
#define SECRET "the client's secret request"

/* Keys of the pool by what they are for. */
enum scene_key {
    KEY_ROOT = 0,
    KEY_ROGUE = 1,
    KEY_INTER = 2,
    KEY_LEAF = 3,
    KEY_BACKUP = 4,
    KEY_OTHER = 5,
    KEY_OTHER_CA = 6,
    KEY_CLIENT = 7
};

/*
 * A rule for HOST. Zero what does not matter.
 *
 * pins   certificates whose keys are pinned, up to the first NULL; at[i] is where, NULL for any
 * deny   certificates whose keys are denied, up to the first NULL
 * until  enforce_until, as in the document
 */
struct scene_rule {
    const char *match;
    const char *mode;
    const char *trust;
    const char *after;
    const char *until;
    const struct pki_cert *pins[4];
    const char *at[4];
    const struct pki_cert *deny[4];
    const char *learn_at;
};

/* crypto, allow_unlisted and memory are for the engine; set them before the first rule. ahead_s is what its
 * clock shows beyond the time. */
struct scene {
    int version;
    const struct pintle_crypto *crypto;
    bool allow_unlisted;
    const struct pintle_memory *memory;
    int64_t ahead_s;
    struct pki_cert root, rogue, inter, leaf;
    struct pintle *engine;
    SSL_CTX *client_ctx;
    SSL_CTX *server_ctx;
    struct tls_pair pair;
    unsigned concluded;
    struct pintle_verdict told;
};

/* Certificates and client context, no engine yet. */
void scene_init(struct scene *scene, int version);
void scene_clear(struct scene *scene);

/* A pin-set of one rule, and the engine for it; puts it in force if there is an engine already. */
void scene_rule(struct scene *scene, const struct scene_rule *rule);

/* The same with `inter` pinned. */
void scene_pin_inter(struct scene *scene);

/* What the server serves: `leaf`, and behind it `count` others in this order. */
void scene_serve(struct scene *scene, const struct pki_cert *leaf,
                 const struct pki_cert *const *others, size_t count);

/* The server serves the honest chain. */
void scene_serve_honest(struct scene *scene);

/* Guard the client context; every verdict is counted in `concluded` and kept in `told`. */
void scene_guard(struct scene *scene);

/* A new pair without a host, and one for HOST. The old pair goes. */
void scene_pair(struct scene *scene);
void scene_dial(struct scene *scene);

/* init, pin_inter, serve_honest, guard, dial. */
void scene_ready(struct scene *scene, int version);

/*
 * Handshake and check that it was refused: the verdict, SSL_get_verify_result(), the alert at the
 * server, and that the client can neither write nor be read from.
 */
void scene_expect_refused(struct scene *scene, enum pintle_reason reason, int x509_error,
                          int alert);

/* Check that nothing gets through on a connection that was refused. */
void scene_expect_mute(struct scene *scene);

/* Handshake and check that it was accepted, and that a request gets through. */
void scene_expect_accepted(struct scene *scene, enum pintle_reason reason);

/* Check the verdict of a connection whose handshake is over, and send the request. */
void scene_expect_talking(struct scene *scene, enum pintle_reason reason);

/* scene_expect_refused() as UNCHECKED, which sends no alert. */
void scene_expect_unchecked(struct scene *scene);

/* Accept the server, take the session, and close. */
SSL_SESSION *scene_earn_session(struct scene *scene);

/* Dial HOST with a session on offer. */
void scene_dial_with(struct scene *scene, SSL_SESSION *session);

/* Callbacks that programs put in the place of ours: every certificate is valid, nothing is done. */
int scene_always_valid(X509_STORE_CTX *ctx, void *arg);
void scene_ignore_info(const SSL *ssl, int where, int ret);

/* The verdict on the client's connection; fails if there is none. */
const struct pintle_verdict *scene_verdict(struct scene *scene);

/* Rows of a test group for the two versions of TLS. */
extern int scene_tls12, scene_tls13;
#define IN_BOTH(test)                                                                              \
    {#test " in TLS 1.2", test, NULL, NULL, &scene_tls12},                                         \
    {                                                                                              \
#test " in TLS 1.3", test, NULL, NULL, &scene_tls13                                        \
    }
#define IN_TLS12(test)                                                                             \
    {                                                                                              \
#test " in TLS 1.2", test, NULL, NULL, &scene_tls12                                        \
    }
#define IN_TLS13(test)                                                                             \
    {                                                                                              \
#test " in TLS 1.3", test, NULL, NULL, &scene_tls13                                        \
    }

/* The version a row was made for. */
int scene_version(void **state);

#endif
