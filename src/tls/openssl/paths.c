/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other paths than the one OpenSSL chose.
 *
 * A certificate may have several issuers: an intermediate signed by two roots, a root that is also
 * served cross-signed. Candidates are found by walking issuers from the leaf, through the served
 * certificates and those of the store, and count only if they hold a pinned key. Finding one proves
 * nothing: each is then validated by X509_verify_cert() from scratch, with nothing to build on but
 * its own certificates and with its top as the only anchor. All of it is bounded, because the
 * server chooses what it serves.
 */
#include <openssl/x509v3.h>

#include "tls/openssl/verify.h"

/* Certificates in a path, and certificates visited in all. */
#define DEPTH_MAX 10
#define VISITS_MAX 64

struct walk {
    struct pintle__paths *paths;
    const struct pintle_rule *rule;
    X509 *path[DEPTH_MAX];
    size_t depth;
    unsigned visits;
};

void pintle__paths_init(struct pintle__paths *paths, struct pintle__conn *conn, X509_STORE_CTX *ctx,
                        X509_STORE_CTX_verify_cb callback, struct pintle__cert_room *room)
{
    paths->conn = conn;
    paths->ctx = ctx;
    paths->callback = callback;
    paths->room = room;
    paths->found_count = 0;
    paths->next = 0;
    paths->searched = false;
    paths->lent = NULL;
    paths->chain.certs = NULL;
    paths->chain.room = room;
}

void pintle__paths_clear(struct pintle__paths *paths)
{
    for (size_t i = 0; i < paths->found_count; i++)
        sk_X509_pop_free(paths->found[i], X509_free);
    X509_STORE_CTX_free(paths->lent);
    pintle__paths_init(paths, paths->conn, paths->ctx, paths->callback, paths->room);
}

void pintle__paths_reset(void *ctx)
{
    pintle__paths_clear(ctx);
}

/* --- candidates ------------------------------------------------------------------------------ */

static bool is_pinned(const struct pintle_rule *rule, const struct pintle_pin *pin, size_t position)
{
    for (uint32_t i = 0; i < rule->pin_count; i++) {
        enum pintle_position at = rule->pins[i].at;

        if (pintle_pin_equal(&rule->pins[i].pin, pin) &&
            (at == PINTLE_AT_ANY || (at == PINTLE_AT_LEAF) == (position == 0)))
            return true;
    }
    return false;
}

static bool holds_pin(const struct walk *walk)
{
    struct pintle__paths *paths = walk->paths;
    const struct pintle_crypto *crypto = pintle_get_crypto(paths->conn->guard->engine);

    for (size_t i = 0; i < walk->depth; i++) {
        struct pintle_view der;
        struct pintle_pin pin;

        if (pintle__cert_encode(paths->room, walk->path[i], &der) &&
            pintle_pin_from_certificate(&pin, der, crypto, NULL) == PINTLE_OK &&
            is_pinned(walk->rule, &pin, i))
            return true;
    }
    return false;
}

static bool is_equal(const struct walk *walk, const STACK_OF(X509) * certs)
{
    if (sk_X509_num(certs) != (int)walk->depth)
        return false;
    for (int i = 0; i < (int)walk->depth; i++) {
        if (X509_cmp(walk->path[i], sk_X509_value(certs, i)) != 0)
            return false;
    }
    return true;
}

/* A certificate that is both served and in the store makes the same path twice. */
static bool is_known(const struct walk *walk)
{
    const struct pintle__paths *paths = walk->paths;

    for (size_t i = 0; i < paths->found_count; i++) {
        if (is_equal(walk, paths->found[i]))
            return true;
    }
    return false;
}

/* Keep the path as a candidate. Want of memory leaves it out, which can only refuse. */
static void keep(const struct walk *walk)
{
    struct pintle__paths *paths = walk->paths;
    STACK_OF(X509) * certs;

    if (is_known(walk) || !holds_pin(walk))
        return;
    certs = sk_X509_new_null();
    if (certs == NULL)
        return;
    for (size_t i = 0; i < walk->depth; i++) {
        if (X509_add_cert(certs, walk->path[i], X509_ADD_FLAG_UP_REF) != 1) {
            sk_X509_pop_free(certs, X509_free);
            return;
        }
    }
    paths->found[paths->found_count++] = certs;
}

/* --- the walk -------------------------------------------------------------------------------- */

static bool is_on_path(const struct walk *walk, const X509 *cert)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (X509_cmp(walk->path[i], cert) == 0)
            return true;
    }
    return false;
}

static void extend(struct walk *walk);

/* Go on from `cert`, or keep the path if it ends there: in a self-signed certificate of the store.
 */
