/* SPDX-License-Identifier: Apache-2.0 */
/* Public-Key-Pins headers: what is read, what is refused and where, and what is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pintle/hpkp.h>

#define A "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="
#define B "E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g="
#define C "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
#define PIN(x) "pin-sha256=\"" x "\""

#define DAY ((int64_t)24 * 3600)

static struct pintle_pin pin_of(const char *text)
{
    struct pintle_pin pin;

    assert_int_equal(pintle_pin_parse(&pin, text, strlen(text), NULL), PINTLE_OK);
    return pin;
}

static struct pintle_hpkp parse(const char *header)
{
    struct pintle_hpkp out;
    struct pintle_error err;

    if (pintle_hpkp_parse(&out, header, strlen(header), false, &err) != PINTLE_OK)
        fail_msg("%s: byte %zu: %s", header, err.offset, err.text);
    return out;
}

/* --- what is read ------------------------------------------------------------------------------ */

struct good_row {
    const char *header;
    bool report_only;
    int64_t max_age_s;
    bool include_subdomains;
    const char *pins[3];
    const char *report_uri;
};

static void expect_good(const struct good_row *row)
{
    struct pintle_hpkp out;
    struct pintle_error err;
    uint32_t count = 0;

    if (pintle_hpkp_parse(&out, row->header, strlen(row->header), row->report_only, &err) !=
        PINTLE_OK)
        fail_msg("%s: byte %zu: %s", row->header, err.offset, err.text);
    assert_int_equal(out.max_age_s, row->max_age_s);
    assert_int_equal(out.include_subdomains, row->include_subdomains);
    assert_string_equal(out.report_uri, row->report_uri != NULL ? row->report_uri : "");
    for (; count < 3 && row->pins[count] != NULL; count++) {
        struct pintle_pin pin = pin_of(row->pins[count]);

        assert_true(count < out.pin_count);
        assert_true(pintle_pin_equal(&out.pins[count], &pin));
    }
    assert_int_equal(out.pin_count, count);
}

