/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reports carry, and their JSON. Linked with --wrap, and jansson allocates through the same
 * functions, so that every allocation can be made to fail in turn. With an argument it prints one
 * report of every kind, a line each, for test_report_schema.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <pintle/version.h>

#include "kit/memory.h"
#include "unit/engine/stage.h"

static size_t allocations;
static size_t fail_at; /* counted from 1; 0 for none */
static long live;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *old);
void __wrap_free(void *old);

void *__wrap_malloc(size_t size)
{
    if (++allocations == fail_at)
        return NULL;
    live++;
    return __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (++allocations == fail_at)
        return NULL;
    live += old == NULL;
    return __real_realloc(old, size);
}

void __wrap_free(void *old)
{
    live -= old != NULL;
    __real_free(old);
}

static const char rules[] =
    "{'id':'api','match':['api.test'],'mode':'enforce','pins':[{'spki':'@p'},"
    " {'spki':'@o','until':'2026-02-01T00:00:00Z'}],'deny':['@d']},"
    "{'id':'wide','match':['**.wide.test','x.y.wide.test','*.y.wide.test'],'mode':'report',"
    " 'pins':[{'spki':'@p','at':'ca'}],'enforce_until':'2026-06-01T00:00:00Z','after':'off'},"
    "{'id':'tofu','match':['tofu.test'],'mode':'enforce','trust':'tofu','pins':[{'spki':'@p'}]}";

#define TEXTS_MAX 16

/* texts: the reports that were taken, formatted */
struct scene {
    struct stage stage;
    struct memory memory;
    size_t count;
    char *texts[TEXTS_MAX];
    size_t certificate_count;
    size_t certificate_len;
    bool has_learned;
};

static void keep(void *ctx, const struct pintle_report *report)
{
    struct scene *scene = ctx;
    size_t len;

    assert_true(scene->count < TEXTS_MAX);
    assert_int_equal(pintle_report_format(&scene->texts[scene->count], &len, report, NULL),
                     PINTLE_OK);
    assert_int_equal(strlen(scene->texts[scene->count]), len);
    scene->count++;
    scene->certificate_count = report->certificate_count;
    scene->certificate_len = 0;
    for (size_t i = 0; i < report->certificate_count; i++)
        scene->certificate_len += report->certificates[i].len;
    scene->has_learned = report->learned != NULL;
}

static void forget(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        free(scene->texts[i]);
    scene->count = 0;
}

static void take(struct scene *scene)
{
    forget(scene);
    (void)pintle_take_reports(scene->stage.engine, keep, scene);
}

static struct scene *open_scene(bool certificates)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    stage_init(&scene->stage);
    memory_init(&scene->memory);
    scene->stage.config.memory = &scene->memory.calls;
    scene->stage.config.allow_unlisted = true;
    scene->stage.config.report_certificates = certificates;
    stage_open(&scene->stage, rules);
    return scene;
}

static void close_scene(struct scene *scene)
{
    forget(scene);
    stage_close(&scene->stage);
    free(scene);
}

static int set_up(void **state)
{
    *state = open_scene(false);
    return 0;
}

static int set_up_certificates(void **state)
{
    *state = open_scene(true);
    return 0;
}

static int tear_down(void **state)
{
    close_scene(*state);
    return 0;
}

/* Decide, and take the report as JSON. The caller decrefs. */
static json_t *report(struct scene *scene, const char *host, enum pintle_path path,
                      const char *keys)
{
    json_t *json;

    (void)stage_decide(&scene->stage, host, path, keys);
    take(scene);
    assert_int_equal(scene->count, 1);
    json = json_loads(scene->texts[0], JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

static const char *text_of(json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);

    assert_true(json_is_string(value));
    return json_string_value(value);
}

static json_t *ours(json_t *json)
{
    return json_object_get(json, "pintle");
}

/* "pin-sha256=\"…\"" */
static void hpkp_pin(char out[64], unsigned char key)
{
    struct pintle_pin pin = fake_cert_pin(key);
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)snprintf(out, 64, "pin-sha256=\"%s\"", pintle_pin_format(&pin, text) + 7);
}

