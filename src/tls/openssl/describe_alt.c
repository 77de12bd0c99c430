/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subjectAltNames in one line. Names are parted by ", ": a name that holds a comma, a quote, a
 * space or a control character has it escaped, so that it cannot pass for two (CVE-2021-44531).
 */
#include "tls/openssl/describe.h"

#include <stdio.h>

#include <openssl/x509v3.h>
#include <pintle/host.h>

#include "tls/openssl/queue.h"

static const char special[] = " \"',\\";

static void put_string(struct pintle__words *words, const char *prefix, const ASN1_STRING *string)
{
    pintle__words_put(words, prefix);
    pintle__words_put_foreign(words, ASN1_STRING_get0_data(string),
                              (size_t)ASN1_STRING_length(string), special);
}

static void put_oid(struct pintle__words *words, const char *prefix, const ASN1_OBJECT *oid)
{
    char text[80] = "";

    OBJ_obj2txt(text, (int)sizeof(text), oid, 1);
    pintle__words_put(words, prefix);
    pintle__words_put(words, text);
}

/* In the form of pintle_host_parse(), which is that of the pin-set. */
static void put_address(struct pintle__words *words, const ASN1_OCTET_STRING *address)
{
    const uint8_t *a = ASN1_STRING_get0_data(address);
    int len = ASN1_STRING_length(address);
    struct pintle_host host;
    char text[48] = "";
    int n = 0;

    if (len == 4)
        n = snprintf(text, sizeof(text), "%d.%d.%d.%d", a[0], a[1], a[2], a[3]);
    else if (len == 16)
        n = snprintf(text, sizeof(text), "%x:%x:%x:%x:%x:%x:%x:%x", a[0] << 8 | a[1],
                     a[2] << 8 | a[3], a[4] << 8 | a[5], a[6] << 8 | a[7], a[8] << 8 | a[9],
                     a[10] << 8 | a[11], a[12] << 8 | a[13], a[14] << 8 | a[15]);
    pintle__words_put(words, "IP:");
    if (n > 0 && pintle_host_parse(&host, text, (size_t)n, NULL) == PINTLE_OK) {
        pintle__words_put(words, host.text);
        return;
    }
    pintle__words_put(words, "#");
    pintle__words_put_hex(words, a, (size_t)len);
}

static bool put_name(struct pintle__words *words, const GENERAL_NAME *name)
{
    int type = 0;
    const void *value = GENERAL_NAME_get0_value(name, &type);

    switch (type) {
    case GEN_DNS:
        put_string(words, "DNS:", value);
        return true;
    case GEN_EMAIL:
        put_string(words, "email:", value);
        return true;
    case GEN_URI:
        put_string(words, "URI:", value);
        return true;
    case GEN_IPADD:
        put_address(words, value);
        return true;
    case GEN_RID:
        put_oid(words, "RID:", value);
        return true;
    case GEN_DIRNAME:
        pintle__words_put(words, "DirName:");
        return pintle__describe_name(words, value, ", ");
    case GEN_OTHERNAME:
        put_oid(words, "otherName:", ((const OTHERNAME *)value)->type_id);
        return true;
    default:
        pintle__words_put(words, "other");
        return true;
    }
}

bool pintle__describe_alt_names(struct pintle_certificate_info *info, X509 *certificate)
{
    struct pintle__words words = pintle__words_init(info->alt_names, sizeof(info->alt_names));
    int found = -1;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &found, NULL);
    bool done = true;

    if (names == NULL) {
        if (found != -1)
            pintle__words_put(&words, "(malformed)");
        return !pintle__queue_drain().nomem;
    }
    info->alt_name_count = (size_t)sk_GENERAL_NAME_num(names);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !words.cut && done; i++) {
        if (i > 0)
            pintle__words_put(&words, ", ");
        done = put_name(&words, sk_GENERAL_NAME_value(names, i));
    }
    GENERAL_NAMES_free(names);
    return done;
}
