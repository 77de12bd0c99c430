/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/curl/web.h"

#include <stdio.h>
#include <string.h>

/* HTTP/2 frames (RFC 9113 section 6). */
#define FRAME_HEAD 9
#define FRAME_HEADERS 1
#define FRAME_SETTINGS 4
#define FRAME_PING 6
#define FLAG_ACK 1
#define PREFACE_LEN 24

/* --- HTTP/1.1 --------------------------------------------------------------------------------- */

static bool answer(struct web *web, struct stream *stream, const char *request)
{
    char text[256];

    atomic_fetch_add(&web->requests, 1);
    if (strstr(request, "/wait ") != NULL)
        return true;
    if (strncmp(request, "GET /go ", 8) != 0)
        return stream_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                   web->location);
    return stream_say(stream, text);
}

/* Requests without a body, one after the other. */
static void talk_http1(struct web *web, struct stream *stream)
{
    char text[8192];
    size_t len = 0;
    int more;

    while (len < sizeof(text) - 1 &&
           (more = stream_read(stream, text + len, sizeof(text) - 1 - len)) > 0) {
        atomic_fetch_add(&web->bytes, (size_t)more);
        len += (size_t)more;
        text[len] = '\0';
        if (strstr(text, "\r\n\r\n") == NULL)
            continue;
        if (!answer(web, stream, text))
            break;
        len = 0;
    }
}

/* --- HTTP/2 ----------------------------------------------------------------------------------- */

static bool read_all(struct web *web, struct stream *stream, uint8_t *data, size_t len)
{
    for (size_t have = 0; have < len;) {
        int more = stream_read(stream, data + have, len - have);

        if (more <= 0)
            return false;
        atomic_fetch_add(&web->bytes, (size_t)more);
        have += (size_t)more;
    }
    return true;
}

static bool answer_frame(struct web *web, struct stream *stream, uint8_t *head,
                         const uint8_t *payload)
{
    static const uint8_t settings_ack[FRAME_HEAD] = {0, 0, 0, FRAME_SETTINGS, FLAG_ACK};
    uint8_t out[FRAME_HEAD + 8];

    memcpy(out, head, FRAME_HEAD);
    if (head[3] == FRAME_SETTINGS && (head[4] & FLAG_ACK) == 0)
        return stream_write(stream, settings_ack, sizeof(settings_ack));
    if (head[3] == FRAME_PING && (head[4] & FLAG_ACK) == 0) {
        out[4] = FLAG_ACK;
        memcpy(out + FRAME_HEAD, payload, 8);
        return stream_write(stream, out, sizeof(out));
    }
    if (head[3] != FRAME_HEADERS)
        return true;
    atomic_fetch_add(&web->requests, 1);
    if (atomic_load(&web->silent))
        return true;
    out[2] = 1;
    out[4] = 0x5;           /* END_STREAM, END_HEADERS */
    out[FRAME_HEAD] = 0x88; /* ":status: 200" of the static table (RFC 7541 appendix A) */
    return stream_write(stream, out, FRAME_HEAD + 1);
}