static void expect_known_pins(json_t *json, const char *keys)
{
    json_t *pins = json_object_get(json, "known-pins");

    assert_int_equal(json_array_size(pins), strlen(keys));
    for (size_t i = 0; i < strlen(keys); i++) {
        char wanted[64];

        hpkp_pin(wanted, (unsigned char)keys[i]);
        assert_string_equal(json_string_value(json_array_get(pins, i)), wanted);
    }
}

/* --- the text ------------------------------------------------------------------------------------- */

static void a_refusal_is_told_by_hashes(void **state)
{
    static const char wanted[] =
        "{\"schema\":\"https://pintle.dev/schema/report/1\","
        "\"date-time\":\"2026-05-01T12:00:00Z\",\"hostname\":\"api.test\",\"port\":443,"
        "\"effective-expiration-date\":\"2027-01-01T00:00:00Z\",\"include-subdomains\":false,"
        "\"noted-hostname\":\"api.test\",\"served-certificate-chain\":[],"
        "\"validated-certificate-chain\":[],\"known-pins\":[\"%s\"],"
        "\"pintle\":{\"version\":\"%s\",\"backend\":\"counting\",\"decision\":\"refuse\","
        "\"reason\":\"mismatch\",\"mode\":\"enforce\",\"softened\":false,\"stale\":false,"
        "\"unpinned\":false,\"learned\":false,\"resumed\":false,\"rule\":\"api\",\"paths\":1,"
        "\"chain\":[{\"pin\":\"%s\",\"note\":\"no-pin\"},{\"pin\":\"%s\",\"note\":\"retired\"}],"
        "\"app\":\"com.example.test\",\"set_epoch\":1,\"set_version\":7,\"set_digest\":\"%s\","
        "\"suppressed\":0,\"dropped\":0}}\n";
    struct scene *scene = *state;
    const struct pintle_pinset *set = pintle_get_pinset(scene->stage.engine);
    struct pintle_pin pins[] = {fake_cert_pin('1'), fake_cert_pin('o')};
    char text[2048];
    char known[64];
    char escaped[80];
    char shown[2][PINTLE_PIN_TEXT_SIZE];
    char digest[2 * PINTLE_DIGEST_LEN + 1];
    size_t len = 0;

    hpkp_pin(known, 'p');
    for (const char *c = known; *c != '\0'; c++) {
        if (*c == '"')
            escaped[len++] = '\\';
        escaped[len++] = *c;
    }
    escaped[len] = '\0';
    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++)
        (void)snprintf(digest + 2 * i, 3, "%02x", pintle_pinset_get_digest(set)[i]);
    pintle_pinset_free(set);
    (void)snprintf(text, sizeof(text), wanted, escaped, pintle_version(),
                   pintle_pin_format(&pins[0], shown[0]), pintle_pin_format(&pins[1], shown[1]),
                   digest);
    json_decref(report(scene, "api.test", PINTLE_PATH_VALID, "1o"));
    assert_string_equal(scene->texts[0], text);
}

static void the_pattern_that_covers_the_host_is_the_noted_one(void **state)
{
    struct scene *scene = *state;
    json_t *json = report(scene, "a.b.wide.test", PINTLE_PATH_VALID, "p1");

    assert_string_equal(text_of(json, "noted-hostname"), "wide.test");
    assert_true(json_is_true(json_object_get(json, "include-subdomains")));
    assert_string_equal(text_of(json, "effective-expiration-date"), "2026-06-01T00:00:00Z");
    assert_true(json_is_true(json_object_get(ours(json), "softened")));
    assert_string_equal(text_of(json_array_get(json_object_get(ours(json), "chain"), 0), "note"),
                        "misplaced");
    json_decref(json);
    json = report(scene, "x.y.wide.test", PINTLE_PATH_VALID, "1");
    assert_string_equal(text_of(json, "noted-hostname"), "x.y.wide.test");
    assert_true(json_is_false(json_object_get(json, "include-subdomains")));
    json_decref(json);
    json = report(scene, "z.y.wide.test", PINTLE_PATH_VALID, "1");
    assert_string_equal(text_of(json, "noted-hostname"), "y.wide.test");
    assert_true(json_is_true(json_object_get(json, "include-subdomains")));
    json_decref(json);
}

