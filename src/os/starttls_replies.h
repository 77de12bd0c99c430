/* SPDX-License-Identifier: Apache-2.0 */
/* What servers say in STARTTLS dialogues. */
#ifndef PINTLE_SRC_OS_STARTTLS_REPLIES_H
#define PINTLE_SRC_OS_STARTTLS_REPLIES_H

#include "os/starttls.h"

/* What a reply says after one more byte of it. */
enum os_starttls_progress {
    OS_STARTTLS_BAD = 0, /* err is set */
    OS_STARTTLS_ON = 1,
    OS_STARTTLS_DONE = 2
};

/* Say what is wrong; returns OS_STARTTLS_BAD. */
enum os_starttls_progress os_starttls_bad(struct pintle_error *err, const char *what);

/*
 * Look at s->reply, which has just grown by a byte. `want` is what it must begin with.
 *
 * code is SMTP and FTP.
 */
enum os_starttls_progress os_starttls_take_code(struct os_starttls *s, const char *want,
                                                struct pintle_error *err);
enum os_starttls_progress os_starttls_take_pop3(struct os_starttls *s, const char *want,
                                                struct pintle_error *err);
enum os_starttls_progress os_starttls_take_imap(struct os_starttls *s, const char *want,
                                                struct pintle_error *err);
enum os_starttls_progress os_starttls_take_xmpp(struct os_starttls *s, const char *want,
                                                struct pintle_error *err);
enum os_starttls_progress os_starttls_take_postgres(struct os_starttls *s, const char *want,
                                                    struct pintle_error *err);
enum os_starttls_progress os_starttls_take_ldap(struct os_starttls *s, const char *want,
                                                struct pintle_error *err);
enum os_starttls_progress os_starttls_take_mysql(struct os_starttls *s, const char *want,
                                                 struct pintle_error *err);

#endif
