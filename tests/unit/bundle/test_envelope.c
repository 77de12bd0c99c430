/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: what is read, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

/* 64 zero bytes. */
#define SIG_86                                                                                     \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SIG SIG_86 "=="
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct pintle_error err;

static enum pintle_status parse(struct pintle_envelope **out, const char *text)
{
    struct pintle_error before = {.status = PINTLE_OK};
    enum pintle_status status;

    err = before;
    status = pintle_envelope_parse(out, text, strlen(text), &err);
    assert_int_equal(err.status, status);
    assert_int_equal(status == PINTLE_OK, *out != NULL);
    return status;
}

static void assert_view(struct pintle_view view, const char *text)
{
    assert_int_equal(view.len, strlen(text));
    assert_memory_equal(view.data, text, view.len);
}

/* The example of the DSSE protocol: its pre-authentication encoding. */
static void signs_what_dsse_signs(void **state)
{
    struct pintle_envelope *envelope;
    enum pintle_role role;

    (void)state;
    assert_int_equal(parse(&envelope, "{\"payload\": \"aGVsbG8gd29ybGQ=\", \"payloadType\": "
                                      "\"http://example.com/HelloWorld\", \"signatures\": []}"),
                     PINTLE_OK);
    assert_view(pintle_envelope_get_signed_bytes(envelope),
                "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    assert_view(pintle_envelope_get_payload(envelope), "hello world");
    assert_string_equal(pintle_envelope_get_type(envelope), "http://example.com/HelloWorld");
    assert_false(pintle_envelope_get_role(envelope, &role));
    assert_int_equal(pintle_envelope_get_signature_count(envelope), 0);
    assert_null(pintle_envelope_get_signature(envelope, 0));
    pintle_envelope_free(envelope);
}

/* Ways to write the same envelope. */
static void reads_every_way_to_write_it(void **state)
{
    static const char *const texts[] = {
        "{\"payloadType\":\"t\",\"payload\":\"aGk/\",\"signatures\":[]}",
        "{\"payloadType\":\"t\",\"payload\":\"aGk\\/\",\"signatures\":[]}",
        "{\"payloadType\":\"t\",\"payl\\u006fad\":\"aGk/\",\"signatures\":[]}",
        "{\"payloadType\":\"t\",\"payload\":\"\\u0061Gk/\",\"signatures\":[]}",
        " {\n\"signatures\" : [ ] , \"payload\" :\t\"aGk/\" , \"payloadType\"\r\n: \"\\u0074\" } ",
        "{\"x\":{\"payload\":\"AAAA\"},\"payloadType\":\"t\",\"payload\":\"aGk/"
        "\",\"signatures\":[]}",
        "{\"x\":\"payload\",\"payloadType\":\"t\",\"payload\":\"aGk/\",\"signatures\":[]}",
        "{\"x\":[\"payload\",\"AAAA\"],\"payloadType\":\"t\",\"payload\":\"aGk/"
        "\",\"signatures\":[],"
        "\"y\\\\\":1.5,\"z\":\"\\\"payload\\\":\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct pintle_envelope *envelope;
        assert_int_equal(parse(&envelope, texts[i]), PINTLE_OK);
        assert_view(pintle_envelope_get_signed_bytes(envelope), "DSSEv1 1 t 3 hi?");
        pintle_envelope_free(envelope);
    }
}

static void reads_signatures(void **state)
{
    struct pintle_envelope *envelope;

    (void)state;
    assert_int_equal(parse(&envelope,
                           "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":["
                           "{\"keyid\":\"" ID "\",\"sig\":\"" SIG "\",\"cert\":\"x\"},"
                           "{\"sig\":\"" SIG "\"},{\"keyid\":\"\",\"sig\":\"" SIG "\"},"
                           "{\"keyid\":\"my key\",\"sig\":\"" SIG "\"},"
                           "{\"keyid\":\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789"
                           "abcdef\",\"sig\":\"" SIG "\"}]}"),
                     PINTLE_OK);
    assert_int_equal(pintle_envelope_get_signature_count(envelope), 5);
    assert_string_equal(pintle_envelope_get_signature(envelope, 0)->key_id, ID);
    for (size_t i = 1; i < 5; i++)
        assert_string_equal(pintle_envelope_get_signature(envelope, i)->key_id, "");
    assert_null(pintle_envelope_get_signature(envelope, 5));
    pintle_envelope_free(envelope);
}

#define WITH_SIGNATURE(members)                                                                    \
    "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{" members "}]}"

static void refuses_what_is_no_envelope(void **state)
{
    static const struct {
        const char *text;
        enum pintle_status status;
    } rows[] = {
        {"", PINTLE_E_JSON},
        {"{", PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\",\"signatures\":[]} x", PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\",\"signatures\":[],}", PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\" \"signatures\":[]}", PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\"::\"AAAA\",\"signatures\":[]}", PINTLE_E_JSON},
        {"{\"payload\":\"AAAA\",\"payloadType\":\"t\",\"payload\":\"AAAA\",\"signatures\":[]}",
         PINTLE_E_JSON},
        {"{\"payload\":\"AAAA\",\"payloadType\":\"t\",\"payl\\u006fad\":\"BBBB\",\"signatures\":[]"
         "}",
         PINTLE_E_JSON},
        {"{\"payl\\u006fad\":\"BBBB\",\"payloadType\":\"t\",\"payload\":\"AAAA\",\"signatures\":[]"
         "}",
         PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA", PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\\\"", PINTLE_E_JSON},
        {"{\"payloadType\":\"t\",\"payload\":\"AA\\xAA\",\"signatures\":[]}", PINTLE_E_JSON},
        {"{\"payloadType\":1.5,\"payload\":\"AAAA\",\"signatures\":[]}", PINTLE_E_JSON},
        {"[]", PINTLE_E_ENVELOPE},
        {"\"payload\":\"AAAA\"", PINTLE_E_JSON},
        {"[\"payload\",\"AAAA\"]", PINTLE_E_ENVELOPE},
        {"{}", PINTLE_E_ENVELOPE},
        {"{\"payload\":\"AAAA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\"}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"\",\"payload\":\"AAAA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"a\\nb\",\"payload\":\"AAAA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":1,\"payload\":\"AAAA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":1,\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":{\"payload\":\"AAAA\"},\"signatures\":[]}",
         PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AAA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AB==\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AAB=\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AA==AAAA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AA-_\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AA AA\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\\n\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"====\",\"signatures\":[]}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\",\"signatures\":{}}", PINTLE_E_ENVELOPE},
        {"{\"payloadType\":\"t\",\"payload\":\"AAAA\",\"signatures\":[1]}", PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE(""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":1"), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"AAAA\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"" SIG_86 "A=\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"" SIG_86 "AA\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"" SIG_86 "AAAAAA\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"" SIG_86 "\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"B" SIG_86 "=\""), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"" SIG "\",\"keyid\":1"), PINTLE_E_ENVELOPE},
        {WITH_SIGNATURE("\"sig\":\"" SIG "\",\"keyid\":null"), PINTLE_E_ENVELOPE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_envelope *envelope;
        enum pintle_status status = parse(&envelope, rows[i].text);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].text, pintle_status_name(status));
    }
}

