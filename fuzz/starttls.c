/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile server against the STARTTLS dialogues. Input: one byte for the protocol, then what the
 * server sends: chunks of a length byte and so many bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "os/starttls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
    if (!truth)
        abort();
}

static void look(const struct os_starttls *s)
{
    must(s->out_len <= sizeof s->out);
    must(s->reply_len <= OS_STARTTLS_LINE_MAX && s->total <= OS_STARTTLS_REPLY_MAX);
}

/* The same bytes one by one end in the same state. */
static void feed_singly(struct os_starttls *s, const uint8_t *data, size_t len,
                        enum os_starttls_step want)
{
    enum os_starttls_step step = OS_STARTTLS_MORE;

    for (size_t i = 0; i < len; i++) {
        must(step == OS_STARTTLS_MORE);
        must(os_starttls_feed(s, &step, data + i, 1, NULL) == PINTLE_OK);
    }
    must(len == 0 || step == want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t more[] = "x";
    struct os_starttls s;
    struct os_starttls twin;
    enum os_starttls_step step = OS_STARTTLS_MORE;

    if (size == 0)
        return 0;
    os_starttls_init(&s, (enum os_starttls_protocol)(1 + data[0] % OS_STARTTLS_MYSQL),
                     "mail.example.com", "[192.0.2.1]");
    twin = s;
    for (size_t at = 1; at < size && step == OS_STARTTLS_MORE;) {
        size_t len = data[at++];

        if (len > size - at)
            len = size - at;
        if (os_starttls_feed(&s, &step, data + at, len, NULL) != PINTLE_OK) {
            must(step == OS_STARTTLS_MORE);
            return 0;
        }
        look(&s);
        feed_singly(&twin, data + at, len, step);
        at += len;
    }
    if (step == OS_STARTTLS_READY)
        must(os_starttls_feed(&s, &step, more, 1, NULL) == PINTLE_E_TLS);
    return 0;
}
