/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation failing in turn, ours and OpenSSL's: the answer is an error or the right one,
 * never a wrong one, and nothing leaks (the sanitizers see to that).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "adapter/x509/failing.h"
#include "adapter/x509/fixture.h"

static EVP_PKEY *ec;
static struct bytes cert_der;
static struct bytes key_der;
static struct bytes bundle;

/* One call under test; it checks what a success gave. */
typedef enum pintle_status call_fn(void);

static enum pintle_status expect_objects(const struct bytes *file, size_t count)
{
    struct pintle_objects *objects;
    struct pintle_error err;
    enum pintle_status status = pintle_objects_parse(&objects, file->data, file->len, &err);
    char expected[PINTLE_PIN_TEXT_SIZE];
    char text[PINTLE_PIN_TEXT_SIZE];

    fail_never();
    if (status != PINTLE_OK) {
        assert_null(objects);
        return status;
    }
    fx_pin_text(ec, expected);
    assert_int_equal(pintle_objects_get_count(objects), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(pintle_pin_format(&pintle_objects_get(objects, i)->pin, text),
                            expected);
    pintle_objects_free(objects);
    return status;
}

static enum pintle_status parse_bundle(void)
{
    return expect_objects(&bundle, 3);
}

static enum pintle_status parse_certificate(void)
{
    return expect_objects(&cert_der, 1);
}

static enum pintle_status parse_key(void)
{
    return expect_objects(&key_der, 1);
}

static enum pintle_status describe(void)
{
    struct pintle_view view = {cert_der.data, cert_der.len};
    struct pintle_certificate_info info;
    enum pintle_status status = pintle_certificate_describe(&info, view, NULL);

    if (status != PINTLE_OK)
        return status;
    assert_string_equal(info.subject, "CN=example.com");
    assert_string_equal(info.issuer, "CN=example.com");
    assert_string_equal(info.alt_names, "DNS:example.com, IP:192.0.2.1, RID:1.2.3.4");
    assert_string_equal(info.key_type, "EC P-256");
    assert_true(info.is_ca);
    /* OpenSSL does not tell a signature it had no memory to verify from a bad one. */
    assert_true(info.self_signed || has_failed());
    assert_false(info.weak_key);
    return status;
}

static enum pintle_status write_pem(void)
{
    struct pintle_view view = {cert_der.data, cert_der.len};
    char *text;
    enum pintle_status status = pintle_certificate_to_pem(&text, view, NULL);

    assert_int_equal(status == PINTLE_OK, text != NULL);
    free(text);
    return status;
}

static enum pintle_status make_key(void)
{
    static const char *const hosts[] = {"example.com", "192.0.2.1"};
    struct pintle_new_key made;
    enum pintle_status status = pintle_new_key_make(&made, "ec-p256", hosts, 2, NULL, NULL);

    fail_never();
    assert_int_equal(status == PINTLE_OK, made.key_pem != NULL);
    assert_int_equal(status == PINTLE_OK, made.request_pem != NULL);
    pintle_new_key_clear(&made);
    return status;
}

/*
 * OpenSSL 3.0 does not always tell that it was memory: a failed hash is E_CRYPTO then, and a key
 * that could not be decoded one that cannot be used.
 */
static const struct {
    const char *name;
    call_fn *call;
    enum pintle_status also[3];
} rows[] = {
    {"a certificate", parse_certificate, {PINTLE_E_CRYPTO}},
    {"a private key", parse_key, {PINTLE_E_CRYPTO, PINTLE_E_DER}},
    {"a bundle", parse_bundle, {PINTLE_E_CRYPTO, PINTLE_E_KEY, PINTLE_E_PEM}},
    {"a description", describe, {PINTLE_OK}},
    {"PEM", write_pem, {PINTLE_OK}},
    {"a new key", make_key, {PINTLE_E_CRYPTO}},
};

static bool is_allowed(size_t row, enum pintle_status status)
{
    return status == PINTLE_OK ||
           (has_failed() && (status == PINTLE_E_NOMEM || status == rows[row].also[0] ||
                             status == rows[row].also[1] || status == rows[row].also[2]));
}

static void fail_each_allocation(size_t row)
{
    long n = -1; /* the first round only warms up */

    do {
        enum pintle_status status;
        fail_after(n);
        status = rows[row].call();
        fail_never();
        if (!is_allowed(row, status))
            fail_msg("allocation %ld: %s", n, pintle_status_name(status));
        assert_int_equal(ERR_peek_error(), 0);
        n++;
    } while (has_failed() || n == 0);
    assert_true(n > 1);
}

static void every_failing_allocation_is_told_and_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].name);
        fail_each_allocation(i);
    }
}

static struct bytes make_bundle(X509_REQ *request)
{
    struct bytes request_der = fx_request_der(request);
    struct bytes spki = fx_spki(ec);
    struct bytes pems[] = {fx_pem("CERTIFICATE", &cert_der),
                           fx_pem("CERTIFICATE REQUEST", &request_der),
                           fx_pem("PUBLIC KEY", &spki)};
    const struct bytes *parts[] = {&pems[0], &pems[1], &pems[2]};
    struct bytes all = fx_join(parts, 3);

    for (size_t i = 0; i < 3; i++)
        fx_free(&pems[i]);
    fx_free(&spki);
    fx_free(&request_der);
    return all;
}

static int set_up(void **state)
{
    X509_REQ *request;
    X509 *cert;

    (void)state;
    ec = fx_key("P-256");
    cert = fx_cert(&(struct cert_spec){.cn = "example.com",
                                       .key = ec,
                                       .ca = true,
                                       .san = "DNS:example.com,IP:192.0.2.1,RID:1.2.3.4"});
    request = fx_request(ec, ec);
    cert_der = fx_cert_der(cert);
    key_der = fx_pkcs8(ec);
    bundle = make_bundle(request);
    X509_REQ_free(request);
    X509_free(cert);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fx_free(&bundle);
    fx_free(&key_der);
    fx_free(&cert_der);
    EVP_PKEY_free(ec);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failing_allocation_is_told_and_survived),
    };

    fail_install();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