static void says_where(void **state)
{
    struct pintle_envelope *envelope;

    (void)state;
    (void)parse(&envelope,
                "{\"payload\": \"AAAA\",\n \"payloadType\": \"t\",\n \"signatures\": 1}");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 16);
    assert_non_null(strstr(err.text, "/signatures"));
    (void)parse(&envelope, "{\"payload\": \"AAAA\",\n \"payloadType\": \"t\",\n ]");
    assert_int_equal(err.line, 3);
    (void)parse(&envelope, "{\"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    assert_int_equal(err.offset, 6 + PINTLE_BUNDLE_NESTING_MAX - 1);
}

/* "[[…]]" inside of an object. */
static char *nested(int depth)
{
    char open[64], close[64];

    memset(open, '[', sizeof(open));
    memset(close, ']', sizeof(close));
    return test_text("{\"payloadType\": \"t\", \"payload\": \"AAAA\", \"signatures\": [], \"x\": "
                     "%.*s%.*s}",
                     depth - 1, open, depth - 1, close);
}

static void has_limits(void **state)
{
    struct pintle_envelope *envelope;
    char *text = nested(PINTLE_BUNDLE_NESTING_MAX);

    (void)state;
    assert_int_equal(parse(&envelope, text), PINTLE_OK);
    pintle_envelope_free(envelope);
    free(text);
    text = nested(PINTLE_BUNDLE_NESTING_MAX + 1);
    assert_int_equal(parse(&envelope, text), PINTLE_E_JSON);
    free(text);
    text = test_text("{\"payloadType\": \"%0*d\", \"payload\": \"\", \"signatures\": []}", 127, 0);
    assert_int_equal(parse(&envelope, text), PINTLE_OK);
    assert_view(pintle_envelope_get_payload(envelope), "");
    pintle_envelope_free(envelope);
    free(text);
    text = test_text("{\"payloadType\": \"%0*d\", \"payload\": \"\", \"signatures\": []}", 128, 0);
    assert_int_equal(parse(&envelope, text), PINTLE_E_ENVELOPE);
    free(text);
    text = test_text("%*s", (int)PINTLE_ENVELOPE_MAX_LEN + 1, "");
    assert_int_equal(parse(&envelope, text), PINTLE_E_LIMIT);
    text[PINTLE_ENVELOPE_MAX_LEN] = '\0';
    assert_int_equal(parse(&envelope, text), PINTLE_E_JSON);
    free(text);
}

