/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/openssl/scene.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

int scene_tls12 = TLS1_2_VERSION;
int scene_tls13 = TLS1_3_VERSION;

int scene_version(void **state)
{
    return *(int *)*state;
}

static int64_t now(void *ctx)
{
    const struct scene *scene = ctx;

    return (int64_t)time(NULL) + scene->ahead_s;
}

void scene_init(struct scene *scene, int version)
{
    memset(scene, 0, sizeof(*scene));
    scene->version = version;
    scene->crypto = pintle_openssl_crypto();
    scene->root = pki_root("Root", pki_key(PKI_P256, KEY_ROOT));
    scene->rogue = pki_root("Rogue", pki_key(PKI_P256, KEY_ROGUE));
    scene->inter = pki_intermediate("Inter", pki_key(PKI_P256, KEY_INTER), &scene->root);
    scene->leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &scene->inter);
    const struct pki_cert *trusted[] = {&scene->root, &scene->rogue};
    scene->client_ctx = tls_client_ctx(version, trusted, 2);
}

void scene_clear(struct scene *scene)
{
    if (scene->pair.client != NULL)
        tls_pair_clear(&scene->pair);
    SSL_CTX_free(scene->client_ctx);
    SSL_CTX_free(scene->server_ctx);
    pintle_free(scene->engine);
    pki_free(&scene->root);
    pki_free(&scene->rogue);
    pki_free(&scene->inter);
    pki_free(&scene->leaf);
    ERR_clear_error();
}

/* --- pin-sets -------------------------------------------------------------------------------- */

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

static size_t add_member(char *text, size_t len, size_t size, const char *name, const char *value)
{
    return value == NULL ? len : add(text, len, size, "\"%s\":\"%s\",", name, value);
}

static void write_document(const struct scene_rule *rule, char *text, size_t size)
{
    char pin[PINTLE_PIN_TEXT_SIZE];
    size_t len = 0;

    len = add(text, len, size,
              "{\"pintle\":1,\"app\":\"com.example.test\",\"version\":1,"
              "\"issued\":\"2020-01-01T00:00:00Z\",\"expires\":\"2099-01-01T00:00:00Z\","
              "\"rules\":[{\"id\":\"api\",\"match\":[\"%s\"],",
              rule->match != NULL ? rule->match : HOST);
    len = add_member(text, len, size, "mode", rule->mode != NULL ? rule->mode : "enforce");
    len = add_member(text, len, size, "trust", rule->trust);
    len = add_member(text, len, size, "learn_at", rule->learn_at);
    len = add_member(text, len, size, "after", rule->after);
    len = add_member(text, len, size, "enforce_until", rule->until);
    len = add(text, len, size, "\"deny\":[");
    for (size_t i = 0; i < 4 && rule->deny[i] != NULL; i++)
        len = add(text, len, size, "%s\"%s\"", i == 0 ? "" : ",",
                  pki_pin_text(rule->deny[i]->x509, pin));
    len = add(text, len, size, "],\"pins\":[");
    for (size_t i = 0; i < 4 && rule->pins[i] != NULL; i++)
        len =
            add(text, len, size, "%s{\"spki\":\"%s\",\"at\":\"%s\"}", i == 0 ? "" : ",",
                pki_pin_text(rule->pins[i]->x509, pin), rule->at[i] != NULL ? rule->at[i] : "any");
    (void)add(text, len, size, "]}]}");
}

void scene_rule(struct scene *scene, const struct scene_rule *rule)
{
    struct pintle_pinset_options options = {0, pintle_openssl_crypto()};
    struct pintle_config config = {.crypto = scene->crypto,
                                   .clock = now,
                                   .clock_ctx = scene,
                                   .allow_unlisted = scene->allow_unlisted,
                                   .memory = scene->memory};
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {.text = ""};
    char text[4096];

    write_document(rule, text, sizeof(text));
    if (pintle_pinset_parse(&set, text, strlen(text), &options, &err) != PINTLE_OK)
        fail_msg("%s in %s", err.text, text);
    if (scene->engine == NULL)
        assert_int_equal(pintle_new(&scene->engine, set, &config, &err), PINTLE_OK);
    else
        assert_int_equal(pintle_replace(scene->engine, set, &err), PINTLE_OK);
}

void scene_pin_inter(struct scene *scene)
{
    struct scene_rule rule = {.pins = {&scene->inter}};

    scene_rule(scene, &rule);
}

/* --- connections ----------------------------------------------------------------------------- */

void scene_serve(struct scene *scene, const struct pki_cert *leaf,
                 const struct pki_cert *const *others, size_t count)
{
    SSL_CTX_free(scene->server_ctx);
    scene->server_ctx = tls_server_ctx(scene->version, leaf, others, count);
}

void scene_serve_honest(struct scene *scene)
{
    const struct pki_cert *others[] = {&scene->inter};

    scene_serve(scene, &scene->leaf, others, 1);
}

static void conclude(void *ctx, const struct pintle_verdict *verdict)
{
    struct scene *scene = ctx;

    scene->concluded++;
    scene->told = *verdict;
}

