/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several paths: an intermediate `Inter` signed by both trusted roots. OpenSSL picks one of them by
 * the order in which they are served; the pin is in the other.
 */
#include <stdio.h>

#include <openssl/x509v3.h>

#include "adapter/openssl/scene.h"

/* `crossed` has the name and key of `inter`, from `rogue`. */
struct crossed {
    struct scene scene;
    struct pki_cert crossed;
};

static void cross(struct crossed *stage, int version, const struct pki_spec *spec)
{
    struct pki_spec made = *spec;
    struct scene *scene = &stage->scene;

    scene_init(scene, version);
    made.cn = "Inter";
    made.key = scene->inter.key;
    if (made.issuer == NULL)
        made.issuer = &scene->rogue;
    stage->crossed = pki_issue(&made);
    scene_pin_inter(scene);
    scene_guard(scene);
}

static void clear(struct crossed *stage)
{
    pki_free(&stage->crossed);
    scene_clear(&stage->scene);
}

/* Pin one certificate's key, serve both intermediates, and dial. */
static void dial(struct crossed *stage, const struct pki_cert *pin, bool crossed_first)
{
    struct scene *scene = &stage->scene;
    const struct pki_cert *others[] = {crossed_first ? &stage->crossed : &scene->inter,
                                       crossed_first ? &scene->inter : &stage->crossed};

    scene_rule(scene, &(struct scene_rule){.pins = {pin}, .at = {"ca"}});
    scene_serve(scene, &scene->leaf, others, 2);
    scene_dial(scene);
}

static const X509 *top_of(SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);

    assert_true(sk_X509_num(chain) > 0);
    return sk_X509_value(chain, sk_X509_num(chain) - 1);
}

static void expect_top(struct crossed *stage, const struct pki_cert *pin, bool crossed_first,
                       unsigned path_count)
{
    struct scene *scene = &stage->scene;
    struct pintle_verdict verdict;

    dial(stage, pin, crossed_first);
    scene_expect_accepted(scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(scene)->path_count, path_count);
    assert_int_equal(scene_verdict(scene)->cert_index, 2);
    assert_int_equal(X509_cmp(top_of(scene->pair.client), pin->x509), 0);
    pintle_openssl_recheck(scene->pair.client, &verdict);
    assert_int_equal(verdict.decision, PINTLE_ACCEPT);
}

/* --- must accept ----------------------------------------------------------------------------- */

static void a_pin_in_either_path_is_found_in_either_order(void **state)
{
    struct crossed stage;

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true});
    expect_top(&stage, &stage.scene.root, false, 1);
    expect_top(&stage, &stage.scene.root, true, 2);
    expect_top(&stage, &stage.scene.rogue, true, 1);
    expect_top(&stage, &stage.scene.rogue, false, 2);
    clear(&stage);
}

/* The new root is trusted and also served, cross-signed by the old one, which is pinned. */
static void a_cross_signed_root_leads_to_the_old_one(void **state)
{
    struct scene scene;
    struct pki_cert crossed;

    scene_init(&scene, scene_version(state));
    crossed = pki_intermediate("Root", scene.root.key, &scene.rogue);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_guard(&scene);
    const struct pki_cert *others[] = {&scene.inter, &crossed};
    scene_serve(&scene, &scene.leaf, others, 2);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->path_count, 2);
    assert_int_equal(scene_verdict(&scene)->chain_count, 4);
    pki_free(&crossed);
    scene_clear(&scene);
}

/* An intermediate that is itself trusted cuts the path short; the whole path holds the pin. */
static void a_shortened_path_is_completed(void **state)
{
    struct scene scene;
    const struct pki_cert *trusted[2];

    scene_init(&scene, scene_version(state));
    trusted[0] = &scene.inter;
    trusted[1] = &scene.root;
    SSL_CTX_set_cert_store(scene.client_ctx, pki_store(trusted, 2));
    (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(scene.client_ctx),
                                      X509_V_FLAG_PARTIAL_CHAIN);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.root}});
    scene_guard(&scene);
    scene_serve_honest(&scene);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->path_count, 2);
    scene_clear(&scene);
}

/* The intermediate comes from the store, not from the server. */
static void a_path_through_the_store_is_found(void **state)
{
    struct crossed stage;
    const struct pki_cert *trusted[4];

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true});
    trusted[0] = &stage.scene.root;
    trusted[1] = &stage.scene.rogue;
    trusted[2] = &stage.scene.inter;
    trusted[3] = &stage.crossed;
    SSL_CTX_set_cert_store(stage.scene.client_ctx, pki_store(trusted, 4));
    scene_serve(&stage.scene, &stage.scene.leaf, NULL, 0);
    for (int i = 0; i < 2; i++) {
        scene_rule(&stage.scene, &(struct scene_rule){.pins = {trusted[i]}});
        scene_dial(&stage.scene);
        scene_expect_accepted(&stage.scene, PINTLE_REASON_MATCH);
    }
    clear(&stage);
}

