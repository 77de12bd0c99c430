/* SPDX-License-Identifier: Apache-2.0 */
/* Can this libcurl be guarded? */
#ifndef PINTLE_SRC_TLS_CURL_SUPPORT_H
#define PINTLE_SRC_TLS_CURL_SUPPORT_H

#include <stdbool.h>

#include <curl/curl.h>

#include <pintle/status.h>

/*
 * E_UNSUPPORTED if the libcurl at run time is too old for CURLOPT_PREREQFUNCTION (7.80.0), has no
 * TLS, or has it from another library than OpenSSL: then CURLOPT_SSL_CTX_FUNCTION would hand over
 * something that is no SSL_CTX.
 */
PINTLE_MUST_USE enum pintle_status pintle__curl_check_support(struct pintle_error *err);

/*
 * Allow the handle those protocols only whose TLS is OpenSSL's doing, under our guard, and that ask
 * CURLOPT_PREREQFUNCTION before the first byte that matters: SSH, SMB and LDAP log in on their own.
 */
bool pintle__curl_limit_protocols(CURL *easy);

#endif
