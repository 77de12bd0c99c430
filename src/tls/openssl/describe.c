/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate in words. Everything in it was written by whoever made it: nothing is shown raw. */
#include "tls/openssl/describe.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "tls/openssl/queue.h"
#include "tls/openssl/text.h"

#define SECONDS_OF_DAY 86400

bool pintle__describe_name(struct pintle__words *words, const X509_NAME *name, const char *special)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool done;

    done = bio != NULL &&
           X509_NAME_print_ex(bio, name, 0,
                              XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0;
    if (done) {
        char *text = NULL;
        long len = BIO_get_mem_data(bio, &text);
        pintle__words_put_foreign(words, (const uint8_t *)text, len > 0 ? (size_t)len : 0, special);
    }
    BIO_free(bio);
    return done;
}

static void describe_serial(struct pintle_certificate_info *info, const X509 *certificate)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    struct pintle__words words = pintle__words_init(info->serial, sizeof(info->serial));

    if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
        pintle__words_put(&words, "-");
    pintle__words_put_hex(&words, ASN1_STRING_get0_data(serial),
                          (size_t)ASN1_STRING_length(serial));
}

static void describe_signature(struct pintle_certificate_info *info, const X509 *certificate)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;

    X509_get0_signature(NULL, &algorithm, certificate);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    OBJ_obj2txt(info->signature, (int)sizeof(info->signature), oid, 0);
}

static bool has_weak_signature(X509 *certificate)
{
    static const int weak[] = {NID_md2, NID_md4, NID_md5, NID_sha, NID_sha1, NID_md5_sha1};
    int digest = NID_undef;

    X509_get_signature_info(certificate, &digest, NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        if (digest == weak[i])
            return true;
    }
    return false;
}

static bool read_time(int64_t *out, const ASN1_TIME *time, const ASN1_TIME *epoch)
{
    int days = 0;
    int seconds = 0;

    /* Without a time ASN1_TIME_diff() takes the present. */
    if (time == NULL || ASN1_TIME_diff(&days, &seconds, epoch, time) != 1)
        return false;
    *out = (int64_t)days * SECONDS_OF_DAY + seconds;
    return true;
}

static enum pintle_status describe_times(struct pintle_certificate_info *info,
                                         const X509 *certificate, struct pintle_error *err)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool done;

    if (epoch == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory to read a time");
        return PINTLE_E_NOMEM;
    }
    done = read_time(&info->not_before, X509_get0_notBefore(certificate), epoch) &&
           read_time(&info->not_after, X509_get0_notAfter(certificate), epoch);
    ASN1_TIME_free(epoch);
    if (!done) {
        pintle__error_set(err, PINTLE_E_DER, "a time of its validity is malformed");
        return PINTLE_E_DER;
    }
    return PINTLE_OK;
}

static bool describe_names(struct pintle_certificate_info *info, X509 *certificate)
{
    struct pintle__words subject = pintle__words_init(info->subject, sizeof(info->subject));
    struct pintle__words issuer = pintle__words_init(info->issuer, sizeof(info->issuer));

    return pintle__describe_name(&subject, X509_get_subject_name(certificate), "") &&
           pintle__describe_name(&issuer, X509_get_issuer_name(certificate), "") &&
           pintle__describe_alt_names(info, certificate);
}

/* RFC 5280 section 4.2.1.9. False if memory runs out. */
static bool describe_constraints(struct pintle_certificate_info *info, const X509 *certificate)
{
    BASIC_CONSTRAINTS *constraints =
        X509_get_ext_d2i(certificate, NID_basic_constraints, NULL, NULL);

    info->is_ca = constraints != NULL && constraints->ca != 0;
    BASIC_CONSTRAINTS_free(constraints);
    return !pintle__queue_drain().nomem;
}

/* Who signed it, and how well. False if memory runs out. */
static bool describe_trust(struct pintle_certificate_info *info, X509 *certificate)
{
    info->self_signed = X509_self_signed(certificate, 1) == 1;
    if (!info->self_signed && pintle__queue_drain().nomem)
        return false;
    if (!info->self_signed && has_weak_signature(certificate))
        info->weak_key = true;
    return true;
}

static enum pintle_status describe(struct pintle_certificate_info *info, X509 *certificate,
                                   struct pintle_error *err)
{
    enum pintle_status status = describe_times(info, certificate, err);

    if (status != PINTLE_OK)
        return status;
    ERR_clear_error();
    if (!describe_names(info, certificate) || !pintle__describe_key(info, certificate) ||
        !describe_constraints(info, certificate) || !describe_trust(info, certificate)) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory to describe the certificate");
        return PINTLE_E_NOMEM;
    }
    describe_serial(info, certificate);
    describe_signature(info, certificate);
    return PINTLE_OK;
}

static enum pintle_status read_certificate(X509 **out, struct pintle_view der,
                                           struct pintle_error *err)
{
    const unsigned char *next = der.data;

    if (der.len > PINTLE_CERT_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_LIMIT, "a certificate of %zu bytes", der.len);
        return PINTLE_E_LIMIT;
    }
    *out = d2i_X509(NULL, &next, (long)der.len);
    if (*out == NULL)
        return pintle__queue_fail(err, PINTLE_E_DER, "no certificate");
    if (next != der.data + der.len) {
        pintle__error_at(err, PINTLE_E_DER, (size_t)(next - der.data),
                         "bytes behind the certificate");
        X509_free(*out);
        return PINTLE_E_DER;
    }
    return PINTLE_OK;
}

enum pintle_status pintle_certificate_describe(struct pintle_certificate_info *out,
                                               struct pintle_view der, struct pintle_error *err)
{
    X509 *certificate = NULL;
    enum pintle_status status;

    memset(out, 0, sizeof(*out));
    ERR_clear_error();
    status = read_certificate(&certificate, der, err);
    if (status == PINTLE_OK) {
        status = describe(out, certificate, err);
        X509_free(certificate);
    }
    ERR_clear_error();
    return status;
}

/* --- PEM ------------------------------------------------------------------------------------ */

/* The PEM label of a DER object, or NULL with the error of reading it as a certificate. */
static const char *find_label(struct pintle_view der, struct pintle_error *err)
{
    struct pintle_view spki;

    if (pintle_spki_from_certificate(&spki, der, err) == PINTLE_OK)
        return "CERTIFICATE";
    if (pintle_spki_from_request(&spki, der, NULL) == PINTLE_OK)
        return "CERTIFICATE REQUEST";
    if (pintle_spki_from_public_key(&spki, der, NULL) == PINTLE_OK)
        return "PUBLIC KEY";
    return NULL;
}

enum pintle_status pintle_certificate_to_pem(char **out, struct pintle_view der,
                                             struct pintle_error *err)
{
    const char *label = find_label(der, err);
    BIO *bio;

    *out = NULL;
    if (label == NULL)
        return PINTLE_E_DER;
    ERR_clear_error();
    bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio(bio, label, "", der.data, (long)der.len) > 0)
        *out = pintle__text_from_bio(bio);
    BIO_free(bio);
    ERR_clear_error();
    if (*out == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the PEM text");
        return PINTLE_E_NOMEM;
    }
    return PINTLE_OK;
}
