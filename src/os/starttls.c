/* SPDX-License-Identifier: Apache-2.0 */
/* The dialogues, without a socket. */
#include "os/starttls.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* What a reply says after one more byte of it. */
enum progress {
    PROGRESS_BAD = 0, /* err is set */
    PROGRESS_MORE = 1,
    PROGRESS_DONE = 2
};

/*
 * One exchange.
 *
 * send  what is sent first: a format, %s is the server's or our own name; NULL for nothing
 * want  what the reply must begin with
 */
struct exchange {
    const char *send;
    const char *want;
};

/*
 * take   looks at s->reply, which has just grown by a byte
 * self   %s of the exchanges is our own name, not the server's
 * begun  sent after the last exchange, without an answer in plain text
 */
struct dialogue {
    const char *name;
    enum progress (*take)(struct os_starttls *s, const char *want, struct pintle_error *err);
    struct exchange exchanges[3];
    struct pintle_view binary; /* of the first exchange or, after the last one, of `begun` */
    unsigned exchange_count;
    uint16_t port;
    bool self;
    bool begun;
};

static enum progress bad(struct pintle_error *err, const char *what)
{
    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS: %s", what);
    return PROGRESS_BAD;
}

static enum progress refused(const struct os_starttls *s, struct pintle_error *err)
{
    int len = s->reply_len < 100 ? (int)s->reply_len : 100;

    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS refused: %.*s", len, (const char *)s->reply);
    return PROGRESS_BAD;
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
static enum progress take_code(struct os_starttls *s, const char *want, struct pintle_error *err)
{
    if (!line_ends(s))
        return PROGRESS_MORE;
    if (!is_code(s)) {
        if (!s->multiline || s->protocol != OS_STARTTLS_FTP)
            return bad(err, "the server's reply does not begin with a code");
        s->reply_len = 0;
        return PROGRESS_MORE;
    }
    if (!begins(s, want))
        return refused(s, err);
    if (s->reply_len > 4 && equal_fold((const char *)s->reply + 4, "STARTTLS"))
        s->offered = true;
    s->multiline = s->reply[3] == '-';
    if (s->multiline) {
        s->reply_len = 0;
        return PROGRESS_MORE;
    }
    if (s->protocol == OS_STARTTLS_SMTP && s->step == 1 && !s->offered)
        return bad(err, "the server does not offer it (or someone between took the offer out)");
    return PROGRESS_DONE;
}

/* POP3: one line, "+OK" or "-ERR". */
static enum progress take_pop3(struct os_starttls *s, const char *want, struct pintle_error *err)
{
    if (!line_ends(s))
        return PROGRESS_MORE;
    return begins(s, want) ? PROGRESS_DONE : refused(s, err);
}

/* IMAP: untagged lines may precede the tagged reply; a greeting is one untagged line. */
static enum progress take_imap(struct os_starttls *s, const char *want, struct pintle_error *err)
{
    if (!line_ends(s))
        return PROGRESS_MORE;
    if (begins(s, want))
        return PROGRESS_DONE;
    /* PREAUTH and BYE greetings leave no state in which STARTTLS is allowed (RFC 9051, 7.1.4). */
    if (s->step == 0 || !begins(s, "* ") || begins(s, "* BYE"))
        return refused(s, err);
    s->reply_len = 0;
    return PROGRESS_MORE;
}

static bool ends(const struct os_starttls *s, const char *text)
{
    size_t len = strlen(text);

    return s->reply_len >= len && memcmp(s->reply + s->reply_len - len, text, len) == 0;
}

/* XMPP: read no further than the one element that is waited for. */
static enum progress take_xmpp(struct os_starttls *s, const char *want, struct pintle_error *err)
{
    const char *reply = (const char *)s->reply;

