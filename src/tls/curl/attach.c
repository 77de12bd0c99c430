/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guarding an easy handle takes two hooks. CURLOPT_SSL_CTX_FUNCTION guards each TLS connection that
 * libcurl makes for it, so a refused server sees no request. CURLOPT_PREREQFUNCTION comes before
 * each request, also on a connection that was made for somebody else or under another pin-set, and
 * decides again.
 *
 * Connections outlive the transfer, the handle and the guard, in the pool of a multi or share
 * handle. What they keep is a link, which knows the guard only through an owner that forgets it in
 * time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/curl.h>
#include <pintle/openssl.h>

#include "base/error.h"
#include "tls/curl/identity.h"
#include "tls/curl/support.h"

/*
 * next      of all guards, under `guards_lock`
 * easy      NULL once it is detached, or another guard has taken its place
 * met       the verdict is that of a handshake, and no request was sent since
 * shuns     CURLOPT_FORBID_REUSE and _FRESH_CONNECT are set, to be rid of a refused connection
 */
struct pintle_curl {
    struct pintle_curl *next;
    CURL *easy;
    struct pintle *engine;
    struct pintle_curl_options own;
    struct owner *owner;
    bool met;
    bool shuns;
    struct pintle_verdict verdict;
};

/* guard is NULL once it is freed; lock protects it and the verdict written through it. */
struct owner {
    atomic_size_t links;
    pthread_mutex_t lock;
    struct pintle_curl *guard;
};

/*
 * Of one connection.
 *
 * easy  the handle that makes the connection; valid until its first handshake is over
 * over  that handshake was accepted: what follows is no business of the guard's any more
 */
struct link {
    struct owner *owner;
    CURL *easy;
    bool over;
};

static struct owner *owner_new(struct pintle_curl *guard)
{
    struct owner *owner = malloc(sizeof(*owner));

    if (owner == NULL)
        return NULL;
    if (pthread_mutex_init(&owner->lock, NULL) != 0) {
        free(owner);
        return NULL;
    }
    atomic_init(&owner->links, 1); /* the guard's own */
    owner->guard = guard;
    return owner;
}

static void owner_release(struct owner *owner)
{
    if (atomic_fetch_sub(&owner->links, 1) != 1)
        return;
    (void)pthread_mutex_destroy(&owner->lock);
    free(owner);
}

static void owner_forget_guard(struct owner *owner)
{
    (void)pthread_mutex_lock(&owner->lock);
    owner->guard = NULL;
    (void)pthread_mutex_unlock(&owner->lock);
}

static struct link *link_new(struct owner *owner, CURL *easy)
{
    struct link *link = malloc(sizeof(*link));

    if (link == NULL)
        return NULL;
    atomic_fetch_add(&owner->links, 1);
    link->owner = owner;
    link->easy = easy;
    link->over = false;
    return link;
}

/* --- the hooks of a connection ---------------------------------------------------------------- */

static void link_release(void *ctx)
{
    struct link *link = ctx;

    owner_release(link->owner);
    free(link);
}

static bool link_find_host(void *ctx, SSL *ssl, struct pintle_host *host, uint16_t *port)
{
    struct link *link = ctx;

    return !link->over && pintle__curl_peer(link->easy, ssl, host, port);
}

static void link_concluded(void *ctx, const struct pintle_verdict *verdict)
{
    struct link *link = ctx;

    if (link->over)
        return;
    (void)pthread_mutex_lock(&link->owner->lock);
    if (link->owner->guard != NULL) {
        link->owner->guard->verdict = *verdict;
        link->owner->guard->met = true;
    }
    (void)pthread_mutex_unlock(&link->owner->lock);
    link->over = verdict->decision == PINTLE_ACCEPT && !verdict->pending;
}

/* --- the hooks of a handle -------------------------------------------------------------------- */

/*
 * CURLOPT_SSL_CTX_FUNCTION. `easy` may be one that libcurl made itself, to look a name up by DoH,
 * or a duplicate of the guard's.
 */
