/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/verdict.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LINE_SIZE 512

static struct pintle_verdict verdict_on(const char *host)
{
    struct pintle_verdict v;

    pintle_verdict_init(&v);
    if (pintle_host_parse(&v.host, host, strlen(host), NULL) != PINTLE_OK)
        v.host.len = 0;
    v.port = 443;
    return v;
}

static void a_verdict_begins_as_a_refusal(void **state)
{
    struct pintle_verdict v;

    (void)state;
    memset(&v, 0xa5, sizeof(v));
    pintle_verdict_init(&v);
    assert_int_equal(v.decision, PINTLE_REFUSE);
    assert_int_equal(v.reason, PINTLE_REASON_INTERNAL);
    assert_int_equal(v.cert_index, -1);
    assert_int_equal(v.pin_index, -1);
    assert_int_equal(v.chain_count, 0);
    assert_int_equal(v.path_count, 0);
    assert_int_equal(v.host.len, 0);
    assert_false(v.softened || v.stale || v.resumed);
    assert_string_equal(v.rule, "");
    assert_string_equal(v.detail, "");
}

static void zero_is_a_refusal(void **state)
{
    (void)state;
    assert_int_equal(PINTLE_REFUSE, 0);
    assert_int_equal(PINTLE_REASON_INTERNAL, 0);
    assert_int_equal(PINTLE_MODE_ENFORCE, 0);
    assert_int_equal(PINTLE_CERT_UNCHECKED, 0);
}

static void check_reason(enum pintle_reason reason, const char *upper, const char *text)
{
    char expected[64] = "";

    for (size_t i = 0; upper[i] != '\0'; i++)
        expected[i] = (char)(upper[i] == '_' ? '-' : tolower((unsigned char)upper[i]));
    assert_string_equal(pintle_reason_name(reason), expected);
    assert_string_equal(pintle_reason_text(reason), text);
}

static void every_reason_is_named_as_in_the_table(void **state)
{
    (void)state;
#define CHECK(name, value, text)                                                                   \
    assert_int_equal(PINTLE_REASON_##name, value);                                                 \
    check_reason(PINTLE_REASON_##name, #name, text);
    PINTLE_REASON_MAP(CHECK)
#undef CHECK
    assert_string_equal(pintle_reason_name((enum pintle_reason)99), "unknown");
    assert_string_equal(pintle_reason_text((enum pintle_reason)99), "unknown reason");
}

static void every_mode_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(pintle_mode_name(PINTLE_MODE_ENFORCE), "enforce");
    assert_string_equal(pintle_mode_name(PINTLE_MODE_REPORT), "report");
    assert_string_equal(pintle_mode_name(PINTLE_MODE_OFF), "off");
    assert_string_equal(pintle_mode_name((enum pintle_mode)99), "unknown");
}

static void a_mismatch_is_told_in_one_line(void **state)
{
    struct pintle_verdict v = verdict_on("api.example.com");
    char line[LINE_SIZE];

    (void)state;
    v.reason = PINTLE_REASON_MISMATCH;
    (void)strcpy(v.rule, "api");
    v.chain_count = 3;
    v.path_count = 1;
    assert_ptr_equal(pintle_verdict_format(&v, line, sizeof(line)), line);
    assert_string_equal(line, "refused api.example.com:443: mismatch: no pinned key in any valid "
                              "path (rule \"api\", 3 certificates, 1 path)");
}

static void a_verdict_that_nobody_wrote_is_told_as_a_refusal(void **state)
{
    struct pintle_verdict v;
    char line[LINE_SIZE];

    (void)state;
    pintle_verdict_init(&v);
    assert_string_equal(pintle_verdict_format(&v, line, sizeof(line)),
                        "refused: internal: the check could not be made");
}

static void what_softened_an_acceptance_is_told(void **state)
{
    struct pintle_verdict v = verdict_on("2001:db8::1");
    char line[LINE_SIZE];

    (void)state;
    v.decision = PINTLE_ACCEPT;
    v.reason = PINTLE_REASON_MISMATCH;
    v.mode = PINTLE_MODE_REPORT;
    v.softened = true;
    v.stale = true;
    v.chain_count = 1;
    v.path_count = 2;
    assert_string_equal(pintle_verdict_format(&v, line, sizeof(line)),
                        "accepted [2001:db8::1]:443: mismatch: no pinned key in any valid path "
                        "(report mode, 1 certificate, 2 paths, stale pin-set)");
}

static void a_resumed_session_is_told(void **state)
{
    struct pintle_verdict v = verdict_on("192.0.2.1");
    char line[LINE_SIZE];

    (void)state;
    v.decision = PINTLE_ACCEPT;
    v.reason = PINTLE_REASON_MATCH;
    v.resumed = true;
    assert_string_equal(
        pintle_verdict_format(&v, line, sizeof(line)),
        "accepted 192.0.2.1:443: match: a pinned key is in the verified chain (resumed)");
}

static void the_detail_follows_the_reason(void **state)
{
    struct pintle_verdict v = verdict_on("example.com");
    char line[LINE_SIZE];

    (void)state;
    v.reason = PINTLE_REASON_PATH_INVALID;
    (void)strcpy(v.detail, "certificate has expired");
    assert_string_equal(pintle_verdict_format(&v, line, sizeof(line)),
                        "refused example.com:443: path-invalid: no valid certificate path: "
                        "certificate has expired");
}

static void a_line_is_cut_to_any_size(void **state)
{
    struct pintle_verdict v = verdict_on("api.example.com");
    char whole[LINE_SIZE];

    (void)state;
    v.chain_count = 3;
    v.path_count = 1;
    (void)strcpy(v.rule, "api");
    (void)pintle_verdict_format(&v, whole, sizeof(whole));
    for (size_t size = 1; size <= strlen(whole) + 2; size++) {
        char cut[LINE_SIZE];
        memset(cut, '#', sizeof(cut));
        (void)pintle_verdict_format(&v, cut, size);
        assert_int_equal(strlen(cut), size <= strlen(whole) ? size - 1 : strlen(whole));
        assert_memory_equal(cut, whole, strlen(cut));
        assert_int_equal(cut[size], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_begins_as_a_refusal),
        cmocka_unit_test(zero_is_a_refusal),
        cmocka_unit_test(every_reason_is_named_as_in_the_table),
        cmocka_unit_test(every_mode_has_its_name),
        cmocka_unit_test(a_mismatch_is_told_in_one_line),
        cmocka_unit_test(a_verdict_that_nobody_wrote_is_told_as_a_refusal),
        cmocka_unit_test(what_softened_an_acceptance_is_told),
        cmocka_unit_test(a_resumed_session_is_told),
        cmocka_unit_test(the_detail_follows_the_reason),
        cmocka_unit_test(a_line_is_cut_to_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
