/* SPDX-License-Identifier: Apache-2.0 */
/* Random pin-sets and hosts: the index finds what a plain search over all patterns finds, and what is
 * written means what was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/pinset/doc.h"

#define ROUNDS 300
#define HOSTS_PER_ROUND 200
#define RULES_MAX 40

static uint64_t random_state;

/* xorshift64*: the same numbers in every run. */
static unsigned roll(unsigned below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

/* Few labels, so that much collides. */
static void random_name(char *out, size_t size, unsigned labels_max)
{
    static const char *const labels[] = {"a", "b", "ab", "a-b"};
    unsigned count = 1 + roll(labels_max);

    out[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        size_t len = strlen(out);
        (void)snprintf(out + len, size - len, "%s%s", i > 0 ? "." : "", labels[roll(4)]);
    }
}

/* --- the plain search ---------------------------------------------------------------------------
 */

struct candidate {
    char id[16];
    char text[80];
    unsigned port; /* 0 for every port */
};

struct model {
    struct candidate candidates[RULES_MAX * 4];
    size_t count;
};

/* Greater is more specific: the literal suffix, then the stars, then the port. */
static unsigned rank(const struct pintle_pattern *pattern, unsigned port)
{
    return (pattern->suffix.len * 3U + (PINTLE_PATTERN_ANY - pattern->kind)) * 2U +
           (port != 0 ? 1U : 0U);
}

static const char *search(const struct model *model, const struct pintle_host *host, unsigned port)
{
    const char *best = "-";
    unsigned best_rank = 0;

    for (size_t i = 0; i < model->count; i++) {
        const struct candidate *candidate = &model->candidates[i];
        struct pintle_pattern pattern;
        assert_int_equal(
            pintle_pattern_parse(&pattern, candidate->text, strlen(candidate->text), NULL),
            PINTLE_OK);
        if ((candidate->port == 0 || candidate->port == port) &&
            pintle_pattern_matches(&pattern, host) && rank(&pattern, candidate->port) > best_rank) {
            best = candidate->id;
            best_rank = rank(&pattern, candidate->port);
        }
    }
    return best;
}

static bool is_taken(const struct model *model, const char *text, unsigned port)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->candidates[i].port == port && strcmp(model->candidates[i].text, text) == 0)
            return true;
    }
    return false;
}

/* --- documents ----------------------------------------------------------------------------------
 */

/* One rule with one pattern and at most one port; nothing if that would conflict. */
static void add_rule(struct doc *doc, struct model *model)
{
    static const char *const stars[] = {"", "*.", "**."};
    struct candidate *candidate = &model->candidates[model->count];
    char name[64], text[80], ports[32] = "";
    unsigned port = roll(4);

    random_name(name, sizeof(name), 3);
    (void)snprintf(text, sizeof(text), "%s%s", stars[roll(3)], name);
    if (is_taken(model, text, port))
        return;
    strcpy(candidate->text, text);
    candidate->port = port;
    (void)snprintf(candidate->id, sizeof(candidate->id), "r%zu", model->count);
    if (port != 0)
        (void)snprintf(ports, sizeof(ports), ",'ports':[%u]", port);
    doc_add(doc, "%s{'id':'%s','match':['%s'],'mode':'off','pins':[]%s}",
            model->count > 0 ? "," : "", candidate->id, text, ports);
    model->count++;
}

static struct pintle_pinset *random_set(struct model *model)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;
    unsigned rules = roll(RULES_MAX + 1);

    model->count = 0;
    doc_begin(&doc);
    for (unsigned i = 0; i < rules; i++)
        add_rule(&doc, model);
    doc_end(&doc);
    if (doc_parse(&set, &doc, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    doc_clear(&doc);
    return set;
}

static void the_index_finds_what_a_plain_search_finds(void **state)
{
    static struct model model;
    unsigned hits = 0;

    (void)state;
    random_state = 20261121;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct pintle_pinset *set = random_set(&model);
        for (unsigned i = 0; i < HOSTS_PER_ROUND; i++) {
            unsigned port = roll(5);
            struct pintle_host host;
            const char *expected;
            char name[64];
            random_name(name, sizeof(name), 4);
            assert_int_equal(pintle_host_parse(&host, name, strlen(name), NULL), PINTLE_OK);
            expected = search(&model, &host, port);
            assert_string_equal(doc_find(set, name, (uint16_t)port), expected);
            hits += expected[0] != '-' ? 1 : 0;
        }
        pintle_pinset_free(set);
    }
    /* Neither all nor nothing is found, else this would prove little. */
    assert_in_range(hits, ROUNDS * HOSTS_PER_ROUND / 5, ROUNDS * HOSTS_PER_ROUND * 9 / 10);
}

