/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against servers that are honest, hostile or broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "os/http.h"
#include "unit/os/web.h"

/* Far enough that a test on a busy machine does not reach it. */
#define SOON_MS 20000

static struct pintle__http_options options_for(size_t max_len)
{
    struct pintle__http_options options = {pintle__http_now_ms() + SOON_MS, NULL, NULL, max_len,
                                           NULL};

    return options;
}

/* --- servers ----------------------------------------------------------------------------------- */

/* Says one text to everybody: `ctx`. */
static void says(struct web *web, int fd, int request, const char *text)
{
    (void)request;
    (void)text;
    (void)web_say(fd, web->ctx);
}

/* Says one text after the other, and the last again and again. */
static void says_in_turn(struct web *web, int fd, int request, const char *text)
{
    const char *const *texts = web->ctx;

    (void)text;
    for (int i = 0; i < request && texts[1] != NULL; i++)
        texts++;
    (void)web_say(fd, *texts);
}

static void never_ends(struct web *web, int fd, int request, const char *text)
{
    char block[4096];

    (void)request;
    (void)text;
    memset(block, 'x', sizeof(block));
    if (!web_say(fd, web->ctx))
        return;
    while (!atomic_load(&web->over) && web_send(fd, block, sizeof(block)))
        continue;
}

static void drips(struct web *web, int fd, int request, const char *text)
{
    (void)request;
    (void)text;
    (void)web_say(fd, web->ctx);
    while (!atomic_load(&web->over) && web_say(fd, "x"))
        web_pause(web);
}

/* --- asking ------------------------------------------------------------------------------------ */