static void payloads_have_limits_by_role(void **state)
{
    static const size_t limits[PINTLE_ROLES] = {
        PINTLE_ROOT_PAYLOAD_MAX_LEN, PINTLE_PINS_PAYLOAD_MAX_LEN, PINTLE_SMALL_PAYLOAD_MAX_LEN,
        PINTLE_SMALL_PAYLOAD_MAX_LEN};
    uint8_t *bytes = calloc(1, PINTLE_PINS_PAYLOAD_MAX_LEN + 1);

    (void)state;
    for (int role = 0; role < PINTLE_ROLES; role++) {
        struct pintle_view payload = {bytes, limits[role]};
        struct pintle_envelope *envelope, *again;
        const char *type = pintle_role_payload_type((enum pintle_role)role);
        char *text;
        size_t len;
        assert_int_equal(pintle_envelope_new(&envelope, (enum pintle_role)role, payload, NULL),
                         PINTLE_OK);
        assert_int_equal(pintle_envelope_format(&text, &len, envelope, NULL), PINTLE_OK);
        assert_int_equal(parse(&again, text), PINTLE_OK);
        pintle_envelope_free(again);
        pintle_envelope_free(envelope);
        free(text);
        payload.len++;
        assert_int_equal(pintle_envelope_new(&envelope, (enum pintle_role)role, payload, &err),
                         PINTLE_E_LIMIT);
        assert_null(envelope);
        text = test_text("{\"payloadType\":\"%s\",\"payload\":\"%*s\",\"signatures\":[]}", type,
                         (int)((payload.len + 2) / 3 * 4), "");
        memset(strstr(text, " "), 'A', (payload.len + 2) / 3 * 4);
        assert_int_equal(parse(&again, text), PINTLE_E_LIMIT);
        free(text);
    }
    free(bytes);
}

static char *many_signatures(size_t count)
{
    char *text = test_text("{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[");

    for (size_t i = 0; i < count; i++) {
        char *more = test_text("%s%s{\"sig\":\"" SIG "\"}", text, i == 0 ? "" : ",");
        free(text);
        text = more;
    }
    return text;
}

static void there_are_so_many_signatures(void **state)
{
    struct pintle_signature signature = {"", {0}};
    struct pintle_envelope *envelope;
    char *text = many_signatures(PINTLE_SIGNATURES_MAX);
    char *whole = test_text("%s]}", text);

    (void)state;
    assert_int_equal(parse(&envelope, whole), PINTLE_OK);
    assert_int_equal(pintle_envelope_get_signature_count(envelope), PINTLE_SIGNATURES_MAX);
    assert_int_equal(pintle_envelope_add_signature(envelope, &signature, &err), PINTLE_E_LIMIT);
    assert_int_equal(err.status, PINTLE_E_LIMIT);
    pintle_envelope_free(envelope);
    free(text);
    free(whole);
    text = many_signatures(PINTLE_SIGNATURES_MAX + 1);
    whole = test_text("%s]}", text);
    assert_int_equal(parse(&envelope, whole), PINTLE_E_LIMIT);
    free(text);
    free(whole);
}

