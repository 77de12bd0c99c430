/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/curl/identity.h"

#include <stdlib.h>
#include <string.h>

/* The URL's host as A-labels, with CURLU_PUNYCODE where libcurl has it. */
#if LIBCURL_VERSION_NUM >= 0x075800
#define HOST_FLAGS CURLU_PUNYCODE
#else
#define HOST_FLAGS 0
#endif

/* Parse a host as it stands in a URL, IPv6 addresses in brackets (RFC 3986 section 3.2.2). */
static bool parse_host(struct pintle_host *host, const char *text)
{
    size_t len = strlen(text);

    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    return pintle_host_parse(host, text, len, NULL) == PINTLE_OK;
}

static bool parse_port(uint16_t *port, const char *text)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value == 0 || value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

static bool url_parts(CURLU *url, struct pintle_host *host, uint16_t *port)
{
    char *name = NULL;
    char *number = NULL;
    char *zone = NULL;
    bool found = curl_url_get(url, CURLUPART_HOST, &name, HOST_FLAGS) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                 curl_url_get(url, CURLUPART_ZONEID, &zone, 0) == CURLUE_NO_ZONEID &&
                 parse_host(host, name) && parse_port(port, number);

    curl_free(name);
    curl_free(number);
    curl_free(zone);
    return found;
}

bool pintle__curl_url_host(CURL *easy, struct pintle_host *host, uint16_t *port)
{
    char *text = NULL; /* lent */
    CURLU *url;
    bool found;

    if (curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text) != CURLE_OK || text == NULL)
        return false;
    url = curl_url();
    found = url != NULL &&
            curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) ==
                CURLUE_OK &&
            url_parts(url, host, port);
    curl_url_cleanup(url);
    return found;
}

static bool proxy_port(CURL *easy, uint16_t *port)
{
    long value = 0;

    if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &value) != CURLE_OK || value <= 0 ||
        value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

bool pintle__curl_peer(CURL *easy, SSL *ssl, struct pintle_host *host, uint16_t *port)
{
    const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    struct pintle_host named;

    if (!pintle__curl_url_host(easy, host, port))
        return false;
    if (sni == NULL)
        return host->is_ip;
    if (!parse_host(&named, sni))
        return false;
    if (strcmp(named.text, host->text) == 0)
        return true;
    *host = named;
    return proxy_port(easy, port);
}

static bool has_end(CURL *easy, CURLINFO address_info, const char *address, CURLINFO port_info,
                    int port)
{
    char *have = NULL; /* lent */
    long have_port = 0;

    return address != NULL && curl_easy_getinfo(easy, address_info, &have) == CURLE_OK &&
           have != NULL && strcmp(have, address) == 0 &&
           curl_easy_getinfo(easy, port_info, &have_port) == CURLE_OK && have_port == port;
}

/*
 * Of an idle handle libcurl still tells the last connection. Only this call says that there is one
 * now; a transfer that has sent nothing is not paused, so it changes nothing.
 */
static bool is_transferring(CURL *easy)
{
    return curl_easy_pause(easy, CURLPAUSE_CONT) == CURLE_OK;
}

bool pintle__curl_is_connected(CURL *easy, const struct pintle__curl_ends *ends, SSL **ssl)
{
    struct curl_tlssessioninfo *session = NULL; /* lent */

    *ssl = NULL;
    if (!is_transferring(easy) ||
        !has_end(easy, CURLINFO_PRIMARY_IP, ends->address, CURLINFO_PRIMARY_PORT, ends->port) ||
        !has_end(easy, CURLINFO_LOCAL_IP, ends->local_address, CURLINFO_LOCAL_PORT,
                 ends->local_port) ||
        curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL)
        return false;
    if (session->internals != NULL && session->backend != CURLSSLBACKEND_OPENSSL)
        return false;
    *ssl = session->internals;
    return true;
}

bool pintle__curl_is_plain(CURL *easy)
{
    char *scheme = NULL; /* lent; the case of its letters depends on libcurl's version */

    return curl_easy_getinfo(easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme != NULL &&
           (curl_strequal(scheme, "http") != 0 || curl_strequal(scheme, "ws") != 0);
}
