/* SPDX-License-Identifier: Apache-2.0 */
/* Which headers are believed (RFC 7469 sections 2.3.1, 2.5 and 2.6). */
#include <string.h>

#include <pintle/hpkp.h>

/* Sections 2.3.1 and 2.5: over secure transport without any error. */
static const char *connection_fault(const struct pintle_verdict *verdict)
{
    if (verdict->decision != PINTLE_ACCEPT)
        return "the connection was refused";
    if (verdict->host.len == 0 || verdict->host.is_ip)
        return "the host is no name";
    if (verdict->rule[0] != '\0')
        return "a signed rule covers the host";
    if (verdict->reason != PINTLE_REASON_NO_RULE && verdict->reason != PINTLE_REASON_MATCH)
        return "the connection was not accepted for its path";
    if (verdict->softened || verdict->unpinned)
        return "the connection was accepted by a softened rule";
    if (verdict->resumed)
        return "a resumed connection shows no path";
    return NULL;
}

/* Is the whole of a valid path known? */
static bool is_path_known(const struct pintle_verdict *verdict)
{
    if (verdict->path_count == 0 || verdict->chain_count == 0 ||
        verdict->chain_count > PINTLE_CHAIN_MAX)
        return false;
    for (size_t i = 0; i < verdict->chain_count; i++) {
        if (verdict->chain[i].note == PINTLE_CERT_UNCHECKED ||
            verdict->chain[i].note == PINTLE_CERT_MALFORMED)
            return false;
    }
    return true;
}

static bool is_in_path(const struct pintle_verdict *verdict, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < verdict->chain_count; i++) {
        if (pintle_pin_equal(&verdict->chain[i].pin, pin))
            return true;
    }
    return false;
}

static uint32_t count_in_path(const struct pintle_verdict *verdict,
                              const struct pintle_hpkp *header)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < header->pin_count && i < PINTLE_LEARNED_PINS_MAX; i++)
        count += is_in_path(verdict, &header->pins[i]);
    return count;
}

static int64_t end_of(int64_t now, int64_t max_age_s)
{
    int64_t age = max_age_s < PINTLE_HPKP_MAX_AGE_S ? max_age_s : PINTLE_HPKP_MAX_AGE_S;

    return now > INT64_MAX - age ? INT64_MAX : now + age;
}

static void fill(struct pintle_learned *entry, const struct pintle_hpkp *header, bool report_only,
                 const struct pintle_verdict *verdict, int64_t now)
{
    memset(entry, 0, sizeof(*entry));
    entry->from = report_only ? PINTLE_LEARNED_HPKP_REPORT_ONLY : PINTLE_LEARNED_HPKP;
    entry->host = verdict->host;
    entry->at = PINTLE_AT_ANY;
    entry->include_subdomains = header->include_subdomains;
    entry->pin_count = header->pin_count;
    memcpy(entry->pins, header->pins, sizeof(entry->pins));
    entry->learned = now;
    entry->seen = now;
    entry->expires = report_only ? now : end_of(now, header->max_age_s);
    memcpy(entry->report_uri, header->report_uri, sizeof(entry->report_uri));
}

static enum pintle_hpkp_action ignore(const char **why, const char *text)
{
    if (why != NULL)
        *why = text;
    return PINTLE_HPKP_IGNORE;
}

enum pintle_hpkp_action pintle_hpkp_judge(struct pintle_learned *entry, const char **why,
                                          const struct pintle_hpkp *header, bool report_only,
                                          const struct pintle_verdict *verdict, int64_t now)
{
    const char *fault = connection_fault(verdict);
    uint32_t live;

    memset(entry, 0, sizeof(*entry));
    if (fault != NULL)
        return ignore(why, fault);
    if (!is_path_known(verdict))
        return ignore(why, "the connection's path is not known whole");
    live = count_in_path(verdict, header);
    if (report_only && live > 0)
        return ignore(why, "a pin is in the path: there is nothing to report");
    fill(entry, header, report_only, verdict, now);
    if (report_only)
        return PINTLE_HPKP_REPORT;
    if (live == 0 || live == header->pin_count || header->max_age_s < 0) {
        memset(entry, 0, sizeof(*entry));
        return ignore(why, live == 0 ? "no pin is in the connection's path"
                                     : "no pin is a backup: all are in the connection's path");
    }
    return header->max_age_s == 0 ? PINTLE_HPKP_FORGET : PINTLE_HPKP_NOTE;
}
