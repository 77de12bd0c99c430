/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "adapter/x509/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <pintle/openssl.h>

X509 *scene_leaf(const struct scene *scene, EVP_PKEY *key, const char *san)
{
    return fx_cert(&(struct cert_spec){.cn = SCENE_HOST,
                                       .san = san,
                                       .key = key,
                                       .issuer = scene->intermediate,
                                       .issuer_key = scene->ca_key,
                                       .serial = 3});
}

void scene_open(struct scene *scene)
{
    static const char san[] = "DNS:" SCENE_HOST ",IP:127.0.0.1";

    scene->key = fx_key("P-256");
    scene->rsa = fx_key("RSA");
    scene->ca_key = fx_key("P-256");
    scene->root = fx_cert(
        &(struct cert_spec){.cn = "Test root", .key = scene->ca_key, .ca = true, .serial = 1});
    scene->intermediate = fx_cert(&(struct cert_spec){.cn = "Test intermediate",
                                                      .key = scene->ca_key,
                                                      .issuer = scene->root,
                                                      .issuer_key = scene->ca_key,
                                                      .ca = true,
                                                      .serial = 2});
    scene->leaf = scene_leaf(scene, scene->key, san);
    scene->rsa_leaf = scene_leaf(scene, scene->rsa, san);
    scene_write_cert(scene->ca_file, scene->root);
}

void scene_close(struct scene *scene)
{
    scene_remove(scene->ca_file);
    X509_free(scene->rsa_leaf);
    X509_free(scene->leaf);
    X509_free(scene->intermediate);
    X509_free(scene->root);
    EVP_PKEY_free(scene->ca_key);
    EVP_PKEY_free(scene->rsa);
    EVP_PKEY_free(scene->key);
}

/* --- files --------------------------------------------------------------------------------------
 */

void scene_write(char path[64], const void *data, size_t len)
{
    int fd;

    snprintf(path, 64, "/tmp/pintle-test-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(close(fd), 0);
}

static void write_bio(char path[64], BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    scene_write(path, data, (size_t)len);
    BIO_free(bio);
}

void scene_write_key(char path[64], EVP_PKEY *key, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL, passphrase,
                         passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL),
                     1);
    write_bio(path, bio);
}

void scene_write_cert(char path[64], X509 *cert)
{
    struct bytes pem = fx_cert_pem(cert);

    scene_write(path, pem.data, pem.len);
    fx_free(&pem);
}

void scene_remove(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

/* --- the engine ---------------------------------------------------------------------------------
 */

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

struct pintle *scene_engine(EVP_PKEY *key, const char *trust)
{
    const struct pintle_pinset_options options = {.crypto = pintle_openssl_crypto()};
    const struct pintle_config config = {.crypto = pintle_openssl_crypto(), .clock = clock_now};
    char pin[PINTLE_PIN_TEXT_SIZE];
    char text[1024];
    struct pintle_pinset *set;
    struct pintle *engine;
    struct pintle_error err = {.text = ""};

    fx_pin_text(key, pin);
    snprintf(text, sizeof(text),
             "{\"pintle\":1,\"app\":\"test\",\"version\":1,\"issued\":\"2020-01-01T00:00:00Z\","
             "\"expires\":\"2999-01-01T00:00:00Z\",\"rules\":[{\"id\":\"server\",\"match\":[\"%s\","
             "\"127.0.0.1\"],\"mode\":\"enforce\",\"trust\":\"%s\",\"pins\":[{\"spki\":\"%s\","
             "\"at\":\"any\"}]}]}",
             SCENE_HOST, trust, pin);
    if (pintle_pinset_parse(&set, text, strlen(text), &options, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(pintle_new(&engine, set, &config, NULL), PINTLE_OK);
    return engine;
}

/* --- connections --------------------------------------------------------------------------------
 */

enum pintle_status scene_wait(void *ctx, int fd, enum pintle_wait what, struct pintle_error *err)
{
    struct pollfd p = {.fd = fd, .events = what == PINTLE_WAIT_READ ? POLLIN : POLLOUT};

    if (poll(&p, 1, *(const int *)ctx) == 1)
        return PINTLE_OK;
    if (err != NULL)
        *err = (struct pintle_error){.status = PINTLE_E_TIMEOUT, .text = "the test's patience"};
    return PINTLE_E_TIMEOUT;
}

enum pintle_status scene_connect(struct scene_connection *out, const struct server *server,
                                 const char *host, const struct pintle_client_options *options)
{
    out->client = (struct pintle_client *)out;
    out->err = (struct pintle_error){.text = ""};
    out->fd = server_connect(server);
    if (options->wait != NULL)
        assert_true(fcntl(out->fd, F_SETFL, O_NONBLOCK) == 0);
    return pintle_client_new(&out->client, out->fd, host, server->port, options, &out->err);
}

void scene_end(struct scene_connection *connection)
{
    pintle_client_free(connection->client);
    connection->client = NULL;
    close(connection->fd);
}
