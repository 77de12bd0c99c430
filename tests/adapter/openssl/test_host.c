/* SPDX-License-Identifier: Apache-2.0 */
/* The dialled host is the identity, whatever else the program configured. */
#include <openssl/x509v3.h>

#include "adapter/openssl/scene.h"

/* The pinned CA vouches for another name than HOST. */
static void serve_other_name(struct scene *scene, struct pki_cert *leaf, const char *alt_names)
{
    const struct pki_cert *others[] = {&scene->inter};

    *leaf = pki_leaf(alt_names, pki_key(PKI_P256, KEY_LEAF), &scene->inter);
    scene_serve(scene, leaf, others, 1);
    scene_dial(scene);
}

static void expect_wrong_name(struct scene *scene)
{
    scene_expect_refused(scene, PINTLE_REASON_NAME_MISMATCH, X509_V_ERR_HOSTNAME_MISMATCH,
                         SSL_AD_BAD_CERTIFICATE);
}

static void another_name_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_other_name(&scene, &leaf, "DNS:www.example.com");
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void another_name_is_refused_with_verification_off_before_the_guard(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    SSL_CTX_set_verify(scene.client_ctx, SSL_VERIFY_NONE, NULL);
    scene_guard(&scene);
    serve_other_name(&scene, &leaf, "DNS:www.example.com");
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void another_name_is_refused_with_verification_off_after_the_guard(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    scene_guard(&scene);
    SSL_CTX_set_verify(scene.client_ctx, SSL_VERIFY_NONE, NULL);
    serve_other_name(&scene, &leaf, "DNS:www.example.com");
    assert_int_equal(SSL_get_verify_mode(scene.pair.client), SSL_VERIFY_NONE);
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void another_name_is_refused_with_verification_off_on_the_connection(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_other_name(&scene, &leaf, "DNS:www.example.com");
    SSL_set_verify(scene.pair.client, SSL_VERIFY_NONE, NULL);
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void another_name_is_refused_with_verification_off_everywhere(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    SSL_CTX_set_verify(scene.client_ctx, SSL_VERIFY_NONE, NULL);
    scene_guard(&scene);
    SSL_CTX_set_verify(scene.client_ctx, SSL_VERIFY_NONE, NULL);
    serve_other_name(&scene, &leaf, "DNS:www.example.com");
    SSL_set_verify(scene.pair.client, SSL_VERIFY_NONE, NULL);
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

/* Names that the program adds after set_host, by which the certificate would pass. */
static void a_name_the_program_sets_itself_does_not_count(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_other_name(&scene, &leaf, "DNS:www.example.com");
    assert_int_equal(SSL_set1_host(scene.pair.client, "www.example.com"), 1);
    assert_int_equal(SSL_add1_host(scene.pair.client, "www.example.com"), 1);
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_common_name_alone_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_issue(
        &(struct pki_spec){.cn = HOST, .key = pki_key(PKI_P256, KEY_LEAF), .issuer = &scene.inter});
    const struct pki_cert *others[] = {&scene.inter};
    scene_serve(&scene, &leaf, others, 1);
    scene_dial(&scene);
    SSL_set_hostflags(scene.pair.client, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT);
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_partial_wildcard_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_other_name(&scene, &leaf, "DNS:a*.example.com");
    expect_wrong_name(&scene);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_wildcard_certificate_is_accepted(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_other_name(&scene, &leaf, "DNS:*.example.com");
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_string_equal(SSL_get0_peername(scene.pair.client), "*.example.com");
    pki_free(&leaf);
    scene_clear(&scene);
}

/* --- addresses ------------------------------------------------------------------------------- */

static void dial_address(struct scene *scene, int version, struct pki_cert *leaf,
                         const char *address, const char *alt_names)
{
    scene_init(scene, version);
    scene_rule(scene, &(struct scene_rule){.match = address, .pins = {&scene->inter}});
    scene_guard(scene);
    *leaf = pki_leaf(alt_names, pki_key(PKI_P256, KEY_LEAF), &scene->inter);
    const struct pki_cert *others[] = {&scene->inter};
    scene_serve(scene, leaf, others, 1);
    scene_pair(scene);
    assert_int_equal(pintle_openssl_set_host(scene->pair.client, address, PORT, NULL), PINTLE_OK);
}

static void an_ipv4_address_is_accepted(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    dial_address(&scene, scene_version(state), &leaf, "192.0.2.7", "IP:192.0.2.7");
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_null(SSL_get_servername(scene.pair.server, TLSEXT_NAMETYPE_host_name));
    pki_free(&leaf);
    scene_clear(&scene);
}

static void an_ipv6_address_is_accepted(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    dial_address(&scene, scene_version(state), &leaf, "2001:db8::7", "IP:2001:db8:0:0:0:0:0:7");
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void another_address_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    dial_address(&scene, scene_version(state), &leaf, "192.0.2.7", "IP:192.0.2.8");
    scene_expect_refused(&scene, PINTLE_REASON_NAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

/* An address written as a DNS name in the certificate is no address (RFC 5280 section 4.2.1.6). */
static void an_address_as_a_dns_name_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    dial_address(&scene, scene_version(state), &leaf, "192.0.2.7", "DNS:192.0.2.7");
    scene_expect_refused(&scene, PINTLE_REASON_NAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

/* --- set_host -------------------------------------------------------------------------------- */

/* Handshake and check that not one byte left. */
static void expect_silence(struct scene *scene)
{
    assert_false(tls_pair_handshake(&scene->pair));
    assert_true(scene->pair.client_result <= 0);
    assert_true(SSL_write(scene->pair.client, SECRET, sizeof(SECRET)) <= 0);
    tls_pair_serve(&scene->pair);
    assert_int_equal(scene->pair.from_client.len, 0);
    assert_null(pintle_openssl_get_verdict(scene->pair.client));
}

static void a_forgotten_host_is_refused_before_a_byte_is_sent(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_pair(&scene);
    expect_silence(&scene);
    assert_int_equal(SSL_get_verify_result(scene.pair.client), X509_V_ERR_APPLICATION_VERIFICATION);
    assert_int_equal(scene.concluded, 1);
    assert_int_equal(scene.told.reason, PINTLE_REASON_NO_HOST);
    scene_clear(&scene);
}

static void a_malformed_host_is_refused_before_a_byte_is_sent(void **state)
{
    struct scene scene;
    struct pintle_error err;

    scene_ready(&scene, scene_version(state));
    scene_pair(&scene);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, "a..b", PORT, &err), PINTLE_E_HOST);
    assert_int_equal(err.offset, 2);
    expect_silence(&scene);
    scene_clear(&scene);
}

static void a_malformed_host_takes_a_good_one_back(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, "", PORT, NULL), PINTLE_E_HOST);
    expect_silence(&scene);
    scene_clear(&scene);
}

static void port_0_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, 0, NULL), PINTLE_E_ARGUMENT);
    expect_silence(&scene);
    scene_clear(&scene);
}

static void a_host_can_be_replaced_before_the_handshake(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, "www.example.com", PORT, NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, "API.example.com.", PORT, NULL),
                     PINTLE_OK);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_string_equal(scene_verdict(&scene)->host.text, HOST);
    assert_string_equal(SSL_get_servername(scene.pair.server, TLSEXT_NAMETYPE_host_name), HOST);
    scene_clear(&scene);
}

