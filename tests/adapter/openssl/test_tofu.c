/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learned keys: when they are learned, and that no session, no recheck and no certificate without
 * its key gets around them.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "adapter/openssl/scene.h"
#include "kit/memory.h"

/* A rule that learns, unless a test has another. The memory is that of one test at a time. */
static const struct scene_rule tofu = {.trust = "tofu"};
static struct memory memory;

static void begin_with(struct scene *scene, void **state, const struct scene_rule *rule)
{
    scene_init(scene, scene_version(state));
    memory_init(&memory);
    scene->memory = &memory.calls;
    scene_rule(scene, rule);
    scene_serve_honest(scene);
    scene_guard(scene);
    scene_dial(scene);
}

static void begin(struct scene *scene, void **state)
{
    begin_with(scene, state, &tofu);
}

static struct pki_cert issue(struct scene *scene, enum pki_key_type type, unsigned key)
{
    return pki_leaf("DNS:" HOST, pki_key(type, key), &scene->inter);
}

static void serve(struct scene *scene, const struct pki_cert *leaf)
{
    const struct pki_cert *others[] = {&scene->inter};

    scene_serve(scene, leaf, others, 1);
}

static struct pintle_learned *held(void)
{
    return memory_find(&memory, PINTLE_LEARNED_TOFU, HOST, PORT);
}

static void expect_mismatch(struct scene *scene)
{
    scene_dial(scene);
    scene_expect_refused(scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_true(scene_verdict(scene)->learned);
}

/* Refused when the server has proved its key already: it sees the connection end. */
static void expect_late_refusal(struct scene *scene, enum pintle_reason reason)
{
    (void)tls_pair_handshake(&scene->pair);
    assert_int_equal(scene_verdict(scene)->decision, PINTLE_REFUSE);
    assert_string_equal(pintle_reason_name(scene_verdict(scene)->reason),
                        pintle_reason_name(reason));
    assert_int_not_equal(SSL_get_verify_result(scene->pair.client), X509_V_OK);
    scene_expect_mute(scene);
}

static void recheck(struct scene *scene, enum pintle_decision decision, enum pintle_reason reason)
{
    struct pintle_verdict verdict;

    pintle_openssl_recheck(scene->pair.client, &verdict);
    assert_int_equal(verdict.decision, decision);
    assert_string_equal(pintle_reason_name(verdict.reason), pintle_reason_name(reason));
}

/* --- learning ------------------------------------------------------------------------------------ */

static void the_first_contact_is_learned_and_another_key_refused(void **state)
{
    struct scene scene;
    struct pki_cert other, rsa;
    struct pintle_pin pin;

    begin(&scene, state);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    assert_false(scene_verdict(&scene)->pending);
    assert_int_equal(memory.count, 1);
    pin = pki_pin(scene.leaf.x509);
    assert_true(pintle_pin_equal(&held()->pins[0], &pin));
    assert_string_equal(held()->key_type, "EC P-256");
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_true(scene_verdict(&scene)->learned);
    other = issue(&scene, PKI_P256, KEY_OTHER);
    serve(&scene, &other);
    expect_mismatch(&scene);
    rsa = issue(&scene, PKI_RSA2048, KEY_OTHER);
    serve(&scene, &rsa);
    expect_mismatch(&scene);
    assert_memory_equal(scene_verdict(&scene)->detail, "an RSA key, and an EC P-256 key", 31);
    assert_int_equal(memory.learns, 1);
    pki_free(&other);
    pki_free(&rsa);
    scene_clear(&scene);
}

static void a_rule_for_cas_accepts_a_renewed_key_of_the_same_ca(void **state)
{
    const struct scene_rule rule = {.trust = "tofu", .learn_at = "ca"};
    struct pki_cert renewed, foreign;
    struct scene scene;

    begin_with(&scene, state, &rule);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    assert_int_equal(held()->pin_count, 2);
    renewed = issue(&scene, PKI_P256, KEY_OTHER);
    serve(&scene, &renewed);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    foreign = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &scene.rogue);
    scene_serve(&scene, &foreign, NULL, 0);
    expect_mismatch(&scene);
    pki_free(&renewed);
    pki_free(&foreign);
    scene_clear(&scene);
}

static bool is_verified_by(struct scene *scene, const struct pki_cert *root)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(scene->pair.client);

    return X509_cmp(sk_X509_value(chain, sk_X509_num(chain) - 1), root->x509) == 0;
}