/* --- must refuse ----------------------------------------------------------------------------- */

static void expect_mismatch(struct crossed *stage)
{
    for (int i = 0; i < 2; i++) {
        dial(stage, &stage->scene.rogue, i == 0);
        scene_expect_refused(&stage->scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                             SSL_AD_BAD_CERTIFICATE);
        assert_int_equal(scene_verdict(&stage->scene)->path_count, 1);
    }
}

/*
 * The path with the pin is invalid and the valid one has no pin. OpenSSL itself cannot be made to
 * choose the valid one first in every case below, so the valid one is served first.
 */
static void expect_mismatch_behind(struct crossed *stage)
{
    dial(stage, &stage->scene.rogue, false);
    scene_expect_refused(&stage->scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(scene_verdict(&stage->scene)->path_count, 1);
}

static void an_expired_path_with_the_pin_does_not_count(void **state)
{
    struct crossed stage;

    cross(&stage, scene_version(state),
          &(struct pki_spec){.is_ca = true, .begins_s = -7200, .ends_s = -3600});
    expect_mismatch(&stage);
    clear(&stage);
}

static void a_path_over_no_ca_with_the_pin_does_not_count(void **state)
{
    struct crossed stage;

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = false});
    expect_mismatch_behind(&stage);
    clear(&stage);
}

static void a_path_outside_its_name_constraint_does_not_count(void **state)
{
    static const char *const constraint[] = {"nameConstraints", "critical,permitted;DNS:other.test",
                                             NULL};
    struct crossed stage;

    cross(&stage, scene_version(state),
          &(struct pki_spec){.is_ca = true, .extensions = constraint});
    expect_mismatch_behind(&stage);
    clear(&stage);
}

static void a_path_for_another_purpose_does_not_count(void **state)
{
    static const char *const usage[] = {"extendedKeyUsage", "emailProtection", NULL};
    struct crossed stage;

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true, .extensions = usage});
    expect_mismatch_behind(&stage);
    clear(&stage);
}

/* Below a root that may have only servers below it. */
static void a_path_longer_than_its_root_allows_does_not_count(void **state)
{
    struct crossed stage;
    struct pki_cert narrow;
    const struct pki_cert *trusted[2];

    narrow = pki_issue(&(struct pki_spec){
        .cn = "Rogue", .key = pki_key(PKI_P256, KEY_ROGUE), .is_ca = true, .path_len = 1});
    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true, .issuer = &narrow});
    trusted[0] = &stage.scene.root;
    trusted[1] = &narrow;
    SSL_CTX_set_cert_store(stage.scene.client_ctx, pki_store(trusted, 2));
    expect_mismatch_behind(&stage);
    pki_free(&narrow);
    clear(&stage);
}

static void a_path_to_a_root_that_is_only_served_does_not_count(void **state)
{
    struct crossed stage;
    const struct pki_cert *trusted[1];

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true});
    trusted[0] = &stage.scene.root;
    SSL_CTX_set_cert_store(stage.scene.client_ctx, pki_store(trusted, 1));
    const struct pki_cert *others[] = {&stage.scene.inter, &stage.crossed, &stage.scene.rogue};
    scene_rule(&stage.scene, &(struct scene_rule){.pins = {&stage.scene.rogue}});
    scene_serve(&stage.scene, &stage.scene.leaf, others, 3);
    scene_dial(&stage.scene);
    scene_expect_refused(&stage.scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    clear(&stage);
}

/* Issued by someone with the root's name and key identifier: only the signature tells. */
static void a_path_with_a_forged_signature_does_not_count(void **state)
{
    struct pki_cert model = pki_root("Rogue", pki_key(PKI_P256, KEY_ROGUE));
    struct pki_cert forger = pki_issue(&(struct pki_spec){.cn = "Rogue",
                                                          .key = pki_key(PKI_P256, KEY_OTHER_CA),
                                                          .is_ca = true,
                                                          .key_id_of = model.x509});
    struct crossed stage;

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true, .issuer = &forger});
    assert_int_equal(X509_check_issued(stage.scene.rogue.x509, stage.crossed.x509), X509_V_OK);
    expect_mismatch_behind(&stage);
    pki_free(&forger);
    pki_free(&model);
    clear(&stage);
}

