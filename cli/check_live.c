/* SPDX-License-Identifier: Apache-2.0 */
/* What one server shows. */
#include <string.h>

#include "certificate.h"
#include "check.h"

#define DAY_S 86400

bool check_matches(const struct sighting *s)
{
    return sighting_seen(s) && s->verdict.reason == PINTLE_REASON_MATCH;
}

/* The check has no memory, so that is what a rule that learns comes to. */
bool check_is_learned(const struct sighting *s)
{
    return sighting_seen(s) && s->verdict.reason == PINTLE_REASON_MEMORY;
}

const char *check_result_name(const struct sighting *s)
{
    if (sighting_seen(s))
        return pintle_reason_name(s->verdict.reason);
    if (s->no_route)
        return "no-route";
    return s->status == PINTLE_E_TLS ? "tls" : "unreachable";
}

const char *check_error_text(const struct sighting *s)
{
    size_t len = strlen(s->address);
    bool said = strncmp(s->err.text, s->address, len) == 0 && s->err.text[len] == ':';

    return said ? s->err.text + len + 2 : s->err.text;
}

bool check_shows(const struct pintle_view *views, size_t count, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < count; i++) {
        struct pintle_pin own;

        if (pintle_pin_from_certificate(&own, views[i], guard_crypto(), NULL) == PINTLE_OK &&
            pintle_pin_equal(&own, pin))
            return true;
    }
    return false;
}

size_t check_pinned_part(const struct check *check, const struct endpoint *endpoint,
                         const struct sighting *s, const struct pintle_view **views)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, endpoint->rule_index);

    if (rule->trust == PINTLE_TRUST_KEY || rule->trust == PINTLE_TRUST_TOFU_KEY) {
        *views = s->served;
        return s->served_count > 0 ? 1 : 0;
    }
    *views = s->verified;
    return s->verified_count;
}

/* The verified path; what was served if there is none. */
static size_t whole_chain(const struct sighting *s, const struct pintle_view **views)
{
    *views = s->verified_count > 0 ? s->verified : s->served;
    return s->verified_count > 0 ? s->verified_count : s->served_count;
}

int64_t check_days_left(const struct check *check, const struct sighting *s)
{
    const struct pintle_view *views;
    size_t count = whole_chain(s, &views);
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        struct pintle_certificate_info info;

        if (pintle_certificate_describe(&info, views[i], NULL) != PINTLE_OK)
            continue;
        if (certificate_days_left(info.not_after, check->now) < least)
            least = certificate_days_left(info.not_after, check->now);
    }
    return least;
}

/* --- certificates ---------------------------------------------------------------------------- */

static void check_certificates(struct check *check, const struct endpoint *endpoint,
                               const struct sighting *s)
{
    const struct pintle_view *views;
    size_t count = whole_chain(s, &views);
    int64_t within_s = (int64_t)check->options->within * DAY_S;

    for (size_t i = 0; i < count; i++) {
        struct pintle_certificate_info info;
        char until[PINTLE_TIME_TEXT_SIZE];
        int64_t days;

        if (pintle_certificate_describe(&info, views[i], NULL) != PINTLE_OK)
            continue;
        (void)pintle_time_format(info.not_after, until);
        days = certificate_days_left(info.not_after, check->now);
        /* What has ended makes the path invalid (PIN106). */
        if (info.not_after >= check->now && info.not_after - check->now <= within_s)
            check_add(check, "PIN103", endpoint->rule_index, SIZE_MAX,
                      "%s: certificate %zu, %s, ends %.10s (%lld day%s)", endpoint->target.text, i,
                      info.subject, until, (long long)days, days == 1 ? "" : "s");
        if (info.weak_key)
            check_add(check, "PIN104", endpoint->rule_index, SIZE_MAX,
                      "%s: certificate %zu, %s, has %s %u, signed with %s", endpoint->target.text,
                      i, info.subject, info.key_type, info.key_bits, info.signature);
    }
}

/* --- verdicts -------------------------------------------------------------------------------- */

static void add_mismatch(struct check *check, const struct endpoint *endpoint,
                         const struct sighting *s)
{
    struct pintle_pin pin;
    char text[PINTLE_PIN_TEXT_SIZE] = "unknown";

    if (s->served_count > 0 &&
        pintle_pin_from_certificate(&pin, s->served[0], guard_crypto(), NULL) == PINTLE_OK)
        (void)pintle_pin_format(&pin, text);
    check_add(check, "PIN101", endpoint->rule_index, SIZE_MAX, "%s at %s shows the key %s",
              endpoint->target.text, s->address, text);
}

static void check_verdict(struct check *check, const struct endpoint *endpoint,
                          const struct sighting *s)
{
    switch (s->verdict.reason) {
    case PINTLE_REASON_MATCH:
    case PINTLE_REASON_OFF:
    case PINTLE_REASON_MEMORY: /* see check_is_learned() */
        return;
    case PINTLE_REASON_MISMATCH:
        add_mismatch(check, endpoint, s);
        return;
    case PINTLE_REASON_DENIED:
        check_add(check, "PIN111", endpoint->rule_index, SIZE_MAX, "%s at %s, certificate %d",
                  endpoint->target.text, s->address, s->verdict.cert_index);
        return;
    case PINTLE_REASON_PATH_INVALID:
    case PINTLE_REASON_NAME_MISMATCH:
        check_add(check, "PIN106", endpoint->rule_index, SIZE_MAX, "%s at %s: %s",
                  endpoint->target.text, s->address,
                  s->path_detail[0] != '\0' ? s->path_detail : s->verdict.detail);
        return;
    default:
        cli_error("%s at %s: %s %s", endpoint->target.text, s->address,
                  pintle_reason_text(s->verdict.reason), s->verdict.detail);
        check->internal = true;
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

/* Without a route to an address this machine cannot judge it, as long as it can judge another. */
static bool is_excused(const struct endpoint *endpoint, const struct sighting *s)
{
    if (!s->no_route)
        return false;
    for (size_t i = 0; i < endpoint->survey.count; i++)
        if (!endpoint->survey.items[i].no_route)
            return true;
    return false;
}

static void check_sighting(struct check *check, const struct endpoint *endpoint,
                           const struct sighting *s)
{
    if (sighting_seen(s)) {
        check_verdict(check, endpoint, s);
        check_certificates(check, endpoint, s);
    } else if (!is_excused(endpoint, s)) {
        check_add(check, "PIN105", endpoint->rule_index, SIZE_MAX, "%s at %s: %s",
                  endpoint->target.text, s->address, check_error_text(s));
    }
}

void check_endpoint(struct check *check, const struct endpoint *endpoint)
{
    size_t matched = 0;
    size_t mismatched = 0;

    if (endpoint->status != PINTLE_OK)
        check_add(check, "PIN105", endpoint->rule_index, SIZE_MAX, "%s: %s", endpoint->target.text,
                  endpoint->err.text);
    for (size_t i = 0; i < endpoint->survey.count; i++) {
        const struct sighting *s = &endpoint->survey.items[i];

        check_sighting(check, endpoint, s);
        matched += check_matches(s) ? 1 : 0;
        mismatched += sighting_seen(s) && s->verdict.reason == PINTLE_REASON_MISMATCH ? 1 : 0;
    }
    if (matched > 0 && mismatched > 0)
        check_add(check, "PIN110", endpoint->rule_index, SIZE_MAX,
                  "%s: %zu of %zu handshakes match a pin", endpoint->target.text, matched,
                  matched + mismatched);
}
