/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to servers, and the options that say how they are made. */
#ifndef PINTLE_CLI_DIAL_H
#define PINTLE_CLI_DIAL_H

#include "cli.h"
#include "os/starttls.h"
#include "target.h"

/*
 * timeout  seconds for one connection: look-up, connect, STARTTLS and handshake together
 */
struct net_options {
    const char *connect;
    const char *ca;
    const char *servername;
    const char *starttls;
    const char *cert;
    const char *key;
    long timeout;
};

#define NET_TIMEOUT_DEFAULT 10

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
#define NET_ROW(name_, type_, metavar_, help_, offset_)                                            \
    {.name = (name_), .type = (type_), .metavar = (metavar_), .help = (help_), .offset = (offset_)}

/* Rows of opt_specs for a `struct net_options` that is `member` of `owner`. */
#define NET_OPTIONS(owner, member)                                                                  \
    NET_ROW("connect", OPT_STRING, "ADDR:PORT", "dial this address instead, keep the name",        \
            offsetof(owner, member.connect)),                                                       \
    NET_ROW("ca", OPT_FILE, "FILE", "trust the certificates in FILE instead of the system's",      \
            offsetof(owner, member.ca)),                                                            \
    {.name = "timeout", .type = OPT_COUNT, .metavar = "SECONDS", .min = 1, .max = 3600,            \
     .help = "give up a connection that takes longer (10)",                                        \
     .offset = offsetof(owner, member.timeout)},                                                    \
    NET_ROW("servername", OPT_STRING, "NAME",                                                      \
            "ask the server for this name (SNI), still check the host",                            \
            offsetof(owner, member.servername)),                                                    \
    {.name = "starttls", .type = OPT_CHOICE, .metavar = "PROTO", .choices = os_starttls_names,     \
     .help = "begin in plain text with this protocol",                                             \
     .offset = offsetof(owner, member.starttls)},                                                   \
    NET_ROW("cert", OPT_FILE, "FILE", "show this client certificate (PEM chain); needs --key",     \
            offsetof(owner, member.cert)),                                                          \
    NET_ROW("key", OPT_FILE, "FILE", "the client certificate's key (PEM)",                         \
            offsetof(owner, member.key))
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* False after telling what does not fit together; the command then returns CLI_USAGE. */
bool net_options_check(const char *command, const struct net_options *options);

/* The port of a target that names none. */
uint16_t net_options_port(const struct net_options *options);

/* The deadline of a connection that begins now. */
struct os_deadline net_options_deadline(const struct net_options *options);

/* What kind of connection. engine NULL looks only. */
struct dial_how {
    struct pintle *engine;
    enum pintle_key_kind keys;
};

/*
 * One connection.
 *
 * no_wait  calls on the client that would wait end with E_TIMEOUT instead and set `wanted`; they
 *          may be made again with the same arguments
 */
struct dial {
    int fd;
    struct pintle_client *client;
    struct os_deadline deadline;
    bool no_wait;
    enum pintle_wait wanted;
    char address[OS_ADDR_TEXT_SIZE];
};

/* The addresses to dial: those of the host, or of --connect. */
PINTLE_MUST_USE enum pintle_status dial_find(struct os_addrs *out, const struct target *target,
                                             const struct net_options *options,
                                             const struct os_deadline *deadline,
                                             struct pintle_error *err);

/*
 * Connect to one of the addresses and shake hands. `out` must stay where it is until dial_close(),
 * which is needed after failures too. On E_REFUSED the client is there for its verdict.
 */
PINTLE_MUST_USE enum pintle_status dial_open(struct dial *out, const struct target *target,
                                             const struct os_addrs *addrs,
                                             const struct net_options *options,
                                             const struct dial_how *how,
                                             const struct os_deadline *deadline,
                                             struct pintle_error *err);

void dial_close(struct dial *dial);

#endif
