/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name look-ups under a deadline. getaddrinfo() cannot be interrupted, so it runs on a thread that
 * is left behind when the deadline passes; whoever of the two leaves last frees the look-up.
 */
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "os/net.h"

/* How often a waiting look-up looks at the interrupt flag. */
#define SLICE_MS 100

struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;      /* by the thread: rc and list are set */
    bool abandoned; /* by the caller: nobody will read them */
    int rc;
    struct addrinfo *list;
    char service[8];
    char host[]; /* NUL-terminated */
};

static int query(struct addrinfo **list, const char *host, const char *service, int flags)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};

    return getaddrinfo(host, service, &hints, list);
}

static void lookup_free(struct lookup *l)
{
    if (l->list != NULL)
        freeaddrinfo(l->list);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void *lookup_run(void *arg)
{
    struct lookup *l = arg;
    struct addrinfo *list = NULL;
    int rc = query(&list, l->host, l->service, 0);
    bool abandoned;

    pthread_mutex_lock(&l->lock);
    l->rc = rc;
    l->list = rc == 0 ? list : NULL;
    l->done = true;
    abandoned = l->abandoned;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    if (abandoned)
        lookup_free(l);
    return NULL;
}

static bool init_sync(struct lookup *l)
{
    pthread_condattr_t attr;
    bool ok;

    if (pthread_condattr_init(&attr) != 0)
        return false;
    ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&l->changed, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (ok && pthread_mutex_init(&l->lock, NULL) != 0) {
        pthread_cond_destroy(&l->changed);
        ok = false;
    }
    return ok;
}

static struct lookup *lookup_new(const char *host, const char *service)
{
    size_t size = strlen(host) + 1;
    struct lookup *l = calloc(1, sizeof *l + size);

    if (l == NULL)
        return NULL;
    if (!init_sync(l)) {
        free(l);
        return NULL;
    }
    memcpy(l->host, host, size);
    snprintf(l->service, sizeof l->service, "%s", service);
    return l;
}

static bool lookup_start(struct lookup *l)
{
    pthread_attr_t attr;
    pthread_t thread;
    bool ok;

    if (pthread_attr_init(&attr) != 0)
        return false;
    ok = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
         pthread_create(&thread, &attr, lookup_run, l) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* Wait for the thread; true if it is done, false if the look-up was left to it. */
static bool lookup_wait(struct lookup *l, const struct os_deadline *deadline)
{
    bool done;

    pthread_mutex_lock(&l->lock);
    while (!l->done) {
        int64_t left = deadline->end_ms - os_now_ms();
        struct timespec until;

        if (left <= 0 || (deadline->interrupted != NULL && *deadline->interrupted != 0))
            break;
        until = in_ms(left < SLICE_MS ? left : SLICE_MS);
        pthread_cond_timedwait(&l->changed, &l->lock, &until);
    }
    done = l->done;
    l->abandoned = !done;
    pthread_mutex_unlock(&l->lock);
    return done;
}

static bool known(const struct os_addrs *addrs, const struct os_addr *addr)
{
    for (size_t i = 0; i < addrs->count; i++)
        if (strcmp(addrs->items[i].text, addr->text) == 0)
            return true;
    return false;
}

/* One address from the resolver; false if it is of a family we cannot write down. */
static bool to_addr(struct os_addr *out, const struct addrinfo *info)
{
    char host[OS_ADDR_TEXT_SIZE - 9];
    char service[8];

    if (info->ai_addrlen > sizeof out->sa ||
        (info->ai_family != AF_INET && info->ai_family != AF_INET6))
        return false;
    if (getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof host, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    memcpy(&out->sa, info->ai_addr, info->ai_addrlen);
    out->len = info->ai_addrlen;
    snprintf(out->text, sizeof out->text, info->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
             service);
    return true;
}

static enum pintle_status gather(struct os_addrs *out, const char *host,
                                 const struct addrinfo *list, struct pintle_error *err)
{
    for (; list != NULL; list = list->ai_next) {
        struct os_addr addr;

        if (!to_addr(&addr, list) || known(out, &addr))
            continue;
        if (out->count == OS_ADDRS_MAX) {
            pintle__error_set(err, PINTLE_E_LIMIT, "%s: more than %d addresses", host,
                              OS_ADDRS_MAX);
            return PINTLE_E_LIMIT;
        }
        out->items[out->count++] = addr;
    }
    if (out->count == 0) {
        pintle__error_set(err, PINTLE_E_RESOLVE, "%s: no usable address", host);
        return PINTLE_E_RESOLVE;
    }
    return PINTLE_OK;
}

static enum pintle_status resolved(struct os_addrs *out, const char *host, int rc,
                                   const struct addrinfo *list, struct pintle_error *err)
{
    if (rc == EAI_MEMORY) {
        pintle__error_set(err, PINTLE_E_NOMEM, "%s: %s", host, gai_strerror(rc));
        return PINTLE_E_NOMEM;
    }
    if (rc != 0) {
        pintle__error_set(err, PINTLE_E_RESOLVE, "%s: %s", host, gai_strerror(rc));
        return PINTLE_E_RESOLVE;
    }
    return gather(out, host, list, err);
}

static enum pintle_status given_up(const char *host, const struct os_deadline *deadline,
                                   struct pintle_error *err)
{
    if (deadline->interrupted != NULL && *deadline->interrupted != 0) {
        pintle__error_set(err, PINTLE_E_IO, "interrupted");
        return PINTLE_E_IO;
    }
    pintle__error_set(err, PINTLE_E_TIMEOUT, "%s: timed out looking up its address", host);
    return PINTLE_E_TIMEOUT;
}

static enum pintle_status on_thread(struct os_addrs *out, const char *host, const char *service,
                                    const struct os_deadline *deadline, struct pintle_error *err)
{
    struct lookup *l = lookup_new(host, service);
    enum pintle_status status;

    if (l == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "%s: out of memory", host);
        return PINTLE_E_NOMEM;
    }
    if (!lookup_start(l)) {
        lookup_free(l);
        pintle__error_set(err, PINTLE_E_IO, "%s: no thread to look it up", host);
        return PINTLE_E_IO;
    }
    if (!lookup_wait(l, deadline))
        return given_up(host, deadline, err);
    status = resolved(out, host, l->rc, l->list, err);
    lookup_free(l);
    return status;
}

enum pintle_status os_resolve(struct os_addrs *out, const char *host, uint16_t port,
                              const struct os_deadline *deadline, struct pintle_error *err)
{
    struct addrinfo *list = NULL;
    enum pintle_status status;
    char service[8];

    out->count = 0;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    /* An address needs no resolver, and so no thread. */
    if (query(&list, host, service, AI_NUMERICHOST) != 0)
        return on_thread(out, host, service, deadline, err);
    status = gather(out, host, list, err);
    freeaddrinfo(list);
    return status;
}
