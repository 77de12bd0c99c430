/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/curl/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/error.h"

#define OLDEST_VERSION 0x075000 /* 7.80.0 */

#define OLDEST_OPENSSL 3

static const char backend[] = "OpenSSL/";

static bool is_openssl(const char *tls)
{
    return strncmp(tls, backend, sizeof(backend) - 1) == 0 &&
           strtoul(tls + sizeof(backend) - 1, NULL, 10) >= OLDEST_OPENSSL;
}

enum pintle_status pintle__curl_check_support(struct pintle_error *err)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    const char *tls = version->ssl_version != NULL ? version->ssl_version : "none";

    if (version->version_num < OLDEST_VERSION) {
        pintle__error_set(err, PINTLE_E_UNSUPPORTED, "libcurl %s: 7.80.0 or later is needed",
                          version->version);
        return PINTLE_E_UNSUPPORTED;
    }
    if (!is_openssl(tls)) {
        pintle__error_set(err, PINTLE_E_UNSUPPORTED,
                          "libcurl %s uses the TLS library %s: one built on OpenSSL 3 is needed",
                          version->version, tls);
        return PINTLE_E_UNSUPPORTED;
    }
    return PINTLE_OK;
}

/* --- protocols -------------------------------------------------------------------------------- */

#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85.0 */

static const char *const guardable[] = {"http", "https", "ws",   "wss",   "ftp",  "ftps",
                                        "imap", "imaps", "pop3", "pop3s", "smtp", "smtps"};

static bool is_built_in(const char *protocol)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);

    for (const char *const *have = version->protocols; *have != NULL; have++) {
        if (strcmp(*have, protocol) == 0)
            return true;
    }
    return false;
}

bool pintle__curl_limit_protocols(CURL *easy)
{
    char list[128] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof(guardable) / sizeof(guardable[0]); i++) {
        if (is_built_in(guardable[i]))
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len > 0 ? "," : "",
                                    guardable[i]);
    }
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, list) == CURLE_OK;
}

#else

bool pintle__curl_limit_protocols(CURL *easy)
{
    long mask = CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FTP | CURLPROTO_FTPS | CURLPROTO_IMAP |
                CURLPROTO_IMAPS | CURLPROTO_POP3 | CURLPROTO_POP3S | CURLPROTO_SMTP |
                CURLPROTO_SMTPS;

    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, mask) == CURLE_OK;
}

#endif
