/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed bundles of 1 000 rules: what believing one costs beside the checks it cannot do without,
 * how long a start from a seed takes, and what handshakes lose while updates replace the pin-set.
 */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"
#include "bundle.h"
#include "pipe.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>
#include <pintle/update.h>

#define RULES 1000
#define ROUNDS 31

static int64_t stopped_clock(void *ctx)
{
    (void)ctx;
    return BENCH_BUNDLE_NOW;
}

/* --- believing ------------------------------------------------------------------------------- */

static double time_apply(const struct pintle_trusted *before, struct pintle_view envelope)
{
    struct pintle_trusted *trusted = NULL;
    const struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    double start;

    bench_must(pintle_trusted_copy(&trusted, before, &err), "copy", &err);
    start = bench_now();
    bench_must(pintle_trusted_apply(trusted, PINTLE_ROLE_PINS, envelope, BENCH_BUNDLE_NOW, &err),
               "pins", &err);
    bench_must(pintle_pinset_from_trusted(&set, trusted, &err), "pin-set", &err);
    start = bench_now() - start;
    pintle_pinset_free(set);
    pintle_trusted_free(trusted);
    return start;
}

static void parse_json(const char *text, size_t len)
{
    json_error_t err;
    json_t *json = json_loadb(text, len, 0, &err);

    if (json == NULL)
        bench_die("json_loadb: %s", err.text);
    json_decref(json);
}

/* One signature over the payload, and the JSON library's parse of envelope and payload. */
static double time_raw(const struct bench_signer *signer, const struct pintle_envelope *parsed,
                       struct pintle_view envelope, const char *payload)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    struct pintle_view message = pintle_envelope_get_signed_bytes(parsed);
    const struct pintle_signature *signature = pintle_envelope_get_signature(parsed, 0);
    double start = bench_now();

    if (crypto->verify_ed25519(crypto->ctx, pintle_signing_key_get_public(signer->key),
                               message.data, message.len,
                               signature->bytes) != PINTLE_SIGNATURE_GOOD)
        bench_die("a bad signature");
    parse_json((const char *)envelope.data, envelope.len);
    parse_json(payload, strlen(payload));
    return bench_now() - start;
}

static void run_apply(const struct bench_signer *signer)
{
    struct bench_samples ratio = {.count = 0};
    struct bench_samples ours = {.count = 0};
    struct pintle_trusted *trusted = bench_trusted(signer);
    struct pintle_envelope *parsed = NULL;
    struct pintle_error err = {0};
    char *envelope = NULL;
    char *payload = NULL;
    struct pintle_view view;

    view.len = bench_sign_pins(&envelope, &payload, signer, RULES, NULL, 2);
    view.data = (const uint8_t *)envelope;
    bench_must(pintle_envelope_parse(&parsed, envelope, view.len, &err), "envelope", &err);
    for (int round = 0; round <= ROUNDS; round++) {
        double applied = time_apply(trusted, view);
        double raw = time_raw(signer, parsed, view, payload);

        if (round == 0)
            continue; /* warm-up */
        bench_add(&ratio, applied / raw);
        bench_add(&ours, applied / 1e6);
    }
    bench_row("verify and apply 1 000 rules / raw checks and parse", &ratio, "x", 3,
              "one Ed25519 check over the payload, json_loadb of envelope and payload");
    bench_row("verify and apply 1 000 rules", &ours, "ms", BENCH_INFO, "CPU time");
    pintle_envelope_free(parsed);
    pintle_trusted_free(trusted);
    free(envelope);
    free(payload);
}

/* --- starting -------------------------------------------------------------------------------- */

static void run_start(const struct bench_signer *signer)
{
    struct pintle_config config = {.crypto = pintle_openssl_crypto(), .clock = stopped_clock};
    struct bench_samples start = {.count = 0};
    struct pintle_view seed;
    char *bytes = bench_seed(signer, RULES, NULL, &seed.len);

    seed.data = (const uint8_t *)bytes;
    for (int round = 0; round <= ROUNDS; round++) {
        struct pintle *engine = NULL;
        struct pintle_error err = {0};
        double begin = bench_now();

        bench_must(pintle_open_seed(&engine, seed, &config, &err), "seed", &err);
        begin = bench_now() - begin;
        pintle_free(engine);
        if (round > 0)
            bench_add(&start, begin / 1e6);
    }
    bench_row("start from a seed of 1 000 rules", &start, "ms", 5, "pintle_open_seed, CPU time");
    free(bytes);
}

