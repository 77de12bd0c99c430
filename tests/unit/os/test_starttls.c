/* SPDX-License-Identifier: Apache-2.0 */
/* STARTTLS dialogues without a socket: what is said, what is accepted, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "os/starttls.h"

#define TURNS 4
#define B(text)                                                                                    \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

struct bytes {
    const char *data;
    size_t len;
};

/*
 * server[i] comes in answer to client[i]; client[n] is what is said last. ready: TLS begins then.
 * Otherwise the last of server[] fails with E_TLS and a text that contains `fails`.
 */
struct talk {
    const char *name;
    enum os_starttls_protocol protocol;
    struct bytes client[TURNS];
    struct bytes server[TURNS];
    const char *fails;
};

#define EHLO B("EHLO [192.0.2.9]\r\n")
#define LDAP_REQUEST                                                                               \
    B("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"                                                       \
      "1.3.6.1.4.1.1466.20037")
#define POSTGRES_REQUEST B("\x00\x00\x00\x08\x04\xd2\x16\x2f")
#define MYSQL_REQUEST                                                                              \
    B("\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00"   \
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
#define MYSQL_HELLO(caps)                                                                          \
    B("\x1a\x00\x00\x00\x0a"                                                                       \
      "8.0.1\x00"                                                                                  \
      "\x01\x00\x00\x00"                                                                           \
      "saltsalt\x00"                                                                               \
      "\xff" caps "\x21\x02\x00\x00")
#define XMPP_OPEN                                                                                  \
    B("<?xml version='1.0'?><stream:stream to='mail.example.com' xmlns='jabber:client' "           \
      "version='1.0' xmlns:stream='http://etherx.jabber.org/streams'>")
#define XMPP_ASK B("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
#define XMPP_STREAM "<?xml version='1.0'?><stream:stream id='1' xmlns='jabber:client'>"
#define XMPP_OFFER                                                                                 \
    B(XMPP_STREAM "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>"            \
                  "<required/></starttls></stream:features>")

static const struct talk accepted[] = {
    {"smtp, several lines",
     OS_STARTTLS_SMTP,
     {B(""), EHLO, B("STARTTLS\r\n"), B("")},
     {B("220-hello\r\n220 there\r\n"), B("250-mail\r\n250-SIZE 1\r\n250-STARTTLS\r\n250 X\r\n"),
      B("220 go\r\n")},
     NULL},
    {"smtp, bare line feeds and lower case",
     OS_STARTTLS_SMTP,
     {B(""), EHLO, B("STARTTLS\r\n"), B("")},
     {B("220\n"), B("250 starttls\n"), B("220 2.0.0 go\n")},
     NULL},
    {"imap, untagged lines between",
     OS_STARTTLS_IMAP,
     {B(""), B("A1 STARTTLS\r\n"), B("")},
     {B("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"), B("* NO later\r\nA1 OK begin\r\n")},
     NULL},
    {"pop3",
     OS_STARTTLS_POP3,
     {B(""), B("STLS\r\n"), B("")},
     {B("+OK hello\r\n"), B("+OK begin\r\n")},
     NULL},
    {"ftp, free text in a multi-line greeting",
     OS_STARTTLS_FTP,
     {B(""), B("AUTH TLS\r\n"), B("")},
     {B("220-hello\r\n no code here\r\n220 there\r\n"), B("234 go\r\n")},
     NULL},
    {"ldap",
     OS_STARTTLS_LDAP,
     {LDAP_REQUEST, B("")},
     {B("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     NULL},
    {"ldap, long lengths as Active Directory sends them",
     OS_STARTTLS_LDAP,
     {LDAP_REQUEST, B("")},
     {B("\x30\x82\x00\x0e\x02\x01\x01\x78\x81\x08\x0a\x01\x00\x04\x01x\x04\x00")},
     NULL},
    {"xmpp",
     OS_STARTTLS_XMPP,
     {XMPP_OPEN, XMPP_ASK, B("")},
     {XMPP_OFFER, B("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")},
     NULL},
    {"postgres", OS_STARTTLS_POSTGRES, {POSTGRES_REQUEST, B("")}, {B("S")}, NULL},
    {"mysql", OS_STARTTLS_MYSQL, {B(""), MYSQL_REQUEST}, {MYSQL_HELLO("\xff")}, NULL},
};

static const struct talk refused[] = {
    {"smtp, plain text behind the go-ahead",
     OS_STARTTLS_SMTP,
     {B(""), EHLO, B("STARTTLS\r\n")},
     {B("220 hi\r\n"), B("250 STARTTLS\r\n"), B("220 go\r\nRSET\r\n")},
     "6 bytes it was not asked for"},
    {"smtp, all replies at once",
     OS_STARTTLS_SMTP,
     {B("")},
     {B("220 hi\r\n250 STARTTLS\r\n220 go\r\n")},
     "22 bytes it was not asked for"},
    {"smtp, offer taken out",
     OS_STARTTLS_SMTP,
     {B(""), EHLO},
     {B("220 hi\r\n"), B("250-mail\r\n250-XSTARTTLS\r\n250 SIZE\r\n")},
     "does not offer it"},
    {"smtp, offer only in the greeting",
     OS_STARTTLS_SMTP,
     {B(""), EHLO},
     {B("220 STARTTLS\r\n"), B("250 mail\r\n")},
     "does not offer it"},
    {"smtp, refused",
     OS_STARTTLS_SMTP,
     {B(""), EHLO, B("STARTTLS\r\n")},
     {B("220 hi\r\n"), B("250 STARTTLS\r\n"), B("454 not\x1bnow\r\n")},
     "STARTTLS refused: 454 not?now"},
    {"smtp, no code",
     OS_STARTTLS_SMTP,
     {B("")},
     {B("SSH-2.0-x\r\n")},
     "does not begin with a code"},
    {"smtp, code without a blank", OS_STARTTLS_SMTP, {B("")}, {B("2201\r\n")}, "with a code"},
    {"smtp, empty line", OS_STARTTLS_SMTP, {B("")}, {B("\r\n")}, "with a code"},
    {"smtp, NUL", OS_STARTTLS_SMTP, {B("")}, {B("220 a\0b\r\n")}, "NUL"},
    {"imap, already authenticated",
     OS_STARTTLS_IMAP,
     {B("")},
     {B("* PREAUTH hi\r\n")},
     "refused: * PREAUTH hi"},
    {"imap, goodbye",
     OS_STARTTLS_IMAP,
     {B(""), B("A1 STARTTLS\r\n")},
     {B("* OK hi\r\n"), B("* BYE\r\n")},
     "refused: * BYE"},
    {"imap, refused",
     OS_STARTTLS_IMAP,
     {B(""), B("A1 STARTTLS\r\n")},
     {B("* OK hi\r\n"), B("A1 NO\r\n")},
     "refused: A1 NO"},
    {"imap, injected",
     OS_STARTTLS_IMAP,
     {B(""), B("A1 STARTTLS\r\n")},
     {B("* OK hi\r\n"), B("A1 OK\r\n* CAPABILITY AUTH=PLAIN\r\n")},
     "25 bytes it was not asked for"},
    {"pop3, refused",
     OS_STARTTLS_POP3,
     {B(""), B("STLS\r\n")},
     {B("+OK\r\n"), B("-ERR no\r\n")},
     "refused: -ERR no"},
    {"ftp, another positive code",
     OS_STARTTLS_FTP,
     {B(""), B("AUTH TLS\r\n")},
     {B("220 hi\r\n"), B("230 in\r\n")},
     "refused: 230 in"},
    {"ldap, refused",
     OS_STARTTLS_LDAP,
     {LDAP_REQUEST},
     {B("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00")},
     "LDAP result 52"},
    {"ldap, another message id",
     OS_STARTTLS_LDAP,
     {LDAP_REQUEST},
     {B("\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     "something else"},
    {"ldap, result outside the message",
     OS_STARTTLS_LDAP,
     {LDAP_REQUEST},
     {B("\x30\x05\x02\x01\x01\x78\x03\x0a\x01\x00")},
     "malformed LDAP"},
    {"ldap, length of length",
     OS_STARTTLS_LDAP,
     {LDAP_REQUEST},
     {B("\x30\x84\x00\x00\x00\x0c")},
     "does not speak LDAP"},
    {"ldap, something else", OS_STARTTLS_LDAP, {LDAP_REQUEST}, {B("HTTP/1.1")}, "speak LDAP"},
    {"xmpp, not offered",
     OS_STARTTLS_XMPP,
     {XMPP_OPEN},
     {B(XMPP_STREAM "<stream:features><x/></stream:features>")},
     "does not offer"},
    {"xmpp, empty features",
     OS_STARTTLS_XMPP,
     {XMPP_OPEN},
     {B(XMPP_STREAM "<stream:features/>")},
     "does not offer"},
    {"xmpp, failure",
     OS_STARTTLS_XMPP,
     {XMPP_OPEN, XMPP_ASK},
     {XMPP_OFFER, B("<failure xmlns='urn:x'/>")},
     "refused: <failure"},
    {"xmpp, injected",
     OS_STARTTLS_XMPP,
     {XMPP_OPEN, XMPP_ASK},
     {XMPP_OFFER, B("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><x/>")},
     "4 bytes it was not asked for"},
    {"postgres, off", OS_STARTTLS_POSTGRES, {POSTGRES_REQUEST}, {B("N")}, "switched off"},
    {"postgres, error message", OS_STARTTLS_POSTGRES, {POSTGRES_REQUEST}, {B("E")}, "PostgreSQL"},
    {"postgres, injected (CVE-2021-23222)",
     OS_STARTTLS_POSTGRES,
     {POSTGRES_REQUEST},
     {B("SR")},
     "1 bytes it was not asked for"},
    {"mysql, no TLS", OS_STARTTLS_MYSQL, {B("")}, {MYSQL_HELLO("\xf7")}, "does not offer"},
    {"mysql, error packet",
     OS_STARTTLS_MYSQL,
     {B("")},
     {B("\x03\x00\x00\x00\xff\x10\x04")},
     "protocol 10"},
    {"mysql, version without an end",
     OS_STARTTLS_MYSQL,
     {B("")},
     {B("\x04\x00\x00\x00\x0a"
        "8.0")},
     "malformed MySQL"},
    {"mysql, cut behind the version",
     OS_STARTTLS_MYSQL,
     {B("")},
     {B("\x06\x00\x00\x00\x0a"
        "8.0\0\1")},
     "malformed MySQL"},
    {"mysql, 16 MiB packet",
     OS_STARTTLS_MYSQL,
     {B("")},
     {B("\xff\xff\xff\x00\x0a")},
     "protocol 10"},
};

static void check_out(const struct talk *t, const struct os_starttls *s, size_t turn)
{
    if (s->out_len != t->client[turn].len || memcmp(s->out, t->client[turn].data, s->out_len) != 0)
        fail_msg("%s: turn %zu says \"%.*s\"", t->name, turn, (int)s->out_len,
                 (const char *)s->out);
}

static size_t count_turns(const struct talk *t)
{
    size_t n = 0;

    while (n < TURNS && t->server[n].data != NULL)
        n++;
    return n;
}

static void talk_through(const struct talk *t, struct os_starttls *s, size_t turns)
{
    struct pintle_error err;
    enum os_starttls_step step = OS_STARTTLS_MORE;

    os_starttls_init(s, t->protocol, "mail.example.com", "[192.0.2.9]");
    check_out(t, s, 0);
    for (size_t i = 0; i < turns; i++) {
        if (os_starttls_feed(s, &step, (const uint8_t *)t->server[i].data, t->server[i].len,
                             &err) != PINTLE_OK)
            fail_msg("%s: turn %zu: %s", t->name, i, err.text);
        check_out(t, s, i + 1);
        if ((step == OS_STARTTLS_READY) != (i + 1 == count_turns(t)))
            fail_msg("%s: turn %zu: step %d", t->name, i, (int)step);
    }
}

static void every_protocol_reaches_its_go_ahead(void **state)
{
    struct os_starttls s;

    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        talk_through(&accepted[i], &s, count_turns(&accepted[i]));
}

static void replies_may_come_a_byte_at_a_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        const struct talk *t = &accepted[i];
        enum os_starttls_step step = OS_STARTTLS_MORE;
        struct os_starttls s;

        os_starttls_init(&s, t->protocol, "mail.example.com", "[192.0.2.9]");
        for (size_t turn = 0; turn < count_turns(t); turn++) {
            for (size_t at = 0; at < t->server[turn].len; at++) {
                assert_int_equal(step, OS_STARTTLS_MORE);
                assert_int_equal(os_starttls_feed(&s, &step,
                                                  (const uint8_t *)t->server[turn].data + at, 1,
                                                  NULL),
                                 PINTLE_OK);
            }
            check_out(t, &s, turn + 1);
        }
        assert_int_equal(step, OS_STARTTLS_READY);
    }
}

static void what_is_wrong_is_refused_and_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct talk *t = &refused[i];
        size_t last = count_turns(t) - 1;
        enum os_starttls_step step = OS_STARTTLS_READY;
        struct os_starttls s;
        struct pintle_error err = {0};
        struct talk before = *t;

        talk_through(&before, &s, last);
        if (os_starttls_feed(&s, &step, (const uint8_t *)t->server[last].data, t->server[last].len,
                             &err) != PINTLE_E_TLS)
            fail_msg("%s: accepted", t->name);
        assert_int_equal(step, OS_STARTTLS_MORE);
        assert_int_equal(err.status, PINTLE_E_TLS);
        if (strstr(err.text, t->fails) == NULL)
            fail_msg("%s: says \"%s\"", t->name, err.text);
    }
}

/* Feed `piece` again and again; how many bytes were taken before it failed as too long. */
static size_t flood(enum os_starttls_protocol protocol, const char *first, const char *piece)
{
    struct os_starttls s;
    enum os_starttls_step step;
    struct pintle_error err;
    size_t taken = strlen(first);

    os_starttls_init(&s, protocol, "h", "[192.0.2.9]");
    assert_int_equal(os_starttls_feed(&s, &step, (const uint8_t *)first, taken, NULL), PINTLE_OK);
    while (os_starttls_feed(&s, &step, (const uint8_t *)piece, strlen(piece), &err) == PINTLE_OK) {
        taken += strlen(piece);
        assert_true(taken < 1000000);
    }
    assert_non_null(strstr(err.text, "too long"));
    return taken;
}

static void lines_and_replies_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(flood(OS_STARTTLS_SMTP, "220 ", "x"), OS_STARTTLS_LINE_MAX);
    assert_int_equal(flood(OS_STARTTLS_SMTP, "", "220-12\r\n"), OS_STARTTLS_REPLY_MAX);
    assert_int_equal(flood(OS_STARTTLS_FTP, "220-\r\n", "12345\r\n"),
                     6 + (OS_STARTTLS_REPLY_MAX - 6) / 7 * 7);
    assert_int_equal(flood(OS_STARTTLS_IMAP, "* OK\r\n", "* 12345\r\n"),
                     6 + OS_STARTTLS_REPLY_MAX / 9 * 9);
    assert_int_equal(flood(OS_STARTTLS_XMPP, "<a>", "x"), OS_STARTTLS_LINE_MAX);
}

static void names_and_ports_belong_together(void **state)
{
    static const uint16_t ports[] = {25, 143, 110, 21, 389, 5222, 5432, 3306};
    size_t i;

    (void)state;
    for (i = 0; os_starttls_names[i] != NULL; i++) {
        assert_int_equal(os_starttls_find(os_starttls_names[i]), i + 1);
        assert_int_equal(os_starttls_get_port(os_starttls_find(os_starttls_names[i])), ports[i]);
    }
    assert_int_equal(i, sizeof ports / sizeof ports[0]);
    assert_int_equal(os_starttls_find("none"), OS_STARTTLS_NONE);
    assert_int_equal(os_starttls_find(NULL), OS_STARTTLS_NONE);
    assert_int_equal(os_starttls_get_port(OS_STARTTLS_NONE), 443);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_protocol_reaches_its_go_ahead),
        cmocka_unit_test(replies_may_come_a_byte_at_a_time),
        cmocka_unit_test(what_is_wrong_is_refused_and_said),
        cmocka_unit_test(lines_and_replies_are_bounded),
        cmocka_unit_test(names_and_ports_belong_together),
    };

    return cmocka_run_group_tests_name("starttls", tests, NULL, NULL);
}
