/* SPDX-License-Identifier: Apache-2.0 */
/* What a handshake showed: the certificates, and whether they make a valid path for the host. */
#include "tls/openssl/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "tls/openssl/queue.h"

/* --- keeping what was served ------------------------------------------------------------------ */

static void keep(X509_STORE_CTX *path)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(path, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct pintle_client *client = ssl != NULL ? SSL_get_app_data(ssl) : NULL;
    STACK_OF(X509) *served = X509_STORE_CTX_get0_untrusted(path);

    if (client != NULL && client->served == NULL && served != NULL)
        client->served = X509_chain_up_ref(served);
}

/* Guarded: validation goes on as it would. */
static int keep_guarded(int accepted, X509_STORE_CTX *path)
{
    keep(path);
    return accepted;
}

/* Looking only: the handshake goes on whatever came. pintle__client_look() validates. */
static int keep_unguarded(X509_STORE_CTX *path, void *ctx)
{
    (void)ctx;
    keep(path);
    return 1;
}

void pintle__client_watch(struct pintle_client *client)
{
    SSL_set_app_data(client->ssl, client);
    if (client->guarded) {
        SSL_set_verify(client->ssl, SSL_VERIFY_PEER, keep_guarded);
    } else {
        SSL_CTX_set_cert_verify_callback(client->ctx, keep_unguarded, NULL);
        SSL_set_verify(client->ssl, SSL_VERIFY_NONE, NULL);
    }
}

/* --- lists of DER ----------------------------------------------------------------------------- */

static void clear_list(struct pintle__der_list *list)
{
    free(list->views);
    free(list->bytes);
    memset(list, 0, sizeof(*list));
}

/* Bytes of all the certificates together, or -1. */
static long measure(const STACK_OF(X509) * certificates)
{
    long total = 0;

    for (int i = 0; i < sk_X509_num(certificates); i++) {
        int len = i2d_X509(sk_X509_value(certificates, i), NULL);
        if (len <= 0)
            return -1;
        total += len;
    }
    return total;
}

static bool fill_list(struct pintle__der_list *list, const STACK_OF(X509) * certificates)
{
    int count = sk_X509_num(certificates);
    long total = measure(certificates);
    unsigned char *next;

    if (count <= 0 || total <= 0)
        return false;
    list->views = calloc((size_t)count, sizeof(*list->views));
    list->bytes = malloc((size_t)total);
    if (list->views == NULL || list->bytes == NULL)
        return false;
    next = list->bytes;
    for (int i = 0; i < count; i++) {
        int len = i2d_X509(sk_X509_value(certificates, i), &next);
        if (len <= 0)
            return false;
        list->views[i].data = next - len;
        list->views[i].len = (size_t)len;
    }
    list->count = (size_t)count;
    return true;
}

/* --- the path --------------------------------------------------------------------------------- */

static bool has_name(X509 *leaf, const struct pintle_host *host)
{
    const unsigned flags =
        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

    if (host->is_ip)
        return X509_check_ip_asc(leaf, host->text, flags) == 1;
    return X509_check_host(leaf, host->text, host->len, flags, NULL) == 1;
}

/* Set up validation as a TLS client does it, but for the name, which is told apart. */
static X509_STORE_CTX *new_path(const struct pintle_client *client)
{
    X509_STORE_CTX *path = X509_STORE_CTX_new();

    if (path == NULL)
        return NULL;
    if (X509_STORE_CTX_init(path, SSL_CTX_get_cert_store(client->ctx),
                            sk_X509_value(client->served, 0), client->served) != 1 ||
        X509_STORE_CTX_set_default(path, "ssl_server") != 1) {
        X509_STORE_CTX_free(path);
        return NULL;
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(path), client->level);
    return path;
}

static void conclude(struct pintle_client *client, X509_STORE_CTX *path, bool valid)
{
    int error = X509_STORE_CTX_get_error(path);

    if (!valid) {
        client->info.path = PINTLE_PATH_INVALID;
        snprintf(client->path_detail, sizeof(client->path_detail), "%s (certificate %d)",
                 X509_verify_cert_error_string(error), X509_STORE_CTX_get_error_depth(path));
    } else if (!has_name(sk_X509_value(client->served, 0), &client->host)) {
        error = client->host.is_ip ? X509_V_ERR_IP_ADDRESS_MISMATCH : X509_V_ERR_HOSTNAME_MISMATCH;
        client->info.path = PINTLE_PATH_WRONG_NAME;
        snprintf(client->path_detail, sizeof(client->path_detail), "%s",
                 X509_verify_cert_error_string(error));
    } else {
        client->info.path = PINTLE_PATH_VALID;
        client->path_detail[0] = '\0';
    }
}

/* False if memory runs out. */
static bool validate(struct pintle_client *client)
{
    X509_STORE_CTX *path = new_path(client);
    bool valid;
    bool done;

    if (path == NULL)
        return false;
    ERR_clear_error();
    valid = X509_verify_cert(path) == 1;
    conclude(client, path, valid);
    done = X509_STORE_CTX_get_error(path) != X509_V_ERR_OUT_OF_MEM && !pintle__queue_drain().nomem;
    if (done && valid)
        done = fill_list(&client->verified_der, X509_STORE_CTX_get0_chain(path));
    X509_STORE_CTX_free(path);
    return done;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void describe(struct pintle_client *client)
{
    struct pintle_client_info *info = &client->info;
    const unsigned char *alpn = NULL;
    unsigned len = 0;

    if (SSL_get_current_cipher(client->ssl) != NULL) {
        info->protocol = SSL_get_version(client->ssl);
        info->cipher = SSL_get_cipher_name(client->ssl);
    }
    SSL_get0_alpn_selected(client->ssl, &alpn, &len);
    if (len < sizeof(client->alpn)) {
        if (len > 0)
            memcpy(client->alpn, alpn, len);
        client->alpn[len] = '\0';
    }
}

enum pintle_status pintle__client_look(struct pintle_client *client, struct pintle_error *err)
{
    struct pintle_client_info *info = &client->info;

    describe(client);
    if (client->served == NULL && SSL_get0_peer_certificate(client->ssl) == NULL) {
        snprintf(client->path_detail, sizeof(client->path_detail), "no certificate was seen");
        return PINTLE_OK;
    }
    if (client->served == NULL || !fill_list(&client->served_der, client->served) ||
        !validate(client)) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the server's certificates");
        return PINTLE_E_NOMEM;
    }
    info->served = client->served_der.views;
    info->served_count = client->served_der.count;
    info->verified = client->verified_der.views;
    info->verified_count = client->verified_der.count;
    return PINTLE_OK;
}

void pintle__client_forget(struct pintle_client *client)
{
    clear_list(&client->served_der);
    clear_list(&client->verified_der);
    sk_X509_pop_free(client->served, X509_free);
    client->served = NULL;
}