static CURLcode guard_context(CURL *easy, void *ssl_ctx, void *user)
{
    struct pintle_curl *guard = user;
    struct pintle_openssl_hooks hooks = {link_find_host, link_concluded, link_release, NULL};

    if (guard->own.ssl_ctx_function != NULL) {
        CURLcode code = guard->own.ssl_ctx_function(easy, ssl_ctx, guard->own.ssl_ctx_data);
        if (code != CURLE_OK)
            return code;
    }
    hooks.ctx = link_new(guard->owner, easy);
    if (hooks.ctx == NULL)
        return CURLE_OUT_OF_MEMORY;
    if (pintle_openssl_guard_with(ssl_ctx, guard->engine, &hooks, NULL) != PINTLE_OK) {
        link_release(hooks.ctx);
        return CURLE_SSL_CERTPROBLEM;
    }
    return CURLE_OK;
}

static void refuse(struct pintle_curl *guard, const struct pintle_host *host, uint16_t port,
                   const char *detail)
{
    pintle_decide_refusal(&guard->verdict, guard->engine, host, port, PINTLE_REASON_UNCHECKED,
                          detail);
}

/* Is `ssl` a connection that this engine guards, for this host and port? NULL host: for any. */
static const char *find_stranger(const struct pintle_curl *guard, SSL *ssl,
                                 const struct pintle_host *host, uint16_t port)
{
    const struct pintle_verdict *last = pintle_openssl_get_verdict(ssl);

    if (last == NULL)
        return "the connection was made by a handle without a guard";
    if (pintle_openssl_get_engine(ssl) != guard->engine)
        return "the connection was made under another engine";
    if (host != NULL && (last->port != port || strcmp(last->host.text, host->text) != 0))
        return "the connection was made for another host or port";
    return NULL;
}

/* Decide on the connection that the next request would go to. */
static void judge(struct pintle_curl *guard, const struct pintle__curl_ends *ends)
{
    bool is_plain = pintle__curl_is_plain(guard->easy);
    struct pintle_host host;
    uint16_t port = 0;
    SSL *ssl = NULL;
    const char *fault = NULL;

    if (!pintle__curl_url_host(guard->easy, &host, &port)) {
        refuse(guard, NULL, 0, "the URL has no host that could have a rule");
        return;
    }
    if (!pintle__curl_is_connected(guard->easy, ends, &ssl))
        fault = "the transfer is another handle's: attach a guard to each";
    else if (ssl != NULL)
        fault = find_stranger(guard, ssl, is_plain ? NULL : &host, port);
    if (fault != NULL) {
        refuse(guard, &host, port, fault);
        return;
    }
    if (ssl != NULL)
        pintle_openssl_recheck(ssl, &guard->verdict);
    if (ssl == NULL || (is_plain && guard->verdict.decision == PINTLE_ACCEPT))
        pintle_decide_plaintext(&guard->verdict, guard->engine, &host, port);
}

/*
 * A request that is aborted takes its HTTP/1 connection with it. One of HTTP/2 would stay in the
 * pool, and as long as others use it there is no closing it: so the next transfer goes past it.
 */
static void shun(struct pintle_curl *guard, bool shuns)
{
    if (guard->shuns != shuns) {
        (void)curl_easy_setopt(guard->easy, CURLOPT_FORBID_REUSE, shuns ? 1L : 0L);
        (void)curl_easy_setopt(guard->easy, CURLOPT_FRESH_CONNECT, shuns ? 1L : 0L);
    }
    guard->shuns = shuns;
}

/*
 * The keys of a first contact were learned at its handshake, so the check before its request finds
 * them learned. What the program is told is that it was the first.
 */
static void judge_request(struct pintle_curl *guard, const struct pintle__curl_ends *ends)
{
    struct pintle_verdict first;
    bool was_first = guard->met && guard->verdict.decision == PINTLE_ACCEPT &&
                     guard->verdict.reason == PINTLE_REASON_FIRST_USE;

    guard->met = false;
    if (was_first)
        first = guard->verdict;
    judge(guard, ends);
    if (was_first && guard->verdict.decision == PINTLE_ACCEPT && guard->verdict.learned &&
        guard->verdict.port == first.port && strcmp(guard->verdict.host.text, first.host.text) == 0)
        guard->verdict = first;
}

