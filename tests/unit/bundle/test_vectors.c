/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of docs/spec/bundle.md (tests/vectors/bundle/index.json), each with its exact status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <pintle/engine.h>
#include <pintle/time.h>

#include "kit/files.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

/* What is being looked at, for messages. */
static const char *about;

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (text == NULL)
        fail_msg("%s: no %s", about, name);
    return text;
}

static int64_t integer_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static int64_t time_of(const json_t *object, const char *name)
{
    const char *text = text_of(object, name);
    int64_t out;

    assert_int_equal(pintle_time_parse(&out, text, strlen(text), NULL), PINTLE_OK);
    return out;
}

/* A file beside the index, and `spaces` behind it; to be freed. */
static struct pintle_view read_file(const char *name, size_t spaces)
{
    char *path = test_text("vectors/bundle/%s", name);
    struct pintle_view out;
    uint8_t *bytes = test_file_read(path, &out.len);

    if (spaces > 0) {
        bytes = realloc(bytes, out.len + spaces);
        assert_non_null(bytes);
        memset(bytes + out.len, ' ', spaces);
        out.len += spaces;
    }
    out.data = bytes;
    free(path);
    return out;
}

static void assert_status(enum pintle_status status, const struct pintle_error *err,
                          const json_t *object, const char *name)
{
    const char *actual = status == PINTLE_OK ? "OK" : pintle_status_name(status);

    if (strcmp(actual, text_of(object, name)) != 0)
        fail_msg("%s: %s (%s), not %s", about, actual, status == PINTLE_OK ? "" : err->text,
                 text_of(object, name));
}

/* --- clients -------------------------------------------------------------------------------------- */

static struct pintle_trusted_options options_of(const json_t *item)
{
    struct pintle_trusted_options options = {0};

    options.crypto = test_crypto();
    options.loader = pintle_pinset_loader();
    options.ignore_unpin = json_is_true(json_object_get(item, "ignore_unpin"));
    return options;
}

static struct pintle_trusted *new_client(const json_t *item)
{
    struct pintle_trusted_options options = options_of(item);
    struct pintle_view anchor = read_file(text_of(item, "anchor"), 0);
    struct pintle_trusted *trusted;
    struct pintle_error err;

    if (pintle_trusted_new(&trusted, anchor, &options, &err) != PINTLE_OK)
        fail_msg("%s: anchor: %s", about, err.text);
    free_view(anchor);
    return trusted;
}

static void hex(char out[2 * PINTLE_DIGEST_LEN + 1], const uint8_t digest[PINTLE_DIGEST_LEN])
{
    for (size_t i = 0; i < 2 * PINTLE_DIGEST_LEN; i++)
        out[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    out[2 * PINTLE_DIGEST_LEN] = '\0';
}

static void assert_marks(const struct pintle_trusted *trusted, const json_t *expected)
{
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    char digest[2 * PINTLE_DIGEST_LEN + 1];

    hex(digest, marks.digest);
    if (marks.epoch != integer_of(expected, "epoch") ||
        marks.version != integer_of(expected, "version") ||
        marks.unpin != integer_of(expected, "unpin") ||
        marks.clock_floor != time_of(expected, "clock_floor") ||
        strcmp(digest, text_of(expected, "digest")) != 0)
        fail_msg("%s: the marks are others", about);
}

static void assert_state(const struct pintle_trusted *trusted, const json_t *expected)
{
    const json_t *pins = json_object_get(expected, "pins");
    const json_t *fresh = json_object_get(expected, "fresh_until");
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(trusted);
    struct pintle_trusted_pins held;
    char digest[2 * PINTLE_DIGEST_LEN + 1] = "";

    if (pintle_trusted_get_pins(trusted, &held))
        hex(digest, held.facts.digest);
    if (pintle_trusted_get_root(trusted)->version != integer_of(expected, "root"))
        fail_msg("%s: another root", about);
    if (strcmp(digest, json_is_null(pins) ? "" : json_string_value(pins)) != 0)
        fail_msg("%s: other pins", about);
    if (pintle_trusted_get_fresh_until(trusted) !=
        (json_is_null(fresh) ? 0 : time_of(expected, "fresh_until")))
        fail_msg("%s: another fresh statement", about);
    if ((unpin == NULL ? 0 : unpin->serial) != integer_of(expected, "unpin"))
        fail_msg("%s: another unpin", about);
    assert_marks(trusted, json_object_get(expected, "marks"));
}

/* --- cases ---------------------------------------------------------------------------------------- */

static enum pintle_role role_of(const json_t *step)
{
    for (int role = 0; role < PINTLE_ROLES; role++) {
        if (strcmp(pintle_role_name((enum pintle_role)role), text_of(step, "role")) == 0)
            return (enum pintle_role)role;
    }
    fail_msg("%s: no such role", about);
    return PINTLE_ROLE_ROOT;
}

static void take_step(struct pintle_trusted *trusted, const json_t *step)
{
    struct pintle_view envelope =
        read_file(text_of(step, "envelope"), (size_t)integer_of(step, "append_spaces"));
    struct pintle_error err;
    enum pintle_status status =
        pintle_trusted_apply(trusted, role_of(step), envelope, time_of(step, "now"), &err);

    assert_status(status, &err, step, "status");
    free_view(envelope);
}

static void run_case(const json_t *item)
{
    struct pintle_trusted *trusted = new_client(item);
    const json_t *steps = json_object_get(item, "steps");

    for (size_t i = 0; i < json_array_size(steps); i++)
        take_step(trusted, json_array_get(steps, i));
    assert_state(trusted, json_object_get(item, "state"));
    pintle_trusted_free(trusted);
}

static void run_seed(const json_t *item)
{
    struct pintle_trusted_options options = options_of(item);
    struct pintle_trusted *trusted = new_client(item), *started;
    struct pintle_view seed = read_file(text_of(item, "seed"), 0);
    struct pintle_error err;
    size_t refused;

    assert_status(pintle_trusted_new_from_seed(&started, seed, &options, &err), &err, item,
                  "start");
    pintle_trusted_free(started);
    assert_status(pintle_trusted_restore(trusted, seed, &refused, &err), &err, item, "restore");
    assert_int_equal(refused, integer_of(item, "refused"));
    if (json_object_get(item, "state") != NULL)
        assert_state(trusted, json_object_get(item, "state"));
    pintle_trusted_free(trusted);
    free_view(seed);
}

static void run_all(const char *list, size_t at_least, void (*run)(const json_t *item))
{
    struct pintle_view text = read_file("index.json", 0);
    json_t *index = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *items = json_object_get(index, list);

    assert_true(json_array_size(items) >= at_least);
    for (size_t i = 0; i < json_array_size(items); i++) {
        about = json_string_value(json_object_get(json_array_get(items, i), "name"));
        run(json_array_get(items, i));
    }
    json_decref(index);
    free_view(text);
}

static void envelopes_end_as_they_should(void **state)
{
    (void)state;
    run_all("cases", 170, run_case);
}

static void seeds_end_as_they_should(void **state)
{
    (void)state;
    run_all("seeds", 20, run_seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelopes_end_as_they_should),
        cmocka_unit_test(seeds_end_as_they_should),
    };

    return cmocka_run_group_tests_name("bundle vectors", tests, NULL, NULL);
}