/* An intermediate that two roots signed: OpenSSL prefers one path, and either may be the learned
 * one. A pin of the rule that is looked for first, in vain, must not leave its mark. */
static void a_learned_ca_is_found_in_another_valid_path(void **state)
{
    struct scene_rule rule = {.trust = "tofu", .learn_at = "ca"};
    struct scene scene;
    struct pki_cert cross;
    const struct pki_cert *others[2];

    begin_with(&scene, state, &rule);
    cross = pki_intermediate("Inter", pki_key(PKI_P256, KEY_INTER), &scene.rogue);
    others[0] = &scene.inter;
    others[1] = &cross;
    scene_serve(&scene, &scene.leaf, others, 2);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    assert_true(is_verified_by(&scene, &scene.root));
    held()->pin_count = 1;
    held()->pins[0] = pki_pin(scene.rogue.x509);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_true(is_verified_by(&scene, &scene.rogue));
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    rule.pins[0] = &scene.rogue; /* found first, but that path has a denied key */
    rule.deny[0] = &scene.rogue;
    scene_rule(&scene, &rule);
    held()->pins[0] = pki_pin(scene.root.x509);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_true(scene_verdict(&scene)->learned);
    assert_true(is_verified_by(&scene, &scene.root));
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    pki_free(&cross);
    scene_clear(&scene);
}

static void a_self_signed_certificate_is_learned_by_its_key(void **state)
{
    const struct scene_rule rule = {.trust = "tofu-key"};
    struct pki_cert device, other;
    struct scene scene;

    begin_with(&scene, state, &rule);
    device = pki_leaf("DNS:device.example.net", pki_key(PKI_P256, KEY_BACKUP), NULL);
    scene_serve(&scene, &device, NULL, 0);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    other = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), NULL);
    scene_serve(&scene, &other, NULL, 0);
    expect_mismatch(&scene);
    pki_free(&device);
    pki_free(&other);
    scene_clear(&scene);
}

/* --- who shows a certificate that is not his ------------------------------------------------------- */

static EVP_PKEY *build_key(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static BIGNUM *number_of(EVP_PKEY *key, const char *name)
{
    BIGNUM *number = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    return number;
}

/* Keys that say they are that of `cert`, and sign or decrypt with another. */
static EVP_PKEY *forge_ec(const struct pki_cert *cert)
{
    unsigned char point[65];
    size_t point_len = 0;
    BIGNUM *secret = number_of(pki_key(PKI_P256, KEY_OTHER), OSSL_PKEY_PARAM_PRIV_KEY);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key;

    assert_int_equal(EVP_PKEY_get_octet_string_param(cert->key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     sizeof(point), &point_len),
                     1);
    assert_int_equal(
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0), 1);
    assert_int_equal(
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_len), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret), 1);
    key = build_key("EC", build);
    BN_free(secret);
    return key;
}

static EVP_PKEY *forge_rsa(const struct pki_cert *cert)
{
    BIGNUM *modulus = number_of(cert->key, OSSL_PKEY_PARAM_RSA_N);
    BIGNUM *exponent = number_of(cert->key, OSSL_PKEY_PARAM_RSA_E);
    BIGNUM *secret = number_of(pki_key(PKI_RSA2048, KEY_OTHER), OSSL_PKEY_PARAM_RSA_D);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key;

    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, secret), 1);
    key = build_key("RSA", build);
    BN_free(modulus);
    BN_free(exponent);
    BN_free(secret);
    return key;
}

static void serve_forged(struct scene *scene, const struct pki_cert *shown, EVP_PKEY *forged)
{
    struct pki_cert stolen = {shown->x509, forged};

    serve(scene, &stolen);
    EVP_PKEY_free(forged);
}

static void expect_nothing_learned(struct scene *scene)
{
    unsigned learns = memory.learns;

    scene_dial(scene);
    assert_false(tls_pair_handshake(&scene->pair));
    assert_int_equal(scene->pair.app_bytes, 0);
    assert_int_equal(memory.learns, learns);
}

/* Certificates are public. Whoever shows one without its key must not have it learned: the user
 * would be locked out of the real server, which has another by now. */
static void a_certificate_without_its_key_is_not_learned(void **state)
{
    struct scene scene;
    struct pki_cert old;

    begin(&scene, state);
    old = issue(&scene, PKI_P256, KEY_BACKUP);
    serve_forged(&scene, &old, forge_ec(&old));
    expect_nothing_learned(&scene);
    assert_int_equal(memory.count, 0);
    scene_serve_honest(&scene);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    pki_free(&old);
    scene_clear(&scene);
}