static void what_was_learned_is_told(void **state)
{
    struct scene *scene = *state;
    json_t *json = report(scene, "tofu.test", PINTLE_PATH_VALID, "a1");
    json_t *memory = json_object_get(ours(json), "memory");

    assert_string_equal(text_of(ours(json), "reason"), "first-use");
    assert_string_equal(text_of(memory, "from"), "tofu");
    assert_string_equal(text_of(memory, "at"), "leaf");
    assert_string_equal(text_of(memory, "key_type"), "Ed25519");
    assert_string_equal(text_of(memory, "learned"), STAGE_NOW);
    assert_string_equal(text_of(json, "effective-expiration-date"), "2026-07-30T12:00:00Z");
    expect_known_pins(json, "pa");
    json_decref(json);
    json = report(scene, "tofu.test", PINTLE_PATH_VALID, "b1");
    assert_string_equal(text_of(ours(json), "reason"), "mismatch");
    assert_true(json_is_true(json_object_get(ours(json), "learned")));
    expect_known_pins(json, "pa");
    json_decref(json);
    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "plain.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), stage_time("2026-05-02T00:00:00Z"));
    scene->memory.entries[scene->memory.count - 1].include_subdomains = true;
    json = report(scene, "www.plain.test", PINTLE_PATH_VALID, "1");
    assert_string_equal(text_of(json, "noted-hostname"), "plain.test");
    assert_true(json_is_true(json_object_get(json, "include-subdomains")));
    assert_string_equal(text_of(json, "effective-expiration-date"), "2026-05-02T00:00:00Z");
    assert_string_equal(text_of(json_object_get(ours(json), "memory"), "from"), "hpkp");
    assert_null(json_object_get(ours(json), "rule"));
    expect_known_pins(json, "h");
    json_decref(json);
}

static void texts_that_are_no_utf_8_are_survived(void **state)
{
    struct pintle_report bare = {.set = NULL};
    char *text;
    size_t len;

    (void)state;
    pintle_verdict_init(&bare.verdict);
    (void)strcpy(bare.verdict.detail, "a\xff\x01z");
    bare.verdict.chain_count = 99;
    bare.suppressed = UINT64_MAX;
    assert_int_equal(pintle_report_format(&text, &len, &bare, NULL), PINTLE_OK);
    assert_non_null(strstr(text, "\"detail\":\"a??z\""));
    assert_non_null(strstr(text, "\"suppressed\":9223372036854775807"));
    free(text);
}

/* --- certificates ----------------------------------------------------------------------------------- */

static void certificates_are_carried_only_on_request(void **state)
{
    struct scene *scene = *state;

    json_decref(report(scene, "api.test", PINTLE_PATH_VALID, "123"));
    assert_int_equal(scene->certificate_count, 0);
    assert_null(strstr(scene->texts[0], "BEGIN"));
}

