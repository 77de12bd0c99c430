/* SPDX-License-Identifier: Apache-2.0 */
/* What every test of the client needs: a small PKI, files of it, an engine, a way to connect. */
#ifndef PINTLE_TESTS_ADAPTER_X509_SCENE_H
#define PINTLE_TESTS_ADAPTER_X509_SCENE_H

#include <pintle/client.h>

#include "adapter/x509/fixture.h"
#include "adapter/x509/server.h"

#define SCENE_HOST "server.test"

/* ca_file holds root. leaf is SCENE_HOST's and 127.0.0.1's, issued by `intermediate`. */
struct scene {
    EVP_PKEY *key;
    EVP_PKEY *rsa;
    EVP_PKEY *ca_key;
    X509 *root;
    X509 *intermediate;
    X509 *leaf;
    X509 *rsa_leaf;
    char ca_file[64];
};

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* A leaf of the intermediate. */
X509 *scene_leaf(const struct scene *scene, EVP_PKEY *key, const char *san);

/* A file with these bytes; its name goes to path. scene_remove() it. */
void scene_write(char path[64], const void *data, size_t len);
void scene_write_key(char path[64], EVP_PKEY *key, const char *passphrase);
void scene_write_cert(char path[64], X509 *cert);
void scene_remove(const char *path);

/* An engine that enforces one pin for SCENE_HOST: that of `key`, under "trust": "pkix" or "key". */
struct pintle *scene_engine(EVP_PKEY *key, const char *trust);

/* A wait function: polls for as many milliseconds as *ctx (an int) says, then E_TIMEOUT. */
enum pintle_status scene_wait(void *ctx, int fd, enum pintle_wait what, struct pintle_error *err);

/*
 * One connection to a server, which is started before and stopped after. Options without a wait
 * function run over a blocking socket, others over one that does not block. *out is the client, to
 * be freed by scene_end() with its socket.
 */
struct scene_connection {
    struct pintle_client *client;
    struct pintle_error err;
    int fd;
};

enum pintle_status scene_connect(struct scene_connection *out, const struct server *server,
                                 const char *host, const struct pintle_client_options *options);
void scene_end(struct scene_connection *connection);

#endif