/* --- handshakes during updates ------------------------------------------------------------------ */

#define BLOCKS 12
#define HANDSHAKES 150

/* A thread that publishes and updates, one version after another, while it is let. */
struct updates {
    struct pintle_updater *updater;
    const struct bench_signer *signer;
    const struct pintle_pin *pin;
    const char *folder;
    atomic_bool go;
    atomic_bool over;
    int done;
};

static void update_once(struct updates *updates)
{
    enum pintle_update_result result;
    struct pintle_error err = {0};
    char *envelope = NULL;
    size_t len =
        bench_sign_pins(&envelope, NULL, updates->signer, RULES, updates->pin, updates->done + 2);

    bench_publish(updates->signer, updates->folder, envelope, len);
    free(envelope);
    bench_must(pintle_updater_run(updates->updater, &result, &err), "update", &err);
    if (result != PINTLE_UPDATE_NEW)
        bench_die("nothing new");
    updates->done++;
}

static void *keep_updating(void *ctx)
{
    struct updates *updates = ctx;

    while (!atomic_load(&updates->over)) {
        struct timespec moment = {0, 1000000};

        if (atomic_load(&updates->go))
            update_once(updates);
        else
            (void)nanosleep(&moment, NULL);
    }
    return NULL;
}

static double run_block(SSL_CTX *client, SSL_CTX *server)
{
    double took[HANDSHAKES];

    for (size_t i = 0; i < HANDSHAKES; i++)
        took[i] = pipe_connect(client, server, true, NULL);
    return bench_median(took, HANDSHAKES);
}

static void run_during(struct updates *updates, const char *dir)
{
    struct bench_samples percent = {.count = 0};
    struct bench_samples count = {.count = 0};
    SSL_CTX *client = pipe_client_context(dir, TLS1_3_VERSION);
    SSL_CTX *server = pipe_server_context(dir);
    struct pintle_error err = {0};
    pthread_t thread;

    bench_must(pintle_openssl_guard(client, pintle_updater_get_engine(updates->updater), &err),
               "guard", &err);
    if (pthread_create(&thread, NULL, keep_updating, updates) != 0)
        bench_die("no thread");
    (void)run_block(client, server); /* warm-up */
    for (int block = 0; block < BLOCKS; block++) {
        double before = run_block(client, server);
        double during;

        atomic_store(&updates->go, true);
        during = run_block(client, server);
        atomic_store(&updates->go, false);
        bench_add(&percent, 100 * (during / ((before + run_block(client, server)) / 2) - 1));
    }
    atomic_store(&updates->over, true);
    (void)pthread_join(thread, NULL);
    bench_add(&count, (double)updates->done);
    bench_row("handshake during updates, added", &percent, "%", 2,
              "client's CPU, TLS 1.3 full, guarded; one update after another of 1 000 rules");
    bench_row("updates in that time", &count, "", BENCH_INFO,
              "signed, published, read, judged, replaced");
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void run_updates(const struct bench_signer *signer, const char *dir)
{
    struct bench_chain chain;
    struct updates updates = {.signer = signer, .pin = &chain.pin[1]};
    char folder[512];
    const char *const sources[] = {folder};
    struct pintle_update_config config = {
        .state_path = "",
        .sources = sources,
        .source_count = 1,
        .engine = {.crypto = pintle_openssl_crypto(), .clock = stopped_clock},
    };
    struct pintle_error err = {0};
    char *seed;

    bench_chain_load(&chain, dir);
    (void)snprintf(folder, sizeof(folder), "%s/source", dir);
    updates.folder = folder;
    seed = bench_seed(signer, RULES, &chain.pin[1], &config.seed.len);
    config.seed.data = (const uint8_t *)seed;
    bench_must(pintle_updater_open(&updates.updater, &config, &err), "updater", &err);
    run_during(&updates, dir);
    pintle_updater_close(updates.updater);
    free(seed);
}

int main(int argc, char **argv)
{
    struct bench_signer signer;

    if (argc != 2)
        bench_die("usage: bench_update DIR");
    signer = bench_signer_make();
    run_apply(&signer);
    run_start(&signer);
    run_updates(&signer, argv[1]);
    bench_signer_clear(&signer);
    return 0;
}