    s->reply[s->reply_len] = '\0';
    if (!ends(s, ">"))
        return PROGRESS_MORE;
    if (s->step == 1)
        return strncmp(reply, want, strlen(want)) == 0 && strstr(reply, "ns:xmpp-tls") != NULL
                   ? PROGRESS_DONE
                   : refused(s, err);
    if (ends(s, "</stream:stream>") || ends(s, "<stream:features/>"))
        return bad(err, "the server does not offer it");
    if (!ends(s, "</stream:features>"))
        return PROGRESS_MORE;
    if (strstr(reply, want) == NULL || strstr(reply, "ns:xmpp-tls") == NULL)
        return bad(err, "the server does not offer it");
    return PROGRESS_DONE;
}

/* PostgreSQL: one byte, 'S' or 'N'; 'E' begins an error message of old servers. */
static enum progress take_postgres(struct os_starttls *s, const char *want,
                                   struct pintle_error *err)
{
    if (s->reply[0] == (uint8_t)want[0])
        return PROGRESS_DONE;
    return bad(err, s->reply[0] == 'N' ? "the server has TLS switched off"
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
static enum progress take_ldap(struct os_starttls *s, const char *want, struct pintle_error *err)
{
    static const uint8_t success[] = {0x02, 0x01, 0x01, 0x78};
    size_t at = 0;
    size_t len = 0;

    if (s->reply[0] != (uint8_t)want[0] || (s->reply_len > 1 && s->reply[1] > 0x82))
        return bad(err, "the server does not speak LDAP");
    if (!ber_enter(s, &at, 0x30, &len) || s->reply_len - at < len)
        return PROGRESS_MORE;
    if (len < sizeof success || memcmp(s->reply + at, success, sizeof success) != 0)
        return bad(err, "the server answers something else than was asked (LDAP)");
    at += sizeof success - 1;
    if (!ber_enter(s, &at, 0x78, &len) || !ber_enter(s, &at, 0x0a, &len) || len != 1 ||
        at >= s->reply_len)
        return bad(err, "malformed LDAP answer");
    if (s->reply[at] == 0)
        return PROGRESS_DONE;
    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS refused: LDAP result %u",
                      (unsigned)s->reply[at]);
    return PROGRESS_BAD;
}

/* MySQL: the server's first packet, version 10, says in its capabilities whether it has TLS. */
static enum progress take_mysql(struct os_starttls *s, const char *want, struct pintle_error *err)
{
    const uint8_t *end;
    size_t len;
    size_t at;

