/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the replies, a byte at a time. */
#include "os/starttls_replies.h"

#include <string.h>

#include "base/error.h"

enum os_starttls_progress os_starttls_bad(struct pintle_error *err, const char *what)
{
    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS: %s", what);
    return OS_STARTTLS_BAD;
}

static enum os_starttls_progress refused(const struct os_starttls *s, struct pintle_error *err)
{
    int len = s->reply_len < 100 ? (int)s->reply_len : 100;

    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS refused: %.*s", len, (const char *)s->reply);
    return OS_STARTTLS_BAD;
}

static bool begins(const struct os_starttls *s, const char *text)
{
    return strncmp((const char *)s->reply, text, strlen(text)) == 0;
}

/* ASCII only, whatever the locale. */
static int upper(int c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static bool equal_fold(const char *a, const char *b)
{
    while (*a != '\0' && upper((unsigned char)*a) == upper((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

/*
 * True at the end of a line: its end-of-line is cut off. The next byte then begins a new line,
 * for which the taker resets reply_len.
 */
static bool line_ends(struct os_starttls *s)
{
    if (s->reply[s->reply_len - 1] != '\n')
        return false;
    s->reply_len--;
    if (s->reply_len > 0 && s->reply[s->reply_len - 1] == '\r')
        s->reply_len--;
    s->reply[s->reply_len] = '\0';
    return true;
}

static bool is_code(const struct os_starttls *s)
{
    for (size_t i = 0; i < 3; i++)
        if (i >= s->reply_len || s->reply[i] < '0' || s->reply[i] > '9')
            return false;
    return s->reply_len == 3 || s->reply[3] == ' ' || s->reply[3] == '-';
}

/* SMTP and FTP: "250-text" goes on, "250 text" ends. FTP (RFC 959 4.2) has free text between. */
enum os_starttls_progress os_starttls_take_code(struct os_starttls *s, const char *want,
                                                struct pintle_error *err)
{
    if (!line_ends(s))
        return OS_STARTTLS_ON;
    if (!is_code(s)) {
        if (!s->multiline || s->protocol != OS_STARTTLS_FTP)
            return os_starttls_bad(err, "the server's reply does not begin with a code");
        s->reply_len = 0;
        return OS_STARTTLS_ON;
    }
    if (!begins(s, want))
        return refused(s, err);
    if (s->reply_len > 4 && equal_fold((const char *)s->reply + 4, "STARTTLS"))
        s->offered = true;
    s->multiline = s->reply[3] == '-';
    if (s->multiline) {
        s->reply_len = 0;
        return OS_STARTTLS_ON;
    }
    if (s->protocol == OS_STARTTLS_SMTP && s->step == 1 && !s->offered)
        return os_starttls_bad(
            err, "the server does not offer it (or someone between took the offer out)");
    return OS_STARTTLS_DONE;
}

/* POP3: one line, "+OK" or "-ERR". */
enum os_starttls_progress os_starttls_take_pop3(struct os_starttls *s, const char *want,
                                                struct pintle_error *err)
{
    if (!line_ends(s))
        return OS_STARTTLS_ON;
    return begins(s, want) ? OS_STARTTLS_DONE : refused(s, err);
}

/* IMAP: untagged lines may precede the tagged reply; a greeting is one untagged line. */
enum os_starttls_progress os_starttls_take_imap(struct os_starttls *s, const char *want,
                                                struct pintle_error *err)
{
    if (!line_ends(s))
        return OS_STARTTLS_ON;
    if (begins(s, want))
        return OS_STARTTLS_DONE;
    /* PREAUTH and BYE greetings leave no state in which STARTTLS is allowed (RFC 9051, 7.1.4). */
    if (s->step == 0 || !begins(s, "* ") || begins(s, "* BYE"))
        return refused(s, err);
    s->reply_len = 0;
    return OS_STARTTLS_ON;
}

static bool ends(const struct os_starttls *s, const char *text)
{
    size_t len = strlen(text);

    return s->reply_len >= len && memcmp(s->reply + s->reply_len - len, text, len) == 0;
}

/* XMPP: read no further than the one element that is waited for. */
enum os_starttls_progress os_starttls_take_xmpp(struct os_starttls *s, const char *want,
                                                struct pintle_error *err)
{
    const char *reply = (const char *)s->reply;

    s->reply[s->reply_len] = '\0';
    if (!ends(s, ">"))
        return OS_STARTTLS_ON;
    if (s->step == 1)
        return strncmp(reply, want, strlen(want)) == 0 && strstr(reply, "ns:xmpp-tls") != NULL
                   ? OS_STARTTLS_DONE
                   : refused(s, err);
    if (ends(s, "</stream:stream>") || ends(s, "<stream:features/>"))
        return os_starttls_bad(err, "the server does not offer it");
    if (!ends(s, "</stream:features>"))
        return OS_STARTTLS_ON;
    if (strstr(reply, want) == NULL || strstr(reply, "ns:xmpp-tls") == NULL)
        return os_starttls_bad(err, "the server does not offer it");
    return OS_STARTTLS_DONE;
}

/* PostgreSQL: one byte, 'S' or 'N'; 'E' begins an error message of old servers. */
enum os_starttls_progress os_starttls_take_postgres(struct os_starttls *s, const char *want,
                                                    struct pintle_error *err)
{
    if (s->reply[0] == (uint8_t)want[0])
        return OS_STARTTLS_DONE;
    return os_starttls_bad(err, s->reply[0] == 'N' ? "the server has TLS switched off"
                                                   : "the server does not speak PostgreSQL");
}

/* Read a BER tag and length; *at moves to the value. False if it is not there or not so. */
static bool ber_enter(const struct os_starttls *s, size_t *at, uint8_t tag, size_t *len)
{
    size_t pos = *at;
    size_t octets = 0;

    if (pos + 2 > s->reply_len || s->reply[pos] != tag)
        return false;
    *len = s->reply[pos + 1];
    pos += 2;
    if (*len >= 0x80) {
        octets = *len & 0x7f;
        if (octets == 0 || octets > 2 || pos + octets > s->reply_len)
            return false;
        for (*len = 0; octets > 0; octets--)
            *len = *len << 8 | s->reply[pos++];
    }
    *at = pos;
    return true;
}

/* LDAP: LDAPMessage { 1, [APPLICATION 24] { resultCode ENUMERATED, … } } (RFC 4511 4.14.2). */
enum os_starttls_progress os_starttls_take_ldap(struct os_starttls *s, const char *want,
                                                struct pintle_error *err)
{
    static const uint8_t success[] = {0x02, 0x01, 0x01, 0x78};
    size_t at = 0;
    size_t len = 0;

    if (s->reply[0] != (uint8_t)want[0] || (s->reply_len > 1 && s->reply[1] > 0x82))
        return os_starttls_bad(err, "the server does not speak LDAP");
    if (!ber_enter(s, &at, 0x30, &len) || s->reply_len - at < len)
        return OS_STARTTLS_ON;
    if (len < sizeof success || memcmp(s->reply + at, success, sizeof success) != 0)
        return os_starttls_bad(err, "the server answers something else than was asked (LDAP)");
    at += sizeof success - 1;
    if (!ber_enter(s, &at, 0x78, &len) || !ber_enter(s, &at, 0x0a, &len) || len != 1 ||
        at >= s->reply_len)
        return os_starttls_bad(err, "malformed LDAP answer");
    if (s->reply[at] == 0)
        return OS_STARTTLS_DONE;
    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS refused: LDAP result %u",
                      (unsigned)s->reply[at]);
    return OS_STARTTLS_BAD;
}

/* MySQL: the server's first packet, version 10, says in its capabilities whether it has TLS. */
enum os_starttls_progress os_starttls_take_mysql(struct os_starttls *s, const char *want,
                                                 struct pintle_error *err)
{
    const uint8_t *end;
    size_t len;
    size_t at;

    if (s->reply_len < 5)
        return OS_STARTTLS_ON;
    len = (size_t)s->reply[0] | (size_t)s->reply[1] << 8 | (size_t)s->reply[2] << 16;
    if (s->reply[3] != 0 || s->reply[4] != (uint8_t)want[0] || len < 1 ||
        len > OS_STARTTLS_LINE_MAX - 4)
        return os_starttls_bad(err, "the server does not speak MySQL's protocol 10");
    if (s->reply_len < len + 4)
        return OS_STARTTLS_ON;
    end = memchr(s->reply + 5, 0, len - 1);
    at = end == NULL ? s->reply_len : (size_t)(end - s->reply) + 14;
    if (at + 2 > s->reply_len)
        return os_starttls_bad(err, "malformed MySQL greeting");
    if ((s->reply[at + 1] & 0x08) == 0)
        return os_starttls_bad(err, "the server does not offer it");
    return OS_STARTTLS_DONE;
}
