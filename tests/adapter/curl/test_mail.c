/* SPDX-License-Identifier: Apache-2.0 */
/* SMTP with STARTTLS: login and letter go to the pinned server alone. */
#include <string.h>

#include "adapter/curl/stage.h"

static size_t read_letter(char *out, size_t size, size_t count, void *user)
{
    (void)out;
    (void)size;
    (void)count;
    (void)user;
    return 0;
}

/* Send a letter with a login. use_ssl is set before the guard is attached. */
static CURLcode send_letter(struct stage *stage, struct mail *mail, long use_ssl)
{
    struct curl_slist *to = curl_slist_append(NULL, "<b@example.com>");
    CURLcode code;

    stage->easy = stage_easy(stage, mail->listener.port);
    stage_url(stage->easy, "smtp", HOST, mail->listener.port, "/client");
    curl_easy_setopt(stage->easy, CURLOPT_USE_SSL, use_ssl);
    curl_easy_setopt(stage->easy, CURLOPT_USERNAME, "user");
    curl_easy_setopt(stage->easy, CURLOPT_PASSWORD, "secret");
    curl_easy_setopt(stage->easy, CURLOPT_SASL_IR, 1L);
    curl_easy_setopt(stage->easy, CURLOPT_MAIL_FROM, "<a@example.com>");
    curl_easy_setopt(stage->easy, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(stage->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(stage->easy, CURLOPT_READFUNCTION, read_letter);
    assert_int_equal(pintle_curl_attach(&stage->guard, stage->easy, stage->engine, NULL, NULL),
                     PINTLE_OK);
    code = curl_easy_perform(stage->easy);
    curl_easy_cleanup(stage->easy);
    stage->easy = NULL;
    curl_slist_free_all(to);
    return code;
}

static void a_pinned_mail_server_gets_the_letter(void **state)
{
    struct mail mail = {.strip = false};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    mail_start(&mail, &stage.host);
    stage_pin(&stage, &stage.host);
    assert_int_equal(send_letter(&stage, &mail, CURLUSESSL_NONE), CURLE_OK);
    stage_expect_accepted(&stage);
    stage_clear(&stage);
    mail_stop(&mail);
    assert_memory_equal(mail.heard, "EHLO STARTTLS | EHLO AUTH", 25);
    assert_non_null(strstr(mail.heard, " MAIL RCPT DATA"));
}

static void a_wrong_mail_server_gets_no_login(void **state)
{
    struct mail mail = {.strip = false};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    mail_start(&mail, &stage.odd);
    stage_pin(&stage, &stage.host);
    assert_int_equal(send_letter(&stage, &mail, CURLUSESSL_TRY), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    stage_clear(&stage);
    mail_stop(&mail);
    assert_string_equal(mail.heard, "EHLO STARTTLS");
}

static void a_stripped_starttls_gets_no_login(void **state)
{
    static const long wishes[] = {CURLUSESSL_NONE, CURLUSESSL_TRY, CURLUSESSL_ALL};
    struct mail mail = {.strip = true};
    struct stage stage;

    (void)state;
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        stage_init(&stage);
        mail_start(&mail, &stage.host);
        stage_pin(&stage, &stage.host);
        assert_int_equal(send_letter(&stage, &mail, wishes[i]), CURLE_USE_SSL_FAILED);
        stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
        stage_clear(&stage);
        mail_stop(&mail);
        assert_null(strstr(mail.heard, "AUTH"));
        assert_null(strstr(mail.heard, "MAIL"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pinned_mail_server_gets_the_letter),
        cmocka_unit_test(a_wrong_mail_server_gets_no_login),
        cmocka_unit_test(a_stripped_starttls_gets_no_login),
    };

    return cmocka_run_group_tests_name("libcurl: mail", tests, NULL, NULL);
}