static void visit(struct walk *walk, X509 *cert, bool trusted)
{
    X509 *top = walk->path[walk->depth - 1];
    bool is_root;

    if (walk->visits == 0 || X509_check_issued(cert, top) != X509_V_OK || is_on_path(walk, cert))
        return;
    is_root = X509_self_signed(cert, 0) == 1;
    if (is_root && !trusted)
        return;
    walk->visits--;
    walk->path[walk->depth++] = cert;
    if (is_root)
        keep(walk);
    else
        extend(walk);
    walk->depth--;
}

static bool is_over(const struct walk *walk)
{
    return walk->depth == DEPTH_MAX || walk->visits == 0 ||
           walk->paths->found_count == PINTLE_PATHS_MAX;
}

/* Visit every issuer of the path's last certificate, trusted ones first. */
static void extend(struct walk *walk)
{
    X509_STORE_CTX *ctx = walk->paths->ctx;
    const STACK_OF(X509) *served = X509_STORE_CTX_get0_untrusted(ctx);
    STACK_OF(X509) * trusted;

    if (is_over(walk))
        return;
    trusted = X509_STORE_CTX_get1_certs(ctx, X509_get_issuer_name(walk->path[walk->depth - 1]));
    for (int i = 0; i < sk_X509_num(trusted) && !is_over(walk); i++)
        visit(walk, sk_X509_value(trusted, i), true);
    for (int i = 0; i < sk_X509_num(served) && !is_over(walk); i++)
        visit(walk, sk_X509_value(served, i), false);
    sk_X509_pop_free(trusted, X509_free);
}

static void search(struct pintle__paths *paths, const struct pintle_rule *rule)
{
    struct walk walk = {paths, rule, {NULL}, 1, VISITS_MAX};

    walk.path[0] = X509_STORE_CTX_get0_cert(paths->ctx);
    if (walk.path[0] != NULL)
        extend(&walk);
    paths->searched = true;
}

/* --- validation ------------------------------------------------------------------------------ */

/* The same parameters as the first validation had, but nothing short of a root will do. */
static bool set_up(struct pintle__paths *paths, X509_STORE_CTX *trial, STACK_OF(X509) * anchors)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(trial);

    if (X509_VERIFY_PARAM_set1(param, X509_STORE_CTX_get0_param(paths->ctx)) != 1 ||
        X509_STORE_CTX_set_ex_data(trial, SSL_get_ex_data_X509_STORE_CTX_idx(), paths->conn->ssl) !=
            1)
        return false;
    (void)X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_CTX_set0_trusted_stack(trial, anchors);
    return true;
}

/* Split a candidate: its top is the one anchor, the rest what the path may be built of. */
static bool split(const STACK_OF(X509) * path, STACK_OF(X509) * anchors, STACK_OF(X509) * others)
{
    int top = sk_X509_num(path) - 1;

    for (int i = 1; i < top; i++) {
        if (sk_X509_push(others, sk_X509_value(path, i)) == 0)
            return false;
    }
    return sk_X509_push(anchors, sk_X509_value(path, top)) != 0;
}

/* Validate a candidate; the validation that found it valid, or NULL. */
static X509_STORE_CTX *validate(struct pintle__paths *paths, const STACK_OF(X509) * path)
{
    X509_STORE_CTX *trial = X509_STORE_CTX_new();
    STACK_OF(X509) *anchors = sk_X509_new_null();
    STACK_OF(X509) *others = sk_X509_new_null();
    bool valid = false;

    if (trial != NULL && anchors != NULL && others != NULL && split(path, anchors, others) &&
        X509_STORE_CTX_init(trial, X509_STORE_CTX_get0_store(paths->ctx), sk_X509_value(path, 0),
                            others) == 1 &&
        set_up(paths, trial, anchors))
        valid = pintle__verify_path(paths->conn, trial, paths->callback);
    if (!valid) {
        X509_STORE_CTX_free(trial);
        trial = NULL;
    } else {
        X509_STORE_CTX_set0_trusted_stack(trial, NULL);
        X509_STORE_CTX_set0_untrusted(trial, NULL);
    }
    sk_X509_free(anchors);
    sk_X509_free(others);
    return trial;
}

bool pintle__paths_next(void *ctx, const struct pintle_rule *rule, struct pintle_chain *chain)
{
    struct pintle__paths *paths = ctx;

    if (!paths->searched)
        search(paths, rule);
    while (paths->next < paths->found_count) {
        X509_STORE_CTX *trial = validate(paths, paths->found[paths->next++]);

        if (trial == NULL)
            continue;
        X509_STORE_CTX_free(paths->lent);
        paths->lent = trial;
        paths->chain.certs = X509_STORE_CTX_get0_chain(trial);
        *chain = pintle__certs_chain(&paths->chain);
        return true;
    }
    return false;
}

bool pintle__paths_adopt(struct pintle__paths *paths)
{
    STACK_OF(X509) * chain;

    if (paths->lent == NULL)
        return true;
    chain = X509_STORE_CTX_get1_chain(paths->lent);
    if (chain == NULL)
        return false;
    X509_STORE_CTX_set0_verified_chain(paths->ctx, chain);
    return true;
}
