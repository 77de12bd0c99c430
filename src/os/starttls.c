/* SPDX-License-Identifier: Apache-2.0 */
/* The dialogues, without a socket. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "os/starttls_replies.h"

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
    enum os_starttls_progress (*take)(struct os_starttls *s, const char *want,
                                      struct pintle_error *err);
    struct exchange exchanges[3];
    struct pintle_view binary; /* of the first exchange or, after the last one, of `begun` */
    unsigned exchange_count;
    uint16_t port;
    bool self;
    bool begun;
};

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
                          .take = os_starttls_take_code,
                          .self = true,
                          .exchanges = {{NULL, "220"},
                                        {"EHLO %s\r\n", "250"},
                                        {"STARTTLS\r\n", "220"}}},
    [OS_STARTTLS_IMAP] = {.name = "imap",
                          .port = 143,
                          .exchange_count = 2,
                          .take = os_starttls_take_imap,
                          .exchanges = {{NULL, "* OK"}, {"A1 STARTTLS\r\n", "A1 OK"}}},
    [OS_STARTTLS_POP3] = {.name = "pop3",
                          .port = 110,
                          .exchange_count = 2,
                          .take = os_starttls_take_pop3,
                          .exchanges = {{NULL, "+OK"}, {"STLS\r\n", "+OK"}}},
    [OS_STARTTLS_FTP] = {.name = "ftp",
                         .port = 21,
                         .exchange_count = 2,
                         .take = os_starttls_take_code,
                         .exchanges = {{NULL, "220"}, {"AUTH TLS\r\n", "234"}}},
    [OS_STARTTLS_LDAP] = {.name = "ldap",
                          .port = 389,
                          .exchange_count = 1,
                          .take = os_starttls_take_ldap,
                          .exchanges = {{NULL, "\x30"}},
                          .binary = {ldap_request, sizeof ldap_request}},
    [OS_STARTTLS_XMPP] = {.name = "xmpp",
                          .port = 5222,
                          .exchange_count = 2,
                          .take = os_starttls_take_xmpp,
                          .exchanges = {{"<?xml version='1.0'?><stream:stream to='%s' "
                                         "xmlns='jabber:client' version='1.0' "
                                         "xmlns:stream='http://etherx.jabber.org/streams'>",
                                         "<starttls"},
                                        {"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                                         "<proceed"}}},
    [OS_STARTTLS_POSTGRES] = {.name = "postgres",
                              .port = 5432,
                              .exchange_count = 1,
                              .take = os_starttls_take_postgres,
                              .exchanges = {{NULL, "S"}},
                              .binary = {postgres_request, sizeof postgres_request}},
    [OS_STARTTLS_MYSQL] = {.name = "mysql",
                           .port = 3306,
                           .exchange_count = 1,
                           .take = os_starttls_take_mysql,
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

/* Take one byte; OS_STARTTLS_DONE when this step's reply is complete. */
static enum os_starttls_progress take(struct os_starttls *s, uint8_t byte, struct pintle_error *err)
{
    const struct dialogue *d = &dialogues[s->protocol];

    if (s->reply_len == OS_STARTTLS_LINE_MAX || s->total == OS_STARTTLS_REPLY_MAX)
        return os_starttls_bad(err, "the server's reply is too long");
    /* A NUL would hide the rest of a line from us. */
    if (byte == 0 && d->binary.len == 0)
        return os_starttls_bad(err, "NUL in the server's reply");
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
        enum os_starttls_progress progress;

        if (s->step == last || s->out_len > 0) {
            pintle__error_set(err, PINTLE_E_TLS,
                              "STARTTLS: the server (or someone between) sent %zu bytes it was "
                              "not asked for",
                              len - i);
            return PINTLE_E_TLS;
        }
        progress = take(s, data[i], err);
        if (progress == OS_STARTTLS_BAD)
            return PINTLE_E_TLS;
        if (progress == OS_STARTTLS_DONE)
            next_step(s);
    }
    if (s->step == last)
        *step = OS_STARTTLS_READY;
    return PINTLE_OK;
}
