/* SPDX-License-Identifier: Apache-2.0 */
/* Public-Key-Pins headers: what is accepted keeps its promises, and is only noted within bounds. */
#include <stdlib.h>
#include <string.h>

#include <pintle/hpkp.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* A connection over the path that suits the header best: with all its pins but the last. */
static struct pintle_verdict suit(const struct pintle_hpkp *header)
{
    struct pintle_verdict verdict;

    pintle_verdict_init(&verdict);
    verdict.decision = PINTLE_ACCEPT;
    verdict.reason = PINTLE_REASON_NO_RULE;
    verdict.path_count = 1;
    require(pintle_host_parse(&verdict.host, "example.com", 11, NULL) == PINTLE_OK);
    for (uint32_t i = 0; i + 1 < header->pin_count; i++) {
        verdict.chain[i].pin = header->pins[i];
        verdict.chain[i].note = PINTLE_CERT_NO_PIN;
        verdict.chain_count++;
    }
    return verdict;
}

static void judge(const struct pintle_hpkp *header, bool report_only)
{
    struct pintle_verdict verdict = suit(header);
    struct pintle_learned entry;
    const char *why = NULL;
    enum pintle_hpkp_action action =
        pintle_hpkp_judge(&entry, &why, header, report_only, &verdict, 1000);

    require((action == PINTLE_HPKP_IGNORE) == (why != NULL));
    require(action != PINTLE_HPKP_NOTE || (entry.pin_count >= 2 && entry.expires > 1000 &&
                                           entry.expires <= 1000 + PINTLE_HPKP_MAX_AGE_S));
    require(!report_only || action == PINTLE_HPKP_IGNORE || action == PINTLE_HPKP_REPORT);
}

static void parse(const char *text, size_t len, bool report_only)
{
    static const struct pintle_hpkp zero;
    struct pintle_hpkp out;
    struct pintle_error err;

    if (pintle_hpkp_parse(&out, text, len, report_only, &err) != PINTLE_OK) {
        require((err.status == PINTLE_E_HPKP && err.offset <= len) ||
                (err.status == PINTLE_E_LIMIT && len > PINTLE_HPKP_HEADER_MAX_LEN));
        require(err.text[0] != '\0' && memcmp(&out, &zero, sizeof(out)) == 0);
        return;
    }
    require(out.pin_count >= 1 && out.pin_count <= PINTLE_LEARNED_PINS_MAX);
    require(report_only ? out.max_age_s == -1 : out.max_age_s >= 0);
    require(memchr(out.report_uri, '\0', sizeof(out.report_uri)) != NULL);
    judge(&out, report_only);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse((const char *)data, size, false);
    parse((const char *)data, size, true);
    return 0;
}
