/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter's state as OpenSSL's ex_data of contexts and connections. */
#include <stdatomic.h>
#include <string.h>

#include <openssl/crypto.h>

#include "tls/openssl/conn.h"

/* Indexes into ex_data, taken by the first caller; -1 before. */
static atomic_int ctx_index = -1;
static atomic_int ssl_index = -1;

static int take_index(atomic_int *slot, int class, CRYPTO_EX_dup *dup, CRYPTO_EX_free *release)
{
    int have = atomic_load_explicit(slot, memory_order_acquire);
    int mine;

    if (have >= 0)
        return have;
    mine = CRYPTO_get_ex_new_index(class, 0, NULL, NULL, dup, release);
    if (mine < 0)
        return -1;
    if (atomic_compare_exchange_strong(slot, &have, mine))
        return mine;
    (void)CRYPTO_free_ex_index(class, mine);
    return have;
}

/* --- memory for connections ------------------------------------------------------------------ */

static struct pintle__conn *take_memory(struct pintle__guard *guard)
{
    for (size_t i = 0; i < PINTLE__SPARES; i++) {
        struct pintle__conn *conn =
            atomic_exchange_explicit(&guard->spares[i], NULL, memory_order_acquire);

        if (conn != NULL)
            return conn;
    }
    return OPENSSL_malloc(sizeof(struct pintle__conn));
}

static void give_memory(struct pintle__guard *guard, struct pintle__conn *conn)
{
    for (size_t i = 0; i < PINTLE__SPARES; i++) {
        struct pintle__conn *none = NULL;

        if (atomic_compare_exchange_strong_explicit(&guard->spares[i], &none, conn,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    OPENSSL_free(conn);
}

/* --- contexts and connections ---------------------------------------------------------------- */

void pintle__guard_free(struct pintle__guard *guard)
{
    if (guard == NULL)
        return;
    for (size_t i = 0; i < PINTLE__SPARES; i++)
        OPENSSL_free(atomic_load_explicit(&guard->spares[i], memory_order_acquire));
    pintle_free(guard->engine);
    OPENSSL_free(guard);
}

static void free_guard(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                       void *argp)
{
    struct pintle__guard *guard = ptr;

    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    if (guard != NULL && guard->hooks.release != NULL)
        guard->hooks.release(guard->hooks.ctx);
    pintle__guard_free(guard);
}

static void free_conn(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                      void *argp)
{
    struct pintle__conn *conn = ptr;
    SSL_CTX *ctx;

    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    if (conn == NULL)
        return;
    BIO_free_all(conn->parked);
    BIO_free(conn->wall);
    ctx = conn->ctx;
    give_memory(conn->guard, conn);
    SSL_CTX_free(ctx); /* last: the guard goes with its context */
}

/* SSL_dup(): the copy has no host, so it is refused until it is given one. */
static int dup_conn(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr, int index,
                    long argl, void *argp)
{
    (void)to;
    (void)from;
    (void)index;
    (void)argl;
    (void)argp;
    *ptr = NULL;
    return 1;
}

struct pintle__guard *pintle__guard_get(const SSL_CTX *ctx)
{
    int index = atomic_load_explicit(&ctx_index, memory_order_acquire);

    return index < 0 || ctx == NULL ? NULL : SSL_CTX_get_ex_data(ctx, index);
}

struct pintle__guard *pintle__guard_of(const SSL *ssl)
{
    return pintle__guard_get(SSL_get_SSL_CTX(ssl));
}

bool pintle__guard_set(SSL_CTX *ctx, struct pintle__guard *guard)
{
    int index = take_index(&ctx_index, CRYPTO_EX_INDEX_SSL_CTX, NULL, free_guard);

    if (index < 0 || take_index(&ssl_index, CRYPTO_EX_INDEX_SSL, dup_conn, free_conn) < 0)
        return false;
    return SSL_CTX_set_ex_data(ctx, index, guard) == 1;
}

void pintle__guard_unset(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_ex_data(ctx, atomic_load_explicit(&ctx_index, memory_order_acquire), NULL);
}

struct pintle__conn *pintle__conn_get(const SSL *ssl)
{
    int index = atomic_load_explicit(&ssl_index, memory_order_acquire);

    return index < 0 || ssl == NULL ? NULL : SSL_get_ex_data(ssl, index);
}

static bool is_ours(pintle__info_fn *info)
{
    return info == pintle__info || info == pintle__info_and_next;
}

/* Take the info callback's place. The one that OpenSSL would have called but for us is next. */
static void take_info(struct pintle__conn *conn, struct pintle__guard *guard)
{
    pintle__info_fn *own = SSL_get_info_callback(conn->ssl);
    pintle__info_fn *shared = SSL_CTX_get_info_callback(SSL_get_SSL_CTX(conn->ssl));

    if (own != NULL && !is_ours(own))
        conn->info = own;
    else
        conn->info = is_ours(shared) ? guard->info : shared;
    SSL_set_info_callback(conn->ssl, conn->info != NULL ? pintle__info_and_next : pintle__info);
}

static struct pintle__conn *new_conn(SSL *ssl, struct pintle__guard *guard)
{
    struct pintle__conn *conn = take_memory(guard);

    if (conn == NULL)
        return NULL;
    memset(conn, 0, offsetof(struct pintle__conn, verdict));
    conn->ssl = ssl;
    conn->guard = guard;
    conn->verdict.decision = PINTLE_REFUSE;
    if (SSL_set_ex_data(ssl, atomic_load_explicit(&ssl_index, memory_order_acquire), conn) != 1) {
        give_memory(guard, conn);
        return NULL;
    }
    conn->ctx = SSL_get_SSL_CTX(ssl);
    (void)SSL_CTX_up_ref(conn->ctx);
    return conn;
}

struct pintle__conn *pintle__conn_make(SSL *ssl)
{
    struct pintle__conn *conn = pintle__conn_get(ssl);
    struct pintle__guard *guard = pintle__guard_of(ssl);
    bool is_new = conn == NULL;

    if (guard == NULL)
        return NULL;
    if (is_new)
        conn = new_conn(ssl, guard);
    if (conn == NULL)
        return NULL;
    if (is_new || !is_ours(SSL_get_info_callback(ssl)))
        take_info(conn, guard);
    return conn;
}
