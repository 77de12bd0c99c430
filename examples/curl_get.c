/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Get a page with libcurl, from a pinned server or not at all:
 *
 *   curl_get pintle.json https://api.example.com/ [CA.pem]
 *
 * Exit code 0: the page is on stdout. 1: refused, or the transfer failed. 2: usage or a bad file.
 */
#include <stdio.h>

#include <pintle/curl.h>
#include <pintle/openssl.h>
#include <pintle/pintle.h>

static int get(CURL *easy, struct pintle_curl *guard)
{
    char text[512];
    CURLcode code = curl_easy_perform(easy);
    const struct pintle_verdict *verdict = pintle_curl_get_verdict(guard);

    if (code == CURLE_OK)
        return 0;
    fprintf(stderr, "%s\n", curl_easy_strerror(code));
    if (verdict->time != 0 && verdict->decision != PINTLE_ACCEPT)
        fprintf(stderr, "%s\n", pintle_verdict_format(verdict, text, sizeof(text)));
    return 1;
}

int main(int argc, char **argv)
{
    struct pintle_config config = {.crypto = pintle_openssl_crypto()};
    struct pintle_error err = {.text = ""};
    struct pintle *engine = NULL;
    struct pintle_curl *guard = NULL;
    CURL *easy = NULL;
    int exit_code = 2;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: curl_get PINSET URL [CA-FILE]\n");
        return 2;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 2;

    /* Once in a program: the pins. */
    if (pintle_open(&engine, argv[1], &config, &err) != PINTLE_OK)
        goto out;

    /* Once for each easy handle. */
    easy = curl_easy_init();
    if (easy == NULL || pintle_curl_attach(&guard, easy, engine, NULL, &err) != PINTLE_OK)
        goto out;

    curl_easy_setopt(easy, CURLOPT_URL, argv[2]);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    if (argc == 4)
        curl_easy_setopt(easy, CURLOPT_CAINFO, argv[3]);
    exit_code = get(easy, guard);

out:
    if (err.text[0] != '\0')
        fprintf(stderr, "%s\n", err.text);
    curl_easy_cleanup(easy);
    pintle_curl_free(guard); /* after the handle */
    pintle_free(engine);
    curl_global_cleanup();
    return exit_code;
}