/* An anchor that is an intermediate, and a pin on the root that nobody trusts or shows. */
static void a_shortened_path_without_its_root_is_refused(void **state)
{
    struct scene scene;
    const struct pki_cert *trusted[1];

    scene_init(&scene, scene_version(state));
    trusted[0] = &scene.inter;
    SSL_CTX_set_cert_store(scene.client_ctx, pki_store(trusted, 1));
    (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(scene.client_ctx),
                                      X509_V_FLAG_PARTIAL_CHAIN);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.root}});
    scene_guard(&scene);
    const struct pki_cert *others[] = {&scene.inter, &scene.root};
    scene_serve(&scene, &scene.leaf, others, 2);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(scene_verdict(&scene)->chain_count, 2);
    scene_clear(&scene);
}

static void a_pinned_anchor_below_the_root_is_accepted(void **state)
{
    struct scene scene;
    const struct pki_cert *trusted[1];

    scene_init(&scene, scene_version(state));
    trusted[0] = &scene.inter;
    SSL_CTX_set_cert_store(scene.client_ctx, pki_store(trusted, 1));
    (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(scene.client_ctx),
                                      X509_V_FLAG_PARTIAL_CHAIN);
    scene_pin_inter(&scene);
    scene_guard(&scene);
    scene_serve_honest(&scene);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->chain_count, 2);
    scene_clear(&scene);
}

static void a_denied_key_in_the_other_path_does_not_count(void **state)
{
    struct crossed stage;
    struct scene *scene = &stage.scene;
    const struct pki_cert *trusted[4];

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true});
    trusted[0] = &scene->root;
    trusted[1] = &scene->rogue;
    trusted[2] = &scene->inter;
    trusted[3] = &stage.crossed;
    SSL_CTX_set_cert_store(scene->client_ctx, pki_store(trusted, 4));
    scene_rule(scene, &(struct scene_rule){.pins = {&scene->rogue, &scene->leaf},
                                           .at = {"ca", "ca"},
                                           .deny = {&scene->rogue}});
    const struct pki_cert *others[] = {&scene->inter, &stage.crossed};
    scene_serve(scene, &scene->leaf, others, 2);
    scene_dial(scene);
    assert_false(tls_pair_handshake(&scene->pair));
    assert_int_equal(scene_verdict(scene)->decision, PINTLE_REFUSE);
    /* Whichever path came first, the other was looked at once: it is served and trusted alike. */
    if (scene_verdict(scene)->reason == PINTLE_REASON_MISMATCH)
        assert_int_equal(scene_verdict(scene)->path_count, 2);
    else
        assert_int_equal(scene_verdict(scene)->reason, PINTLE_REASON_DENIED);
    clear(&stage);
}

/* The program's own callback has its say on every path. */
static struct pintle_pin unwanted;

static int refuse_unwanted(int ok, X509_STORE_CTX *ctx)
{
    struct pintle_pin pin = pki_pin(X509_STORE_CTX_get_current_cert(ctx));

    return ok != 0 && !pintle_pin_equal(&pin, &unwanted);
}

static void the_programs_callback_may_refuse_the_other_path(void **state)
{
    struct crossed stage;

    cross(&stage, scene_version(state), &(struct pki_spec){.is_ca = true});
    dial(&stage, &stage.scene.rogue, false);
    unwanted = pki_pin(stage.scene.rogue.x509);
    SSL_set_verify(stage.scene.pair.client, SSL_VERIFY_PEER, refuse_unwanted);
    scene_expect_refused(&stage.scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    clear(&stage);
}

/* --- many paths ------------------------------------------------------------------------------ */

#define MESH ((size_t)6)

static unsigned hashed;

static bool count_sha256(void *ctx, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN])
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();

    (void)ctx;
    hashed++;
    return crypto->sha256(crypto->ctx, data, len, out);
}

/* Every CA of a mesh has signed every other: mesh[i * MESH + j] is CA i, signed by CA j. */
static void make_mesh(struct pki_cert mesh[MESH * MESH], const struct pki_cert *root)
{
    static const char *const names[] = {"M0", "M1", "M2", "M3", "M4", "M5"};

    for (size_t i = 0; i < MESH; i++)
        mesh[i * MESH + i] = pki_intermediate(names[i], pki_key(PKI_P256, (unsigned)(8 + i)), root);
    for (size_t i = 0; i < MESH * MESH; i++) {
        if (i / MESH != i % MESH)
            mesh[i] = pki_intermediate(names[i / MESH], pki_key(PKI_P256, (unsigned)(8 + i / MESH)),
                                       &mesh[(i % MESH) * MESH + i % MESH]);
    }
}