static void adds_and_replaces_signatures(void **state)
{
    struct pintle_signature signature = {ID, {1}};
    struct pintle_envelope *envelope;

    (void)state;
    assert_int_equal(pintle_envelope_new(&envelope, PINTLE_ROLE_UNPIN, test_view("{}"), NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_envelope_add_signature(envelope, &signature, NULL), PINTLE_OK);
    signature.bytes[0] = 2;
    assert_int_equal(pintle_envelope_add_signature(envelope, &signature, NULL), PINTLE_OK);
    assert_int_equal(pintle_envelope_get_signature_count(envelope), 1);
    assert_int_equal(pintle_envelope_get_signature(envelope, 0)->bytes[0], 2);
    memset(signature.key_id, 0, sizeof(signature.key_id));
    assert_int_equal(pintle_envelope_add_signature(envelope, &signature, NULL), PINTLE_OK);
    assert_int_equal(pintle_envelope_add_signature(envelope, &signature, NULL), PINTLE_OK);
    memset(signature.key_id, 'g', sizeof(signature.key_id));
    assert_int_equal(pintle_envelope_add_signature(envelope, &signature, NULL), PINTLE_OK);
    assert_int_equal(pintle_envelope_get_signature_count(envelope), 4);
    assert_string_equal(pintle_envelope_get_signature(envelope, 3)->key_id, "");
    pintle_envelope_free(envelope);
}

static void writes_what_it_reads(void **state)
{
    static const char text[] = "{\n"
                               "  \"payloadType\": \"a\\\\b\\\"c\",\n"
                               "  \"payload\": \"aGk/\",\n"
                               "  \"signatures\": [\n"
                               "    {\"keyid\": \"" ID "\", \"sig\": \"" SIG "\"},\n"
                               "    {\"keyid\": \"\", \"sig\": \"" SIG "\"}\n"
                               "  ]\n"
                               "}\n";
    struct pintle_envelope *envelope;
    char *out;
    size_t len;

    (void)state;
    assert_int_equal(parse(&envelope, text), PINTLE_OK);
    assert_int_equal(pintle_envelope_format(&out, &len, envelope, NULL), PINTLE_OK);
    assert_string_equal(out, text);
    assert_int_equal(len, strlen(out));
    free(out);
    pintle_envelope_free(envelope);
}

/* RFC 8032, section 7.1, test 1; the id by another implementation. */
static void names_keys_by_their_digest(void **state)
{
    static const uint8_t key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                    0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    char id[PINTLE_KEY_ID_SIZE];

    (void)state;
    assert_int_equal(pintle_key_id(id, key, test_crypto(), NULL), PINTLE_OK);
    assert_string_equal(id, "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
    assert_int_equal(pintle_key_id(id, key, test_crypto_failing(), &err), PINTLE_E_CRYPTO);
    assert_string_equal(id, "");
}

static void names_roles(void **state)
{
    (void)state;
    for (int role = 0; role < PINTLE_ROLES; role++) {
        char type[64];
        struct pintle_envelope *envelope;
        enum pintle_role found;
        (void)snprintf(type, sizeof(type), "application/vnd.pintle.%s+json",
                       pintle_role_name((enum pintle_role)role));
        assert_string_equal(pintle_role_payload_type((enum pintle_role)role), type);
        assert_int_equal(
            pintle_envelope_new(&envelope, (enum pintle_role)role, test_view(""), NULL), PINTLE_OK);
        assert_true(pintle_envelope_get_role(envelope, &found));
        assert_int_equal(found, role);
        pintle_envelope_free(envelope);
    }
    assert_string_equal(pintle_role_name((enum pintle_role)4), "unknown");
    assert_string_equal(pintle_role_payload_type((enum pintle_role)4), "unknown");
    pintle_envelope_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_what_dsse_signs),
        cmocka_unit_test(reads_every_way_to_write_it),
        cmocka_unit_test(reads_signatures),
        cmocka_unit_test(refuses_what_is_no_envelope),
        cmocka_unit_test(says_where),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(payloads_have_limits_by_role),
        cmocka_unit_test(there_are_so_many_signatures),
        cmocka_unit_test(adds_and_replaces_signatures),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(names_keys_by_their_digest),
        cmocka_unit_test(names_roles),
    };

    return cmocka_run_group_tests_name("bundle envelope", tests, NULL, NULL);
}
