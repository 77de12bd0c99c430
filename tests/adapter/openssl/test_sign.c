/* SPDX-License-Identifier: Apache-2.0 */
/* Signing keys: what is made, written, read and signed with them, and what is refused. */
#include "adapter/openssl/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include <pintle/sign.h>

static const char ec_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETs2bwqTaixTC5HsZjRSsb7tYTH+O\n"
                             "Nkd13NP51QlcdnATbNe6x5JzoONVhgGQ8hyvpsm0EX3agfIFOjx8KHKcxg==\n"
                             "-----END PUBLIC KEY-----\n";

struct made {
    struct pintle_signing_key *key;
    char path[64];
    char *pem;
};

static void make(struct made *made, const char *passphrase)
{
    int fd;

    assert_int_equal(pintle_signing_key_new(&made->key, NULL), PINTLE_OK);
    assert_int_equal(pintle_signing_key_to_pem(&made->pem, made->key, passphrase, NULL), PINTLE_OK);
    (void)snprintf(made->path, sizeof(made->path), "/tmp/pintle-sign-XXXXXX");
    fd = mkstemp(made->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, made->pem, strlen(made->pem)), (ssize_t)strlen(made->pem));
    assert_int_equal(close(fd), 0);
}

static void drop(struct made *made)
{
    assert_int_equal(unlink(made->path), 0);
    pintle_signing_key_free_pem(made->pem);
    pintle_signing_key_free(made->key);
}

static void assert_loads(const struct made *made, const char *source, const char *passphrase)
{
    struct pintle_signing_key *again;
    struct pintle_error err;

    assert_int_equal(pintle_signing_key_load(&again, source, passphrase, &err), PINTLE_OK);
    assert_memory_equal(pintle_signing_key_get_public(again),
                        pintle_signing_key_get_public(made->key), PINTLE_ED25519_KEY_LEN);
    assert_string_equal(pintle_signing_key_get_id(again), pintle_signing_key_get_id(made->key));
    assert_int_equal(ERR_peek_error(), 0);
    pintle_signing_key_free(again);
}

