/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client over TLS: what it trusts, and what it makes of the rest. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "kit/tls_pair.h"
#include "os/http.h"
#include "unit/os/folder.h"
#include "unit/os/web.h"

#define SOON_MS 20000

/* Shakes hands, reads a request, and says `text`; then closes, politely or not. */
struct secure {
    SSL_CTX *ctx;
    const char *text;
    bool cut;
};

static void answer(struct web *web, int fd, int request, const char *text)
{
    const struct secure *secure = web->ctx;
    SSL *ssl = SSL_new(secure->ctx);
    char got[4096];

    (void)request;
    (void)text;
    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 &&
        SSL_read(ssl, got, sizeof(got)) > 0 &&
        SSL_write(ssl, secure->text, (int)strlen(secure->text)) > 0 && !secure->cut)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
}

/* A CA in a file, and a server it vouches for. */
struct scene {
    struct pki_cert root;
    struct pki_cert other;
    SSL_CTX *ctx;
    const struct folder *folder;
};

static void write_ca(const struct scene *scene, const char *name, X509 *cert)
{
    FILE *file = fopen(folder_path(scene->folder, name), "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    assert_int_equal(fclose(file), 0);
}

static struct scene make_scene(const struct folder *folder, const char *alt_names)
{
    struct scene scene = {.folder = folder};
    struct pki_cert leaf;

    scene.root = pki_root("Root", pki_key(PKI_P256, 0));
    scene.other = pki_root("Other", pki_key(PKI_P256, 1));
    leaf = pki_leaf(alt_names, pki_key(PKI_P256, 2), &scene.root);
    scene.ctx = tls_server_ctx(0, &leaf, NULL, 0);
    pki_free(&leaf);
    write_ca(&scene, "root.pem", scene.root.x509);
    write_ca(&scene, "other.pem", scene.other.x509);
    return scene;
}

static void clear_scene(struct scene *scene)
{
    SSL_CTX_free(scene->ctx);
    pki_free(&scene->root);
    pki_free(&scene->other);
}

/* Fetch from a server that says `text`. The caller frees the body. */
static enum pintle_status get(const struct scene *scene, const char *ca, const char *text, bool cut,
                              struct pintle__http_answer *out)
{
    const struct secure secure = {scene->ctx, text, cut};
    struct pintle__http_options options = {pintle__http_now_ms() + SOON_MS, ca, NULL, 1000, NULL};
    enum pintle_status status;
    char url[64];
    struct web web;

    web_start_silent(&web, answer, &secure);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", web.port);
    status = pintle__http_get(out, url, &options, NULL);
    web_stop(&web);
    return status;
}

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void a_server_of_the_given_ca_is_trusted(void **state)
{
    struct scene scene = make_scene(*state, "IP:127.0.0.1");
    struct pintle__http_answer got;

    assert_int_equal(get(&scene, folder_path(scene.folder, "root.pem"), ok, false, &got),
                     PINTLE_OK);
    assert_string_equal(got.body, "ok");
    free(got.body);
    clear_scene(&scene);
}

static void no_other_is(void **state)
{
    struct scene scene = make_scene(*state, "IP:127.0.0.1");
    struct pintle__http_answer got;

    assert_int_equal(get(&scene, folder_path(scene.folder, "other.pem"), ok, false, &got),
                     PINTLE_E_TLS);
    assert_int_equal(get(&scene, NULL, ok, false, &got), PINTLE_E_TLS);
    assert_int_equal(get(&scene, folder_path(scene.folder, "missing.pem"), ok, false, &got),
                     PINTLE_E_TLS);
    folder_put(scene.folder, "empty.pem", "no certificate");
    assert_int_equal(get(&scene, folder_path(scene.folder, "empty.pem"), ok, false, &got),
                     PINTLE_E_TLS);
    clear_scene(&scene);
    scene = make_scene(*state, "DNS:other.example.com");
    assert_int_equal(get(&scene, folder_path(scene.folder, "root.pem"), ok, false, &got),
                     PINTLE_E_TLS);
    clear_scene(&scene);
}

static void an_answer_that_was_cut_off_is_none(void **state)
{
    struct scene scene = make_scene(*state, "IP:127.0.0.1");
    const char *ca = folder_path(scene.folder, "root.pem");
    struct pintle__http_answer got;

    assert_int_equal(get(&scene, ca, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha", true, &got),
                     PINTLE_E_HTTP);
    assert_int_equal(get(&scene, ca, ok, true, &got), PINTLE_OK);
    free(got.body);
    clear_scene(&scene);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_server_of_the_given_ca_is_trusted),
        IN_FOLDER(no_other_is),
        IN_FOLDER(an_answer_that_was_cut_off_is_none),
    };

    (void)signal(SIGPIPE, SIG_IGN); /* the server's; the client sends without */
    return cmocka_run_group_tests_name("os http over TLS", tests, NULL, NULL);
}