/* --- the round trip -----------------------------------------------------------------------------
 */

/* Every other time. */
static bool flip(void)
{
    return roll(2) == 1;
}

static void add_number(struct doc *doc, const char *name, int64_t least, int64_t most)
{
    int64_t number = least + roll(1000);

    if (roll(4) == 0)
        number = flip() ? least : most;
    if (flip())
        doc_add(doc, "'%s':%lld,", name, (long long)(number < most ? number : most));
}

static void add_time(struct doc *doc, const char *name)
{
    if (flip())
        doc_add(doc, "'%s':'%u-%02u-%02uT%02u:%02u:%02uZ',", name, 1970 + roll(8030), 1 + roll(12),
                1 + roll(28), roll(24), roll(60), roll(60));
}

static void add_pin(struct doc *doc, bool first)
{
    static const char *const positions[] = {"any", "leaf", "ca"};

    doc_add(doc, "%s{", first ? "" : ",");
    add_time(doc, "until");
    if (flip())
        doc_add(doc, "'at':'%s',", positions[roll(3)]);
    if (flip())
        doc_add(doc, "'backup':%s,", flip() ? "true" : "false");
    if (flip())
        doc_add(doc, "'label':'%u','crit':['until'],", roll(9));
    doc_add(doc, "'spki':'@%c'}", (char)('a' + roll(26)));
}

static void add_living_rule(struct doc *doc, unsigned index)
{
    static const char *const modes[] = {"enforce", "report", "off"};
    static const char *const trusts[] = {"pkix", "key", "tofu", "tofu-key"};
    unsigned trust = roll(4);
    unsigned pins = roll(4);

    doc_add(doc, "%s{'id':'r%u','match':['h%u.test'],", index > 0 ? "," : "", index, index);
    if (flip())
        doc_add(doc, "'mode':'%s',", modes[roll(3)]);
    if (trust > 0 || flip())
        doc_add(doc, "'trust':'%s',", trusts[trust]);
    if (trust >= 2 && flip())
        doc_add(doc, "'learn_at':'%s',", trust == 2 && flip() ? "ca" : "leaf");
    if (trust >= 2)
        add_number(doc, "learn_days", 1, 730);
    add_time(doc, "enforce_until");
    if (flip())
        doc_add(doc, "'after':'%s',", modes[roll(3)]);
    doc_add(doc, "'pins':[");
    for (unsigned i = 0; i < pins + (trust < 2 ? 1 : 0); i++)
        add_pin(doc, i == 0);
    doc_add(doc, "]}");
}

static struct pintle_pinset *random_living_set(void)
{
    struct doc members = {NULL, 0, 0};
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;
    unsigned rules = roll(6);

    add_number(&members, "epoch", 1, INT64_MAX);
    add_number(&members, "hard_ttl_s", 1, INT64_C(253402300799));
    add_number(&members, "overlap_s", 0, INT64_C(253402300799));
    doc_begin_with(&doc, members.text == NULL ? "" : members.text);
    for (unsigned i = 0; i < rules; i++)
        add_living_rule(&doc, i);
    doc_end(&doc);
    if (doc_parse(&set, &doc, &err) != PINTLE_OK)
        fail_msg("%s in %s", err.text, doc.text);
    doc_clear(&members);
    doc_clear(&doc);
    return set;
}

static void what_is_written_means_what_was_read(void **state)
{
    (void)state;
    random_state = 20261127;
    for (unsigned round = 0; round < ROUNDS * 4; round++) {
        struct pintle_pinset *set = random_living_set();
        struct pintle_pinset *again = NULL;
        char *first, *second;
        size_t first_len, second_len;

        assert_int_equal(pintle_pinset_format(&first, &first_len, set, NULL), PINTLE_OK);
        assert_int_equal(pintle_pinset_parse(&again, first, first_len, NULL, NULL), PINTLE_OK);
        doc_assert_equal(set, again);
        assert_int_equal(pintle_pinset_format(&second, &second_len, again, NULL), PINTLE_OK);
        assert_string_equal(first, second);
        pintle_pinset_free(set);
        pintle_pinset_free(again);
        free(first);
        free(second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_a_plain_search_finds),
        cmocka_unit_test(what_is_written_means_what_was_read),
    };

    return cmocka_run_group_tests_name("pinset random", tests, NULL, NULL);
}