static void a_pinned_certificate_without_its_key_replaces_nothing(void **state)
{
    struct scene scene;
    struct pki_cert announced;
    struct pintle_pin pin;

    begin(&scene, state);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    announced = issue(&scene, PKI_P256, KEY_BACKUP);
    scene_rule(&scene, &(struct scene_rule){.trust = "tofu", .pins = {&announced}});
    serve_forged(&scene, &announced, forge_ec(&announced));
    expect_nothing_learned(&scene);
    scene_serve_honest(&scene);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    serve(&scene, &announced);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_false(scene_verdict(&scene)->learned);
    pin = pki_pin(announced.x509);
    assert_true(pintle_pin_equal(&held()->pins[0], &pin));
    scene_serve_honest(&scene);
    expect_mismatch(&scene);
    pki_free(&announced);
    scene_clear(&scene);
}

/* TLS 1.2 with RSA key exchange: only the server's Finished proves its key. */
static void only_decrypt(struct scene *scene)
{
    assert_int_equal(SSL_CTX_set_cipher_list(scene->server_ctx, "AES128-GCM-SHA256:@SECLEVEL=0"),
                     1);
    assert_int_equal(SSL_CTX_set_cipher_list(scene->client_ctx, "AES128-GCM-SHA256"), 1);
}

static void a_key_that_only_decrypts_is_learned_at_the_end(void **state)
{
    struct scene scene;
    struct pki_cert rsa;

    begin(&scene, state);
    rsa = issue(&scene, PKI_RSA2048, KEY_LEAF);
    serve_forged(&scene, &rsa, forge_rsa(&rsa));
    only_decrypt(&scene);
    expect_nothing_learned(&scene);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_FIRST_USE);
    serve(&scene, &rsa);
    only_decrypt(&scene);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    assert_int_equal(memory.count, 1);
    memory.count = 0;
    memory.fails_learn = true;
    scene_dial(&scene);
    expect_late_refusal(&scene, PINTLE_REASON_MEMORY);
    pki_free(&rsa);
    scene_clear(&scene);
}

/* --- what goes wrong ----------------------------------------------------------------------------------- */

static void a_memory_that_cannot_be_read_refuses(void **state)
{
    struct scene scene;

    begin(&scene, state);
    memory.fails_recall = true;
    scene_expect_refused(&scene, PINTLE_REASON_MEMORY, X509_V_ERR_UNSPECIFIED,
                         SSL_AD_INTERNAL_ERROR);
    scene_clear(&scene);
}

static void a_memory_that_cannot_be_written_refuses(void **state)
{
    struct scene scene;

    begin(&scene, state);
    memory.fails_learn = true;
    expect_late_refusal(&scene, PINTLE_REASON_MEMORY);
    assert_int_equal(SSL_get_verify_result(scene.pair.client), X509_V_ERR_UNSPECIFIED);
    scene_clear(&scene);
}

static void another_key_learned_meanwhile_refuses(void **state)
{
    struct pintle_learned quicker;
    struct scene scene;

    begin(&scene, state);
    quicker =
        *memory_add(&memory, PINTLE_LEARNED_TOFU, HOST, pki_pin(scene.rogue.x509), 0, INT64_MAX);
    memory.count = 0;
    memory.quicker = &quicker;
    expect_late_refusal(&scene, PINTLE_REASON_MISMATCH);
    assert_int_equal(SSL_get_verify_result(scene.pair.client), X509_V_ERR_CERT_REJECTED);
    scene_clear(&scene);
}

/* --- sessions ------------------------------------------------------------------------------------------- */

static SSL_SESSION *earn(struct scene *scene, enum pintle_reason reason)
{
    SSL_SESSION *session;

    scene_expect_accepted(scene, reason);
    tls_pair_settle(&scene->pair);
    session = SSL_get1_session(scene->pair.client);
    assert_non_null(session);
    SSL_shutdown(scene->pair.client);
    return session;
}

