/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "adapter/x509/server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>

SSL_CTX *server_ctx(X509 *leaf, EVP_PKEY *key, X509 *intermediate)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    if (intermediate != NULL)
        assert_int_equal(SSL_CTX_add1_chain_cert(ctx, intermediate), 1);
    return ctx;
}

/* --- manners ------------------------------------------------------------------------------------
 */

/* Until the other side hangs up, or for as long as a test may take. */
static void drain(int fd)
{
    char buf[4096];

    while (recv(fd, buf, sizeof(buf), 0) > 0)
        ;
}

static void take_data(struct server *server, SSL *ssl)
{
    char buf[4096];
    int n = SSL_read(ssl, buf, (int)sizeof(buf));

    if (n > 0)
        atomic_fetch_add(&server->data_len, (size_t)n);
    if (n > 0 && server->manner != SERVER_RESETS)
        SSL_write(ssl, "hello", 5);
}

static void note(struct server *server, SSL *ssl)
{
    const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    snprintf(server->sni, sizeof(server->sni), "%s", sni != NULL ? sni : "");
    server->client_sent_certificate = SSL_get0_peer_certificate(ssl) != NULL;
    atomic_fetch_add(&server->handshakes, 1);
}

static void hang_up_hard(int fd)
{
    struct linger now = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* TLS 1.2 only. What comes from the client drives the handshake, if it goes along. */
static void swap(struct server *server, SSL *ssl)
{
    char buf[16];

    SSL_set_options(ssl, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    SSL_use_certificate(ssl, server->other_leaf);
    SSL_use_PrivateKey(ssl, server->other_key);
    if (SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1 &&
        SSL_read(ssl, buf, (int)sizeof(buf)) > 0)
        atomic_fetch_add(&server->data_len, 1000);
}

static void serve(struct server *server, int fd)
{
    SSL *ssl = SSL_new(server->ctx);

    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        note(server, ssl);
        take_data(server, ssl);
        if (server->manner == SERVER_SWAPS)
            swap(server, ssl);
        if (server->manner == SERVER_SERVES && SSL_shutdown(ssl) == 0)
            SSL_shutdown(ssl);
        if (server->manner == SERVER_RESETS)
            hang_up_hard(fd);
    } else {
        drain(fd); /* so that no reset overtakes the alert */
    }
    SSL_free(ssl);
}

static void send_slowly(int fd, const char *data, size_t len)
{
    const struct timespec pause = {0, 100000};

    for (size_t i = 0; i < len; i++) {
        if (send(fd, data + i, 1, MSG_NOSIGNAL) != 1)
            return;
        nanosleep(&pause, NULL);
    }
}

/* A handshake over memory BIOs, its output sent byte by byte, or half of it. */
static void drip(struct server *server, int fd)
{
    SSL *ssl = SSL_new(server->ctx);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    char buf[4096];
    ssize_t n;

    SSL_set_bio(ssl, in, out);
    while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
        char *data = NULL;
        long len;
        BIO_write(in, buf, (int)n);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, buf, (int)sizeof(buf)) > 0) {
            atomic_fetch_add(&server->data_len, 1);
            SSL_write(ssl, "hello", 5);
            SSL_shutdown(ssl);
        }
        len = BIO_get_mem_data(out, &data);
        if (server->manner == SERVER_BREAKS_OFF)
            len /= 2;
        send_slowly(fd, data, (size_t)len);
        (void)BIO_reset(out);
        if (server->manner == SERVER_BREAKS_OFF)
            break;
    }
    SSL_free(ssl);
}

static void answer_plainly(int fd)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char buf[4096];

    if (recv(fd, buf, sizeof(buf), 0) > 0)
        (void)send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    drain(fd);
}

static void handle(struct server *server, int fd)
{
    char buf[4096];

    switch (server->manner) {
    case SERVER_IS_SILENT:
        drain(fd);
        break;
    case SERVER_DRIPS:
    case SERVER_BREAKS_OFF:
        drip(server, fd);
        break;
    case SERVER_HANGS_UP:
        (void)recv(fd, buf, sizeof(buf), 0);
        break;
    case SERVER_IS_PLAIN:
        answer_plainly(fd);
        break;
    case SERVER_SERVES:
    case SERVER_CUTS:
    case SERVER_RESETS:
    case SERVER_SWAPS:
    default:
        serve(server, fd);
        break;
    }
}

/* --- the thread ---------------------------------------------------------------------------------
 */

static void *run(void *arg)
{
    struct server *server = arg;
    const struct timeval patience = {10, 0};
    const int on = 1;
    sigset_t broken_pipe;
    int fd;

    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL); /* of this thread alone */
    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        handle(server, fd);
        close(fd);
        ERR_clear_error();
    }
    OPENSSL_thread_stop();
    return NULL;
}

void server_start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR); /* wakes accept() */
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->listener);
    SSL_CTX_free(server->ctx);
    server->ctx = NULL;
}

int server_connect(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}
