/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates lent to the core. */

#include "adapter/openssl/scene.h"
#include "tls/openssl/certs.h"

static void a_certificate_is_lent_as_it_came(void **state)
{
    struct pki_cert root = pki_root("Root", pki_key(PKI_P256, KEY_ROOT));
    struct pintle__cert_room room;
    struct pintle_view der;
    unsigned char *expected = NULL;
    int len = i2d_X509(root.x509, &expected);

    (void)state;
    pintle__cert_room_init(&room);
    assert_true(pintle__cert_encode(&room, root.x509, &der));
    assert_int_equal(der.len, len);
    assert_memory_equal(der.data, expected, der.len);
    assert_ptr_equal(der.data, room.local);
    OPENSSL_free(expected);
    pintle__cert_room_clear(&room);
    pki_free(&root);
}

/* OpenSSL works with one key, the bytes say another: as if two parsers had read them differently.
 */
static void a_key_the_bytes_do_not_say_is_refused(void **state)
{
    struct pki_cert root = pki_root("Root", pki_key(PKI_P256, KEY_ROOT));
    X509 *parsed = X509_dup(root.x509); /* one that keeps its bytes */
    ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(parsed);
    int bit = ASN1_BIT_STRING_get_bit(key, 100);
    struct pintle__cert_room room;
    struct pintle_view der;

    (void)state;
    pintle__cert_room_init(&room);
    assert_true(pintle__cert_encode(&room, parsed, &der));
    assert_int_equal(ASN1_BIT_STRING_set_bit(key, 100, !bit), 1);
    assert_false(pintle__cert_encode(&room, parsed, &der));
    assert_int_equal(ASN1_BIT_STRING_set_bit(key, 100, bit), 1);
    assert_true(pintle__cert_encode(&room, parsed, &der));
    pintle__cert_room_clear(&room);
    X509_free(parsed);
    pki_free(&root);
}

static void a_chain_lends_each_certificate_and_no_more(void **state)
{
    struct pki_cert root = pki_root("Root", pki_key(PKI_P256, KEY_ROOT));
    struct pki_cert inter = pki_intermediate("Inter", pki_key(PKI_P256, KEY_INTER), &root);
    STACK_OF(X509) *stack = sk_X509_new_null();
    struct pintle__cert_room room;
    struct pintle__certs certs = {stack, &room};
    struct pintle_chain chain;
    struct pintle_view der;

    (void)state;
    assert_int_equal(sk_X509_push(stack, inter.x509), 1);
    assert_int_equal(sk_X509_push(stack, root.x509), 2);
    pintle__cert_room_init(&room);
    chain = pintle__certs_chain(&certs);
    assert_int_equal(chain.count, 2);
    assert_true(chain.get(chain.ctx, 1, &der));
    assert_int_equal(der.len, i2d_X509(root.x509, NULL));
    assert_false(chain.get(chain.ctx, 2, &der));
    assert_false(chain.get(chain.ctx, SIZE_MAX, &der));
    certs.certs = NULL;
    assert_int_equal(pintle__certs_chain(&certs).count, 0);
    sk_X509_free(stack);
    pintle__cert_room_clear(&room);
    pki_free(&inter);
    pki_free(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_lent_as_it_came),
        cmocka_unit_test(a_key_the_bytes_do_not_say_is_refused),
        cmocka_unit_test(a_chain_lends_each_certificate_and_no_more),
    };

    return cmocka_run_group_tests_name("openssl certificates", tests, NULL, NULL);
}