/* A session that outlived what was learned would hide a change of keys. */
static void expect_session_useless(struct scene *scene, SSL_SESSION *session)
{
    scene_dial_with(scene, session);
    scene_expect_accepted(scene, PINTLE_REASON_MATCH);
    assert_false(scene_verdict(scene)->resumed);
    assert_false(SSL_session_reused(scene->pair.server));
    held()->pins[0] = pki_pin(scene->rogue.x509);
    scene_dial_with(scene, session);
    scene_expect_refused(scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    SSL_SESSION_free(session);
}

static void a_session_of_a_first_use_is_not_resumed(void **state)
{
    struct scene scene;

    begin(&scene, state);
    expect_session_useless(&scene, earn(&scene, PINTLE_REASON_FIRST_USE));
    scene_clear(&scene);
}

static void a_session_accepted_by_a_learned_key_is_not_resumed(void **state)
{
    struct scene scene;

    begin(&scene, state);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    scene_dial(&scene);
    expect_session_useless(&scene, earn(&scene, PINTLE_REASON_MATCH));
    scene_clear(&scene);
}

static void a_session_accepted_by_a_pin_of_the_rule_is_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    begin(&scene, state);
    scene_rule(&scene, &(struct scene_rule){.trust = "tofu", .pins = {&scene.leaf}});
    session = earn(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(memory.count, 1);
    scene_dial_with(&scene, session);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_true(scene_verdict(&scene)->resumed);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* An unlisted host that announces pins, by the very answer whose session this is. */
static void a_session_from_before_the_host_announced_pins_is_not_resumed(void **state)
{
    const struct scene_rule elsewhere = {.match = "other.example.com", .trust = "tofu"};
    struct scene scene;
    SSL_SESSION *session;

    scene_init(&scene, scene_version(state));
    memory_init(&memory);
    scene.memory = &memory.calls;
    scene.allow_unlisted = true;
    scene_rule(&scene, &elsewhere);
    scene_serve_honest(&scene);
    scene_guard(&scene);
    scene_dial(&scene);
    session = earn(&scene, PINTLE_REASON_NO_RULE);
    scene_dial_with(&scene, session);
    scene_expect_accepted(&scene, PINTLE_REASON_NO_RULE);
    assert_true(scene_verdict(&scene)->resumed);
    SSL_shutdown(scene.pair.client); /* else OpenSSL gives the session up */
    (void)memory_add(&memory, PINTLE_LEARNED_HPKP, HOST, pki_pin(scene.rogue.x509), 0, INT64_MAX);
    scene_dial_with(&scene, session);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    memory.entries[0].pins[0] = pki_pin(scene.inter.x509);
    scene_dial_with(&scene, session);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_false(scene_verdict(&scene)->resumed);
    tls_pair_settle(&scene.pair);
    SSL_SESSION_free(session);
    session = SSL_get1_session(scene.pair.client); /* accepted by what the host announced */
    SSL_shutdown(scene.pair.client);
    memory.count = 0;
    scene_dial_with(&scene, session);
    scene_expect_accepted(&scene, PINTLE_REASON_NO_RULE);
    assert_false(scene_verdict(&scene)->resumed);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* --- connections that are kept ---------------------------------------------------------------------------- */

static void recheck_asks_the_memory(void **state)
{
    struct scene scene;
    struct pintle_pin pin;

    begin(&scene, state);
    scene_expect_accepted(&scene, PINTLE_REASON_FIRST_USE);
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    pin = held()->pins[0];
    held()->pins[0] = pki_pin(scene.rogue.x509);
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    held()->pins[0] = pin;
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    memory.fails_recall = true;
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_MEMORY);
    memory.fails_recall = false;
    memory.count = 0; /* forgotten: this server is the next to be learned */
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_FIRST_USE);
    assert_int_equal(memory.count, 1);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(the_first_contact_is_learned_and_another_key_refused),
        IN_BOTH(a_rule_for_cas_accepts_a_renewed_key_of_the_same_ca),
        IN_BOTH(a_learned_ca_is_found_in_another_valid_path),
        IN_BOTH(a_self_signed_certificate_is_learned_by_its_key),
        IN_TLS12(a_key_that_only_decrypts_is_learned_at_the_end),
        IN_BOTH(a_certificate_without_its_key_is_not_learned),
        IN_BOTH(a_pinned_certificate_without_its_key_replaces_nothing),
        IN_BOTH(a_memory_that_cannot_be_read_refuses),
        IN_BOTH(a_memory_that_cannot_be_written_refuses),
        IN_BOTH(another_key_learned_meanwhile_refuses),
        IN_BOTH(a_session_of_a_first_use_is_not_resumed),
        IN_BOTH(a_session_accepted_by_a_learned_key_is_not_resumed),
        IN_BOTH(a_session_accepted_by_a_pin_of_the_rule_is_resumed),
        IN_BOTH(a_session_from_before_the_host_announced_pins_is_not_resumed),
        IN_BOTH(recheck_asks_the_memory),
    };

    return cmocka_run_group_tests_name("openssl tofu", tests, NULL, NULL);
}