static void talk_http2(struct web *web, struct stream *stream)
{
    static const uint8_t settings[FRAME_HEAD] = {0, 0, 0, FRAME_SETTINGS};
    uint8_t head[FRAME_HEAD];
    uint8_t payload[16384];

    if (!stream_write(stream, settings, sizeof(settings)) ||
        !read_all(web, stream, payload, PREFACE_LEN))
        return;
    while (read_all(web, stream, head, FRAME_HEAD)) {
        size_t len = (size_t)head[1] << 8 | head[2];

        if (head[0] != 0 || len > sizeof(payload) || !read_all(web, stream, payload, len) ||
            !answer_frame(web, stream, head, payload))
            return;
    }
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *len,
                     const unsigned char *offer, unsigned offer_len, void *arg)
{
    static const unsigned char h2[] = {2, 'h', '2'};
    unsigned char *chosen;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, len, h2, sizeof(h2), offer, offer_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* --- the server ------------------------------------------------------------------------------- */

static SSL_CTX *make_ctx(const struct pki_cert *cert)
{
    SSL_CTX *ctx = cert != NULL ? SSL_CTX_new(TLS_server_method()) : NULL;

    if (ctx == NULL)
        return NULL;
    (void)SSL_CTX_use_certificate(ctx, cert->x509);
    (void)SSL_CTX_use_PrivateKey(ctx, cert->key);
    return ctx;
}

static void serve(void *ctx, int fd)
{
    struct web *web = ctx;
    struct stream stream = {fd, NULL};

    atomic_fetch_add(&web->connections, 1);
    if (web->ctx != NULL) {
        if (!stream_accept(&stream, web->ctx))
            return;
        atomic_fetch_add(&web->handshakes, 1);
        if (SSL_session_reused(stream.ssl) == 1)
            atomic_fetch_add(&web->resumed, 1);
    }
    if (web->h2)
        talk_http2(web, &stream);
    else
        talk_http1(web, &stream);
    stream_close(&stream);
}

void web_start(struct web *web, const struct pki_cert *cert)
{
    web->ctx = make_ctx(cert);
    if (web->ctx != NULL && web->h2)
        SSL_CTX_set_alpn_select_cb(web->ctx, choose_h2, NULL);
    web->listener.serve = serve;
    web->listener.ctx = web;
    listener_start(&web->listener);
}

void web_stop(struct web *web)
{
    listener_stop(&web->listener);
    SSL_CTX_free(web->ctx);
    web->ctx = NULL;
}

/* --- SMTP ------------------------------------------------------------------------------------- */

static void note(struct mail *mail, const char *line)
{
    size_t len = strlen(mail->heard);

    (void)snprintf(mail->heard + len, sizeof(mail->heard) - len, "%s%.*s", len > 0 ? " " : "",
                   (int)strcspn(line, " \r\n"), line);
}

static const char *reply_to(const struct mail *mail, const char *line, bool has_tls)
{
    if (strncmp(line, "EHLO", 4) == 0)
        return has_tls || mail->strip ? "250-mail\r\n250 AUTH PLAIN LOGIN\r\n"
                                      : "250-mail\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n";
    if (strncmp(line, "STARTTLS", 8) == 0)
        return mail->strip ? "502 no\r\n" : "220 go\r\n";
    if (strncmp(line, "AUTH", 4) == 0)
        return "235 in\r\n";
    if (strncmp(line, "DATA", 4) == 0)
        return "354 go on\r\n";
    if (line[0] == '\r')
        return ""; /* of the letter */
    return "250 fine\r\n";
}

static bool read_line(struct stream *stream, char *line, size_t size)
{
    size_t len = 0;

    while (len < size - 1 && stream_read(stream, line + len, 1) == 1) {
        len++;
        line[len] = '\0';
        if (line[len - 1] == '\n')
            return true;
    }
    return false;
}

static void serve_mail(void *ctx, int fd)
{
    struct mail *mail = ctx;
    struct stream stream = {fd, NULL};
    const char *reply;
    char line[512];

    if (!stream_say(&stream, "220 mail\r\n"))
        return;
    while (read_line(&stream, line, sizeof(line))) {
        note(mail, line);
        reply = reply_to(mail, line, stream.ssl != NULL);
        if (reply[0] != '\0' && !stream_say(&stream, reply))
            break;
        if (strncmp(line, "STARTTLS", 8) == 0 && !mail->strip) {
            if (!stream_accept(&stream, mail->ctx))
                return;
            note(mail, "|");
        }
    }
    stream_close(&stream);
}

void mail_start(struct mail *mail, const struct pki_cert *cert)
{
    mail->ctx = make_ctx(cert);
    mail->heard[0] = '\0';
    mail->listener.serve = serve_mail;
    mail->listener.ctx = mail;
    listener_start(&mail->listener);
}

void mail_stop(struct mail *mail)
{
    listener_stop(&mail->listener);
    SSL_CTX_free(mail->ctx);
    mail->ctx = NULL;
}