/* There are nearly two thousand paths; no more than 64 steps are taken to look for them. */
static void a_mesh_of_cross_signatures_ends(void **state)
{
    static const struct pintle_crypto crypto = {"counting", count_sha256, NULL, NULL};
    struct pki_cert mesh[MESH * MESH], leaf;
    const struct pki_cert *others[MESH * MESH];
    struct scene scene;

    scene_init(&scene, scene_version(state));
    scene.crypto = &crypto;
    make_mesh(mesh, &scene.root);
    for (size_t i = 0; i < MESH * MESH; i++)
        others[i] = &mesh[i];
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &mesh[0]);
    scene_rule(&scene, &(struct scene_rule){.pins = {&mesh[0]}, .at = {"leaf"}});
    scene_guard(&scene);
    scene_serve(&scene, &leaf, others, MESH * MESH);
    scene_dial(&scene);
    hashed = 0;
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(scene_verdict(&scene)->path_count, 1);
    assert_in_range(hashed, 10, 64 * 10 + 16);
    for (size_t i = 0; i < MESH * MESH; i++)
        pki_free(&mesh[i]);
    pki_free(&leaf);
    scene_clear(&scene);
}

#define ROOTS 12

/* More valid paths than are ever validated, and the pin in the last of them. */
static void a_pin_in_one_of_many_paths_is_found(void **state)
{
    struct pki_cert roots[ROOTS], crossed[ROOTS];
    const struct pki_cert *trusted[ROOTS], *others[ROOTS];
    char name[16];
    struct scene scene;

    scene_init(&scene, scene_version(state));
    for (unsigned i = 0; i < ROOTS; i++) {
        (void)snprintf(name, sizeof(name), "R%u", i);
        roots[i] = pki_root(name, pki_key(PKI_P256, i < 2 ? 14 + i : 2 + i));
        crossed[i] = pki_intermediate("Inter", scene.inter.key, &roots[i]);
        trusted[i] = &roots[i];
        others[i] = &crossed[i];
    }
    SSL_CTX_set_cert_store(scene.client_ctx, pki_store(trusted, ROOTS));
    scene_rule(&scene, &(struct scene_rule){.pins = {&roots[ROOTS - 1]}});
    scene_guard(&scene);
    scene_serve(&scene, &scene.leaf, others, ROOTS);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->path_count, 2);
    for (unsigned i = 0; i < ROOTS; i++) {
        pki_free(&roots[i]);
        pki_free(&crossed[i]);
    }
    scene_clear(&scene);
}

static void a_path_longer_than_is_looked_at_is_refused(void **state)
{
    struct pki_cert line[PINTLE_CHAIN_MAX], leaf;
    const struct pki_cert *others[PINTLE_CHAIN_MAX];
    char name[16];
    struct scene scene;

    scene_init(&scene, scene_version(state));
    for (unsigned i = 0; i < PINTLE_CHAIN_MAX; i++) {
        (void)snprintf(name, sizeof(name), "L%u", i);
        line[i] = pki_intermediate(name, pki_key(PKI_P256, i), i == 0 ? &scene.root : &line[i - 1]);
        others[PINTLE_CHAIN_MAX - 1 - i] = &line[i];
    }
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &line[PINTLE_CHAIN_MAX - 1]);
    scene_rule(&scene, &(struct scene_rule){.pins = {&leaf}});
    scene_guard(&scene);
    scene_serve(&scene, &leaf, others, PINTLE_CHAIN_MAX);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_CHAIN_TOO_LONG,
                         SSL_AD_UNKNOWN_CA);
    for (unsigned i = 0; i < PINTLE_CHAIN_MAX; i++)
        pki_free(&line[i]);
    pki_free(&leaf);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_pin_in_either_path_is_found_in_either_order),
        IN_BOTH(a_cross_signed_root_leads_to_the_old_one),
        IN_BOTH(a_shortened_path_is_completed),
        IN_BOTH(a_path_through_the_store_is_found),
        IN_BOTH(an_expired_path_with_the_pin_does_not_count),
        IN_BOTH(a_path_over_no_ca_with_the_pin_does_not_count),
        IN_BOTH(a_path_outside_its_name_constraint_does_not_count),
        IN_BOTH(a_path_for_another_purpose_does_not_count),
        IN_BOTH(a_path_longer_than_its_root_allows_does_not_count),
        IN_BOTH(a_path_to_a_root_that_is_only_served_does_not_count),
        IN_BOTH(a_path_with_a_forged_signature_does_not_count),
        IN_BOTH(a_shortened_path_without_its_root_is_refused),
        IN_BOTH(a_pinned_anchor_below_the_root_is_accepted),
        IN_BOTH(a_denied_key_in_the_other_path_does_not_count),
        IN_BOTH(the_programs_callback_may_refuse_the_other_path),
        IN_BOTH(a_mesh_of_cross_signatures_ends),
        IN_BOTH(a_pin_in_one_of_many_paths_is_found),
        IN_BOTH(a_path_longer_than_is_looked_at_is_refused),
    };

    return cmocka_run_group_tests_name("openssl alternates", tests, NULL, NULL);
}
