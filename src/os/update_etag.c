/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validator stands for what was believed when it was noted. It is kept together with a
 * fingerprint of that: should the database have lost a part of it, everything is asked for again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "os/updater.h"

/* 16 hex digits, a colon and the NUL. */
#define FINGERPRINT_SIZE 18

/* FNV-1a over what is believed. */
static uint64_t fingerprint(const struct pintle_trusted *trusted)
{
    uint64_t hash =
        UINT64_C(0xcbf29ce484222325) ^ (uint64_t)pintle_trusted_get_root(trusted)->version;

    for (enum pintle_role role = PINTLE_ROLE_PINS; role <= PINTLE_ROLE_UNPIN; role++) {
        const struct pintle_envelope *envelope = pintle_trusted_get_envelope(trusted, role, 0);
        struct pintle_view payload = {NULL, 0};

        if (envelope != NULL)
            payload = pintle_envelope_get_payload(envelope);
        for (size_t i = 0; i < payload.len; i++)
            hash = (hash ^ payload.data[i]) * UINT64_C(0x100000001b3);
        hash = (hash ^ (uint64_t)role) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void pintle__update_get_etag(const struct pintle_trusted *trusted,
                             const struct pintle__tries *tries, char out[PINTLE__ETAG_SIZE])
{
    char print[FINGERPRINT_SIZE];

    (void)snprintf(print, sizeof(print), "%016" PRIx64 ":", fingerprint(trusted));
    memset(out, 0, PINTLE__ETAG_SIZE);
    if (strncmp(tries->etag, print, sizeof(print) - 1) == 0)
        (void)snprintf(out, PINTLE__ETAG_SIZE, "%s", tries->etag + sizeof(print) - 1);
}

/* One that is long or odd is not worth keeping. */
void pintle__update_put_etag(const struct pintle_trusted *trusted, struct pintle__tries *tries,
                             const char *etag)
{
    int len;

    memset(tries->etag, 0, sizeof(tries->etag));
    if (etag[0] == '\0')
        return;
    for (const char *c = etag; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return;
    len =
        snprintf(tries->etag, sizeof(tries->etag), "%016" PRIx64 ":%s", fingerprint(trusted), etag);
    if (len < 0 || (size_t)len >= sizeof(tries->etag))
        tries->etag[0] = '\0';
}
