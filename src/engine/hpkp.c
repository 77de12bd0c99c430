/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of RFC 7469 section 2.1 over the tokens and quoted strings of RFC 7230 section 3.2.6. */
#include <pintle/hpkp.h>

#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "pinset/url.h"

/* Directives of unknown names that are remembered, to find one that is there twice. */
#define UNKNOWN_MAX 32

/* "No directive may be there twice", section 2.1; those of pins may. */
enum directive_kind {
    DIRECTIVE_UNKNOWN = 0,
    DIRECTIVE_PIN = 1,
    DIRECTIVE_OTHER_PIN = 2, /* of an algorithm that is not known */
    DIRECTIVE_MAX_AGE = 3,
    DIRECTIVE_SUBDOMAINS = 4,
    DIRECTIVE_REPORT_URI = 5,
    DIRECTIVE_KINDS = 6
};

/* Bytes of the header, by their place in it. */
struct span {
    size_t at;
    size_t len;
};

/*
 * value   of a quoted string what is between the quotes, its backslashes included
 * has_value, quoted
 */
struct directive {
    struct span name;
    struct span value;
    bool has_value;
    bool quoted;
};

struct reader {
    const char *text;
    size_t at;
    size_t end;
    bool report_only;
    struct pintle_hpkp *out;
    struct pintle_error *err;
    bool seen[DIRECTIVE_KINDS];
    size_t unknown_count;
    struct span unknown[UNKNOWN_MAX];
};

static bool fail(const struct reader *reader, size_t at, const char *why)
{
    pintle__error_at(reader->err, PINTLE_E_HPKP, at, "%s", why);
    return false;
}

/* --- characters ------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* tchar */
static bool is_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* What may stand in a quoted string, after a backslash too: no control characters but HTAB. */
static bool is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)((unsigned char)c | 0x20U);
    return c;
}