static void assert_refused(enum pintle_status expected, const char *text, const char *source,
                           const char *passphrase)
{
    struct pintle_signing_key *key;
    struct pintle_error err;

    assert_int_equal(pintle_signing_key_load(&key, source, passphrase, &err), expected);
    assert_null(key);
    assert_non_null(strstr(err.text, text));
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_key_is_read_back_from_a_file_and_from_a_uri(void **state)
{
    struct made made;
    char uri[80];

    (void)state;
    make(&made, NULL);
    assert_loads(&made, made.path, NULL);
    (void)snprintf(uri, sizeof(uri), "file:%s", made.path);
    assert_loads(&made, uri, NULL);
    drop(&made);
}

static void a_passphrase_is_needed_and_the_right_one(void **state)
{
    struct made made;
    char uri[80];

    (void)state;
    make(&made, "correct horse");
    assert_non_null(strstr(made.pem, "BEGIN ENCRYPTED PRIVATE KEY"));
    (void)snprintf(uri, sizeof(uri), "file:%s", made.path);
    assert_loads(&made, made.path, "correct horse");
    assert_loads(&made, uri, "correct horse");
    assert_refused(PINTLE_E_PASSPHRASE, "a passphrase is needed", made.path, NULL);
    assert_refused(PINTLE_E_PASSPHRASE, "wrong passphrase", made.path, "correct mule");
    assert_refused(PINTLE_E_PASSPHRASE, "a passphrase is needed", uri, NULL);
    assert_refused(PINTLE_E_PASSPHRASE, "wrong passphrase", uri, "correct mule");
    drop(&made);
}

/* The longest there may be still opens the key; one byte more would lock it for ever. */
static void a_passphrase_is_not_too_long_to_be_read_back(void **state)
{
    char passphrase[1026];
    struct pintle_error err;
    struct made made;
    char *pem;

    (void)state;
    memset(passphrase, 'x', sizeof(passphrase));
    passphrase[1024] = '\0';
    make(&made, passphrase);
    assert_loads(&made, made.path, passphrase);
    passphrase[1024] = 'x';
    passphrase[1025] = '\0';
    assert_int_equal(pintle_signing_key_to_pem(&pem, made.key, passphrase, &err),
                     PINTLE_E_ARGUMENT);
    assert_null(pem);
    drop(&made);
}

static void openssl_reads_what_is_written(void **state)
{
    struct made made;
    char command[200];

    (void)state;
    make(&made, "correct horse");
    (void)snprintf(command, sizeof(command),
                   "openssl pkey -in %s -passin 'pass:correct horse' -noout", made.path);
    assert_int_equal(system(command), 0);
    drop(&made);
}

static void what_is_no_key_of_ours_is_refused(void **state)
{
    struct made made;
    struct pintle_error err;
    char *pem = NULL;
    FILE *file;

    (void)state;
    assert_refused(PINTLE_E_IO, "No such file", "/nowhere/key.pem", NULL);
    assert_refused(PINTLE_E_PEM, "no private key in PEM", "/dev/null", NULL);
    assert_refused(PINTLE_E_UNSUPPORTED, "cannot open this URI", "pkcs11:object=root", "1234");
    make(&made, NULL);
    file = fopen(made.path, "w");
    assert_non_null(file);
    assert_true(fputs(ec_pem, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_refused(PINTLE_E_PEM, "no private key in PEM", made.path, NULL);
    assert_int_equal(pintle_signing_key_to_pem(&pem, made.key, "", &err), PINTLE_E_ARGUMENT);
    assert_null(pem);
    drop(&made);
}

static void another_algorithm_is_refused(void **state)
{
    struct made made;
    char command[200];

    (void)state;
    make(&made, NULL);
    (void)snprintf(command, sizeof(command),
                   "openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %s",
                   made.path);
    assert_int_equal(system(command), 0);
    assert_refused(PINTLE_E_KEY, "no Ed25519 key", made.path, NULL);
    drop(&made);
}

static void public_keys_are_read_from_either_half(void **state)
{
    static const uint8_t neutral[PINTLE_ED25519_KEY_LEN] = {1};
    uint8_t key[PINTLE_ED25519_KEY_LEN];
    struct made made, locked;
    struct pintle_error err;
    char *pem;

    (void)state;
    make(&made, NULL);
    assert_int_equal(pintle_public_key_to_pem(&pem, pintle_signing_key_get_public(made.key), &err),
                     PINTLE_OK);
    assert_int_equal(pintle_public_key_parse(key, pem, strlen(pem), &err), PINTLE_OK);
    assert_memory_equal(key, pintle_signing_key_get_public(made.key), sizeof(key));
    assert_int_equal(pintle_public_key_parse(key, made.pem, strlen(made.pem), &err), PINTLE_OK);
    assert_memory_equal(key, pintle_signing_key_get_public(made.key), sizeof(key));
    free(pem);
    drop(&made);
    make(&locked, "correct horse");
    assert_int_equal(pintle_public_key_parse(key, locked.pem, strlen(locked.pem), &err),
                     PINTLE_E_PEM);
    assert_int_equal(pintle_public_key_parse(key, ec_pem, strlen(ec_pem), &err), PINTLE_E_KEY);
    assert_int_equal(pintle_public_key_parse(key, "", 0, &err), PINTLE_E_PEM);
    assert_int_equal(pintle_public_key_to_pem(&pem, neutral, &err), PINTLE_OK);
    assert_int_equal(pintle_public_key_parse(key, pem, strlen(pem), &err), PINTLE_E_KEY);
    assert_non_null(strstr(err.text, "small order"));
    free(pem);
    assert_int_equal(ERR_peek_error(), 0);
    drop(&locked);
}

static void a_signature_is_one_of_the_envelope(void **state)
{
    static const uint8_t payload[] = "{}";
    struct pintle_envelope *envelope;
    const struct pintle_signature *signature;
    struct pintle_view message;
    struct made made;

    (void)state;
    make(&made, NULL);
    assert_int_equal(
        pintle_envelope_new(&envelope, PINTLE_ROLE_PINS, (struct pintle_view){payload, 2}, NULL),
        PINTLE_OK);
    assert_int_equal(pintle_envelope_sign(envelope, made.key, NULL), PINTLE_OK);
    assert_int_equal(pintle_envelope_sign(envelope, made.key, NULL), PINTLE_OK);
    assert_int_equal(pintle_envelope_get_signature_count(envelope), 1);
    signature = pintle_envelope_get_signature(envelope, 0);
    assert_string_equal(signature->key_id, pintle_signing_key_get_id(made.key));
    message = pintle_envelope_get_signed_bytes(envelope);
    assert_int_equal(
        pintle_openssl_crypto()->verify_ed25519(NULL, pintle_signing_key_get_public(made.key),
                                                message.data, message.len, signature->bytes),
        PINTLE_SIGNATURE_GOOD);
    pintle_envelope_free(envelope);
    drop(&made);
}

/* --- a token ------------------------------------------------------------------------------------- */

/*
 * A store as a token has it: a public key and a private one, which it hands out for its PIN. It is
 * registered the old way, since no provider for tokens comes with OpenSSL.
 */
#define PIN "1234"

struct ossl_store_loader_ctx_st {
    EVP_PKEY *key;
    const UI_METHOD *ui;
    void *ui_data;
    int at;
};

static EVP_PKEY *on_token;

static OSSL_STORE_LOADER_CTX *token_open(const OSSL_STORE_LOADER *loader, const char *uri,
                                         const UI_METHOD *ui, void *ui_data)
{
    OSSL_STORE_LOADER_CTX *ctx = calloc(1, sizeof(*ctx));

    (void)loader;
    assert_string_equal(uri, "token:root");
    assert_non_null(ctx);
    *ctx = (OSSL_STORE_LOADER_CTX){on_token, ui, ui_data, 0};
    return ctx;
}

static bool ask_pin(const OSSL_STORE_LOADER_CTX *ctx)
{
    char pin[16] = "";
    UI *ui = UI_new_method(ctx->ui);
    bool right;

    assert_non_null(ui);
    (void)UI_add_user_data(ui, ctx->ui_data);
    assert_true(UI_add_input_string(ui, "PIN", 0, pin, 1, sizeof(pin) - 1) >= 0);
    right = UI_process(ui) == 0 && strcmp(pin, PIN) == 0;
    UI_free(ui);
    return right;
}

static OSSL_STORE_INFO *token_load(OSSL_STORE_LOADER_CTX *ctx, const UI_METHOD *ui, void *data)
{
    (void)ui;
    (void)data;
    if (ctx->at++ == 0)
        return OSSL_STORE_INFO_new_NAME(OPENSSL_strdup("a slot, which is no key"));
    if (!ask_pin(ctx))
        return NULL;
    assert_int_equal(EVP_PKEY_up_ref(ctx->key), 1);
    return OSSL_STORE_INFO_new_PKEY(ctx->key);
}

static int token_eof(OSSL_STORE_LOADER_CTX *ctx)
{
    return ctx->at > 1;
}

static int token_error(OSSL_STORE_LOADER_CTX *ctx)
{
    (void)ctx;
    return 0;
}

static int token_close(OSSL_STORE_LOADER_CTX *ctx)
{
    free(ctx);
    return 1;
}

/* NOLINTBEGIN(clang-diagnostic-deprecated-declarations) */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void plug_in(const char *algorithm)
{
    OSSL_STORE_LOADER *loader = OSSL_STORE_LOADER_new(NULL, "token");

    assert_non_null(loader);
    assert_int_equal(OSSL_STORE_LOADER_set_open(loader, token_open), 1);
    assert_int_equal(OSSL_STORE_LOADER_set_load(loader, token_load), 1);
    assert_int_equal(OSSL_STORE_LOADER_set_eof(loader, token_eof), 1);
    assert_int_equal(OSSL_STORE_LOADER_set_error(loader, token_error), 1);
    assert_int_equal(OSSL_STORE_LOADER_set_close(loader, token_close), 1);
    assert_int_equal(OSSL_STORE_register_loader(loader), 1);
    on_token = EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
    assert_non_null(on_token);
}

static void plug_out(void)
{
    OSSL_STORE_LOADER_free(OSSL_STORE_unregister_loader("token"));
    EVP_PKEY_free(on_token);
}
#pragma GCC diagnostic pop
/* NOLINTEND(clang-diagnostic-deprecated-declarations) */

static void a_token_asks_the_caller_for_its_pin(void **state)
{
    struct pintle_signing_key *key;

    (void)state;
    plug_in("ED25519");
    assert_int_equal(pintle_signing_key_load(&key, "token:root", PIN, NULL), PINTLE_OK);
    assert_int_equal(ERR_peek_error(), 0);
    pintle_signing_key_free(key);
    assert_refused(PINTLE_E_PASSPHRASE, "a passphrase is needed", "token:root", NULL);
    assert_refused(PINTLE_E_PASSPHRASE, "wrong passphrase", "token:root", "4321");
    plug_out();
    plug_in("X25519");
    assert_refused(PINTLE_E_KEY, "no Ed25519 key", "token:root", PIN);
    plug_out();
    assert_refused(PINTLE_E_UNSUPPORTED, "cannot open this URI", "token:root", PIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_read_back_from_a_file_and_from_a_uri),
        cmocka_unit_test(a_passphrase_is_needed_and_the_right_one),
        cmocka_unit_test(a_passphrase_is_not_too_long_to_be_read_back),
        cmocka_unit_test(openssl_reads_what_is_written),
        cmocka_unit_test(what_is_no_key_of_ours_is_refused),
        cmocka_unit_test(another_algorithm_is_refused),
        cmocka_unit_test(public_keys_are_read_from_either_half),
        cmocka_unit_test(a_signature_is_one_of_the_envelope),
        cmocka_unit_test(a_token_asks_the_caller_for_its_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
