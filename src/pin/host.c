/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE                                                                            \
    200809L /* inet_pton, inet_ntop: text to bytes and back, nothing is asked                      \
             */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <pintle/host.h>

#include "base/error.h"
#include "base/hex.h"

/* RFC 1035 section 2.3.4 */
#define LABEL_MAX_LEN 63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* '_' is no host name by RFC 1123, but is dialled and certified in practice. */
static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

/* Why a byte has no place in a host name. */
static const char *why_not(char c)
{
    if ((unsigned char)c >= 0x80)
        return "non-ASCII character: convert the name to A-labels first";
    switch (c) {
    case '\0':
        return "NUL in host name";
    case '[':
    case ']':
        return "brackets do not belong to an address";
    case ':':
        return "a port does not belong to a host name";
    case '%':
        return "zones do not belong to an address";
    case '*':
        return "star in host name";
    default:
        return "character not allowed in a host name";
    }
}

static void set_host(struct pintle_host *out, const char *text, size_t len, bool is_ip)
{
    memcpy(out->text, text, len);
    out->text[len] = '\0';
    out->len = (uint8_t)len;
    out->is_ip = is_ip;
}

/* --- addresses ---------------------------------------------------------------------------- */

/* A port has one colon, an IPv6 address at least two. */
static bool has_two_colons(const char *text, size_t len)
{
    const char *first = memchr(text, ':', len);

    return first != NULL && memchr(first + 1, ':', len - (size_t)(first - text) - 1) != NULL;
}

static enum pintle_status parse_ipv6(struct pintle_host *out, const char *text, size_t len,
                                     struct pintle_error *err)
{
    char buf[INET6_ADDRSTRLEN];
    struct in6_addr address;

    for (size_t i = 0; i < len; i++) {
        if (i == sizeof(buf) - 1) {
            pintle__error_at(err, PINTLE_E_HOST, i, "too long for an IPv6 address");
            return PINTLE_E_HOST;
        }
        if (pintle__hex_digit(text[i]) < 0 && text[i] != ':' && text[i] != '.') {
            pintle__error_at(err, PINTLE_E_HOST, i, "%s", why_not(text[i]));
            return PINTLE_E_HOST;
        }
        buf[i] = text[i];
    }
    buf[len] = '\0';
    if (inet_pton(AF_INET6, buf, &address) != 1 ||
        inet_ntop(AF_INET6, &address, buf, sizeof(buf)) == NULL) {
        pintle__error_set(err, PINTLE_E_HOST, "malformed IPv6 address");
        return PINTLE_E_HOST;
    }
    set_host(out, buf, strlen(buf), true);
    return PINTLE_OK;
}

/*
 * True if the last label is a number, decimal or 0x-hex. Resolvers then read all of the name as an
 * IPv4 address, in forms of which we know one ("127.1", "0x7f.1").
 */
static bool ends_in_number(const char *label, size_t len)
{
    size_t i = 0;

    while (i < len && is_digit(label[i]))
        i++;
    if (i == len)
        return true;
    if (len < 2 || label[0] != '0' || to_lower(label[1]) != 'x')
        return false;
    for (i = 2; i < len; i++) {
        if (pintle__hex_digit(label[i]) < 0)
            return false;
    }
    return true;
}

/* Only the one canonical form, so that equal addresses are equal text. */
static bool is_canonical_ipv4(const char *text, size_t len)
{
    char in[INET_ADDRSTRLEN], again[INET_ADDRSTRLEN];
    struct in_addr address;

    if (len >= sizeof(in))
        return false;
    memcpy(in, text, len);
    in[len] = '\0';
    return inet_pton(AF_INET, in, &address) == 1 &&
           inet_ntop(AF_INET, &address, again, sizeof(again)) != NULL && strcmp(in, again) == 0;
}

/* --- names -------------------------------------------------------------------------------- */

/* Check text[start] up to the next dot or the end, which is where *next is set to. */
static enum pintle_status check_label(const char *text, size_t len, size_t start, size_t *next,
                                      struct pintle_error *err)
{
    size_t end = start;
    size_t bad;
    const char *why;

    while (end < len && is_name_char(text[end]) && end - start <= LABEL_MAX_LEN)
        end++;
    bad = end;
    if (end - start > LABEL_MAX_LEN) {
        bad = start + LABEL_MAX_LEN;
        why = "label of more than 63 characters";
    } else if (end < len && text[end] != '.') {
        why = why_not(text[end]);
    } else if (end == start) {
        why = "empty label";
    } else if (text[start] == '-') {
        bad = start;
        why = "label begins with '-'";
    } else if (text[end - 1] == '-') {
        bad = end - 1;
        why = "label ends with '-'";
    } else {
        *next = end;
        return PINTLE_OK;
    }
    pintle__error_at(err, PINTLE_E_HOST, bad, "%s", why);
    return PINTLE_E_HOST;
}

/* A name without its trailing dot; *last is where its last label begins. */
static enum pintle_status check_name(const char *text, size_t len, size_t *last,
                                     struct pintle_error *err)
{
    size_t start = 0;
    size_t end = 0;

    if (len > PINTLE_HOST_MAX_LEN) {
        pintle__error_at(err, PINTLE_E_HOST, PINTLE_HOST_MAX_LEN, "name of more than %d characters",
                         PINTLE_HOST_MAX_LEN);
        return PINTLE_E_HOST;
    }
    for (;;) {
        enum pintle_status status = check_label(text, len, start, &end, err);
        if (status != PINTLE_OK)
            return status;
        if (end == len)
            break;
        start = end + 1;
    }
    *last = start;
    return PINTLE_OK;
}

static enum pintle_status parse_name(struct pintle_host *out, const char *text, size_t len,
                                     struct pintle_error *err)
{
    size_t name_len = text[len - 1] == '.' ? len - 1 : len;
    size_t last = 0;
    bool is_ip;
    enum pintle_status status = check_name(text, name_len, &last, err);

    if (status != PINTLE_OK)
        return status;
    is_ip = ends_in_number(text + last, name_len - last);
    if (is_ip && !is_canonical_ipv4(text, name_len)) {
        pintle__error_at(err, PINTLE_E_HOST, last, "ends in a number but is no IPv4 address");
        return PINTLE_E_HOST;
    }
    if (is_ip && name_len < len) {
        pintle__error_at(err, PINTLE_E_HOST, name_len, "dot behind an IP address");
        return PINTLE_E_HOST;
    }
    set_host(out, text, name_len, is_ip);
    for (size_t i = 0; i < name_len; i++)
        out->text[i] = to_lower(out->text[i]);
    return PINTLE_OK;
}

enum pintle_status pintle_host_parse(struct pintle_host *out, const char *text, size_t len,
                                     struct pintle_error *err)
{
    set_host(out, "", 0, false);
    if (len == 0) {
        pintle__error_set(err, PINTLE_E_HOST, "empty host name");
        return PINTLE_E_HOST;
    }
    if (has_two_colons(text, len))
        return parse_ipv6(out, text, len, err);
    return parse_name(out, text, len, err);
}
