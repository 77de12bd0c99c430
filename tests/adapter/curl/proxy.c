/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/curl/proxy.h"

#include <stdlib.h>
#include <string.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

static bool pass_on(struct stream *from, struct stream *to)
{
    char data[16384];
    int len = stream_read(from, data, sizeof(data));

    return len > 0 && stream_write(to, data, (size_t)len);
}

static void relay(struct stream *client, struct stream *server)
{
    for (;;) {
        struct pollfd ready[2] = {{client->fd, POLLIN, 0}, {server->fd, POLLIN, 0}};
        bool waits = client->ssl != NULL && SSL_pending(client->ssl) > 0;

        if (!waits && poll(ready, 2, -1) < 0)
            return;
        if ((waits || ready[0].revents != 0) && !pass_on(client, server))
            return;
        if (ready[1].revents != 0 && !pass_on(server, client))
            return;
    }
}

static void connect_through(struct stream *client, uint16_t port, const char *yes, size_t len)
{
    struct stream server = {listener_dial(port), NULL};

    if (server.fd < 0)
        return;
    if (stream_write(client, yes, len))
        relay(client, &server);
    close(server.fd);
}

static bool read_head(struct stream *stream, char *text, size_t size)
{
    size_t len = 0;

    while (len < size - 1 && stream_read(stream, text + len, 1) == 1) {
        text[++len] = '\0';
        if (len >= 4 && strcmp(text + len - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static void talk_http(struct proxy *proxy, struct stream *client)
{
    static const char yes[] = "HTTP/1.1 200 OK\r\n\r\n";
    char head[4096];
    const char *colon;

    while (read_head(client, head, sizeof(head))) {
        atomic_fetch_add(&proxy->asked, 1);
        colon = strchr(head, ':');
        if (strncmp(head, "CONNECT ", 8) == 0 && colon != NULL) {
            connect_through(client, (uint16_t)strtoul(colon + 1, NULL, 10), yes, sizeof(yes) - 1);
            return;
        }
        if (!stream_say(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
            return;
    }
}

static bool read_all(struct stream *stream, unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (stream_read(stream, data + i, 1) != 1)
            return false;
    }
    return true;
}

/* RFC 1928 sections 3 to 6: no authentication, CONNECT, a domain name. */
static void talk_socks(struct proxy *proxy, struct stream *client)
{
    static const char method[] = {5, 0};
    static const char yes[] = {5, 0, 0, 1, 127, 0, 0, 1, 0, 0};
    unsigned char data[262];

    if (!read_all(client, data, 2) || !read_all(client, data + 2, data[1]) ||
        !stream_write(client, method, sizeof(method)) || !read_all(client, data, 5) ||
        data[3] != 3 || !read_all(client, data + 5, (size_t)data[4] + 2))
        return;
    atomic_fetch_add(&proxy->asked, 1);
    connect_through(client, (uint16_t)(data[5 + data[4]] << 8 | data[6 + data[4]]), yes,
                    sizeof(yes));
}

static void serve(void *ctx, int fd)
{
    struct proxy *proxy = ctx;
    struct stream stream = {fd, NULL};

    if (proxy->ctx != NULL && !stream_accept(&stream, proxy->ctx))
        return;
    if (proxy->socks)
        talk_socks(proxy, &stream);
    else
        talk_http(proxy, &stream);
    stream_close(&stream);
}

void proxy_start(struct proxy *proxy, const struct pki_cert *cert)
{
    proxy->ctx = cert != NULL ? SSL_CTX_new(TLS_server_method()) : NULL;
    if (proxy->ctx != NULL) {
        (void)SSL_CTX_use_certificate(proxy->ctx, cert->x509);
        (void)SSL_CTX_use_PrivateKey(proxy->ctx, cert->key);
    }
    proxy->listener.serve = serve;
    proxy->listener.ctx = proxy;
    listener_start(&proxy->listener);
}

void proxy_stop(struct proxy *proxy)
{
    listener_stop(&proxy->listener);
    SSL_CTX_free(proxy->ctx);
    proxy->ctx = NULL;
}
