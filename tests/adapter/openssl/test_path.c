/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and paths: what must not pass as the pinned one, and what must. */
#include "adapter/openssl/scene.h"

/* --- must refuse ----------------------------------------------------------------------------- */

static void a_trusted_ca_with_another_key_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &scene.rogue);
    scene_serve(&scene, &leaf, NULL, 0);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_pinned_intermediate_behind_the_chain_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &scene.rogue);
    const struct pki_cert *others[] = {&scene.rogue, &scene.inter};
    scene_serve(&scene, &leaf, others, 2);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_pinned_leaf_behind_the_chain_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &scene.rogue);
    const struct pki_cert *others[] = {&scene.leaf, &scene.inter};
    scene_serve(&scene, &leaf, others, 2);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

/* A CA with the name and the key identifier of the pinned one, but its own key. */
static void a_cloned_name_and_key_id_are_refused(void **state)
{
    struct scene scene;
    struct pki_cert clone, leaf;

    scene_ready(&scene, scene_version(state));
    clone = pki_issue(&(struct pki_spec){.cn = "Inter",
                                         .key = pki_key(PKI_P256, KEY_OTHER_CA),
                                         .issuer = &scene.rogue,
                                         .is_ca = true,
                                         .key_id_of = scene.inter.x509});
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &clone);
    const struct pki_cert *others[] = {&clone, &scene.inter};
    scene_serve(&scene, &leaf, others, 2);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    pki_free(&clone);
    scene_clear(&scene);
}

/* A server certificate that was never meant to sign, with a pinned key. */
static void a_pinned_certificate_that_is_no_ca_cannot_issue(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &scene.leaf);
    const struct pki_cert *others[] = {&scene.leaf, &scene.inter};
    scene_serve(&scene, &leaf, others, 2);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_INVALID_CA,
                         SSL_AD_UNKNOWN_CA);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_path_longer_than_a_ca_may_sign_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert top, below, leaf;

    scene_ready(&scene, scene_version(state));
    top = pki_issue(&(struct pki_spec){.cn = "Top",
                                       .key = pki_key(PKI_P256, KEY_OTHER_CA),
                                       .issuer = &scene.root,
                                       .is_ca = true,
                                       .path_len = 1});
    below = pki_intermediate("Below", pki_key(PKI_P256, KEY_INTER), &top);
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &below);
    const struct pki_cert *others[] = {&below, &top};
    scene_serve(&scene, &leaf, others, 2);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_PATH_LENGTH_EXCEEDED,
                         SSL_AD_UNKNOWN_CA);
    pki_free(&leaf);
    pki_free(&below);
    pki_free(&top);
    scene_clear(&scene);
}

static void a_pinned_key_inside_an_extension_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;
    unsigned char *spki = NULL;
    int len;

    scene_ready(&scene, scene_version(state));
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(scene.inter.x509), &spki);
    assert_true(len > 0);
    leaf = pki_issue(&(struct pki_spec){.cn = "server",
                                        .alt_names = "DNS:" HOST,
                                        .key = pki_key(PKI_P256, KEY_OTHER),
                                        .issuer = &scene.rogue,
                                        .blob = spki,
                                        .blob_len = len});
    scene_serve(&scene, &leaf, NULL, 0);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    OPENSSL_free(spki);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void serve_dated(struct scene *scene, struct pki_cert *leaf, long begins_s, long ends_s)
{
    const struct pki_cert *others[] = {&scene->inter};

    *leaf = pki_issue(&(struct pki_spec){.cn = "server",
                                         .alt_names = "DNS:" HOST,
                                         .key = pki_key(PKI_P256, KEY_LEAF),
                                         .issuer = &scene->inter,
                                         .begins_s = begins_s,
                                         .ends_s = ends_s});
    scene_serve(scene, leaf, others, 1);
    scene_dial(scene);
}

static void an_expired_certificate_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_dated(&scene, &leaf, -7200, -3600);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_HAS_EXPIRED,
                         SSL_AD_CERTIFICATE_EXPIRED);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_certificate_of_the_future_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_dated(&scene, &leaf, 3600, 7200);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_NOT_YET_VALID,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_self_signed_certificate_with_the_pinned_key_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), NULL);
    scene_serve(&scene, &leaf, NULL, 0);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                         SSL_AD_UNKNOWN_CA);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void an_untrusted_root_with_the_pinned_key_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert root, leaf;

    scene_ready(&scene, scene_version(state));
    root = pki_root("Nobody", pki_key(PKI_P256, KEY_INTER));
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &root);
    const struct pki_cert *others[] = {&root};
    scene_serve(&scene, &leaf, others, 1);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                         SSL_AD_UNKNOWN_CA);
    pki_free(&leaf);
    pki_free(&root);
    scene_clear(&scene);
}

static void a_name_constraint_of_the_pinned_ca_is_kept(void **state)
{
    static const char *const constraint[] = {"nameConstraints", "critical,excluded;DNS:example.com",
                                             NULL};
    struct scene scene;
    struct pki_cert inter, leaf;

    scene_ready(&scene, scene_version(state));
    inter = pki_issue(&(struct pki_spec){.cn = "Constrained",
                                         .key = pki_key(PKI_P256, KEY_INTER),
                                         .issuer = &scene.root,
                                         .is_ca = true,
                                         .extensions = constraint});
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &inter);
    const struct pki_cert *others[] = {&inter};
    scene_serve(&scene, &leaf, others, 1);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_EXCLUDED_VIOLATION,
                         SSL_AD_CERTIFICATE_UNKNOWN);
    pki_free(&leaf);
    pki_free(&inter);
    scene_clear(&scene);
}

