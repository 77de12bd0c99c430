/* SPDX-License-Identifier: Apache-2.0 */
/* Where reports go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pinset/url.h"

static void a_url_leads_to_its_host_and_port(void **state)
{
    static const struct {
        const char *url;
        const char *host;
        uint16_t port;
        bool tls;
    } rows[] = {
        {"https://pins.example.net", "pins.example.net", 443, true},
        {"https://pins.example.net/v1?a:b@c", "pins.example.net", 443, true},
        {"http://pins.example.net#x", "pins.example.net", 80, false},
        {"HTTPS://Pins.Example.NET:8443/", "pins.example.net", 8443, true},
        {"https://pins.example.net:/", "pins.example.net", 443, true},
        {"https://user:pw@pins.example.net:1?q", "pins.example.net", 1, true},
        {"https://api.example.com@pins.example.net/", "pins.example.net", 443, true},
        {"http://192.0.2.1:65535/", "192.0.2.1", 65535, false},
        {"https://[2001:DB8::1]/", "2001:db8::1", 443, true},
        {"https://[2001:db8::1]:853", "2001:db8::1", 853, true},
    };
    struct pintle__endpoint to;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_null(pintle__url_fault(rows[i].url));
        assert_true(pintle__url_endpoint(&to, rows[i].url));
        assert_string_equal(to.host.text, rows[i].host);
        assert_int_equal(to.port, rows[i].port);
        assert_int_equal(to.tls, rows[i].tls);
    }
}

static void a_url_without_a_proper_host_or_port_leads_nowhere(void **state)
{
    static const char *const rows[] = {
        "https://pins.example.net:0/",
        "https://pins.example.net:65536/",
        "https://pins.example.net:4 43",
        "https://pins.example.net:99999999999999999999",
        "https://[2001:db8::1",
        "https://[2001:db8::1]443",
        "https://[fe80::1%25eth0]/",
        "https://a..b/",
        "https://pins.example.net:443:1/",
        "https://user@/",
    };
    struct pintle__endpoint to;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_false(pintle__url_endpoint(&to, rows[i]));
}

static void other_schemes_are_at_fault(void **state)
{
    static const char *const rows[] = {
        "",    "h",       "http",          "http:", "http:/x",        "httpss://x",
        "//x", "x",       "ftp://x",       "s://x", "javascript://x", " https://x",
        "htt", "https//", "https:\\\\x/y", "://x",  "https ://x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(pintle__url_fault(rows[i]), "is no http or https URL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_leads_to_its_host_and_port),
        cmocka_unit_test(a_url_without_a_proper_host_or_port_leads_nowhere),
        cmocka_unit_test(other_schemes_are_at_fault),
    };

    return cmocka_run_group_tests_name("pinset url", tests, NULL, NULL);
}
