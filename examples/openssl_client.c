/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Get a page over OpenSSL, from a pinned server or not at all:
 *
 *   openssl_client pintle.json api.example.com 443 [CA.pem]
 *
 * Exit code 0: the answer is on stdout. 1: refused, or the connection failed. 2: usage or a bad
 * file.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <pintle/openssl.h>
#include <pintle/pintle.h>

/* Connect and shake hands. OpenSSL's macros want the strings without const. */
static BIO *dial(SSL_CTX *ctx, char *host, char *port, struct pintle_error *err)
{
    BIO *bio = BIO_new_ssl_connect(ctx);
    SSL *ssl = NULL;

    if (bio == NULL)
        return NULL;
    BIO_set_conn_hostname(bio, host);
    BIO_set_conn_port(bio, port);
    BIO_get_ssl(bio, &ssl);

    /* Once for each connection, instead of SNI and SSL_set1_host(). */
    if (pintle_openssl_set_host(ssl, host, (uint16_t)strtoul(port, NULL, 10), err) != PINTLE_OK ||
        BIO_do_connect(bio) != 1) {
        BIO_free_all(bio);
        return NULL;
    }
    return bio;
}

/* Ask for a page, print what comes back. */
static int talk(BIO *bio, const char *host)
{
    char buf[4096];
    int got;

    if (BIO_printf(bio, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host) <= 0)
        return 1;
    while ((got = BIO_read(bio, buf, sizeof(buf))) > 0)
        fwrite(buf, 1, (size_t)got, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct pintle_config config = {.crypto = pintle_openssl_crypto()};
    struct pintle_error err = {.text = ""};
    struct pintle *engine = NULL;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    BIO *bio = NULL;
    int exit_code = 2;

    if (argc < 4 || argc > 5 || ctx == NULL) {
        fprintf(stderr, "usage: openssl_client PINSET HOST PORT [CA-FILE]\n");
        goto out;
    }
    if (argc == 5 ? SSL_CTX_load_verify_file(ctx, argv[4]) != 1
                  : SSL_CTX_set_default_verify_paths(ctx) != 1)
        goto out;

    /* Once in a program: the pins. Once for each context: the guard. */
    if (pintle_open(&engine, argv[1], &config, &err) != PINTLE_OK ||
        pintle_openssl_guard(ctx, engine, &err) != PINTLE_OK)
        goto out;

    bio = dial(ctx, argv[2], argv[3], &err);
    exit_code = bio != NULL ? talk(bio, argv[2]) : 1;
out:
    if (err.text[0] != '\0')
        fprintf(stderr, "%s\n", err.text);
    ERR_print_errors_fp(stderr);
    BIO_free_all(bio);
    SSL_CTX_free(ctx);
    pintle_free(engine);
    return exit_code;
}
