/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/curl/support.h"

#include <string.h>

#include <curl/curl.h>

#include "base/error.h"

#define OLDEST_VERSION 0x075000 /* 7.80.0 */

static const char backend[] = "OpenSSL/";

enum pintle_status pintle__curl_check_support(struct pintle_error *err)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    const char *tls = version->ssl_version != NULL ? version->ssl_version : "none";

    if (version->version_num < OLDEST_VERSION) {
        pintle__error_set(err, PINTLE_E_UNSUPPORTED, "libcurl %s: 7.80.0 or later is needed",
                          version->version);
        return PINTLE_E_UNSUPPORTED;
    }
    if (strncmp(tls, backend, sizeof(backend) - 1) != 0) {
        pintle__error_set(err, PINTLE_E_UNSUPPORTED,
                          "libcurl %s uses the TLS library %s: one built on OpenSSL is needed",
                          version->version, tls);
        return PINTLE_E_UNSUPPORTED;
    }
    return PINTLE_OK;
}
