/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups, connections and waiting under a deadline, on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/starttls.h"

/* Far enough that a test on a busy machine does not reach it. */
static struct os_deadline soon(void)
{
    return os_deadline_in(20000, NULL);
}

static int listen_on(struct os_addrs *addrs, int backlog)
{
    struct os_addr *addr = &addrs->items[addrs->count++];
    struct sockaddr_in sa = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
    addr->len = sizeof addr->sa;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr->sa, &addr->len), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    memcpy(&sa, &addr->sa, sizeof sa);
    (void)snprintf(addr->text, sizeof addr->text, "127.0.0.1:%u", (unsigned)ntohs(sa.sin_port));
    return fd;
}

static void a_literal_address_is_written_in_canonical_form(void **state)
{
    static const struct {
        const char *host;
        const char *text;
    } rows[] = {{"127.0.0.1", "127.0.0.1:443"},
                {"::1", "[::1]:443"},
                {"0:0::0:1", "[::1]:443"},
                {"fe80::1%1", "[fe80::1%lo]:443"}};
    struct os_deadline past = {0, NULL};
    struct os_addrs addrs;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(os_resolve(&addrs, rows[i].host, 443, &past, NULL), PINTLE_OK);
        assert_int_equal(addrs.count, 1);
        assert_string_equal(addrs.items[0].text, rows[i].text);
    }
}

static void a_name_gives_each_address_once(void **state)
{
    struct os_deadline deadline = soon();
    struct os_addrs addrs;

    (void)state;
    assert_int_equal(os_resolve(&addrs, "localhost", 8443, &deadline, NULL), PINTLE_OK);
    assert_true(addrs.count >= 1);
    for (size_t i = 0; i < addrs.count; i++)
        for (size_t j = i + 1; j < addrs.count; j++)
            assert_string_not_equal(addrs.items[i].text, addrs.items[j].text);
}

