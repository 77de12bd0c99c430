/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pintle/time.h>

#include "kit/test_crypto.h"

#define DOCUMENT_SIZE 16384

int64_t stage_time(const char *text)
{
    int64_t time = 0;

    assert_int_equal(pintle_time_parse(&time, text, strlen(text), NULL), PINTLE_OK);
    return time;
}

/* Turn ' into " and @c into the pin of key c. */
static void expand(char out[DOCUMENT_SIZE], const char *text)
{
    size_t len = 0;

    for (; *text != '\0'; text++) {
        assert_true(len + PINTLE_PIN_TEXT_SIZE < DOCUMENT_SIZE);
        if (*text == '@') {
            struct pintle_pin pin = fake_cert_pin((unsigned char)*++text);

            len += strlen(pintle_pin_format(&pin, out + len));
        } else {
            out[len++] = *text;
            if (*text == '\'')
                out[len - 1] = '"';
        }
    }
    out[len] = '\0';
}

struct pintle_pinset *stage_pinset(const char *rules, int version)
{
    static const char frame[] = "{'pintle':1,'app':'com.example.test','version':%d,"
                                "'issued':'" STAGE_ISSUED "','expires':'" STAGE_EXPIRES "',"
                                "'rules':[%s]}";
    struct pintle_pinset_options options = {0, test_crypto()};
    struct pintle_pinset *set;
    struct pintle_error err;
    char *text = malloc(DOCUMENT_SIZE);
    char *document = malloc(DOCUMENT_SIZE);

    assert_non_null(text);
    assert_non_null(document);
    assert_true(snprintf(text, DOCUMENT_SIZE, frame, version, rules) < DOCUMENT_SIZE);
    expand(document, text);
    if (pintle_pinset_parse(&set, document, strlen(document), &options, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    free(text);
    free(document);
    return set;
}

static int64_t read_clock(void *ctx)
{
    const struct stage *stage = ctx;

    return stage->now;
}

static void count_notify(void *ctx)
{
    unsigned *notified = ctx;

    *notified += 1;
}

void stage_init(struct stage *stage)
{
    memset(stage, 0, sizeof(*stage));
    stage->crypto = test_crypto_counting(&stage->hashes);
    stage->now = stage_time(STAGE_NOW);
    stage->config.crypto = &stage->crypto;
    stage->config.clock = read_clock;
    stage->config.clock_ctx = stage;
    stage->config.report_interval_s = -1;
    stage->config.notify = count_notify;
    stage->config.notify_ctx = &stage->notified;
}

void stage_open(struct stage *stage, const char *rules)
{
    struct pintle_error err;

    if (pintle_new(&stage->engine, stage_pinset(rules, 7), &stage->config, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
}

void stage_close(struct stage *stage)
{
    pintle_free(stage->engine);
    stage->engine = NULL;
}

struct pintle_host stage_host(const char *name)
{
    struct pintle_host host;

    assert_int_equal(pintle_host_parse(&host, name, strlen(name), NULL), PINTLE_OK);
    return host;
}

static bool get_certificate(void *ctx, size_t index, struct pintle_view *der)
{
    struct stage_path *path = ctx;
    char key = path->keys[index];

    if (key == '!')
        return false;
    fake_cert_make(&path->cert, (unsigned char)key);
    if (key == '?')
        path->cert.len--;
    *der = fake_cert_der(&path->cert);
    return true;
}

struct pintle_chain stage_chain(struct stage_path *path, const char *keys)
{
    struct pintle_chain chain = {strlen(keys), get_certificate, path};

    path->keys = keys;
    return chain;
}

struct pintle_verdict stage_decide(struct stage *stage, const char *host, enum pintle_path path,
                                   const char *keys)
{
    struct pintle_host dialled = stage_host(host);
    struct pintle_peer peer = {0};
    struct pintle_verdict verdict;
    struct stage_path certs;

    peer.host = &dialled;
    peer.port = 443;
    peer.path = path;
    peer.chain = stage_chain(&certs, keys);
    pintle_decide(&verdict, stage->engine, &peer);
    return verdict;
}
