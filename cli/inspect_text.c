/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"
#include "verdict.h"

static const char *path_label(const struct sighting *s, size_t index)
{
    bool served = certificate_in(s->verified[index], s->served, s->served_count);

    if (index + 1 == s->verified_count)
        return served ? "trust anchor, also served" : "trust anchor";
    return served ? NULL : "from the trust store";
}

static void print_path_state(const struct sighting *s)
{
    static const char *const words[] = {[PINTLE_PATH_INVALID] = "invalid",
                                        [PINTLE_PATH_WRONG_NAME] = "for another host",
                                        [PINTLE_PATH_VALID] = "valid"};

    (void)printf("path %s%s%s%s%s\n",
                 cli_on(stdout, s->path == PINTLE_PATH_VALID ? CLI_GREEN : CLI_RED), words[s->path],
                 cli_off(stdout), s->path_detail[0] != '\0' ? ": " : "", cli_safe(s->path_detail));
}

/* The verified path; as served if there is none. */
static void print_certificates(const struct sighting *s, int64_t now)
{
    bool verified = s->verified_count > 0;
    size_t count = verified ? s->verified_count : s->served_count;

    (void)printf(verified ? "verified path:\n" : "as served, unverified:\n");
    for (size_t i = 0; i < count; i++) {
        struct certificate certificate;

        certificate_read(&certificate, verified ? s->verified[i] : s->served[i]);
        certificate_print(&certificate, i, verified ? path_label(s, i) : NULL, now);
    }
}

static void print_verdict(const struct inspection *inspection, const struct sighting *s)
{
    const struct pintle_verdict *verdict = &s->verdict;

    if (!s->judged)
        return;
    (void)printf("pins: ");
    verdict_print(stdout, verdict, inspection->set);
    if (verdict->reason == PINTLE_REASON_MATCH && verdict->pin_index >= 0) {
        const struct pintle_rule *rule = verdict_rule(verdict, inspection->set);
        const struct pintle_rule_pin *pin = &rule->pins[verdict->pin_index];

        (void)printf("  matched pin %d of rule \"%s\": %s%s%s\n", verdict->pin_index, rule->id,
                     verdict_pin_role(pin), pin->label[0] != '\0' ? ": " : "",
                     cli_safe(pin->label));
    }
}

static void print_chain(const struct inspection *inspection, const struct sighting *s)
{
    struct inspect_problems problems;
    struct certificate leaf = {0};
    char key[64];

    if (s->served_count > 0)
        certificate_read(&leaf, s->served[0]);
    (void)printf("\n%s%s%s  %s  %s\n", cli_on(stdout, CLI_BOLD),
                 leaf.described ? cli_safe(certificate_key_text(&leaf.info, key)) : "unknown key",
                 cli_off(stdout), s->protocol[0] != '\0' ? s->protocol : "no session", s->cipher);
    print_path_state(s);
    print_certificates(s, inspection->now);
    inspect_find_problems(&problems, s);
    for (size_t i = 0; i < problems.count; i++)
        (void)printf("%snote:%s %s\n", cli_on(stdout, CLI_YELLOW), cli_off(stdout),
                     cli_safe(problems.texts[i]));
    print_verdict(inspection, s);
}

void inspect_print(const struct inspection *inspection)
{
    (void)printf("%s%s%s at %s\n", cli_on(stdout, CLI_BOLD), inspection->target.text,
                 cli_off(stdout), inspection->survey.items[0].address);
    for (size_t i = 0; i < inspection->survey.count; i++)
        if (sighting_seen(&inspection->survey.items[i]))
            print_chain(inspection, &inspection->survey.items[i]);
}

/* --- PEM ------------------------------------------------------------------------------------- */

static bool shown_before(const struct inspection *inspection, size_t chain, struct pintle_view der)
{
    for (size_t i = 0; i < chain; i++) {
        const struct sighting *s = &inspection->survey.items[i];

        if (certificate_in(der, s->served, s->served_count))
            return true;
    }
    return false;
}

enum cli_exit inspect_print_pem(const struct inspection *inspection)
{
    for (size_t i = 0; i < inspection->survey.count; i++) {
        const struct sighting *s = &inspection->survey.items[i];

        for (size_t j = 0; j < s->served_count; j++) {
            struct certificate certificate;

            if (shown_before(inspection, i, s->served[j]))
                continue;
            certificate_read(&certificate, s->served[j]);
            if (!certificate_print_pem(&certificate))
                return CLI_INTERNAL;
        }
    }
    return CLI_OK;
}