static void expect_pem(json_t *list, size_t index, unsigned char key)
{
    const char *pem = json_string_value(json_array_get(list, index));
    struct fake_cert cert;
    unsigned char der[FAKE_CERT_SIZE + 64];
    size_t len = 0;
    unsigned bits = 0;
    unsigned held = 0;

    assert_non_null(pem);
    assert_memory_equal(pem, "-----BEGIN CERTIFICATE-----\n", 28);
    assert_string_equal(pem + strlen(pem) - 27, "\n-----END CERTIFICATE-----\n");
    for (pem += 28; *pem != '-'; pem++) {
        static const char alphabet[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = strchr(alphabet, *pem);

        if (*pem == '\n' || *pem == '=')
            continue;
        assert_non_null(at);
        bits = (bits << 6 | (unsigned)(at - alphabet)) & 0xffff;
        held += 6;
        if (held >= 8)
            der[len++] = (unsigned char)(bits >> (held -= 8) & 0xff);
    }
    fake_cert_make(&cert, key);
    assert_int_equal(len, cert.len);
    assert_memory_equal(der, cert.der, len);
}

static void a_valid_path_is_the_validated_chain(void **state)
{
    struct scene *scene = *state;
    json_t *json = report(scene, "api.test", PINTLE_PATH_VALID, "123");
    json_t *list = json_object_get(json, "validated-certificate-chain");

    assert_int_equal(json_array_size(list), 3);
    expect_pem(list, 0, '1');
    expect_pem(list, 1, '2');
    expect_pem(list, 2, '3');
    assert_int_equal(json_array_size(json_object_get(json, "served-certificate-chain")), 0);
    json_decref(json);
    json = report(scene, "api.test", PINTLE_PATH_INVALID, "12");
    list = json_object_get(json, "served-certificate-chain");
    assert_int_equal(json_array_size(list), 2);
    expect_pem(list, 0, '1');
    assert_int_equal(json_array_size(json_object_get(json, "validated-certificate-chain")), 0);
    json_decref(json);
}

/* A chain of certificates that are `sizes` bytes of zeroes. */
struct bulk {
    const size_t *sizes;
    uint8_t *bytes;
};

static bool get_bulk(void *ctx, size_t index, struct pintle_view *der)
{
    const struct bulk *bulk = ctx;

    *der = (struct pintle_view){bulk->bytes, bulk->sizes[index]};
    return true;
}

static void decide_bulk(struct scene *scene, const size_t *sizes, size_t count)
{
    struct bulk bulk = {sizes, calloc(1, 2 * PINTLE_REPORT_CERTIFICATES_MAX_LEN)};
    struct pintle_host host = stage_host("api.test");
    struct pintle_peer peer = {
        .host = &host, .port = 443, .path = PINTLE_PATH_INVALID, .chain = {count, get_bulk, &bulk}};
    struct pintle_verdict verdict;

    assert_non_null(bulk.bytes);
    pintle_decide(&verdict, scene->stage.engine, &peer);
    free(bulk.bytes);
    take(scene);
    assert_int_equal(scene->count, 1);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    const size_t max = PINTLE_REPORT_CERTIFICATES_MAX_LEN;
    const size_t exact[] = {max - 10, 10, 1};
    const size_t over[] = {max - 10, 11, 1};
    const size_t first[] = {max + 1, 1};
    size_t many[20];

    for (size_t i = 0; i < 20; i++)
        many[i] = 10;
    decide_bulk(*state, exact, 3);
    assert_int_equal(((struct scene *)*state)->certificate_count, 2);
    assert_int_equal(((struct scene *)*state)->certificate_len, max);
    decide_bulk(*state, over, 3);
    assert_int_equal(((struct scene *)*state)->certificate_count, 1);
    decide_bulk(*state, first, 2);
    assert_int_equal(((struct scene *)*state)->certificate_count, 0);
    decide_bulk(*state, many, 20);
    assert_int_equal(((struct scene *)*state)->certificate_count, PINTLE_CHAIN_MAX);
}

/* --- memory ------------------------------------------------------------------------------------------ */

static void count_only(void *ctx, const struct pintle_report *taken)
{
    size_t *with_certificates = ctx;

    *with_certificates += taken->certificate_count > 0;
}

static void extras_are_freed_when_taken_dropped_or_forgotten(void **state)
{
    struct scene *scene = *state;
    size_t with = 0;
    long before;

    before = live;
    for (int i = 0; i < 2 * PINTLE_REPORT_QUEUE; i++)
        (void)stage_decide(&scene->stage, "api.test", PINTLE_PATH_VALID, "123");
    assert_int_equal(live - before, PINTLE_REPORT_QUEUE);
    assert_int_equal(pintle_take_reports(scene->stage.engine, count_only, &with),
                     PINTLE_REPORT_QUEUE);
    assert_int_equal(with, PINTLE_REPORT_QUEUE);
    assert_int_equal(live, before);
    (void)stage_decide(&scene->stage, "api.test", PINTLE_PATH_VALID, "123");
    /* The sanitizer looks after the one that the engine frees. */
}

static void without_memory_a_report_goes_without_extras(void **state)
{
    struct scene *scene = *state;
    size_t with = 0;

    allocations = 0;
    fail_at = 1;
    (void)stage_decide(&scene->stage, "api.test", PINTLE_PATH_VALID, "123");
    fail_at = 0;
    assert_int_equal(pintle_take_reports(scene->stage.engine, count_only, &with), 1);
    assert_int_equal(with, 0);
}

/* Format with every allocation failing in turn. */
static void try_format(void *ctx, const struct pintle_report *taken)
{
    size_t *tries = ctx;
    long before = live;

    do {
        struct pintle_error err;
        char *text;
        size_t len;
        enum pintle_status status;

        allocations = 0;
        fail_at = ++*tries;
        status = pintle_report_format(&text, &len, taken, &err);
        fail_at = 0;
        if (status != PINTLE_OK) {
            assert_int_equal(status, PINTLE_E_NOMEM);
            assert_int_equal(err.status, PINTLE_E_NOMEM);
            assert_null(text);
            assert_int_equal(len, 0);
        } else {
            json_t *json = json_loads(text, 0, NULL); /* whole, whatever failed */

            assert_int_equal(json_object_size(json), 11);
            json_decref(json);
        }
        free(text);
        assert_int_equal(live, before);
    } while (allocations >= *tries);
}

static void formatting_survives_every_failure_of_memory(void **state)
{
    struct scene *scene = *state;
    size_t tries = 0;

    (void)stage_decide(&scene->stage, "tofu.test", PINTLE_PATH_VALID, "a12");
    assert_int_equal(pintle_take_reports(scene->stage.engine, try_format, &tries), 1);
    assert_true(tries > 50);
}

/* --- for the schema ------------------------------------------------------------------------------------ */

static void print_all(struct scene *scene)
{
    take(scene);
    for (size_t i = 0; i < scene->count; i++)
        (void)fputs(scene->texts[i], stdout);
}

static int print_samples(void)
{
    for (int certificates = 0; certificates < 2; certificates++) {
        struct scene *scene = open_scene(certificates == 1);
        struct pintle_verdict verdict;

        (void)stage_decide(&scene->stage, "api.test", PINTLE_PATH_VALID, "1o3");
        (void)stage_decide(&scene->stage, "api.test", PINTLE_PATH_VALID, "1d");
        (void)stage_decide(&scene->stage, "api.test", PINTLE_PATH_WRONG_NAME, "p");
        (void)stage_decide(&scene->stage, "a.wide.test", PINTLE_PATH_VALID, "p?");
        (void)stage_decide(&scene->stage, "a.wide.test", PINTLE_PATH_VALID, "p1");
        (void)stage_decide(&scene->stage, "tofu.test", PINTLE_PATH_VALID, "a1");
        (void)stage_decide(&scene->stage, "tofu.test", PINTLE_PATH_VALID, "b1");
        print_all(scene);
        (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "plain.test", fake_cert_pin('h'),
                         stage_time(STAGE_NOW), INT64_MAX);
        (void)stage_decide(&scene->stage, "plain.test", PINTLE_PATH_VALID, "1");
        scene->memory.fails_recall = true;
        (void)stage_decide(&scene->stage, "plain.test", PINTLE_PATH_VALID, "1");
        pintle_decide_refusal(&verdict, scene->stage.engine, NULL, 0, PINTLE_REASON_NO_HOST,
                              "words");
        print_all(scene);
        close_scene(scene);
    }
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CERTIFICATES_TEST(name)                                                                    \
    cmocka_unit_test_setup_teardown(name, set_up_certificates, tear_down)

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_refusal_is_told_by_hashes),
        TEST(the_pattern_that_covers_the_host_is_the_noted_one),
        TEST(what_was_learned_is_told),
        TEST(texts_that_are_no_utf_8_are_survived),
        TEST(certificates_are_carried_only_on_request),
        CERTIFICATES_TEST(a_valid_path_is_the_validated_chain),
        CERTIFICATES_TEST(what_does_not_fit_is_left_out_whole),
        CERTIFICATES_TEST(extras_are_freed_when_taken_dropped_or_forgotten),
        CERTIFICATES_TEST(without_memory_a_report_goes_without_extras),
        CERTIFICATES_TEST(formatting_survives_every_failure_of_memory),
    };

    (void)argv;
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    if (argc > 1)
        return print_samples();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