static void a_host_cannot_be_replaced_afterwards(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, "www.example.com", PORT, NULL),
                     PINTLE_E_STATE);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    scene_clear(&scene);
}

static void a_host_on_an_unguarded_context_disables_the_connection(void **state)
{
    struct scene scene;

    scene_init(&scene, scene_version(state));
    scene_serve_honest(&scene);
    scene_pair(&scene);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, PORT, NULL), PINTLE_E_STATE);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_true(SSL_write(scene.pair.client, SECRET, sizeof(SECRET)) <= 0);
    tls_pair_serve(&scene.pair);
    assert_int_equal(scene.pair.app_bytes, 0);
    assert_null(pintle_openssl_get_verdict(scene.pair.client));
    scene_clear(&scene);
}

static void a_host_without_a_rule_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.match = "www.example.com", .pins = {&scene.inter}});
    scene_expect_refused(&scene, PINTLE_REASON_NO_RULE, X509_V_ERR_APPLICATION_VERIFICATION,
                         SSL_AD_HANDSHAKE_FAILURE);
    scene_clear(&scene);
}

static void a_context_is_guarded_once(void **state)
{
    struct scene scene;
    struct pintle_error err;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(pintle_openssl_guard(scene.client_ctx, scene.engine, &err), PINTLE_E_STATE);
    assert_int_equal(err.status, PINTLE_E_STATE);
    assert_int_equal(SSL_CTX_get_verify_mode(scene.client_ctx), SSL_VERIFY_PEER);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_clear(&scene);
}

static void an_extension_of_the_same_number_is_told(void **state)
{
    struct scene scene;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    assert_int_equal(SSL_CTX_add_custom_ext(scene.client_ctx, 0xff50, SSL_EXT_CLIENT_HELLO, NULL,
                                            NULL, NULL, NULL, NULL),
                     1);
    assert_int_equal(pintle_openssl_guard(scene.client_ctx, scene.engine, NULL), PINTLE_E_INTERNAL);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(another_name_is_refused),
        IN_BOTH(another_name_is_refused_with_verification_off_before_the_guard),
        IN_BOTH(another_name_is_refused_with_verification_off_after_the_guard),
        IN_BOTH(another_name_is_refused_with_verification_off_on_the_connection),
        IN_BOTH(another_name_is_refused_with_verification_off_everywhere),
        IN_BOTH(a_name_the_program_sets_itself_does_not_count),
        IN_BOTH(a_common_name_alone_is_refused),
        IN_BOTH(a_partial_wildcard_is_refused),
        IN_BOTH(a_wildcard_certificate_is_accepted),
        IN_BOTH(an_ipv4_address_is_accepted),
        IN_BOTH(an_ipv6_address_is_accepted),
        IN_BOTH(another_address_is_refused),
        IN_BOTH(an_address_as_a_dns_name_is_refused),
        IN_BOTH(a_forgotten_host_is_refused_before_a_byte_is_sent),
        IN_BOTH(a_malformed_host_is_refused_before_a_byte_is_sent),
        IN_BOTH(a_malformed_host_takes_a_good_one_back),
        IN_BOTH(port_0_is_refused),
        IN_BOTH(a_host_can_be_replaced_before_the_handshake),
        IN_BOTH(a_host_cannot_be_replaced_afterwards),
        IN_BOTH(a_host_on_an_unguarded_context_disables_the_connection),
        IN_BOTH(a_host_without_a_rule_is_refused),
        IN_BOTH(a_context_is_guarded_once),
        IN_BOTH(an_extension_of_the_same_number_is_told),
    };

    return cmocka_run_group_tests_name("openssl host", tests, NULL, NULL);
}
