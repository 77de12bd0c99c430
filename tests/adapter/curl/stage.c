/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/curl/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>

#define PATIENCE_S 30L

static int64_t now(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

static struct curl_blob to_blob(X509 *cert)
{
    struct curl_blob blob = {NULL, 0, CURL_BLOB_COPY};
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long len;

    assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    len = BIO_get_mem_data(bio, &data);
    assert_true(len > 0);
    blob.len = (size_t)len;
    blob.data = malloc(blob.len);
    assert_non_null(blob.data);
    memcpy(blob.data, data, blob.len);
    BIO_free(bio);
    return blob;
}

void stage_init(struct stage *stage)
{
    memset(stage, 0, sizeof(*stage));
    stage->root = pki_root("Root", pki_key(PKI_P256, 0));
    stage->rogue = pki_root("Rogue", pki_key(PKI_P256, 1));
    stage->host = pki_leaf("DNS:" HOST, pki_key(PKI_P256, 2), &stage->root);
    stage->other = pki_leaf("DNS:" OTHER, pki_key(PKI_P256, 3), &stage->root);
    stage->backup = pki_leaf("DNS:" HOST, pki_key(PKI_P256, 4), &stage->root);
    stage->odd = pki_leaf("DNS:" HOST, pki_key(PKI_P256, 5), &stage->root);
    stage->ca = to_blob(stage->root.x509);
}

void stage_clear(struct stage *stage)
{
    curl_easy_cleanup(stage->easy);
    pintle_curl_free(stage->guard);
    pintle_free(stage->engine);
    curl_slist_free_all(stage->resolve);
    free(stage->ca.data);
    pki_free(&stage->root);
    pki_free(&stage->rogue);
    pki_free(&stage->host);
    pki_free(&stage->other);
    pki_free(&stage->backup);
    pki_free(&stage->odd);
}

/* --- pin-sets --------------------------------------------------------------------------------- */

static size_t add(char *text, size_t len, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static size_t add(char *text, size_t len, size_t size, const char *format, ...)
{
    va_list args;
    int more;

    va_start(args, format);
    more = vsnprintf(text + len, size - len, format, args);
    va_end(args);
    assert_true(more >= 0 && (size_t)more < size - len);
    return len + (size_t)more;
}

static size_t add_rule(char *text, size_t len, size_t size, const struct stage_rule *rule,
                       unsigned number)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    len = add(text, len, size, "%s{\"id\":\"r%u\",\"match\":[\"%s\"],\"mode\":\"%s\",",
              number > 0 ? "," : "", number, rule->match,
              rule->mode != NULL ? rule->mode : "enforce");
    if (rule->port != 0)
        len = add(text, len, size, "\"ports\":[%u],", rule->port);
    if (rule->trust != NULL)
        len = add(text, len, size, "\"trust\":\"%s\",", rule->trust);
    len = add(text, len, size, "\"pins\":[");
    for (size_t i = 0; i < 2 && rule->pins[i] != NULL; i++)
        len = add(text, len, size, "%s{\"spki\":\"%s\"}", i == 0 ? "" : ",",
                  pki_pin_text(rule->pins[i]->x509, pin));
    return add(text, len, size, "]}");
}

void stage_rules(struct stage *stage, const struct stage_rule *rules)
{
    struct pintle_pinset_options options = {0, pintle_openssl_crypto()};
    struct pintle_config config = {.crypto = options.crypto,
                                   .clock = now,
                                   .allow_unlisted = stage->allow_unlisted,
                                   .memory = stage->memory};
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {.text = ""};
    char text[4096];
    size_t len = add(text, 0, sizeof(text),
                     "{\"pintle\":1,\"app\":\"com.example.test\",\"version\":1,"
                     "\"issued\":\"2020-01-01T00:00:00Z\",\"expires\":\"2099-01-01T00:00:00Z\","
                     "\"rules\":[");

    for (unsigned i = 0; rules[i].match != NULL; i++)
        len = add_rule(text, len, sizeof(text), &rules[i], i);
    len = add(text, len, sizeof(text), "]}");
    if (pintle_pinset_parse(&set, text, len, &options, &err) != PINTLE_OK)
        fail_msg("%s in %s", err.text, text);
    if (stage->engine == NULL)
        assert_int_equal(pintle_new(&stage->engine, set, &config, &err), PINTLE_OK);
    else
        assert_int_equal(pintle_replace(stage->engine, set, &err), PINTLE_OK);
}

void stage_pin(struct stage *stage, const struct pki_cert *cert)
{
    const struct stage_rule rules[] = {{HOST, .pins = {cert, NULL}}, {0}};

    stage_rules(stage, rules);
}

/* --- transfers -------------------------------------------------------------------------------- */

size_t stage_swallow(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

void stage_resolve(struct stage *stage, uint16_t port)
{
    static const char *const names[] = {HOST,
                                        "api.example.com.",
                                        OTHER,
                                        "unlisted.example.com",
                                        "proxy.example.com",
                                        "xn--bcher-kva.example"};
    struct curl_slist *more;
    char text[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(text, sizeof(text), "%s:%u:127.0.0.1", names[i], port);
        more = curl_slist_append(stage->resolve, text);
        assert_non_null(more);
        stage->resolve = more;
    }
}

CURL *stage_easy(struct stage *stage, uint16_t port)
{
    CURL *easy = curl_easy_init();

    stage_resolve(stage, port);
    assert_non_null(easy);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &stage->ca), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &stage->ca), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_RESOLVE, stage->resolve), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, stage_swallow), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_PROXY, ""), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L), CURLE_OK);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_TIMEOUT, PATIENCE_S), CURLE_OK);
    return easy;
}

void stage_guard(struct stage *stage, uint16_t port)
{
    struct pintle_error err = {.text = ""};

    stage->easy = stage_easy(stage, port);
    if (pintle_curl_attach(&stage->guard, stage->easy, stage->engine, NULL, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
}

void stage_url(CURL *easy, const char *scheme, const char *host, uint16_t port, const char *path)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "%s://%s:%u%s", scheme, host, port, path);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_URL, url), CURLE_OK);
}

CURLcode stage_get(struct stage *stage, uint16_t port)
{
    stage_url(stage->easy, "https", HOST, port, "/");
    return curl_easy_perform(stage->easy);
}

/* --- expectations ----------------------------------------------------------------------------- */

void stage_expect(const struct stage *stage, enum pintle_decision decision,
                  enum pintle_reason reason)
{
    const struct pintle_verdict *verdict = pintle_curl_get_verdict(stage->guard);
    char text[512];

    if (verdict->reason != reason || verdict->decision != decision)
        fail_msg("not %s: %s; %s", pintle_reason_name(reason),
                 pintle_verdict_format(verdict, text, sizeof(text)), verdict->detail);
}

void stage_expect_refused(const struct stage *stage, enum pintle_reason reason)
{
    stage_expect(stage, PINTLE_REFUSE, reason);
}

void stage_expect_accepted(const struct stage *stage)
{
    stage_expect(stage, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
}
