/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is pointed at: a server or a file. docs/spec/cli.md, "Targets". */
#ifndef PINTLE_CLI_TARGET_H
#define PINTLE_CLI_TARGET_H

#include <pintle/host.h>

/* "[" host "]:65535" and the terminating NUL. */
#define TARGET_TEXT_SIZE (PINTLE_HOST_MAX_LEN + 9)

enum target_kind {
    TARGET_SERVER = 0,
    TARGET_FILE = 1 /* "-" is standard input */
};

/*
 * host, port  of a server
 * text        "host:port" or "[v6]:port", for messages
 * path        of a file, lent from the command line
 */
struct target {
    enum target_kind kind;
    struct pintle_host host;
    uint16_t port;
    char text[TARGET_TEXT_SIZE];
    const char *path;
};

/*
 * Read "host", "host:port", "v6", "[v6]:port" or "https://host[:port][/…]". U-labels become
 * A-labels. Without a port it is `port`, in a URL 443.
 *
 * E_HOST, also for a port that is not 1 to 65535, and for a URL with a user name.
 */
PINTLE_MUST_USE enum pintle_status target_parse_server(struct target *out, const char *text,
                                                       uint16_t port, struct pintle_error *err);

/*
 * The same, and files: "-"; what has a '/' and is no URL; what is a regular file and has no ':'.
 * "./name" is always a file, "name:443" always a server.
 */
PINTLE_MUST_USE enum pintle_status target_parse(struct target *out, const char *text, uint16_t port,
                                                struct pintle_error *err);

/* What stands behind "https://" in a URL: without the port if it is 443. Static buffer. */
const char *target_url_host(const struct target *target);

/* A target for a host and port known to be good. */
void target_from_host(struct target *out, const struct pintle_host *host, uint16_t port);

#endif
