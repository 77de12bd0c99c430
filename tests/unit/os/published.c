/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/os/published.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/fake_cert.h"
#include "kit/signer.h"
#include "kit/test_crypto.h"

static int64_t stopped_clock(void *ctx)
{
    (void)ctx;
    return TEST_NOW;
}

uint32_t published_key(int64_t version)
{
    return (uint32_t)(version % 2 + 1);
}

/* --- signing --------------------------------------------------------------------------------- */

static char *make_root(void)
{
    struct test_root root = {.roles[PINTLE_ROLE_ROOT].keys = "r",
                             .roles[PINTLE_ROLE_PINS].keys = "p"};
    char *payload = test_root_payload(&root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "r");

    free(payload);
    return envelope;
}

static char *make_payload(int64_t version)
{
    struct pintle_pin pin = fake_cert_pin(published_key(version));
    char text[PINTLE_PIN_TEXT_SIZE];

    return test_text("{\"pintle\":1,\"app\":\"" TEST_APP "\",\"version\":%lld,"
                     "\"issued\":\"2026-11-01T00:00:00Z\",\"expires\":\"2027-02-01T00:00:00Z\","
                     "\"rules\":[{\"id\":\"api\",\"match\":[\"" PUBLISHED_HOST "\"],"
                     "\"mode\":\"enforce\",\"pins\":[{\"spki\":\"%s\"}],"
                     "\"report\":[\"https://reports.test/v1\"]}]}",
                     (long long)version, pintle_pin_format(&pin, text));
}

static void apply(struct pintle_trusted *trusted, const char *payload)
{
    char *envelope = test_sign(PINTLE_ROLE_PINS, payload, "p");

    assert_int_equal(
        pintle_trusted_apply(trusted, PINTLE_ROLE_PINS, test_view(envelope), TEST_NOW, NULL),
        PINTLE_OK);
    free(envelope);
}

char *published_seed(int64_t version, size_t *len)
{
    struct pintle_trusted_options options = {.crypto = test_crypto(),
                                             .loader = pintle_pinset_loader()};
    char *root = make_root();
    char *payload = make_payload(version);
    struct pintle_trusted *trusted;
    char *seed;

    assert_int_equal(pintle_trusted_new(&trusted, test_view(root), &options, NULL), PINTLE_OK);
    apply(trusted, payload);
    assert_int_equal(pintle_trusted_format_seed(&seed, len, trusted, NULL), PINTLE_OK);
    pintle_trusted_free(trusted);
    free(payload);
    free(root);
    return seed;
}

/* --- a source -------------------------------------------------------------------------------- */

static void write_whole(const struct folder *folder, const char *name, const char *text)
{
    char path[FOLDER_PATH_SIZE];

    folder_put(folder, "half", text);
    (void)snprintf(path, sizeof(path), "%s", folder_path(folder, name));
    assert_int_equal(rename(folder_path(folder, "half"), path), 0);
}

static char *write_digest(const char *payload)
{
    uint8_t digest[PINTLE_DIGEST_LEN];
    char text[2 * PINTLE_DIGEST_LEN + 1];

    assert_true(test_crypto()->sha256(NULL, (const uint8_t *)payload, strlen(payload), digest));
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return test_text("%s", text);
}

void published_write(const struct folder *folder, int64_t version)
{
    char *payload = make_payload(version);
    char *envelope = test_sign(PINTLE_ROLE_PINS, payload, "p");
    char *digest = write_digest(payload);
    char *name = test_text("pins/%s.json", digest);
    char *latest = test_text("{\"pintle_latest\":1,\"root\":1,\"pins\":\"%s\"}", digest);

    (void)mkdir(folder_path(folder, "pins"), 0700); /* it may be there */
    write_whole(folder, name, envelope);
    write_whole(folder, "latest.json", latest);
    free(payload);
    free(envelope);
    free(digest);
    free(name);
    free(latest);
}

static void remove_files(const char *path)
{
    struct folder folder;
    DIR *dir = opendir(path);

    (void)snprintf(folder.path, sizeof(folder.path), "%s", path);
    if (dir == NULL)
        return;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        (void)unlink(folder_path(&folder, entry->d_name)); /* "." and ".." stay */
    (void)closedir(dir);
}

static void remove_pins(const struct folder *folder)
{
    char path[FOLDER_PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s", folder_path(folder, "pins"));
    remove_files(path);
    (void)rmdir(path);
}

void published_clear(const struct folder *folder)
{
    remove_pins(folder);
    remove_files(folder->path);
    assert_int_equal(rmdir(folder->path), 0);
}

int published_tear_down(void **state)
{
    remove_pins(*state);
    return folder_tear_down(state);
}

/* --- clients --------------------------------------------------------------------------------- */

struct pintle_verdict published_decide(struct pintle *engine, uint32_t key)
{
    struct pintle_peer peer = {.port = 443, .path = PINTLE_PATH_VALID};
    struct pintle_verdict verdict;
    struct pintle_host host;
    struct fake_cert cert;
    struct pintle_view der;

    assert_int_equal(pintle_host_parse(&host, PUBLISHED_HOST, strlen(PUBLISHED_HOST), NULL),
                     PINTLE_OK);
    fake_cert_make(&cert, key);
    der = fake_cert_der(&cert);
    peer.host = &host;
    peer.chain = pintle_chain_from_views(&der, 1);
    pintle_decide(&verdict, engine, &peer);
    return verdict;
}

struct pintle_update_config published_config(const struct folder *folder)
{
    static const char *sources[1];
    struct pintle_update_config config = {.state_path = "", .sources = sources, .source_count = 1};

    sources[0] = folder->path;
    config.engine.crypto = test_crypto();
    config.engine.clock = stopped_clock;
    config.engine.report_interval_s = -1;
    return config;
}