static void an_impossible_name_is_a_resolve_error_that_says_the_name(void **state)
{
    static const char name[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct os_deadline deadline = soon();
    struct os_addrs addrs;
    struct pintle_error err;

    (void)state;
    assert_int_equal(os_resolve(&addrs, name, 443, &deadline, &err), PINTLE_E_RESOLVE);
    assert_non_null(strstr(err.text, name));
}

static void a_look_up_ends_with_its_deadline_or_an_interrupt(void **state)
{
    static const volatile sig_atomic_t set = 1;
    struct os_deadline past = {os_now_ms() - 1, NULL};
    struct os_deadline stopped = os_deadline_in(20000, &set);
    struct os_addrs addrs;
    struct pintle_error err;

    (void)state;
    /* The thread may win the race for a name in the hosts file, so this one is in none. */
    assert_int_equal(os_resolve(&addrs, "nowhere.invalid", 443, &past, &err), PINTLE_E_TIMEOUT);
    assert_int_equal(os_resolve(&addrs, "nowhere.invalid", 443, &stopped, &err), PINTLE_E_IO);
    assert_string_equal(err.text, "interrupted");
}

static void connecting_goes_on_to_the_address_that_answers(void **state)
{
    struct os_addrs addrs = {.count = 0};
    struct os_deadline deadline = soon();
    int closed = listen_on(&addrs, -1);
    int open = listen_on(&addrs, 8);
    size_t used = 9;
    int fd;

    (void)state;
    assert_int_equal(os_connect(&fd, &used, &addrs, &deadline, NULL), PINTLE_OK);
    assert_int_equal(used, 1);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
    close(closed);
    close(open);
}

static void nobody_answering_is_a_connect_error_that_says_the_address(void **state)
{
    struct os_addrs addrs = {.count = 0};
    struct os_deadline deadline = soon();
    int closed = listen_on(&addrs, -1);
    struct pintle_error err;
    int fd = 0;

    (void)state;
    assert_int_equal(os_connect(&fd, NULL, &addrs, &deadline, &err), PINTLE_E_CONNECT);
    assert_int_equal(fd, -1);
    assert_memory_equal(err.text, addrs.items[0].text, strlen(addrs.items[0].text));
    assert_non_null(strstr(err.text, ": Connection refused"));
    close(closed);
}

/* A listener whose queue is full lets further connections wait for ever. */
static void fill_queue(const struct os_addrs *addrs, int fds[4])
{
    for (int i = 0; i < 4; i++) {
        struct os_deadline deadline = os_deadline_in(300, NULL);

        if (os_connect(&fds[i], NULL, addrs, &deadline, NULL) != PINTLE_OK)
            fds[i] = -1;
    }
}

static void a_silent_address_holds_nobody_up_and_alone_times_out(void **state)
{
    struct os_addrs addrs = {.count = 0};
    struct os_deadline deadline = soon();
    struct os_deadline brief = os_deadline_in(300, NULL);
    int full = listen_on(&addrs, 0);
    struct pintle_error err;
    size_t used = 9;
    int queued[4];
    int open;
    int fd;

    (void)state;
    fill_queue(&addrs, queued);
    assert_int_equal(os_connect(&fd, NULL, &addrs, &brief, &err), PINTLE_E_TIMEOUT);
    assert_memory_equal(err.text, addrs.items[0].text, strlen(addrs.items[0].text));
    open = listen_on(&addrs, 8);
    assert_int_equal(os_connect(&fd, &used, &addrs, &deadline, NULL), PINTLE_OK);
    assert_int_equal(used, 1);
    close(fd);
    close(open);
    close(full);
    for (int i = 0; i < 4; i++)
        if (queued[i] >= 0)
            close(queued[i]);
}

static void waiting_ends_with_data_the_deadline_or_an_interrupt(void **state)
{
    static const volatile sig_atomic_t set = 1;
    struct os_deadline past = {os_now_ms() - 1, NULL};
    struct os_deadline deadline = soon();
    struct os_deadline stopped = os_deadline_in(20000, &set);
    struct pintle_error err;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(os_wait(&past, pair[0], PINTLE_WAIT_READ, &err), PINTLE_E_TIMEOUT);
    assert_int_equal(os_wait(&past, pair[0], PINTLE_WAIT_WRITE, &err), PINTLE_OK);
    assert_int_equal(os_wait(&stopped, pair[0], PINTLE_WAIT_WRITE, &err), PINTLE_E_IO);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(os_wait(&deadline, pair[0], PINTLE_WAIT_READ, &err), PINTLE_OK);
    close(pair[0]);
    close(pair[1]);
}

/* A POP3 server in a thread: greets, reads one line, says `answer`. */
struct pop3 {
    int fd;
    const char *answer;
    size_t answer_len;
};

static void *pop3_run(void *arg)
{
    struct pop3 *p = arg;
    char c = 0;

    (void)!write(p->fd, "+OK hi\r\n", 8);
    while (c != '\n' && read(p->fd, &c, 1) == 1)
        continue;
    if (p->answer_len > 0)
        (void)!write(p->fd, p->answer, p->answer_len);
    else
        shutdown(p->fd, SHUT_RDWR);
    return NULL;
}

static enum pintle_status pop3_with(const char *answer, size_t len, int fd[2],
                                    struct pintle_error *err)
{
    struct os_deadline deadline = soon();
    struct pop3 server = {.answer = answer, .answer_len = len};
    enum pintle_status status;
    pthread_t thread;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    server.fd = fd[1];
    assert_int_equal(pthread_create(&thread, NULL, pop3_run, &server), 0);
    status = os_starttls(fd[0], OS_STARTTLS_POP3, "h", &deadline, err);
    pthread_join(thread, NULL);
    return status;
}

static void starttls_over_a_socket_stops_at_the_go_ahead(void **state)
{
    int fd[2];

    (void)state;
    assert_int_equal(pop3_with("+OK go\r\n", 8, fd, NULL), PINTLE_OK);
    close(fd[0]);
    close(fd[1]);
}

static void starttls_refuses_what_waits_in_the_socket_behind_the_go_ahead(void **state)
{
    struct pintle_error err;
    char answer[520];
    int fd[2];

    (void)state;
    /* 512 bytes are read at once: the go-ahead fills them, the injected command does not show. */
    memset(answer, 'x', sizeof answer);
    memcpy(answer, "+OK ", 4);
    memcpy(answer + 510, "\r\nSTAT\r\n", 8);
    assert_int_equal(pop3_with(answer, 518, fd, &err), PINTLE_E_TLS);
    assert_string_equal(err.text, "STARTTLS: plain text behind the server's go-ahead");
    close(fd[0]);
    close(fd[1]);
}

static void a_server_that_hangs_up_before_its_go_ahead_is_a_tls_error(void **state)
{
    struct pintle_error err;
    int fd[2];

    (void)state;
    assert_int_equal(pop3_with("", 0, fd, &err), PINTLE_E_TLS);
    assert_string_equal(err.text, "STARTTLS: the server hung up");
    close(fd[0]);
    close(fd[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_address_is_written_in_canonical_form),
        cmocka_unit_test(a_name_gives_each_address_once),
        cmocka_unit_test(an_impossible_name_is_a_resolve_error_that_says_the_name),
        cmocka_unit_test(a_look_up_ends_with_its_deadline_or_an_interrupt),
        cmocka_unit_test(connecting_goes_on_to_the_address_that_answers),
        cmocka_unit_test(nobody_answering_is_a_connect_error_that_says_the_address),
        cmocka_unit_test(a_silent_address_holds_nobody_up_and_alone_times_out),
        cmocka_unit_test(waiting_ends_with_data_the_deadline_or_an_interrupt),
        cmocka_unit_test(starttls_over_a_socket_stops_at_the_go_ahead),
        cmocka_unit_test(starttls_refuses_what_waits_in_the_socket_behind_the_go_ahead),
        cmocka_unit_test(a_server_that_hangs_up_before_its_go_ahead_is_a_tls_error),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