void scene_guard(struct scene *scene)
{
    struct pintle_openssl_hooks hooks = {NULL, conclude, NULL, scene};

    assert_int_equal(pintle_openssl_guard_with(scene->client_ctx, scene->engine, &hooks, NULL),
                     PINTLE_OK);
}

void scene_pair(struct scene *scene)
{
    if (scene->pair.client != NULL)
        tls_pair_clear(&scene->pair);
    tls_pair_init(&scene->pair, scene->client_ctx, scene->server_ctx);
}

void scene_dial(struct scene *scene)
{
    scene_pair(scene);
    assert_int_equal(pintle_openssl_set_host(scene->pair.client, HOST, PORT, NULL), PINTLE_OK);
}

void scene_ready(struct scene *scene, int version)
{
    scene_init(scene, version);
    scene_pin_inter(scene);
    scene_serve_honest(scene);
    scene_guard(scene);
    scene_dial(scene);
}

SSL_SESSION *scene_earn_session(struct scene *scene)
{
    SSL_SESSION *session;

    scene_expect_accepted(scene, PINTLE_REASON_MATCH);
    tls_pair_settle(&scene->pair);
    session = SSL_get1_session(scene->pair.client);
    assert_non_null(session);
    assert_true(SSL_SESSION_is_resumable(session));
    SSL_shutdown(scene->pair.client);
    return session;
}

void scene_dial_with(struct scene *scene, SSL_SESSION *session)
{
    scene_dial(scene);
    assert_int_equal(SSL_set_session(scene->pair.client, session), 1);
}

int scene_always_valid(X509_STORE_CTX *ctx, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

void scene_ignore_info(const SSL *ssl, int where, int ret)
{
    (void)ssl;
    (void)where;
    (void)ret;
}

/* --- expectations ---------------------------------------------------------------------------- */

const struct pintle_verdict *scene_verdict(struct scene *scene)
{
    const struct pintle_verdict *verdict = pintle_openssl_get_verdict(scene->pair.client);

    assert_non_null(verdict);
    return verdict;
}

void scene_expect_mute(struct scene *scene)
{
    SSL *client = scene->pair.client;
    size_t sent = scene->pair.from_client.len;
    char byte;
    size_t len;

    assert_true(SSL_write(client, SECRET, sizeof(SECRET)) <= 0);
    assert_int_equal(SSL_write_ex(client, SECRET, sizeof(SECRET), &len), 0);
    assert_true(SSL_read(client, &byte, 1) <= 0);
    assert_int_equal(SSL_read_ex(client, &byte, 1, &len), 0);
    assert_true(SSL_do_handshake(client) <= 0 || SSL_is_init_finished(client));
    assert_true(SSL_write(client, SECRET, sizeof(SECRET)) <= 0);
    assert_true(SSL_peek(client, &byte, 1) <= 0);
    tls_pair_serve(&scene->pair);
    if (pintle_openssl_get_verdict(client) != NULL)
        assert_int_equal(scene_verdict(scene)->decision, PINTLE_REFUSE);
    assert_int_equal(scene->pair.app_bytes, 0);
    assert_int_equal(scene->pair.from_client.len, sent);
    assert_false(tls_capture_contains(&scene->pair.from_client, SECRET, sizeof(SECRET)));
}

void scene_expect_refused(struct scene *scene, enum pintle_reason reason, int x509_error, int alert)
{
    assert_false(tls_pair_handshake(&scene->pair));
    assert_true(scene->pair.client_result <= 0);
    assert_int_equal(scene_verdict(scene)->decision, PINTLE_REFUSE);
    assert_string_equal(pintle_reason_name(scene_verdict(scene)->reason),
                        pintle_reason_name(reason));
    assert_string_equal(X509_verify_cert_error_string(SSL_get_verify_result(scene->pair.client)),
                        X509_verify_cert_error_string(x509_error));
    tls_pair_serve(&scene->pair);
    assert_int_equal(scene->pair.alert_at_server, alert);
    scene_expect_mute(scene);
}

void scene_expect_talking(struct scene *scene, enum pintle_reason reason)
{
    const struct pintle_verdict *verdict = scene_verdict(scene);
    size_t before = scene->pair.app_bytes;

    assert_string_equal(pintle_reason_name(verdict->reason), pintle_reason_name(reason));
    assert_int_equal(verdict->decision, PINTLE_ACCEPT);
    assert_int_equal(SSL_get_verify_result(scene->pair.client), X509_V_OK);
    assert_int_equal(SSL_write(scene->pair.client, SECRET, sizeof(SECRET)), sizeof(SECRET));
    tls_pair_serve(&scene->pair);
    assert_int_equal(scene->pair.app_bytes - before, sizeof(SECRET));
    assert_false(tls_capture_contains(&scene->pair.from_client, SECRET, sizeof(SECRET)));
}

void scene_expect_accepted(struct scene *scene, enum pintle_reason reason)
{
    if (!tls_pair_handshake(&scene->pair)) {
        ERR_print_errors_fp(stderr);
        fail_msg("refused: %s, %s", pintle_reason_name(scene_verdict(scene)->reason),
                 scene_verdict(scene)->detail);
    }
    scene_expect_talking(scene, reason);
}

void scene_expect_unchecked(struct scene *scene)
{
    scene_expect_refused(scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         TLS_NO_ALERT);
}