static void assert_gets(const char *url, const struct pintle__http_options *options, long status,
                        const char *body)
{
    struct pintle__http_answer answer;
    struct pintle_error err;

    if (pintle__http_get(&answer, url, options, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(answer.status, status);
    if (body == NULL) {
        assert_null(answer.body);
        assert_int_equal(answer.len, 0);
    } else {
        assert_non_null(answer.body);
        assert_int_equal(answer.len, strlen(body));
        assert_string_equal(answer.body, body);
    }
    free(answer.body);
}

static void assert_refused(const char *url, const struct pintle__http_options *options,
                           enum pintle_status status, const char *words)
{
    struct pintle__http_answer answer;
    struct pintle_error err;

    assert_int_equal(pintle__http_get(&answer, url, options, &err), status);
    assert_null(answer.body);
    assert_int_equal(answer.len, 0);
    assert_int_equal(err.status, status);
    if (words != NULL && strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

/* One server that says `text`, and how a GET of it ends. */
static void assert_says_refused(const char *text, size_t max_len, enum pintle_status status,
                                const char *words)
{
    struct pintle__http_options options = options_for(max_len);
    struct web web;

    web_start(&web, says, text);
    assert_refused(web.url, &options, status, words);
    web_stop(&web);
}

/* A list of answers in turn; returns how often the server was asked. */
static int assert_turn(const char *const *texts, size_t max_len, long status, const char *body)
{
    struct pintle__http_options options = options_for(max_len);
    struct web web;
    int count;

    web_start(&web, says_in_turn, texts);
    assert_gets(web.url, &options, status, body);
    count = atomic_load(&web.count);
    web_stop(&web);
    return count;
}

static int assert_turn_refused(const char *const *texts, enum pintle_status status,
                               const char *words)
{
    struct pintle__http_options options = options_for(1000);
    struct web web;
    int count;

    web_start(&web, says_in_turn, texts);
    assert_refused(web.url, &options, status, words);
    count = atomic_load(&web.count);
    web_stop(&web);
    return count;
}

/* --- answers ----------------------------------------------------------------------------------- */

static void any_complete_answer_is_an_answer(void **state)
{
    static const char *const ok[] = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", NULL};
    static const char *const closed[] = {"HTTP/1.1 200 OK\r\n\r\nhello", NULL};
    static const char *const chunked[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        NULL};
    static const char *const empty[] = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL};
    static const char *const missing[] = {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone",
                                          NULL};
    static const char *const broken[] = {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", NULL};
    static const char *const interim[] = {
        "HTTP/1.1 103 Early Hints\r\nETag: \"no\"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
        "2\r\n\r\nok",
        NULL};

    (void)state;
    assert_int_equal(assert_turn(ok, 5, 200, "hello"), 1);
    assert_int_equal(assert_turn(closed, 5, 200, "hello"), 1);
    assert_int_equal(assert_turn(chunked, 5, 200, "hello"), 1);
    assert_int_equal(assert_turn(empty, 5, 200, ""), 1);
    assert_int_equal(assert_turn(missing, 5, 404, "none"), 1);
    assert_int_equal(assert_turn(broken, 5, 503, ""), 1);
    assert_int_equal(assert_turn(interim, 5, 200, "ok"), 1);
}

static void the_request_has_no_secrets_and_asks_for_no_encoding(void **state)
{
    static char text[] = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
    struct pintle__http_options options = options_for(100);
    struct web web;

    (void)state;
    web_start(&web, says, text);
    assert_gets(web.url, &options, 200, "");
    assert_gets(web.url, &options, 200, "");
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(strstr(web.requests[i], "GET /file HTTP/1.1\r\n"), web.requests[i]);
        assert_null(strstr(web.requests[i], "Cookie"));
        assert_null(strstr(web.requests[i], "Authorization"));
        assert_null(strstr(web.requests[i], "Accept-Encoding"));
        assert_null(strstr(web.requests[i], "If-None-Match"));
        assert_null(strstr(web.requests[i], "Range"));
    }
    web_stop(&web);
}

static void an_etag_is_kept_only_if_it_is_one(void **state)
{
    static const struct {
        const char *line;
        const char *etag;
    } rows[] = {
        {"ETag: \"abc\"\r\n", "\"abc\""},
        {"etag:W/\"abc\"  \r\n", "W/\"abc\""},
        {"ETag: \"\"\r\n", "\"\""},
        {"", ""},
        {"ETag: abc\r\n", ""},
        {"ETag: \"abc\r\n", ""},
        {"ETag: \"a b\"\r\n", ""},
        {"ETag: \"a\"b\"\r\n", ""},
        {"ETag: w/\"abc\"\r\n", ""},
        {"ETag: \"a\x80\"\r\n", ""},
        {"ETag: \"a\"\r\nETag: \"b\"\r\n", ""},
        {"ETag: \"0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234\"\r\n",
         "\"0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234\""},
        {"ETag: \"0123456789012345678901234567890123456789012345678901234567890123456789"
         "01234567890123456789012345678901234567890123456789012345\"\r\n",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle__http_options options = options_for(100);
        struct pintle__http_answer answer;
        char text[512];
        struct web web;

        (void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n",
                       rows[i].line);
        web_start(&web, says, text);
        assert_int_equal(pintle__http_get(&answer, web.url, &options, NULL), PINTLE_OK);
        assert_string_equal(answer.etag, rows[i].etag);
        free(answer.body);
        web_stop(&web);
    }
}

static void what_is_not_modified_has_no_body(void **state)
{
    static char text[] =
        "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nContent-Length: 9000\r\n\r\n";
    struct pintle__http_options options = options_for(100);
    struct pintle__http_answer answer;
    struct web web;

    (void)state;
    options.etag = "\"v1\"";
    web_start(&web, says, text);
    assert_int_equal(pintle__http_get(&answer, web.url, &options, NULL), PINTLE_OK);
    assert_int_equal(answer.status, 304);
    assert_null(answer.body);
    assert_string_equal(answer.etag, "\"v1\"");
    assert_non_null(strstr(web.requests[0], "\r\nIf-None-Match: \"v1\"\r\n"));
    web_stop(&web);
}

static void an_etag_that_is_none_is_not_sent(void **state)
{
    static char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct pintle__http_options options = options_for(100);
    struct web web;

    (void)state;
    options.etag = "\"a\"\r\nX-Smuggled: yes";
    web_start(&web, says, text);
    assert_gets(web.url, &options, 200, "");
    assert_null(strstr(web.requests[0], "Smuggled"));
    assert_null(strstr(web.requests[0], "If-None-Match"));
    web_stop(&web);
}

static void an_encoding_is_not_decoded(void **state)
{
    static const char *const coded[] = {
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nGZIP", NULL};

    (void)state;
    assert_int_equal(assert_turn(coded, 4, 200, "GZIP"), 1);
}

/* --- redirects --------------------------------------------------------------------------------- */

static void a_redirect_is_followed_to_http_only(void **state)
{
    static const char *const bad[] = {
        "file:///etc/passwd", "FILE:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x",
        "dict://127.0.0.1/",  "scp://127.0.0.1/",   "data:,hello",       "smb://127.0.0.1/x"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text),
                       "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", bad[i]);
        assert_says_refused(text, 1000, PINTLE_E_HTTP, "http://127.0.0.1");
    }
}

static void a_redirect_with_a_password_is_refused(void **state)
{
    (void)state;
    assert_says_refused(
        "HTTP/1.1 302 Found\r\nLocation: http://a:b@127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        1000, PINTLE_E_HTTP, NULL);
}

static void redirects_end_somewhere(void **state)
{
    static const char hop[] = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
    static const char *const five[] = {
        hop, hop, hop, hop, hop, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL};
    static const char *const loop[] = {hop, NULL};

    (void)state;
    assert_int_equal(assert_turn(five, 100, 200, "ok"), 6);
    assert_int_equal(assert_turn_refused(loop, PINTLE_E_HTTP, "redirect"), 6);
}

static void only_the_last_etag_counts(void **state)
{
    static const char *const texts[] = {
        "HTTP/1.1 302 Found\r\nETag: \"hop\"\r\nLocation: /next\r\nContent-Length: 3\r\n\r\nhop",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL};
    struct pintle__http_options options = options_for(100);
    struct pintle__http_answer answer;
    struct web web;

    (void)state;
    web_start(&web, says_in_turn, texts);
    assert_int_equal(pintle__http_get(&answer, web.url, &options, NULL), PINTLE_OK);
    assert_string_equal(answer.etag, "");
    assert_string_equal(answer.body, "ok");
    free(answer.body);
    web_stop(&web);
}

/* --- bounds ------------------------------------------------------------------------------------ */

static void a_body_that_is_too_long_is_refused(void **state)
{
    (void)state;
    /* said to be, with none of it sent: nobody waits for it */
    assert_says_refused("HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\nx", 1000,
                        PINTLE_E_LIMIT, "too large");
    assert_says_refused("HTTP/1.1 200 OK\r\n\r\n123456", 5, PINTLE_E_LIMIT, "too large");
    assert_says_refused("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n123456", 5, PINTLE_E_LIMIT,
                        "too large");
    assert_says_refused("HTTP/1.1 404 No\r\nContent-Length: 6\r\n\r\n123456", 5, PINTLE_E_LIMIT,
                        "too large");
}

static void an_endless_answer_is_refused(void **state)
{
    static const struct {
        const char *head;
        enum pintle_status status;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", PINTLE_E_LIMIT},
        {"HTTP/1.1 404 No\r\n\r\n", PINTLE_E_LIMIT},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", PINTLE_OK},
        {"HTTP/1.1 200 OK\r\nX: ", PINTLE_E_LIMIT},
        {"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", PINTLE_E_HTTP},
        {"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9000000\r\n\r\n", PINTLE_E_LIMIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle__http_options options = options_for(100000);
        struct pintle__http_answer answer;
        struct web web;

        web_start(&web, never_ends, rows[i].head);
        assert_int_equal(pintle__http_get(&answer, web.url, &options, NULL), rows[i].status);
        free(answer.body);
        web_stop(&web);
    }
}

/* Many lines, none of them long. */
static void has_many_lines(struct web *web, int fd, int request, const char *text)
{
    (void)request;
    (void)text;
    (void)web_say(fd, web->ctx);
    while (!atomic_load(&web->over) && web_say(fd, "X-Line: 0123456789012345678901234567890\r\n"))
        continue;
}

static void sends_interim_answers(struct web *web, int fd, int request, const char *text)
{
    (void)request;
    (void)text;
    while (!atomic_load(&web->over) && web_say(fd, "HTTP/1.1 103 Early Hints\r\n\r\n"))
        continue;
}

static void an_endless_header_is_refused(void **state)
{
    static char head[] = "HTTP/1.1 200 OK\r\n";
    struct pintle__http_options options = options_for(100000);
    struct web web;

    (void)state;
    web_start(&web, has_many_lines, head);
    assert_refused(web.url, &options, PINTLE_E_LIMIT, "header");
    web_stop(&web);
    web_start(&web, sends_interim_answers, NULL);
    assert_refused(web.url, &options, PINTLE_E_LIMIT, "header");
    web_stop(&web);
}

static void a_drip_ends_with_the_deadline(void **state)
{
    static char heads[][64] = {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 2",
                               "HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 99\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct pintle__http_options options = options_for(1000);
        struct web web;

        options.end_ms = pintle__http_now_ms() + 300;
        web_start(&web, drips, heads[i]);
        assert_refused(web.url, &options, PINTLE_E_TIMEOUT, web.url);
        web_stop(&web);
    }
}

static void a_deadline_in_the_past_asks_nobody(void **state)
{
    static char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct pintle__http_options options = options_for(100);
    struct web web;

    (void)state;
    options.end_ms = pintle__http_now_ms() - 1;
    web_start(&web, says, text);
    assert_refused(web.url, &options, PINTLE_E_TIMEOUT, NULL);
    assert_int_equal(atomic_load(&web.count), 0);
    web_stop(&web);
}

static atomic_bool stop;

/* Sets the flag once it was asked. */
static void stops_the_client(struct web *web, int fd, int request, const char *text)
{
    (void)fd;
    (void)request;
    (void)text;
    (void)web_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    atomic_store(&stop, true);
    while (!atomic_load(&web->over) && web_say(fd, "x"))
        web_pause(web);
}

static void a_stop_flag_ends_it(void **state)
{
    struct pintle__http_options options = options_for(100);
    struct web web;

    (void)state;
    options.stop = &stop;
    options.end_ms = INT64_MAX;
    web_start(&web, stops_the_client, NULL);
    assert_refused(web.url, &options, PINTLE_E_TIMEOUT, "stop");
    web_stop(&web);
}

/* --- going on ---------------------------------------------------------------------------------- */

#define FIRST_HALF "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234"

static void a_body_that_broke_off_is_gone_on_with(void **state)
{
    static const char *const texts[] = {
        FIRST_HALF,
        "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 5-9/10\r\n"
        "Content-Length: 5\r\n\r\n56",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 7-9/10\r\nContent-Length: "
        "3\r\n\r\n789",
        NULL};
    struct pintle__http_options options = options_for(10);
    struct pintle__http_answer answer;
    struct web web;

    (void)state;
    web_start(&web, says_in_turn, texts);
    assert_int_equal(pintle__http_get(&answer, web.url, &options, NULL), PINTLE_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "0123456789");
    assert_string_equal(answer.etag, "\"v1\"");
    assert_null(strstr(web.requests[0], "Range"));
    assert_non_null(strstr(web.requests[1], "\r\nRange: bytes=5-\r\n"));
    assert_non_null(strstr(web.requests[1], "\r\nIf-Range: \"v1\"\r\n"));
    assert_non_null(strstr(web.requests[2], "\r\nRange: bytes=7-\r\n"));
    assert_int_equal(atomic_load(&web.count), 3);
    free(answer.body);
    web_stop(&web);
}

static void a_server_that_has_changed_it_sends_it_whole(void **state)
{
    static const char *const texts[] = {
        FIRST_HALF, "HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 3\r\n\r\nnew", NULL};
    static const char *const again[] = {
        FIRST_HALF, "HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 6\r\n\r\nnew",
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\ner!", NULL};
    static const char *const gone[] = {FIRST_HALF,
                                       "HTTP/1.1 404 Gone\r\nContent-Length: 4\r\n\r\ngone", NULL};

    (void)state;
    assert_int_equal(assert_turn(texts, 10, 200, "new"), 2);
    assert_int_equal(assert_turn(again, 10, 200, "newer!"), 3);
    assert_int_equal(assert_turn(gone, 10, 404, "gone"), 2);
}

static void without_a_strong_validator_it_begins_anew(void **state)
{
    static const char *const weak[] = {
        "HTTP/1.1 200 OK\r\nETag: W/\"v1\"\r\nContent-Length: 10\r\n\r\n01234",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", NULL};
    static const char *const chunks[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", NULL};
    static const char *const part[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234",
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789", NULL};

    (void)state;
    assert_int_equal(assert_turn(weak, 10, 200, "all"), 2);
    assert_int_equal(assert_turn(chunks, 10, 200, "all"), 2);
    assert_int_equal(assert_turn_refused(part, PINTLE_E_HTTP, "another part"), 2);
}

/* Each is a second answer that must not be glued to the first; the third is the whole. */
static void a_part_that_does_not_fit_is_not_taken(void **state)
{
    static const char *const lies[] = {
        "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789",
        "Content-Range: bytes 6-9/10\r\nContent-Length: 4\r\n\r\n6789",
        "Content-Range: bytes 5-8/10\r\nContent-Length: 4\r\n\r\n5678",
        "Content-Range: bytes 5-9/11\r\nContent-Length: 5\r\n\r\n56789",
        "Content-Range: bytes 5-10/11\r\nContent-Length: 6\r\n\r\n56789x",
        "Content-Range: bytes 5-9/9\r\nContent-Length: 5\r\n\r\n56789",
        "Content-Range: lines 5-9/10\r\nContent-Length: 5\r\n\r\n56789",
        "Content-Range: bytes 5-\r\nContent-Length: 5\r\n\r\n56789",
        "Content-Range: bytes 99999999999999999999-9/10\r\nContent-Length: 5\r\n\r\n56789",
        "Content-Length: 5\r\n\r\n56789",
        "ETag: \"v2\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        char lie[256];
        const char *texts[] = {FIRST_HALF, lie, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall",
                               NULL};

        (void)snprintf(lie, sizeof(lie), "HTTP/1.1 206 Partial Content\r\n%s", lies[i]);
        assert_int_equal(assert_turn(texts, 10, 200, "all"), 3);
    }
}

static void a_part_longer_or_shorter_than_it_says_is_not_whole(void **state)
{
    static const char *const longer[] = {
        FIRST_HALF, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\n\r\n56789xxx", NULL};
    static const char *const shorter[] = {
        FIRST_HALF, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\n\r\n567", NULL};
    static const char *const empty[] = {
        FIRST_HALF, "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 0\r\n\r\n",
        NULL};

    (void)state;
    assert_int_equal(assert_turn_refused(longer, PINTLE_E_HTTP, "part is missing"), 2);
    assert_int_equal(assert_turn_refused(shorter, PINTLE_E_HTTP, "part is missing"), 2);
    assert_int_equal(assert_turn_refused(empty, PINTLE_E_HTTP, "part is missing"), 2);
}

static void a_range_that_is_refused_begins_anew(void **state)
{
    static const char *const texts[] = {
        FIRST_HALF, "HTTP/1.1 416 Range\r\nContent-Range: bytes */3\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", NULL};
    static const char *const bare[] = {FIRST_HALF,
                                       "HTTP/1.1 416 Range\r\nContent-Length: 0\r\n\r\n",
                                       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", NULL};

    (void)state;
    assert_int_equal(assert_turn(texts, 10, 200, "all"), 3);
    assert_int_equal(assert_turn(bare, 10, 200, "all"), 3);
}

static void it_is_not_gone_on_with_for_ever(void **state)
{
    static const char *const texts[] = {FIRST_HALF, NULL};

    (void)state;
    assert_int_equal(assert_turn_refused(texts, PINTLE_E_HTTP, NULL), 4);
}

static void an_error_that_broke_off_is_no_answer(void **state)
{
    static const char *const texts[] = {"HTTP/1.1 500 Bad\r\nContent-Length: 10\r\n\r\n01234",
                                        NULL};
    static const char *const nothing[] = {"", NULL};
    static const char *const rubbish[] = {"\x16\x03\x01 this is no HTTP\r\n\r\n", NULL};

    (void)state;
    assert_int_equal(assert_turn_refused(texts, PINTLE_E_HTTP, NULL), 1);
    assert_int_equal(assert_turn_refused(nothing, PINTLE_E_HTTP, NULL), 1);
    assert_int_equal(assert_turn_refused(rubbish, PINTLE_E_HTTP, NULL), 1);
}

/* --- URLs and connections ---------------------------------------------------------------------- */

static void only_http_is_spoken(void **state)
{
    static const char *const urls[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/",   "127.0.0.1:1/x", "", "http",
        "httpx://127.0.0.1/", "gopher://127.0.0.1/"};
    struct pintle__http_options options = options_for(1000);

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_refused(urls[i], &options, PINTLE_E_HTTP, urls[i]);
    assert_refused("http://[::1/", &options, PINTLE_E_HTTP, "http://[::1/");
}

static void a_password_in_a_url_is_refused_and_not_told(void **state)
{
    struct pintle__http_options options = options_for(1000);
    struct pintle__http_answer answer;
    struct pintle_error err;

    (void)state;
    assert_int_equal(
        pintle__http_get(&answer, "http://user:secret@127.0.0.1:1/a@b", &options, &err),
        PINTLE_E_HTTP);
    assert_null(strstr(err.text, "secret"));
    assert_ptr_equal(strstr(err.text, "127.0.0.1:1/a@b"), err.text);
}

static void who_does_not_answer_is_told_apart(void **state)
{
    struct pintle__http_options options = options_for(1000);
    char https[80];
    struct web web;

    (void)state;
    web_start(&web, says, (char[]){"HTTP/1.1 200 OK\r\n\r\n"});
    (void)snprintf(https, sizeof(https), "https://127.0.0.1:%u/", web.port);
    assert_refused(https, &options, PINTLE_E_TLS, https);
    web_stop(&web);
    assert_refused(web.url, &options, PINTLE_E_CONNECT, web.url);
    assert_refused("http://nowhere.invalid/", &options, PINTLE_E_RESOLVE,
                   "http://nowhere.invalid/");
}

/* --- POST -------------------------------------------------------------------------------------- */

static enum pintle_status post(struct web *web, long *status, size_t max_len)
{
    struct pintle__http_options options = options_for(max_len);

    return pintle__http_post_json(status, web->url, "{\"a\":1}", 7, &options, NULL);
}

static void json_is_posted(void **state)
{
    static char text[] = "HTTP/1.1 204 No Content\r\n\r\n";
    struct web web;
    long status = 0;

    (void)state;
    web_start(&web, says, text);
    assert_int_equal(post(&web, &status, 100), PINTLE_OK);
    assert_int_equal(status, 204);
    assert_ptr_equal(strstr(web.requests[0], "POST /file HTTP/1.1\r\n"), web.requests[0]);
    assert_non_null(strstr(web.requests[0], "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(web.requests[0], "\r\nContent-Length: 7\r\n"));
    assert_null(strstr(web.requests[0], "Expect"));
    web_stop(&web);
}

static void a_post_is_not_redirected(void **state)
{
    static char text[] = "HTTP/1.1 307 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    struct web web;
    long status = 0;

    (void)state;
    web_start(&web, says, text);
    assert_int_equal(post(&web, &status, 100), PINTLE_OK);
    assert_int_equal(status, 307);
    assert_int_equal(atomic_load(&web.count), 1);
    web_stop(&web);
}

static void the_answer_to_a_post_is_dropped_and_need_not_end(void **state)
{
    static char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    struct web web;
    long status = 0;

    (void)state;
    web_start(&web, never_ends, head);
    assert_int_equal(post(&web, &status, 10000), PINTLE_OK);
    assert_int_equal(status, 200);
    web_stop(&web);
    status = 7;
    assert_int_equal(post(&web, &status, 100), PINTLE_E_CONNECT);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_complete_answer_is_an_answer),
        cmocka_unit_test(the_request_has_no_secrets_and_asks_for_no_encoding),
        cmocka_unit_test(an_etag_is_kept_only_if_it_is_one),
        cmocka_unit_test(what_is_not_modified_has_no_body),
        cmocka_unit_test(an_etag_that_is_none_is_not_sent),
        cmocka_unit_test(an_encoding_is_not_decoded),
        cmocka_unit_test(a_redirect_is_followed_to_http_only),
        cmocka_unit_test(a_redirect_with_a_password_is_refused),
        cmocka_unit_test(redirects_end_somewhere),
        cmocka_unit_test(only_the_last_etag_counts),
        cmocka_unit_test(a_body_that_is_too_long_is_refused),
        cmocka_unit_test(an_endless_answer_is_refused),
        cmocka_unit_test(an_endless_header_is_refused),
        cmocka_unit_test(a_drip_ends_with_the_deadline),
        cmocka_unit_test(a_deadline_in_the_past_asks_nobody),
        cmocka_unit_test(a_stop_flag_ends_it),
        cmocka_unit_test(a_body_that_broke_off_is_gone_on_with),
        cmocka_unit_test(a_server_that_has_changed_it_sends_it_whole),
        cmocka_unit_test(without_a_strong_validator_it_begins_anew),
        cmocka_unit_test(a_part_that_does_not_fit_is_not_taken),
        cmocka_unit_test(a_part_longer_or_shorter_than_it_says_is_not_whole),
        cmocka_unit_test(a_range_that_is_refused_begins_anew),
        cmocka_unit_test(it_is_not_gone_on_with_for_ever),
        cmocka_unit_test(an_error_that_broke_off_is_no_answer),
        cmocka_unit_test(only_http_is_spoken),
        cmocka_unit_test(a_password_in_a_url_is_refused_and_not_told),
        cmocka_unit_test(who_does_not_answer_is_told_apart),
        cmocka_unit_test(json_is_posted),
        cmocka_unit_test(a_post_is_not_redirected),
        cmocka_unit_test(the_answer_to_a_post_is_dropped_and_need_not_end),
    };

    return cmocka_run_group_tests_name("os http", tests, NULL, NULL);
}
