/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Get a page from a pinned server, with pins that change without a release:
 *
 *   update_client app.seed https://pins.example.com/app state.db api.example.com 443 [CA.pem]
 *
 * A real program has the seed built in (`pintle embed --format c`); this one reads it, to show the
 * rest. Exit code 0: the answer is on stdout. 1: refused, or the connection failed. 2: usage or a
 * bad seed.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <pintle/openssl.h>
#include <pintle/update.h>

/* What the updater tells: for a log. May be called on any thread. */
static void on_event(void *ctx, const struct pintle_event *event)
{
    static const char *const names[] = {"started", "updated", "current", "source",
                                        "storage", "stale",   "unpinned"};

    (void)ctx;
    fprintf(stderr, "pins %s: %s\n", names[event->kind], event->text);
}

static uint8_t *read_seed(const char *path, size_t *len)
{
    uint8_t *bytes = malloc(PINTLE_SEED_MAX_LEN);
    FILE *file = fopen(path, "rb");

    *len = file != NULL && bytes != NULL ? fread(bytes, 1, PINTLE_SEED_MAX_LEN, file) : 0;
    if (file != NULL)
        fclose(file);
    return bytes;
}

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

    /* A mismatch asks the sources for newer pins, and is decided again, before this returns. */
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
    const char *sources[] = {argc > 2 ? argv[2] : ""};
    struct pintle_update_config config = {
        .sources = sources,
        .source_count = 1,
        .mismatch_wait_ms = 3000,
        .background = true, /* and update every six hours */
        .reports = true,    /* keep violations, and send them */
        .engine = {.crypto = pintle_openssl_crypto()},
        .happened = on_event,
    };
    struct pintle_updater *updater = NULL;
    struct pintle_error err = {.text = ""};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    uint8_t *seed = NULL;
    BIO *bio = NULL;
    int exit_code = 2;

    if (argc < 6 || argc > 7 || ctx == NULL) {
        fprintf(stderr, "usage: update_client SEED SOURCE STATE HOST PORT [CA-FILE]\n");
        goto out;
    }
    if (argc == 7 ? SSL_CTX_load_verify_file(ctx, argv[6]) != 1
                  : SSL_CTX_set_default_verify_paths(ctx) != 1)
        goto out;
    seed = read_seed(argv[1], &config.seed.len);
    config.seed.data = seed;
    config.state_path = argv[3];

    /* Once in a program: the updater and its engine. Once for each context: the guard. */
    if (pintle_updater_open(&updater, &config, &err) != PINTLE_OK ||
        pintle_openssl_guard(ctx, pintle_updater_get_engine(updater), &err) != PINTLE_OK)
        goto out;

    bio = dial(ctx, argv[4], argv[5], &err);
    exit_code = bio != NULL ? talk(bio, argv[4]) : 1;
out:
    if (err.text[0] != '\0')
        fprintf(stderr, "%s\n", err.text);
    ERR_print_errors_fp(stderr);
    BIO_free_all(bio);
    SSL_CTX_free(ctx);
    pintle_updater_close(updater);
    free(seed);
    return exit_code;
}
