/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/client.h: one TLS client connection over a connected socket, for tools: guarded by an
 * engine, or unguarded to look at what a server presents. Link libpintle-openssl; no OpenSSL type
 * appears here.
 *
 * TLS 1.2 or 1.3. Data is written with MSG_NOSIGNAL: a server that is gone raises no SIGPIPE. Every
 * function that fails may do so with E_NOMEM, and leaves the calling thread's OpenSSL error queue
 * empty.
 */
#ifndef PINTLE_CLIENT_H
#define PINTLE_CLIENT_H

#include <pintle/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pintle_client; /* opaque */

enum pintle_wait {
    PINTLE_WAIT_READ = 1,
    PINTLE_WAIT_WRITE = 2
};

/* Which kind of server certificate to ask for. */
enum pintle_key_kind {
    PINTLE_KEYS_ANY = 0,
    PINTLE_KEYS_RSA = 1,
    PINTLE_KEYS_ECDSA = 2
};

/*
 * Set what you need, leave the rest zero.
 *
 * engine       guards the connection. NULL looks only: the handshake is completed whatever the
 *              server presents, weak keys and algorithms included, and no data can flow afterwards
 * ca_file      PEM trust anchors instead of the system's, which are read once for the process
 * server_name  SNI to send instead of the host; the certificate must still be the host's
 * cert_file    client certificate chain in PEM; both or neither of these two
 * key_file     its key in PEM, not encrypted
 * alpn         protocol to offer, such as "http/1.1"
 * keys         kind of certificate to ask for; a server that has none of the kind fails the
 *              handshake (E_TLS)
 * wait         waits until the socket is readable or writable, and keeps the deadline: E_TIMEOUT or
 *              another error ends the call. NULL for a blocking socket, whose SO_RCVTIMEO and
 *              SO_SNDTIMEO are E_TIMEOUT
 * wait_ctx     passed to wait
 */
struct pintle_client_options {
    struct pintle *engine;
    const char *ca_file;
    const char *server_name;
    const char *cert_file;
    const char *key_file;
    const char *alpn;
    enum pintle_key_kind keys;
    enum pintle_status (*wait)(void *ctx, int fd, enum pintle_wait what, struct pintle_error *err);
    void *wait_ctx;
};

/*
 * What a handshake showed. Lent until pintle_client_free().
 *
 * protocol, cipher  such as "TLSv1.3", "TLS_AES_256_GCM_SHA384"; "" if it did not come that far
 * alpn              the protocol that the server chose, or ""
 * served            certificates as the server sent them, leaf first
 * path              how path validation for the host ended, whatever the verdict
 * path_detail       words for it; "" when valid
 * verified          the path to the trust anchor that validation built first; empty when invalid
 */
struct pintle_client_info {
    const char *protocol;
    const char *cipher;
    const char *alpn;
    const struct pintle_view *served;
    size_t served_count;
    enum pintle_path path;
    const char *path_detail;
    const struct pintle_view *verified;
    size_t verified_count;
};

/*
 * Handshake over a connected socket, which stays the caller's.
 *
 * host, port  as dialled; the host is normalised by pintle_host_parse()
 * options     not kept
 *
 * E_HOST for the host or the server name; E_ARGUMENT; E_IO for a file that cannot be read, E_PEM
 * for one without a certificate (err->index is the first bad one), E_KEY for an unusable client
 * key; E_TLS if the handshake failed, E_TIMEOUT or what else `wait` returned; E_REFUSED if the
 * engine refused: *out is then set all the same, for the verdict and the info, but carries no data.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_client_new(
    struct pintle_client **out, int fd, const char *host, uint16_t port,
    const struct pintle_client_options *options, struct pintle_error *err);

PINTLE_API const struct pintle_client_info *pintle_client_get_info(
    const struct pintle_client *client);

/* The verdict, or NULL without an engine. */
PINTLE_API const struct pintle_verdict *pintle_client_get_verdict(
    const struct pintle_client *client);

/*
 * Read at least one byte; *out_len is 0 at the orderly end (close_notify). A connection cut
 * without one is E_TLS (truncation). Write writes all. E_STATE on a connection that only looks or
 * was refused, and for write after shutdown. E_TLS, E_TIMEOUT or what else `wait` returned,
 * E_REFUSED if a renegotiation was refused.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_client_read(struct pintle_client *client,
                                                                 uint8_t *buf, size_t size,
                                                                 size_t *out_len,
                                                                 struct pintle_error *err);
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_client_write(struct pintle_client *client,
                                                                  const uint8_t *data, size_t len,
                                                                  struct pintle_error *err);

/* Bytes that pintle_client_read() can give without waiting. */
PINTLE_API size_t pintle_client_pending(const struct pintle_client *client);

/* Send close_notify: nothing more will be written. Reading goes on. */
PINTLE_API void pintle_client_shutdown(struct pintle_client *client);

PINTLE_API void pintle_client_free(struct pintle_client *client);

#ifdef __cplusplus
}
#endif
#endif
