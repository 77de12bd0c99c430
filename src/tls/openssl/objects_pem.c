/* SPDX-License-Identifier: Apache-2.0 */
/* What the blocks of a PEM file hold. */
#include "tls/openssl/objects.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "tls/openssl/pem.h"
#include "tls/openssl/queue.h"

static enum pintle_status add_certificate(struct pintle_objects *list, struct pintle_view der,
                                          struct pintle_error *err)
{
    return pintle__objects_add(list, PINTLE_OBJECT_CERTIFICATE, der, err);
}

/* OpenSSL's own form: a certificate, then what it is trusted for. */
static enum pintle_status add_trusted(struct pintle_objects *list, struct pintle_view der,
                                      struct pintle_error *err)
{
    const unsigned char *next = der.data;
    X509 *certificate = d2i_X509_AUX(NULL, &next, (long)der.len);
    bool whole = certificate != NULL && next == der.data + der.len;

    X509_free(certificate);
    next = der.data;
    certificate = whole ? d2i_X509(NULL, &next, (long)der.len) : NULL;
    if (certificate == NULL) {
        return pintle__queue_fail(err, PINTLE_E_DER, "malformed certificate or trust settings");
    }
    X509_free(certificate);
    der.len = (size_t)(next - der.data);
    return add_certificate(list, der, err);
}

static enum pintle_status add_public(struct pintle_objects *list, struct pintle_view der,
                                     struct pintle_error *err)
{
    return pintle__objects_add(list, PINTLE_OBJECT_PUBLIC_KEY, der, err);
}

static enum pintle_status refuse_encrypted(struct pintle_objects *list, struct pintle_view der,
                                           struct pintle_error *err)
{
    (void)list;
    (void)der;
    return pintle__objects_fail_encrypted(err);
}

/* Curve parameters, which stand before an EC key and hold no key. */
static enum pintle_status skip(struct pintle_objects *list, struct pintle_view der,
                               struct pintle_error *err)
{
    (void)list;
    (void)der;
    (void)err;
    return PINTLE_OK;
}

typedef enum pintle_status add_fn(struct pintle_objects *list, struct pintle_view der,
                                  struct pintle_error *err);

static const struct {
    const char *label;
    add_fn *add;
} block_types[] = {
    {"CERTIFICATE", add_certificate},
    {"X509 CERTIFICATE", add_certificate},
    {"TRUSTED CERTIFICATE", add_trusted},
    {"CERTIFICATE REQUEST", pintle__objects_add_request},
    {"NEW CERTIFICATE REQUEST", pintle__objects_add_request},
    {"PUBLIC KEY", add_public},
    {"RSA PUBLIC KEY", pintle__objects_add_rsa_public},
    {"PRIVATE KEY", pintle__objects_add_private},
    {"RSA PRIVATE KEY", pintle__objects_add_private},
    {"EC PRIVATE KEY", pintle__objects_add_private},
    {"ENCRYPTED PRIVATE KEY", refuse_encrypted},
    {"EC PARAMETERS", skip},
};

static add_fn *find_type(const char *label)
{
    for (size_t i = 0; i < sizeof(block_types) / sizeof(block_types[0]); i++) {
        if (strcmp(label, block_types[i].label) == 0)
            return block_types[i].add;
    }
    return NULL;
}

/* What OpenSSL makes of a block. It is wiped when freed: it may be a private key. */
struct decoded {
    unsigned char *data;
    long len;
    char *label;
    char *header;
};

static enum pintle_status decode(struct decoded *out, const struct pintle__pem_block *block,
                                 struct pintle_error *err)
{
    BIO *text = BIO_new_mem_buf(block->text.data, (int)block->text.len);
    int done = text == NULL ? 0
                            : PEM_read_bio_ex(text, &out->label, &out->header, &out->data,
                                              &out->len, PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE);

    BIO_free(text);
    if (done == 1)
        return PINTLE_OK;
    if (ERR_peek_error() == 0) {
        pintle__error_set(err, PINTLE_E_PEM, "nothing in the block");
        return PINTLE_E_PEM;
    }
    return pintle__queue_fail(err, PINTLE_E_PEM, "malformed block");
}

/* Append what a block holds. Errors are without a place in the file yet. */
static enum pintle_status add_block(struct pintle_objects *list,
                                    const struct pintle__pem_block *block, struct pintle_error *err)
{
    struct decoded decoded = {NULL, 0, NULL, NULL};
    add_fn *add = find_type(block->label);
    enum pintle_status status;

    if (add == NULL) {
        pintle__error_set(err, PINTLE_E_PEM, "a block of this type holds nothing to pin");
        return PINTLE_E_PEM;
    }
    status = decode(&decoded, block, err);
    if (status == PINTLE_OK) {
        struct pintle_view der = {decoded.data, (size_t)decoded.len};
        /* RFC 1421 section 4.6.1.1: a key encrypted by the PEM layer itself. */
        if (decoded.header != NULL && strstr(decoded.header, "ENCRYPTED") != NULL)
            add = refuse_encrypted;
        status = add(list, der, err);
    }
    OPENSSL_secure_clear_free(decoded.data, (size_t)decoded.len);
    OPENSSL_secure_free(decoded.label);
    OPENSSL_secure_free(decoded.header);
    return status;
}

/* Say where in the file the block stands, and where in its DER the fault is. */
static void place(struct pintle_error *err, const struct pintle_error *inner, size_t index,
                  const struct pintle__pem_block *block)
{
    if (err == NULL)
        return;
    if (inner->offset > 0)
        pintle__error_at(err, inner->status, block->offset, "%s: %s (byte %zu of its DER)",
                         block->label, inner->text, inner->offset);
    else
        pintle__error_at(err, inner->status, block->offset, "%s: %s", block->label, inner->text);
    err->index = index;
}

enum pintle_status pintle__objects_add_pem(struct pintle_objects *list, struct pintle_view text,
                                           struct pintle_error *err)
{
    struct pintle__pem pem = pintle__pem_init(text);
    struct pintle__pem_block block;
    struct pintle_error inner;
    enum pintle_status status;
    bool found;

    for (;;) {
        status = pintle__pem_next(&pem, &block, &found, err);
        if (status != PINTLE_OK && err != NULL)
            err->index = pintle_objects_get_count(list);
        if (status != PINTLE_OK || !found)
            break;
        status = add_block(list, &block, &inner);
        if (status != PINTLE_OK) {
            place(err, &inner, pintle_objects_get_count(list), &block);
            return status;
        }
    }
    if (status == PINTLE_OK && pintle_objects_get_count(list) == 0) {
        pintle__error_set(err, PINTLE_E_PEM, "no certificate, request or key in it");
        return PINTLE_E_PEM;
    }
    return status;
}
