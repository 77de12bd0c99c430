/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when memory runs out. Linked with --wrap, and jansson allocates through the same
 * functions, so that every allocation can be made to fail in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <pintle/pinset.h>

#include "bundle/trusted.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

/* Allocation number `failing`, counted from 1, fails, and if `all` the ones behind it. */
static struct {
    size_t count;
    size_t failing;
    bool all;
    size_t live;
} memory = {.failing = SIZE_MAX};

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *old);
void __wrap_free(void *old);

static bool refuses(void)
{
    memory.count++;
    return memory.count == memory.failing || (memory.all && memory.count > memory.failing);
}

void *__wrap_malloc(size_t size)
{
    if (refuses())
        return NULL;
    memory.live++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (refuses())
        return NULL;
    memory.live++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refuses())
        return NULL;
    memory.live += old == NULL ? 1 : 0;
    return __real_realloc(old, size);
}

void __wrap_free(void *old)
{
    memory.live -= old == NULL ? 0 : 1;
    __real_free(old);
}

static void let_fail(size_t failing, bool all)
{
    memory.count = 0;
    memory.failing = failing;
    memory.all = all;
}

/*
 * Call `act` until it succeeds, with ever later allocations failing; it says E_NOMEM until then, and
 * leaves nothing behind. Returns how often that was.
 */
static size_t until_it_succeeds(enum pintle_status (*act)(void *ctx, struct pintle_error *err),
                                void *ctx, bool all)
{
    for (size_t n = 1;; n++) {
        struct pintle_error err = {.status = PINTLE_OK};
        size_t live = memory.live;
        enum pintle_status status;
        let_fail(n, all);
        status = act(ctx, &err);
        let_fail(SIZE_MAX, false);
        if (status == PINTLE_OK)
            return n - 1;
        assert_int_equal(status, PINTLE_E_NOMEM);
        assert_int_equal(err.status, PINTLE_E_NOMEM);
        assert_int_equal(memory.live, live);
    }
}

/* The kit's loader does not tell want of memory from bad JSON, the library does. */
static enum pintle_status load(const struct pintle_pinset **out, struct pintle_pins_facts *facts,
                               struct pintle_view payload, const struct pintle_crypto *crypto,
                               struct pintle_error *err)
{
    struct pintle_pinset_options options = {0, crypto};
    struct pintle_pinset *set;
    enum pintle_status status =
        pintle_pinset_parse(&set, (const char *)payload.data, payload.len, &options, err);

    *out = set;
    if (status != PINTLE_OK)
        return status;
    facts->app = pintle_pinset_get_app(set);
    facts->epoch = 1;
    facts->version = pintle_pinset_get_version(set);
    facts->issued = pintle_pinset_get_issued(set);
    facts->expires = pintle_pinset_get_expires(set);
    memcpy(facts->digest, pintle_pinset_get_digest(set), sizeof(facts->digest));
    return PINTLE_OK;
}

static const struct pintle_pins_loader loader = {load, pintle_pinset_retain, pintle_pinset_free};

static struct pintle_trusted *new_client(void)
{
    struct pintle_trusted *trusted = client_new();

    trusted->loader = &loader;
    return trusted;
}

static int set_up(void **state)
{
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    return 0;
}

/* --- envelopes ------------------------------------------------------------------------------------ */

static enum pintle_status parse_envelope(void *ctx, struct pintle_error *err)
{
    struct pintle_envelope *envelope;
    enum pintle_status status = pintle_envelope_parse(&envelope, ctx, strlen(ctx), err);

    assert_int_equal(status == PINTLE_OK, envelope != NULL);
    pintle_envelope_free(envelope);
    return status;
}

static void reading_envelopes(void **state)
{
    char *text = test_sign(PINTLE_ROLE_PINS, "{}", "op");

    (void)state;
    assert_true(until_it_succeeds(parse_envelope, text, false) > 10);
    assert_true(until_it_succeeds(parse_envelope, text, true) > 10);
    text = text_with(text, "\"payload\"", "\"payl\\u006fad\"");
    assert_true(until_it_succeeds(parse_envelope, text, false) > 10);
    free(text);
}

static enum pintle_status make_envelope(void *ctx, struct pintle_error *err)
{
    const struct pintle_signature *signature = ctx;
    struct pintle_envelope *envelope;
    char *text = NULL;
    size_t len;
    enum pintle_status status =
        pintle_envelope_new(&envelope, PINTLE_ROLE_PINS, test_view("{}"), err);

    if (status == PINTLE_OK)
        status = pintle_envelope_add_signature(envelope, signature, err);
    if (status == PINTLE_OK)
        status = pintle_envelope_format(&text, &len, envelope, err);
    pintle_envelope_free(envelope);
    free(text);
    return status;
}

static void making_envelopes(void **state)
{
    struct pintle_signature signature = {"", {0}};

    (void)state;
    assert_int_equal(until_it_succeeds(make_envelope, &signature, false), 4);
}