static bool same_name(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len)
        return false;
    for (size_t i = 0; i < a_len; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

static bool is_named(const struct reader *reader, struct span name, const char *literal)
{
    return same_name(reader->text + name.at, name.len, literal, strlen(literal));
}

/* --- syntax ----------------------------------------------------------------------------------- */

static void skip_spaces(struct reader *reader)
{
    while (reader->at < reader->end && is_space(reader->text[reader->at]))
        reader->at++;
}

static bool next_is(const struct reader *reader, char c)
{
    return reader->at < reader->end && reader->text[reader->at] == c;
}

static struct span read_token(struct reader *reader)
{
    struct span token = {reader->at, 0};

    while (reader->at < reader->end && is_token(reader->text[reader->at]))
        reader->at++;
    token.len = reader->at - token.at;
    return token;
}

/* Behind the opening quote. */
static bool read_quoted(struct reader *reader, struct span *value)
{
    value->at = reader->at;
    while (reader->at < reader->end && reader->text[reader->at] != '"') {
        if (reader->text[reader->at] == '\\')
            reader->at++;
        if (reader->at == reader->end)
            break;
        if (!is_text(reader->text[reader->at]))
            return fail(reader, reader->at, "a control character in a quoted string");
        reader->at++;
    }
    if (reader->at == reader->end)
        return fail(reader, reader->end, "a quoted string does not end");
    value->len = reader->at - value->at;
    reader->at++;
    return true;
}

static bool read_directive(struct reader *reader, struct directive *out)
{
    memset(out, 0, sizeof(*out));
    out->name = read_token(reader);
    if (out->name.len == 0)
        return fail(reader, reader->at, "a directive's name is missing");
    if (!next_is(reader, '='))
        return true;
    reader->at++;
    out->has_value = true;
    if (next_is(reader, '"')) {
        reader->at++;
        out->quoted = true;
        return read_quoted(reader, &out->value);
    }
    out->value = read_token(reader);
    return out->value.len > 0 || fail(reader, reader->at, "a directive's value is missing");
}

/* --- values ----------------------------------------------------------------------------------- */

/* The characters a value stands for, one by one; `at` is where the last one was. */
struct value_reader {
    const char *text;
    size_t next;
    size_t end;
    size_t at;
    bool quoted;
};

static struct value_reader open_value(const struct reader *reader,
                                      const struct directive *directive)
{
    size_t at = directive->value.at;

    return (struct value_reader){reader->text, at, at + directive->value.len, at,
                                 directive->quoted};
}

static bool next_char(struct value_reader *value, char *out)
{
    value->at = value->next;
    if (value->next == value->end)
        return false;
    if (value->quoted && value->text[value->next] == '\\')
        value->next++;
    *out = value->text[value->next++];
    return true;
}

/* delta-seconds (RFC 7234 section 1.2.1); what is more than can be counted is the most. */
static bool read_max_age(struct reader *reader, const struct directive *directive)
{
    struct value_reader value = open_value(reader, directive);
    int64_t seconds = 0;
    size_t digits = 0;
    char c;

    if (reader->report_only) /* meaningless there, section 2.1.2 */
        return true;
    for (; next_char(&value, &c); digits++) {
        if (c < '0' || c > '9')
            return fail(reader, value.at, "max-age is no number");
        seconds = seconds > (INT64_MAX - 9) / 10 ? INT64_MAX : seconds * 10 + (c - '0');
    }
    if (digits == 0)
        return fail(reader, directive->name.at, "max-age is no number");
    reader->out->max_age_s = seconds;
    return true;
}

static bool read_subdomains(struct reader *reader, const struct directive *directive)
{
    if (directive->has_value)
        return fail(reader, directive->value.at, "includeSubDomains takes no value");
    reader->out->include_subdomains = true;
    return true;
}

static bool read_report_uri(struct reader *reader, const struct directive *directive)
{
    struct value_reader value = open_value(reader, directive);
    char *uri = reader->out->report_uri;
    const char *fault;
    size_t len = 0;
    char c;

    while (next_char(&value, &c)) {
        if (len + 1 == sizeof(reader->out->report_uri))
            return fail(reader, value.at, "a report-uri of more than 255 bytes");
        uri[len++] = c;
    }
    uri[len] = '\0';
    fault = pintle__url_fault(uri);
    if (fault == NULL)
        return true;
    pintle__error_at(reader->err, PINTLE_E_HPKP, directive->value.at, "report-uri %s", fault);
    return false;
}

static bool add_pin(struct reader *reader, const struct pintle_pin *pin, size_t at)
{
    struct pintle_hpkp *out = reader->out;

    for (uint32_t i = 0; i < out->pin_count; i++) {
        if (pintle_pin_equal(&out->pins[i], pin))
            return true;
    }
    if (out->pin_count == PINTLE_LEARNED_PINS_MAX)
        return fail(reader, at, "too many pins");
    out->pins[out->pin_count++] = *pin;
    return true;
}

static bool read_pin(struct reader *reader, const struct directive *directive)
{
    struct value_reader value = open_value(reader, directive);
    char text[PINTLE__B64_DIGEST_LEN];
    size_t places[PINTLE__B64_DIGEST_LEN];
    struct pintle_pin pin;
    size_t len = 0;
    size_t bad;
    char c;

    for (; next_char(&value, &c); len++) {
        if (len == sizeof(text))
            return fail(reader, value.at, "a pin of more than 44 characters");
        text[len] = c;
        places[len] = value.at;
    }
    if (len < sizeof(text))
        return fail(reader, directive->has_value ? value.at : directive->name.at,
                    "a pin of fewer than 44 characters");
    if (!pintle__base64_to_digest(pin.digest, text, &bad))
        return fail(reader, places[bad], "a pin that is no canonical base64");
    return add_pin(reader, &pin, directive->name.at);
}

/* --- directives ------------------------------------------------------------------------------- */

static enum directive_kind kind_of(const struct reader *reader, struct span name)
{
    static const struct span prefix = {0, 4};

    if (is_named(reader, name, "pin-sha256"))
        return DIRECTIVE_PIN;
    if (is_named(reader, name, "max-age"))
        return DIRECTIVE_MAX_AGE;
    if (is_named(reader, name, "includeSubDomains"))
        return DIRECTIVE_SUBDOMAINS;
    if (is_named(reader, name, "report-uri"))
        return DIRECTIVE_REPORT_URI;
    if (name.len > prefix.len && is_named(reader, (struct span){name.at, prefix.len}, "pin-"))
        return DIRECTIVE_OTHER_PIN;
    return DIRECTIVE_UNKNOWN;
}

static bool note_unknown(struct reader *reader, struct span name)
{
    for (size_t i = 0; i < reader->unknown_count; i++) {
        struct span other = reader->unknown[i];

        if (same_name(reader->text + name.at, name.len, reader->text + other.at, other.len))
            return fail(reader, name.at, "a directive is there twice");
    }
    if (reader->unknown_count == UNKNOWN_MAX)
        return fail(reader, name.at, "too many unknown directives");
    reader->unknown[reader->unknown_count++] = name;
    return true;
}

static bool take_directive(struct reader *reader, const struct directive *directive)
{
    enum directive_kind kind = kind_of(reader, directive->name);
    bool again = reader->seen[kind];

    reader->seen[kind] = true;
    switch (kind) {
    case DIRECTIVE_PIN:
        return read_pin(reader, directive);
    case DIRECTIVE_OTHER_PIN:
        return true;
    case DIRECTIVE_UNKNOWN:
    case DIRECTIVE_KINDS:
        return note_unknown(reader, directive->name);
    case DIRECTIVE_MAX_AGE:
    case DIRECTIVE_SUBDOMAINS:
    case DIRECTIVE_REPORT_URI:
        break;
    }
    if (again)
        return fail(reader, directive->name.at, "a directive is there twice");
    if (kind == DIRECTIVE_MAX_AGE)
        return read_max_age(reader, directive);
    if (kind == DIRECTIVE_SUBDOMAINS)
        return read_subdomains(reader, directive);
    return read_report_uri(reader, directive);
}

/* directive *( OWS ";" OWS directive ), with the field value's own OWS around it. */
static bool read_directives(struct reader *reader)
{
    struct directive directive;

    skip_spaces(reader);
    while (read_directive(reader, &directive) && take_directive(reader, &directive)) {
        skip_spaces(reader);
        if (reader->at == reader->end)
            return true;
        if (!next_is(reader, ';'))
            return fail(reader, reader->at, "a ';' is missing");
        reader->at++;
        skip_spaces(reader);
    }
    return false;
}

/* What the header as a whole lacks. */
static bool check_whole(const struct reader *reader)
{
    if (!reader->report_only && !reader->seen[DIRECTIVE_MAX_AGE])
        return fail(reader, reader->end, "max-age is missing");
    if (reader->out->pin_count == 0)
        return fail(reader, reader->end, "no pin of an algorithm that is known");
    return true;
}

enum pintle_status pintle_hpkp_parse(struct pintle_hpkp *out, const char *header, size_t len,
                                     bool report_only, struct pintle_error *err)
{
    struct reader reader;

    memset(out, 0, sizeof(*out));
    if (len > PINTLE_HPKP_HEADER_MAX_LEN) {
        pintle__error_at(err, PINTLE_E_LIMIT, PINTLE_HPKP_HEADER_MAX_LEN,
                         "a header of more than %zu bytes", PINTLE_HPKP_HEADER_MAX_LEN);
        return PINTLE_E_LIMIT;
    }
    memset(&reader, 0, sizeof(reader));
    reader.text = header;
    reader.end = len;
    reader.report_only = report_only;
    reader.out = out;
    reader.err = err;
    out->max_age_s = -1;
    if (!read_directives(&reader) || !check_whole(&reader)) {
        memset(out, 0, sizeof(*out));
        return PINTLE_E_HPKP;
    }
    return PINTLE_OK;
}