    if (s->reply_len < 5)
        return PROGRESS_MORE;
    len = (size_t)s->reply[0] | (size_t)s->reply[1] << 8 | (size_t)s->reply[2] << 16;
    if (s->reply[3] != 0 || s->reply[4] != (uint8_t)want[0] || len < 1 ||
        len > OS_STARTTLS_LINE_MAX - 4)
        return bad(err, "the server does not speak MySQL's protocol 10");
    if (s->reply_len < len + 4)
        return PROGRESS_MORE;
    end = memchr(s->reply + 5, 0, len - 1);
    at = end == NULL ? s->reply_len : (size_t)(end - s->reply) + 14;
    if (at + 2 > s->reply_len)
        return bad(err, "malformed MySQL greeting");
    if ((s->reply[at + 1] & 0x08) == 0)
        return bad(err, "the server does not offer it");
    return PROGRESS_DONE;
}

static const uint8_t postgres_request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};

static const uint8_t ldap_request[] = {
    0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16, '1', '.', '3', '.', '6', '.', '1',
    '.',  '4',  '.',  '1',  '.',  '1',  '4',  '6',  '6',  '.', '2', '0', '0', '3', '7'};

/* CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; 16 MiB packets; utf8mb4. */
static const uint8_t mysql_request[36] = {32, 0, 0, 1, 0x00, 0x8a, 0, 0, 0, 0, 0, 1, 45};

static const struct dialogue dialogues[] = {
    [OS_STARTTLS_NONE] = {.name = "none", .port = 443},
    [OS_STARTTLS_SMTP] = {.name = "smtp",
                          .port = 25,
                          .exchange_count = 3,
                          .take = take_code,
                          .self = true,
                          .exchanges = {{NULL, "220"},
                                        {"EHLO %s\r\n", "250"},
                                        {"STARTTLS\r\n", "220"}}},
    [OS_STARTTLS_IMAP] = {.name = "imap",
                          .port = 143,
                          .exchange_count = 2,
                          .take = take_imap,
                          .exchanges = {{NULL, "* OK"}, {"A1 STARTTLS\r\n", "A1 OK"}}},
    [OS_STARTTLS_POP3] = {.name = "pop3",
                          .port = 110,
                          .exchange_count = 2,
                          .take = take_pop3,
                          .exchanges = {{NULL, "+OK"}, {"STLS\r\n", "+OK"}}},
    [OS_STARTTLS_FTP] = {.name = "ftp",
                         .port = 21,
                         .exchange_count = 2,
                         .take = take_code,
                         .exchanges = {{NULL, "220"}, {"AUTH TLS\r\n", "234"}}},
    [OS_STARTTLS_LDAP] = {.name = "ldap",
                          .port = 389,
                          .exchange_count = 1,
                          .take = take_ldap,
                          .exchanges = {{NULL, "\x30"}},
                          .binary = {ldap_request, sizeof ldap_request}},
    [OS_STARTTLS_XMPP] = {.name = "xmpp",
                          .port = 5222,
                          .exchange_count = 2,
                          .take = take_xmpp,
                          .exchanges = {{"<?xml version='1.0'?><stream:stream to='%s' "
                                         "xmlns='jabber:client' version='1.0' "
                                         "xmlns:stream='http://etherx.jabber.org/streams'>",
                                         "<starttls"},
                                        {"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                                         "<proceed"}}},
    [OS_STARTTLS_POSTGRES] = {.name = "postgres",
                              .port = 5432,
                              .exchange_count = 1,
                              .take = take_postgres,
                              .exchanges = {{NULL, "S"}},
                              .binary = {postgres_request, sizeof postgres_request}},
    [OS_STARTTLS_MYSQL] = {.name = "mysql",
                           .port = 3306,
                           .exchange_count = 1,
                           .take = take_mysql,
                           .exchanges = {{NULL, "\x0a"}},
                           .binary = {mysql_request, sizeof mysql_request},
                           .begun = true},
};

const char *const os_starttls_names[] = {"smtp", "imap",     "pop3",  "ftp", "ldap",
                                         "xmpp", "postgres", "mysql", NULL};

enum os_starttls_protocol os_starttls_find(const char *name)
{
    for (unsigned i = OS_STARTTLS_SMTP; name != NULL && i <= OS_STARTTLS_MYSQL; i++)
        if (strcmp(dialogues[i].name, name) == 0)
            return (enum os_starttls_protocol)i;
    return OS_STARTTLS_NONE;
}

uint16_t os_starttls_get_port(enum os_starttls_protocol protocol)
{
    return dialogues[protocol].port;
}

static void say_binary(struct os_starttls *s)
{
    struct pintle_view bytes = dialogues[s->protocol].binary;

    memcpy(s->out, bytes.data, bytes.len);
    s->out_len = bytes.len;
}

/* Fill `out` for the step that begins. */
static void say(struct os_starttls *s)
{
    const struct dialogue *d = &dialogues[s->protocol];
    const char *format = d->exchanges[s->step].send;
    const char *name = d->self ? s->self : s->host;
    const char *hole;
    int n;

    if (format == NULL)
        return;
    hole = strstr(format, "%s");
    if (hole == NULL)
        n = snprintf((char *)s->out, sizeof s->out, "%s", format);
    else
        n = snprintf((char *)s->out, sizeof s->out, "%.*s%s%s", (int)(hole - format), format, name,
                     hole + 2);
    s->out_len = n < 0 ? 0 : (size_t)n;
}

void os_starttls_init(struct os_starttls *s, enum os_starttls_protocol protocol, const char *host,
                      const char *self)
{
    memset(s, 0, sizeof *s);
    s->protocol = protocol;
    s->host = host;
    s->self = self;
    if (dialogues[protocol].binary.len > 0 && !dialogues[protocol].begun)
        say_binary(s);
    else
        say(s);
}

/* Take one byte; PROGRESS_DONE when this step's reply is complete. */
static enum progress take(struct os_starttls *s, uint8_t byte, struct pintle_error *err)
{
    const struct dialogue *d = &dialogues[s->protocol];

    if (s->reply_len == OS_STARTTLS_LINE_MAX || s->total == OS_STARTTLS_REPLY_MAX)
        return bad(err, "the server's reply is too long");
    /* A NUL would hide the rest of a line from us. */
    if (byte == 0 && d->binary.len == 0)
        return bad(err, "NUL in the server's reply");
    s->total++;
    s->reply[s->reply_len++] = byte;
    return d->take(s, d->exchanges[s->step].want, err);
}

static void next_step(struct os_starttls *s)
{
    const struct dialogue *d = &dialogues[s->protocol];

    s->step++;
    s->total = 0;
    s->reply_len = 0;
    s->offered = false;
    s->multiline = false;
    if (s->step < d->exchange_count)
        say(s);
    else if (d->begun)
        say_binary(s);
}

enum pintle_status os_starttls_feed(struct os_starttls *s, enum os_starttls_step *step,
                                    const uint8_t *data, size_t len, struct pintle_error *err)
{
    unsigned last = dialogues[s->protocol].exchange_count;

    *step = OS_STARTTLS_MORE;
    s->out_len = 0;
    for (size_t i = 0; i < len; i++) {
        enum progress progress;

        if (s->step == last || s->out_len > 0) {
            pintle__error_set(err, PINTLE_E_TLS,
                              "STARTTLS: the server (or someone between) sent %zu bytes it was "
                              "not asked for",
                              len - i);
            return PINTLE_E_TLS;
        }
        progress = take(s, data[i], err);
        if (progress == PROGRESS_BAD)
            return PINTLE_E_TLS;
        if (progress == PROGRESS_DONE)
            next_step(s);
    }
    if (s->step == last)
        *step = OS_STARTTLS_READY;
    return PINTLE_OK;
}