/* --- applying ------------------------------------------------------------------------------------- */

/* One envelope for a client that is ready for it. */
struct given {
    struct pintle_trusted *trusted;
    enum pintle_role role;
    char *envelope;
};

static enum pintle_status apply(void *ctx, struct pintle_error *err)
{
    struct given *given = ctx;
    struct pintle_trusted before = *given->trusted;
    enum pintle_status status = pintle_trusted_apply(given->trusted, given->role,
                                                     test_view(given->envelope), TEST_NOW, err);

    if (status != PINTLE_OK)
        assert_memory_equal(&before, given->trusted, sizeof(before));
    return status;
}

static void give(struct pintle_trusted *trusted, enum pintle_role role, char *payload,
                 const char *keys, size_t at_least)
{
    struct given given = {trusted, role, test_sign(role, payload, keys)};
    struct pintle_trusted *copy;

    assert_int_equal(pintle_trusted_copy(&copy, trusted, NULL), PINTLE_OK);
    given.trusted = copy;
    assert_true(until_it_succeeds(apply, &given, true) > at_least);
    given.trusted = trusted;
    assert_true(until_it_succeeds(apply, &given, false) > at_least);
    pintle_trusted_free(copy);
    free(given.envelope);
    free(payload);
}

/* A client that was given all there is, in turn. */
static struct pintle_trusted *give_all(void)
{
    struct pintle_trusted *trusted = new_client();
    struct test_root root = usual_root;
    struct test_doc doc = {0};
    char *pins = test_pins_payload(&doc);

    root.version = 2;
    give(trusted, PINTLE_ROLE_PINS, test_pins_payload(&doc), "op", 20);
    give(trusted, PINTLE_ROLE_FRESH, test_fresh_payload(&doc, pins), "f", 20);
    give(trusted, PINTLE_ROLE_UNPIN,
         test_unpin_payload(&doc, "[{\"id\": \"api\", \"mode\": \"off\"}]"), "uv", 20);
    give(trusted, PINTLE_ROLE_ROOT, test_root_payload(&root), "rs", 50);
    free(pins);
    return trusted;
}

static void applying(void **state)
{
    (void)state;
    pintle_trusted_free(give_all());
}

/* --- seeds -------------------------------------------------------------------------------------- */

static enum pintle_status format_seed(void *ctx, struct pintle_error *err)
{
    const struct pintle_trusted *trusted = ctx;
    struct pintle_trusted *copy = NULL;
    char *seed = NULL;
    size_t len;
    enum pintle_status status = pintle_trusted_copy(&copy, trusted, err);

    if (status == PINTLE_OK)
        status = pintle_trusted_format_seed(&seed, &len, copy, err);
    pintle_trusted_free(copy);
    free(seed);
    return status;
}

static enum pintle_status start(void *ctx, struct pintle_error *err)
{
    const struct pintle_view *seed = ctx;
    struct pintle_trusted_options options = *client_options();
    struct pintle_trusted *trusted;
    enum pintle_status status;

    options.loader = &loader;
    status = pintle_trusted_new_from_seed(&trusted, *seed, &options, err);
    assert_int_equal(status == PINTLE_OK, trusted != NULL);
    pintle_trusted_free(trusted);
    return status;
}

struct lost {
    struct pintle_trusted *trusted;
    struct pintle_view seed;
};

static enum pintle_status restore(void *ctx, struct pintle_error *err)
{
    struct lost *lost = ctx;
    struct pintle_trusted before = *lost->trusted;
    size_t refused = 99;
    enum pintle_status status = pintle_trusted_restore(lost->trusted, lost->seed, &refused, err);

    assert_int_equal(refused, 0);
    if (status != PINTLE_OK)
        assert_memory_equal(&before, lost->trusted, sizeof(before));
    return status;
}

static void seeds(void **state)
{
    struct pintle_trusted *trusted = give_all();
    struct lost lost = {new_client(), client_seed(trusted)};
    struct pintle_view again;

    (void)state;
    assert_int_equal(until_it_succeeds(format_seed, trusted, false), 2);
    assert_true(until_it_succeeds(start, &lost.seed, false) > 100);
    /* An old root that cannot be read for want of memory is not taken for a new one. */
    assert_true(until_it_succeeds(restore, &lost, false) > 100);
    again = client_seed(lost.trusted);
    assert_int_equal(again.len, lost.seed.len);
    assert_memory_equal(again.data, lost.seed.data, again.len);
    assert_true(until_it_succeeds(restore, &lost, true) > 100);
    free_view(again);
    free_view(lost.seed);
    pintle_trusted_free(lost.trusted);
    pintle_trusted_free(trusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_envelopes),
        cmocka_unit_test(making_envelopes),
        cmocka_unit_test(applying),
        cmocka_unit_test(seeds),
    };

    return cmocka_run_group_tests_name("bundle memory", tests, set_up, NULL);
}