/* RFC 7469 section 2.1.5 */
static void the_examples_of_the_rfc_are_read(void **state)
{
    static const struct good_row table[] = {
        {"max-age=3000; " PIN(A) "; " PIN(B), false, 3000, false, {A, B}, NULL},
        {"max-age=2592000; " PIN(B) "; " PIN(C), false, 2592000, false, {B, C}, NULL},
        {"max-age=2592000; " PIN(B) "; " PIN(C) "; report-uri=\"http://example.com/pkp-report\"",
         false,
         2592000,
         false,
         {B, C},
         "http://example.com/pkp-report"},
        {PIN(A) "; " PIN(C) "; " PIN(B) "; max-age=10000; includeSubDomains",
         false,
         10000,
         true,
         {A, C, B},
         NULL},
        {"max-age=2592000; " PIN(B) "; " PIN(
             C) "; report-uri=\"https://other.example.net/pkp-report\"",
         true,
         -1,
         false,
         {B, C},
         "https://other.example.net/pkp-report"},
        {PIN(A) "; " PIN(C) "; includeSubDomains; report-uri=\"http://example.com/pkp-report\"",
         true,
         -1,
         true,
         {A, C},
         "http://example.com/pkp-report"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        expect_good(&table[i]);
}

static void every_form_that_the_grammar_has_is_read(void **state)
{
    static const struct good_row table[] = {
        {"max-age=0;" PIN(A), false, 0, false, {A}, NULL},
        {" \tmax-age=5\t ;\t " PIN(A) " \t", false, 5, false, {A}, NULL},
        {"MAX-AGE=\"31\";PIN-SHA256=\"" A "\";INCLUDESUBDOMAINS", false, 31, true, {A}, NULL},
        {"max-age=\"\\3\\1\";" PIN(A), false, 31, false, {A}, NULL},
        {"max-age=0000000000000000000000001;" PIN(A), false, 1, false, {A}, NULL},
        {"max-age=9223372036854775807;" PIN(A), false, INT64_MAX, false, {A}, NULL},
        {"max-age=9223372036854775808;" PIN(A), false, INT64_MAX, false, {A}, NULL},
        {"max-age=99999999999999999999999999;" PIN(A), false, INT64_MAX, false, {A}, NULL},
        {"max-age=1;pin-sha256=\"\\d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM\\=\"",
         false,
         1,
         false,
         {A},
         NULL},
        {"max-age=1;" PIN(A) ";" PIN(B) ";" PIN(A), false, 1, false, {A, B}, NULL},
        {"max-age=1;" PIN(A) ";x;y=1;z=\"a;b\\\"c=\x80\"", false, 1, false, {A}, NULL},
        {"max-age=1;" PIN(A) ";pin-sha512=\"?\";pin-sha512=\"?\";pin-x=y;pin-x",
         false,
         1,
         false,
         {A},
         NULL},
        {"max-age=1;" PIN(A) ";report-uri=\"https://r.test/a?b=c;d\"",
         false,
         1,
         false,
         {A},
         "https://r.test/a?b=c;d"},
        {"max-age=word;" PIN(A), true, -1, false, {A}, NULL},
        {"max-age;" PIN(A), true, -1, false, {A}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        expect_good(&table[i]);
}

/* --- what is refused, and where ----------------------------------------------------------------- */

struct bad_row {
    const char *header;
    size_t offset;
    const char *text;
};

static const struct bad_row bad[] = {
    {"", 0, "a directive's name is missing"},
    {" \t", 2, "a directive's name is missing"},
    {";max-age=1", 0, "a directive's name is missing"},
    {"max-age=1;", 10, "a directive's name is missing"},
    {"max-age=1;;" PIN(A), 10, "a directive's name is missing"},
    {"max-age=1;=x", 10, "a directive's name is missing"},
    {"max-age=1;\"x\"", 10, "a directive's name is missing"},
    {"max-age=1;\x01", 10, "a directive's name is missing"},
    {"max-age=1;\xc3\xa9", 10, "a directive's name is missing"},
    {"max-age=1 x", 10, "a ';' is missing"},
    {"max-age=1," PIN(A), 9, "a ';' is missing"},
    {"max-age = 1", 0, "max-age is no number"},
    {"x = 1", 2, "a ';' is missing"},
    {"max-age= 1", 8, "a directive's value is missing"},
    {"max-age=;" PIN(A), 8, "a directive's value is missing"},
    {"max-age=1;x=", 12, "a directive's value is missing"},
    {"max-age=1;x=\"abc", 16, "a quoted string does not end"},
    {"max-age=1;x=\"abc\\", 17, "a quoted string does not end"},
    {"max-age=1;x=\"abc\\\"", 18, "a quoted string does not end"},
    {"max-age=1;x=\"\"\"", 14, "a ';' is missing"},
    {"max-age=1;x=\"a\nb\"", 14, "a control character in a quoted string"},
    {"max-age=1;x=\"a\\\x7f\"", 15, "a control character in a quoted string"},
    {"max-age=1;x=\"a\"b", 15, "a ';' is missing"},
    {"max-age=1;" PIN(A) ";max-age=1", 68, "a directive is there twice"},
    {"includeSubDomains;max-age=1;includesubdomains", 28, "a directive is there twice"},
    {"report-uri=\"http://a\";report-uri=\"http://a\"", 22, "a directive is there twice"},
    {"max-age=1;x;y;X=1", 14, "a directive is there twice"},
    {"max-age=1;pin-;pin-", 15, "a directive is there twice"},
    {"max-age", 0, "max-age is no number"},
    {"max-age=\"\"", 0, "max-age is no number"},
    {"max-age=-1", 8, "max-age is no number"},
    {"max-age=12x", 10, "max-age is no number"},
    {"max-age=\"1\\x\"", 10, "max-age is no number"},
    {"max-age=\"1 \"", 10, "max-age is no number"},
    {"max-age=1.5", 9, "max-age is no number"},
    {"includeSubDomains=1", 18, "includeSubDomains takes no value"},
    {"includeSubDomains=\"\"", 19, "includeSubDomains takes no value"},
    {"pin-sha256", 0, "a pin of fewer than 44 characters"},
    {"pin-sha256=\"\"", 12, "a pin of fewer than 44 characters"},
    {"pin-sha256=abc", 14, "a pin of fewer than 44 characters"},
    {"pin-sha256=\"E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g\"", 55,
     "a pin of fewer than 44 characters"},
    {"pin-sha256=\"" A "=\"", 56, "a pin of more than 44 characters"},
    {"pin-sha256=\"" A " \"", 56, "a pin of more than 44 characters"},
    {"pin-sha256=\"?6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"", 12,
     "a pin that is no canonical base64"},
    {"pin-sha256=\"\\d\\?qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"", 14,
     "a pin that is no canonical base64"},
    {"pin-sha256=\"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmN=\"", 54,
     "a pin that is no canonical base64"},
    {"pin-sha256=\"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmMA\"", 55,
     "a pin that is no canonical base64"},
    {"report-uri", 0, "report-uri is no http or https URL"},
    {"report-uri=/x", 11, "a directive's value is missing"},
    {"report-uri=\"/x\"", 12, "report-uri is no http or https URL"},
    {"report-uri=\"ftp://a/\"", 12, "report-uri is no http or https URL"},
    {"report-uri=\"https:///x\"", 12, "report-uri is a URL without a host"},
    {"report-uri=\"https://a b/\"", 12,
     "report-uri holds a character that does not belong in a URL"},
    {PIN(A), 57, "max-age is missing"},
    {"max-age=1", 9, "no pin of an algorithm that is known"},
    {"max-age=1;pin-sha1=\"x\"", 22, "no pin of an algorithm that is known"},
};

static bool is_zero(const struct pintle_hpkp *out)
{
    static const struct pintle_hpkp zero;

    return out->max_age_s == 0 && !out->include_subdomains && out->pin_count == 0 &&
           memcmp(out->pins, zero.pins, sizeof(zero.pins)) == 0 && out->report_uri[0] == '\0';
}

static void a_malformed_header_is_void_and_says_where(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct bad_row *row = &bad[i];
        struct pintle_hpkp out;
        struct pintle_error err = {.text = "accepted"};

        memset(&out, 0xff, sizeof(out));
        if (pintle_hpkp_parse(&out, row->header, strlen(row->header), false, &err) !=
                PINTLE_E_HPKP ||
            err.status != PINTLE_E_HPKP || err.offset != row->offset ||
            strcmp(err.text, row->text) != 0 || !is_zero(&out)) {
            print_error("%s: byte %zu: %s\n", row->header, err.offset, err.text);
            good = false;
        }
    }
    assert_true(good);
}

/* Nothing behind the length is read: the header need not end in a NUL. */
static void only_the_bytes_given_are_read(void **state)
{
    static const char header[] = "max-age=1;" PIN(A) ";max-age=1";
    struct pintle_hpkp out;
    char *exact = malloc(67);

    (void)state;
    assert_non_null(exact);
    memcpy(exact, header, 67);
    assert_int_equal(pintle_hpkp_parse(&out, exact, 67, false, NULL), PINTLE_OK);
    for (size_t len = 0; len < 67; len++) {
        char *cut = malloc(len + 1);

        assert_non_null(cut);
        memcpy(cut, header, len);
        assert_int_equal(pintle_hpkp_parse(&out, cut, len, false, NULL), PINTLE_E_HPKP);
        free(cut);
    }
    assert_int_equal(pintle_hpkp_parse(&out, "max-age=1;\0x", 12, false, NULL), PINTLE_E_HPKP);
    free(exact);
}

static void report_only_needs_pins_as_well(void **state)
{
    struct pintle_hpkp out;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_hpkp_parse(&out, "report-uri=\"http://a\"", 21, true, &err),
                     PINTLE_E_HPKP);
    assert_int_equal(err.offset, 21);
    assert_int_equal(pintle_hpkp_parse(&out, "max-age;max-age", 15, true, &err), PINTLE_E_HPKP);
    assert_int_equal(err.offset, 8);
}

/* --- limits ------------------------------------------------------------------------------------- */

static void a_long_header_is_refused_unread(void **state)
{
    size_t len = PINTLE_HPKP_HEADER_MAX_LEN;
    char *header = malloc(len + 1);
    struct pintle_hpkp out;
    struct pintle_error err;

    (void)state;
    assert_non_null(header);
    memset(header, ' ', len + 1);
    memcpy(header, "max-age=1;" PIN(A), 67);
    assert_int_equal(pintle_hpkp_parse(&out, header, len, false, &err), PINTLE_OK);
    assert_int_equal(pintle_hpkp_parse(&out, header, len + 1, false, &err), PINTLE_E_LIMIT);
    assert_int_equal(err.offset, len);
    assert_true(is_zero(&out));
    free(header);
}

/* "max-age=1" and `count` of what `directive` says with %c. */
static void repeat(char *out, const char *directive, size_t count)
{
    size_t len = (size_t)sprintf(out, "max-age=1;" PIN(A));

    for (size_t i = 0; i < count; i++) {
        size_t at = len + 1 + (size_t)(strchr(directive, '%') - directive);

        len += (size_t)sprintf(out + len, ";%s", directive);
        out[at] = (char)('A' + i % 26);
        out[at + 1] = (char)('a' + i / 26);
    }
}

static void the_number_of_pins_and_unknown_directives_is_bounded(void **state)
{
    static const char pin[] = "pin-sha256=\"%%qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"";
    char header[PINTLE_HPKP_HEADER_MAX_LEN];
    struct pintle_hpkp out;
    struct pintle_error err;

    (void)state;
    repeat(header, pin, PINTLE_LEARNED_PINS_MAX - 1);
    out = parse(header);
    assert_int_equal(out.pin_count, PINTLE_LEARNED_PINS_MAX);
    repeat(header, pin, PINTLE_LEARNED_PINS_MAX);
    assert_int_equal(pintle_hpkp_parse(&out, header, strlen(header), false, &err), PINTLE_E_HPKP);
    assert_string_equal(err.text, "too many pins");
    assert_int_equal(err.offset, strlen(header) - 57);
    repeat(header, "%%", 32);
    (void)parse(header);
    repeat(header, "%%", 33);
    assert_int_equal(pintle_hpkp_parse(&out, header, strlen(header), false, &err), PINTLE_E_HPKP);
    assert_string_equal(err.text, "too many unknown directives");
    assert_int_equal(err.offset, strlen(header) - 2);
}

static void a_report_uri_has_255_bytes_at_most(void **state)
{
    char header[1024];
    char uri[300];
    struct pintle_hpkp out;
    struct pintle_error err;

    (void)state;
    memset(uri, 'x', sizeof(uri));
    memcpy(uri, "https://a/", 10);
    (void)sprintf(header, "max-age=1;%s;report-uri=\"%.255s\"", PIN(A), uri);
    out = parse(header);
    assert_int_equal(strlen(out.report_uri), 255);
    (void)sprintf(header, "max-age=1;%s;report-uri=\"%.256s\"", PIN(A), uri);
    assert_int_equal(pintle_hpkp_parse(&out, header, strlen(header), false, &err), PINTLE_E_HPKP);
    assert_int_equal(err.offset, 68 + 12 + 255);
}

/* --- what is believed --------------------------------------------------------------------------- */

#define NOW ((int64_t)1800000000)

/* An unlisted host's connection over a valid path with the keys A and C. */
static struct pintle_verdict good_verdict(void)
{
    struct pintle_verdict verdict;

    pintle_verdict_init(&verdict);
    verdict.decision = PINTLE_ACCEPT;
    verdict.reason = PINTLE_REASON_NO_RULE;
    assert_int_equal(pintle_host_parse(&verdict.host, "www.example.com", 15, NULL), PINTLE_OK);
    verdict.port = 443;
    verdict.path_count = 1;
    verdict.chain_count = 2;
    verdict.chain[0] = (struct pintle_cert_trace){pin_of(A), PINTLE_CERT_NO_PIN};
    verdict.chain[1] = (struct pintle_cert_trace){pin_of(C), PINTLE_CERT_NO_PIN};
    return verdict;
}

static enum pintle_hpkp_action judge(struct pintle_learned *entry, const char **why,
                                     const char *header, bool report_only,
                                     const struct pintle_verdict *verdict)
{
    struct pintle_hpkp hpkp;

    assert_int_equal(pintle_hpkp_parse(&hpkp, header, strlen(header), report_only, NULL),
                     PINTLE_OK);
    *why = NULL;
    return pintle_hpkp_judge(entry, why, &hpkp, report_only, verdict, NOW);
}

static void a_header_with_live_and_backup_pin_is_noted(void **state)
{
    struct pintle_verdict verdict = good_verdict();
    struct pintle_pin pins[] = {pin_of(A), pin_of(B)};
    struct pintle_learned entry;
    const char *why;

    (void)state;
    assert_int_equal(
        judge(&entry, &why,
              "max-age=3600;includeSubDomains;report-uri=\"https://r.test\";" PIN(A) ";" PIN(B),
              false, &verdict),
        PINTLE_HPKP_NOTE);
    assert_int_equal(entry.from, PINTLE_LEARNED_HPKP);
    assert_string_equal(entry.host.text, "www.example.com");
    assert_int_equal(entry.port, 0);
    assert_int_equal(entry.at, PINTLE_AT_ANY);
    assert_true(entry.include_subdomains);
    assert_int_equal(entry.pin_count, 2);
    assert_memory_equal(entry.pins, pins, sizeof(pins));
    assert_string_equal(entry.key_type, "");
    assert_int_equal(entry.learned, NOW);
    assert_int_equal(entry.seen, NOW);
    assert_int_equal(entry.expires, NOW + 3600);
    assert_string_equal(entry.report_uri, "https://r.test");
    verdict.reason = PINTLE_REASON_MATCH; /* under pins noted before */
    verdict.learned = true;
    verdict.chain[1].note = PINTLE_CERT_PINNED;
    assert_int_equal(judge(&entry, &why, "max-age=1;" PIN(C) ";" PIN(B), false, &verdict),
                     PINTLE_HPKP_NOTE);
    assert_false(entry.include_subdomains);
}

static void no_pins_are_noted_for_longer_than_60_days(void **state)
{
    struct pintle_verdict verdict = good_verdict();
    struct pintle_learned entry;
    struct pintle_hpkp hpkp = parse("max-age=5184000;" PIN(A) ";" PIN(B));
    const char *why;

    (void)state;
    assert_int_equal(pintle_hpkp_judge(&entry, NULL, &hpkp, false, &verdict, NOW),
                     PINTLE_HPKP_NOTE);
    assert_int_equal(entry.expires, NOW + 60 * DAY);
    assert_int_equal(
        judge(&entry, &why, "max-age=99999999999999999999;" PIN(A) ";" PIN(B), false, &verdict),
        PINTLE_HPKP_NOTE);
    assert_int_equal(entry.expires, NOW + 60 * DAY);
    assert_int_equal(pintle_hpkp_judge(&entry, NULL, &hpkp, false, &verdict, INT64_MAX - 5),
                     PINTLE_HPKP_NOTE);
    assert_int_equal(entry.expires, INT64_MAX);
}

static void max_age_0_forgets(void **state)
{
    struct pintle_verdict verdict = good_verdict();
    struct pintle_learned entry;
    const char *why;

    (void)state;
    assert_int_equal(judge(&entry, &why, "max-age=0;" PIN(A) ";" PIN(B), false, &verdict),
                     PINTLE_HPKP_FORGET);
    assert_string_equal(entry.host.text, "www.example.com");
    assert_int_equal(entry.expires, NOW);
    assert_int_equal(judge(&entry, &why, "max-age=0;" PIN(B), false, &verdict), PINTLE_HPKP_IGNORE);
}

static void report_only_is_reported_and_never_kept(void **state)
{
    struct pintle_verdict verdict = good_verdict();
    struct pintle_learned entry;
    const char *why;

    (void)state;
    assert_int_equal(
        judge(&entry, &why, "max-age=9;report-uri=\"http://r.test\";" PIN(B), true, &verdict),
        PINTLE_HPKP_REPORT);
    assert_int_equal(entry.from, PINTLE_LEARNED_HPKP_REPORT_ONLY);
    assert_int_equal(entry.expires, NOW);
    assert_string_equal(entry.report_uri, "http://r.test");
    assert_int_equal(judge(&entry, &why, PIN(A) ";" PIN(B), true, &verdict), PINTLE_HPKP_IGNORE);
    assert_string_equal(why, "a pin is in the path: there is nothing to report");
    assert_int_equal(judge(&entry, &why, PIN(A), true, &verdict), PINTLE_HPKP_IGNORE);
    verdict.resumed = true;
    assert_int_equal(judge(&entry, &why, PIN(B), true, &verdict), PINTLE_HPKP_IGNORE);
}

/* Each is a good header over a good connection but for one thing. */
static void expect_ignored(const struct pintle_verdict *verdict, const char *header,
                           const char *wanted)
{
    static const struct pintle_learned none;
    struct pintle_learned entry;
    const char *why;

    memset(&entry, 0xff, sizeof(entry));
    assert_int_equal(judge(&entry, &why, header, false, verdict), PINTLE_HPKP_IGNORE);
    assert_string_equal(why, wanted);
    assert_memory_equal(&entry, &none, sizeof(none));
}

#define GOOD "max-age=9;" PIN(A) ";" PIN(B)

static void a_header_over_any_other_connection_is_ignored(void **state)
{
    struct pintle_verdict verdict = good_verdict();

    (void)state;
    verdict.decision = PINTLE_REFUSE;
    expect_ignored(&verdict, GOOD, "the connection was refused");
    verdict = good_verdict();
    verdict.softened = true;
    expect_ignored(&verdict, GOOD, "the connection was accepted by a softened rule");
    verdict = good_verdict();
    verdict.unpinned = true;
    expect_ignored(&verdict, GOOD, "the connection was accepted by a softened rule");
    verdict = good_verdict();
    verdict.resumed = true;
    expect_ignored(&verdict, GOOD, "a resumed connection shows no path");
    verdict = good_verdict();
    (void)strcpy(verdict.rule, "api");
    expect_ignored(&verdict, GOOD, "a signed rule covers the host");
    verdict = good_verdict();
    verdict.reason = PINTLE_REASON_OFF;
    expect_ignored(&verdict, GOOD, "the connection was not accepted for its path");
    verdict = good_verdict();
    assert_int_equal(pintle_host_parse(&verdict.host, "192.0.2.1", 9, NULL), PINTLE_OK);
    expect_ignored(&verdict, GOOD, "the host is no name");
    verdict = good_verdict();
    verdict.host.len = 0;
    expect_ignored(&verdict, GOOD, "the host is no name");
}

static void a_header_over_a_path_that_is_not_known_whole_is_ignored(void **state)
{
    static const char why[] = "the connection's path is not known whole";
    struct pintle_verdict verdict = good_verdict();

    (void)state;
    verdict.path_count = 0; /* without TLS */
    expect_ignored(&verdict, GOOD, why);
    verdict = good_verdict();
    verdict.chain_count = 0;
    expect_ignored(&verdict, GOOD, why);
    verdict = good_verdict();
    verdict.chain[1].note = PINTLE_CERT_UNCHECKED;
    expect_ignored(&verdict, GOOD, why);
    verdict = good_verdict();
    verdict.chain[1].note = PINTLE_CERT_MALFORMED;
    expect_ignored(&verdict, GOOD, why);
}

static void live_and_backup_pins_are_both_needed(void **state)
{
    struct pintle_verdict verdict = good_verdict();

    (void)state;
    expect_ignored(&verdict, "max-age=9;" PIN(B), "no pin is in the connection's path");
    expect_ignored(&verdict, "max-age=9;" PIN(A),
                   "no pin is a backup: all are in the connection's path");
    expect_ignored(&verdict, "max-age=9;" PIN(A) ";" PIN(C),
                   "no pin is a backup: all are in the connection's path");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_are_read),
        cmocka_unit_test(every_form_that_the_grammar_has_is_read),
        cmocka_unit_test(a_malformed_header_is_void_and_says_where),
        cmocka_unit_test(only_the_bytes_given_are_read),
        cmocka_unit_test(report_only_needs_pins_as_well),
        cmocka_unit_test(a_long_header_is_refused_unread),
        cmocka_unit_test(the_number_of_pins_and_unknown_directives_is_bounded),
        cmocka_unit_test(a_report_uri_has_255_bytes_at_most),
        cmocka_unit_test(a_header_with_live_and_backup_pin_is_noted),
        cmocka_unit_test(no_pins_are_noted_for_longer_than_60_days),
        cmocka_unit_test(max_age_0_forgets),
        cmocka_unit_test(report_only_is_reported_and_never_kept),
        cmocka_unit_test(a_header_over_any_other_connection_is_ignored),
        cmocka_unit_test(a_header_over_a_path_that_is_not_known_whole_is_ignored),
        cmocka_unit_test(live_and_backup_pins_are_both_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
