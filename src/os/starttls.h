/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain-text preludes after which protocols begin TLS on the same connection.
 *
 * The dialogue is a pure state machine (feed it what came, send what it says); os_starttls() drives
 * it over a socket. Replies are bounded. A server that says anything it was not asked for, above
 * all behind its go-ahead, is refused: those bytes could have been put there by an attacker and
 * would be taken for protected ones (CVE-2011-0411).
 */
#ifndef PINTLE_SRC_OS_STARTTLS_H
#define PINTLE_SRC_OS_STARTTLS_H

#include "os/net.h"

/*
 * smtp RFC 3207, imap RFC 3501 section 6.2.1, pop3 RFC 2595 section 4, ftp RFC 4217 section 4,
 * ldap RFC 4511 section 4.14, xmpp RFC 6120 section 5, postgres: "SSL Session Encryption" and
 * mysql: "Connection Phase" of their manuals.
 */
enum os_starttls_protocol {
    OS_STARTTLS_NONE = 0,
    OS_STARTTLS_SMTP,
    OS_STARTTLS_IMAP,
    OS_STARTTLS_POP3,
    OS_STARTTLS_FTP,
    OS_STARTTLS_LDAP,
    OS_STARTTLS_XMPP,
    OS_STARTTLS_POSTGRES,
    OS_STARTTLS_MYSQL
};

/* Longest line or message, and longest reply of one step with all its lines. */
#define OS_STARTTLS_LINE_MAX 4096
#define OS_STARTTLS_REPLY_MAX 16384

/* Names for --starttls, ended by NULL; index + 1 is the protocol. */
extern const char *const os_starttls_names[];

/* The protocol of a name; OS_STARTTLS_NONE for NULL and for unknown names. */
enum os_starttls_protocol os_starttls_find(const char *name);

/* The port the protocol begins in plain text on: 25, 143, 110, 21, 389, 5222, 5432, 3306; 443 for
 * none. */
uint16_t os_starttls_get_port(enum os_starttls_protocol protocol);

enum os_starttls_step {
    OS_STARTTLS_MORE = 0, /* wait for the server's bytes */
    OS_STARTTLS_READY = 1 /* begin TLS when `out` is sent */
};

/*
 * A dialogue. After init and after every feed send out[0..out_len).
 *
 * offered           the reply of this step lists the extension
 * multiline         the reply of this step goes on (SMTP, FTP)
 * reply, reply_len  what has come of this step's reply; in dialogues by lines, of its last line
 * total             bytes of this step's reply
 */
struct os_starttls {
    enum os_starttls_protocol protocol;
    unsigned step;
    bool offered;
    bool multiline;
    const char *host;
    const char *self;
    size_t total;
    size_t reply_len;
    uint8_t reply[OS_STARTTLS_LINE_MAX + 1];
    size_t out_len;
    uint8_t out[512];
};

/*
 * Begin. host is the server's name, for protocols that say it; self names this side to an SMTP
 * server: an address literal ("[192.0.2.1]", RFC 5321 section 4.1.3). Both are lent until the end.
 * protocol is not NONE.
 */
void os_starttls_init(struct os_starttls *s, enum os_starttls_protocol protocol, const char *host,
                      const char *self);

/*
 * Take what the server sent. E_TLS with the server's words for a refusal, an extension it does not
 * offer, bytes it was not asked for, or a reply that is malformed or too long.
 */
PINTLE_MUST_USE enum pintle_status os_starttls_feed(struct os_starttls *s,
                                                    enum os_starttls_step *step,
                                                    const uint8_t *data, size_t len,
                                                    struct pintle_error *err);

/*
 * Run the dialogue on a connected socket. Nothing is read beyond the go-ahead. Errors of feed, of
 * os_wait(), and E_TLS when the server hangs up.
 */
PINTLE_MUST_USE enum pintle_status os_starttls(int fd, enum os_starttls_protocol protocol,
                                               const char *host, struct os_deadline *deadline,
                                               struct pintle_error *err);

#endif