/* Only as the leaf, only above the leaf: elsewhere the key does not count. */
static void a_pin_for_another_position_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene,
               &(struct scene_rule){.pins = {&scene.inter, &scene.leaf}, .at = {"leaf", "ca"}});
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(scene_verdict(&scene)->chain[0].note, PINTLE_CERT_MISPLACED);
    assert_int_equal(scene_verdict(&scene)->chain[1].note, PINTLE_CERT_MISPLACED);
    scene_clear(&scene);
}

/* --- must accept ----------------------------------------------------------------------------- */

static void the_pinned_intermediate_is_accepted(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->cert_index, 1);
    assert_int_equal(scene_verdict(&scene)->chain_count, 3);
    assert_int_equal(scene.concluded, 1);
    scene_clear(&scene);
}

static void the_pinned_leaf_is_accepted(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}, .at = {"leaf"}});
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->cert_index, 0);
    scene_clear(&scene);
}

static void the_pinned_root_is_accepted(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.root}, .at = {"ca"}});
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->cert_index, 2);
    scene_clear(&scene);
}

static void the_backup_key_is_accepted(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_BACKUP), &scene.rogue);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.inter, &leaf}});
    scene_serve(&scene, &leaf, NULL, 0);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->pin_index, 1);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_renewed_certificate_with_the_same_key_is_accepted(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &scene.rogue);
    scene_serve(&scene, &leaf, NULL, 0);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_shuffled_chain_is_accepted(void **state)
{
    struct scene scene;
    struct pki_cert below, leaf;

    scene_ready(&scene, scene_version(state));
    below = pki_intermediate("Below", pki_key(PKI_P256, KEY_OTHER_CA), &scene.inter);
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &below);
    const struct pki_cert *others[] = {&scene.rogue, &scene.root, &scene.inter, &below};
    scene_serve(&scene, &leaf, others, 4);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->cert_index, 2);
    pki_free(&leaf);
    pki_free(&below);
    scene_clear(&scene);
}

static void expect_key_accepted(int version, enum pki_key_type type)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, version);
    leaf = pki_leaf("DNS:" HOST, pki_key(type, KEY_LEAF), &scene.inter);
    scene_rule(&scene, &(struct scene_rule){.pins = {&leaf}, .at = {"leaf"}});
    const struct pki_cert *others[] = {&scene.inter};
    scene_serve(&scene, &leaf, others, 1);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void an_rsa_key_is_accepted(void **state)
{
    expect_key_accepted(scene_version(state), PKI_RSA2048);
}

static void a_p384_key_is_accepted(void **state)
{
    expect_key_accepted(scene_version(state), PKI_P384);
}

static void an_ed25519_key_is_accepted(void **state)
{
    expect_key_accepted(scene_version(state), PKI_ED25519);
}

/* Larger than the room for one certificate on the stack. */
static void a_large_certificate_is_accepted(void **state)
{
    static const unsigned char blob[20000] = {4, 0};
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_issue(&(struct pki_spec){.cn = "server",
                                        .alt_names = "DNS:" HOST,
                                        .key = pki_key(PKI_P256, KEY_LEAF),
                                        .issuer = &scene.inter,
                                        .blob = blob,
                                        .blob_len = (int)sizeof(blob)});
    const struct pki_cert *others[] = {&scene.inter};
    scene_serve(&scene, &leaf, others, 1);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    pki_free(&leaf);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_trusted_ca_with_another_key_is_refused),
        IN_BOTH(a_pinned_intermediate_behind_the_chain_is_refused),
        IN_BOTH(a_pinned_leaf_behind_the_chain_is_refused),
        IN_BOTH(a_cloned_name_and_key_id_are_refused),
        IN_BOTH(a_pinned_certificate_that_is_no_ca_cannot_issue),
        IN_BOTH(a_path_longer_than_a_ca_may_sign_is_refused),
        IN_BOTH(a_pinned_key_inside_an_extension_is_refused),
        IN_BOTH(an_expired_certificate_is_refused),
        IN_BOTH(a_certificate_of_the_future_is_refused),
        IN_BOTH(a_self_signed_certificate_with_the_pinned_key_is_refused),
        IN_BOTH(an_untrusted_root_with_the_pinned_key_is_refused),
        IN_BOTH(a_name_constraint_of_the_pinned_ca_is_kept),
        IN_BOTH(a_pin_for_another_position_is_refused),
        IN_BOTH(the_pinned_intermediate_is_accepted),
        IN_BOTH(the_pinned_leaf_is_accepted),
        IN_BOTH(the_pinned_root_is_accepted),
        IN_BOTH(the_backup_key_is_accepted),
        IN_BOTH(a_renewed_certificate_with_the_same_key_is_accepted),
        IN_BOTH(a_shuffled_chain_is_accepted),
        IN_BOTH(an_rsa_key_is_accepted),
        IN_BOTH(a_p384_key_is_accepted),
        IN_BOTH(an_ed25519_key_is_accepted),
        IN_BOTH(a_large_certificate_is_accepted),
    };

    return cmocka_run_group_tests_name("openssl path", tests, NULL, NULL);
}