/* CURLOPT_PREREQFUNCTION */
static int before_request(void *user, char *address, char *local, int port, int local_port)
{
    struct pintle_curl *guard = user;
    const struct pintle__curl_ends ends = {address, port, local, local_port};
    bool accepts;

    if (guard->own.prereq_function != NULL &&
        guard->own.prereq_function(guard->own.prereq_data, address, local, port, local_port) !=
            CURL_PREREQFUNC_OK)
        return CURL_PREREQFUNC_ABORT;
    judge_request(guard, &ends);
    accepts = guard->verdict.decision == PINTLE_ACCEPT;
    shun(guard, !accepts);
    return accepts ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* --- whose handle it is ----------------------------------------------------------------------- */

/* libcurl does not tell whose callbacks a handle has: a guard must know when it was replaced. */
static pthread_mutex_t guards_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pintle_curl *guards;

/* The handle is this guard's from now on. */
static void claim(struct pintle_curl *guard, CURL *easy)
{
    (void)pthread_mutex_lock(&guards_lock);
    for (struct pintle_curl *other = guards; other != NULL; other = other->next) {
        if (other->easy == easy)
            other->easy = NULL;
    }
    guard->easy = easy;
    guard->next = guards;
    guards = guard;
    (void)pthread_mutex_unlock(&guards_lock);
}

/* The handle is nobody's any more; NULL if it was another's before. */
static CURL *disclaim(struct pintle_curl *guard)
{
    CURL *easy;

    (void)pthread_mutex_lock(&guards_lock);
    easy = guard->easy;
    guard->easy = NULL;
    (void)pthread_mutex_unlock(&guards_lock);
    return easy;
}

static void leave(struct pintle_curl *guard)
{
    struct pintle_curl **at = &guards;

    (void)pthread_mutex_lock(&guards_lock);
    while (*at != NULL && *at != guard)
        at = &(*at)->next;
    if (*at == guard)
        *at = guard->next;
    (void)pthread_mutex_unlock(&guards_lock);
}

/* --- what programs call ----------------------------------------------------------------------- */

/*
 * CURLUSESSL_ALL: of the protocols that begin without TLS some log in before the first request, and
 * so before CURLOPT_PREREQFUNCTION.
 */
static bool set_options(struct pintle_curl *guard, CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, guard_context) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, guard) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, guard) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL) == CURLE_OK &&
           pintle__curl_limit_protocols(easy);
}

static void clear_options(CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, NULL);
}

enum pintle_status pintle_curl_attach(struct pintle_curl **out, CURL *easy, struct pintle *engine,
                                      const struct pintle_curl_options *options,
                                      struct pintle_error *err)
{
    struct pintle_curl *guard;
    enum pintle_status status = pintle__curl_check_support(err);

    *out = NULL;
    if (status != PINTLE_OK)
        return status;
    guard = calloc(1, sizeof(*guard));
    if (guard != NULL)
        guard->owner = owner_new(guard);
    if (guard == NULL || guard->owner == NULL) {
        free(guard);
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the guard");
        return PINTLE_E_NOMEM;
    }
    guard->engine = pintle_retain(engine);
    if (options != NULL)
        guard->own = *options;
    pintle_verdict_init(&guard->verdict);
    guard->verdict.reason = PINTLE_REASON_UNCHECKED;
    if (!set_options(guard, easy)) {
        clear_options(easy);
        pintle_curl_free(guard);
        pintle__error_set(err, PINTLE_E_INTERNAL, "libcurl refuses an option of the guard");
        return PINTLE_E_INTERNAL;
    }
    claim(guard, easy);
    *out = guard;
    return PINTLE_OK;
}

const struct pintle_verdict *pintle_curl_get_verdict(const struct pintle_curl *guard)
{
    return &guard->verdict;
}

void pintle_curl_detach(struct pintle_curl *guard)
{
    CURL *easy = guard != NULL ? disclaim(guard) : NULL;

    if (easy == NULL)
        return;
    clear_options(easy);
    if (guard->shuns) {
        (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
        (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
    }
    guard->shuns = false;
}

void pintle_curl_free(struct pintle_curl *guard)
{
    if (guard == NULL)
        return;
    leave(guard);
    owner_forget_guard(guard->owner);
    owner_release(guard->owner);
    pintle_free(guard->engine);
    free(guard);
}
