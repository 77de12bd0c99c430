/* SPDX-License-Identifier: Apache-2.0 */
/* Trust on first use: what is learned, what is compared with it, and what is never a first use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/memory.h"
#include "unit/engine/stage.h"

#define DAY ((int64_t)24 * 3600)

/* Rules are named like their hosts. p is pinned, d denied, o retired, all others are for learning. */
static const char rules[] =
    "{'id':'leaf','match':['leaf.test'],'mode':'enforce','trust':'tofu','pins':[]},"
    "{'id':'ca','match':['ca.test'],'mode':'enforce','trust':'tofu','learn_at':'ca',"
    " 'learn_days':10,'pins':[]},"
    "{'id':'moved','match':['moved.test'],'mode':'enforce','trust':'tofu','learn_at':'ca',"
    " 'pins':[{'spki':'@P'},{'spki':'@O','until':'2026-02-01T00:00:00Z'}]},"
    "{'id':'key','match':['key.test'],'mode':'enforce','trust':'tofu-key','pins':[]},"
    "{'id':'pinned','match':['pinned.test'],'mode':'enforce','trust':'tofu',"
    " 'pins':[{'spki':'@p'},{'spki':'@o','until':'2026-02-01T00:00:00Z'}],'deny':['@d']},"
    "{'id':'pinned-key','match':['pinned-key.test'],'mode':'enforce','trust':'tofu-key',"
    " 'pins':[{'spki':'@p'}],'deny':['@d']},"
    "{'id':'report','match':['report.test'],'mode':'report','trust':'tofu','pins':[]},"
    "{'id':'report-key','match':['report-key.test'],'mode':'report','trust':'tofu-key',"
    " 'pins':[]},"
    "{'id':'off','match':['off.test'],'mode':'off','trust':'tofu','pins':[]},"
    "{'id':'off-key','match':['off-key.test'],'mode':'off','trust':'tofu-key','pins':[]}";

struct scene {
    struct stage stage;
    struct memory memory;
    size_t reported;
    struct pintle_verdict last;
    bool has_learned;
    struct pintle_learned learned;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    stage_init(&scene->stage);
    memory_init(&scene->memory);
    scene->stage.config.memory = &scene->memory.calls;
    stage_open(&scene->stage, rules);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    stage_close(&scene->stage);
    free(scene);
    return 0;
}

static struct pintle_verdict expect_path(struct scene *scene, const char *host,
                                         enum pintle_path path, const char *keys,
                                         enum pintle_decision decision, enum pintle_reason reason,
                                         bool learned)
{
    struct pintle_verdict verdict = stage_decide(&scene->stage, host, path, keys);

    if (verdict.decision != decision || verdict.reason != reason || verdict.learned != learned)
        fail_msg("%s %s: decision %d, %s, learned %d: %s", host, keys, (int)verdict.decision,
                 pintle_reason_name(verdict.reason), (int)verdict.learned, verdict.detail);
    assert_false(verdict.pending);
    return verdict;
}

static struct pintle_verdict expect(struct scene *scene, const char *host, const char *keys,
                                    enum pintle_decision decision, enum pintle_reason reason,
                                    bool learned)
{
    return expect_path(scene, host, PINTLE_PATH_VALID, keys, decision, reason, learned);
}

static void expect_first(struct scene *scene, const char *host, const char *keys)
{
    (void)expect(scene, host, keys, PINTLE_ACCEPT, PINTLE_REASON_FIRST_USE, false);
}

static void expect_known(struct scene *scene, const char *host, const char *keys)
{
    (void)expect(scene, host, keys, PINTLE_ACCEPT, PINTLE_REASON_MATCH, true);
}

static void expect_changed(struct scene *scene, const char *host, const char *keys)
{
    (void)expect(scene, host, keys, PINTLE_REFUSE, PINTLE_REASON_MISMATCH, true);
}

static void expect_no_memory(struct scene *scene, const char *host, const char *keys)
{
    (void)expect(scene, host, keys, PINTLE_REFUSE, PINTLE_REASON_MEMORY, false);
}

static void expect_pin(const struct pintle_learned *entry, uint32_t index, unsigned char key)
{
    struct pintle_pin pin = fake_cert_pin(key);

    assert_true(index < entry->pin_count);
    assert_true(pintle_pin_equal(&entry->pins[index], &pin));
}

/* --- learning ------------------------------------------------------------------------------------ */

static void the_first_contact_learns_the_leaf_and_only_that_is_accepted_later(void **state)
{
    struct scene *scene = *state;
    const struct pintle_learned *entry;
    struct pintle_verdict verdict;

    expect_first(scene, "leaf.test", "a12");
    entry = memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "leaf.test", 443);
    assert_non_null(entry);
    assert_int_equal(entry->at, PINTLE_AT_LEAF);
    assert_int_equal(entry->port, 443);
    assert_int_equal(entry->pin_count, 1);
    expect_pin(entry, 0, 'a');
    assert_string_equal(entry->key_type, "Ed25519");
    assert_int_equal(entry->learned, scene->stage.now);
    assert_int_equal(entry->seen, scene->stage.now);
    assert_int_equal(entry->expires, scene->stage.now + 90 * DAY);
    assert_false(entry->include_subdomains);
    expect_known(scene, "leaf.test", "a12");
    expect_known(scene, "leaf.test", "a345");
    verdict = expect(scene, "leaf.test", "b12", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, true);
    assert_string_equal(verdict.detail, "another key than was learned on 2026-05-01T12:00:00Z");
    assert_int_equal(verdict.cert_index, -1);
    expect_changed(scene, "leaf.test", "1a2"); /* the key, but not as the leaf's */
    assert_int_equal(scene->memory.learns, 1);
}

static void a_key_of_another_type_is_no_first_use(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    strcpy(memory_add(&scene->memory, PINTLE_LEARNED_TOFU, "leaf.test", fake_cert_pin('x'),
                      stage_time(STAGE_NOW), INT64_MAX)
               ->key_type,
           "EC P-256");
    verdict = expect(scene, "leaf.test", "a12", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, true);
    assert_string_equal(verdict.detail,
                        "an Ed25519 key, and an EC P-256 key was learned on 2026-05-01T12:00:00Z");
    assert_int_equal(scene->memory.learns, 0);
}

static void a_rule_for_cas_learns_what_is_above_the_leaf(void **state)
{
    struct scene *scene = *state;
    const struct pintle_learned *entry;
    struct pintle_verdict verdict;

    expect_first(scene, "ca.test", "aIR");
    entry = memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "ca.test", 443);
    assert_int_equal(entry->at, PINTLE_AT_CA);
    assert_int_equal(entry->pin_count, 2);
    expect_pin(entry, 0, 'I');
    expect_pin(entry, 1, 'R');
    assert_int_equal(entry->expires, scene->stage.now + 10 * DAY);
    expect_known(scene, "ca.test", "bIR"); /* renewed with another key */
    expect_known(scene, "ca.test", "aJR"); /* by another intermediate of that CA */
    expect_known(scene, "ca.test", "aIS"); /* by the same one, under another root */
    verdict = expect(scene, "ca.test", "aJS", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, true);
    assert_string_equal(verdict.detail, "no CA key that was learned on 2026-05-01T12:00:00Z");
    expect_changed(scene, "ca.test", "R"); /* the CA's key, but as the leaf's */
}

static void a_certificate_without_a_ca_is_learned_as_a_leaf(void **state)
{
    struct scene *scene = *state;

    expect_first(scene, "ca.test", "a");
    assert_int_equal(memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "ca.test", 443)->at,
                     PINTLE_AT_LEAF);
    expect_known(scene, "ca.test", "a");
    expect_changed(scene, "ca.test", "b");
    expect_changed(scene, "ca.test", "bIR");
    expect_known(scene, "ca.test", "aIR"); /* that key has a CA now, which is learned */
    expect_known(scene, "ca.test", "bIR");
}

static void a_path_that_is_not_valid_is_no_first_use_but_for_tofu_key(void **state)
{
    struct scene *scene = *state;

    (void)expect_path(scene, "leaf.test", PINTLE_PATH_INVALID, "a12", PINTLE_REFUSE,
                      PINTLE_REASON_PATH_INVALID, false);
    (void)expect_path(scene, "ca.test", PINTLE_PATH_WRONG_NAME, "a12", PINTLE_REFUSE,
                      PINTLE_REASON_NAME_MISMATCH, false);
    (void)expect_path(scene, "key.test", PINTLE_PATH_INVALID, "", PINTLE_REFUSE,
                      PINTLE_REASON_PATH_INVALID, false);
    (void)expect_path(scene, "key.test", PINTLE_PATH_WRONG_NAME, "", PINTLE_REFUSE,
                      PINTLE_REASON_NAME_MISMATCH, false);
    assert_int_equal(scene->memory.count, 0);
    (void)expect_path(scene, "key.test", PINTLE_PATH_INVALID, "a", PINTLE_ACCEPT,
                      PINTLE_REASON_FIRST_USE, false);
    (void)expect_path(scene, "key.test", PINTLE_PATH_WRONG_NAME, "a1", PINTLE_ACCEPT,
                      PINTLE_REASON_MATCH, true);
    (void)expect_path(scene, "key.test", PINTLE_PATH_INVALID, "b", PINTLE_REFUSE,
                      PINTLE_REASON_MISMATCH, true);
    (void)expect_path(scene, "key.test", PINTLE_PATH_VALID, "b1", PINTLE_REFUSE,
                      PINTLE_REASON_MISMATCH, true);
    (void)expect_path(scene, "key.test", PINTLE_PATH_VALID, "a1", PINTLE_ACCEPT,
                      PINTLE_REASON_MATCH, true);
}

static void a_learned_key_does_not_mend_a_path(void **state)
{
    struct scene *scene = *state;

    expect_first(scene, "leaf.test", "a12");
    (void)expect_path(scene, "leaf.test", PINTLE_PATH_INVALID, "a12", PINTLE_REFUSE,
                      PINTLE_REASON_PATH_INVALID, false);
    (void)expect_path(scene, "leaf.test", PINTLE_PATH_WRONG_NAME, "a12", PINTLE_REFUSE,
                      PINTLE_REASON_NAME_MISMATCH, false);
}

static void each_port_learns_for_itself(void **state)
{
    struct scene *scene = *state;
    struct pintle_host host = stage_host("leaf.test");
    struct pintle_peer peer = {.host = &host, .port = 8443, .path = PINTLE_PATH_VALID};
    struct pintle_verdict verdict;
    struct stage_path certs;

    expect_first(scene, "leaf.test", "a1");
    peer.chain = stage_chain(&certs, "b1");
    pintle_decide(&verdict, scene->stage.engine, &peer);
    assert_int_equal(verdict.reason, PINTLE_REASON_FIRST_USE);
    pintle_decide(&verdict, scene->stage.engine, &peer);
    assert_int_equal(verdict.reason, PINTLE_REASON_MATCH);
    assert_int_equal(scene->memory.count, 2);
}

/* --- time --------------------------------------------------------------------------------------- */

static void a_key_is_held_for_some_days_after_it_was_seen(void **state)
{
    struct scene *scene = *state;
    struct pintle_learned *entry;
    int64_t start = scene->stage.now;

    expect_first(scene, "leaf.test", "a1");
    entry = memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "leaf.test", 443);
    scene->stage.now = start + DAY - 1;
    expect_known(scene, "leaf.test", "a1");
    assert_int_equal(entry->seen, start); /* not written down more than once a day */
    scene->stage.now = start + DAY;
    expect_known(scene, "leaf.test", "a1");
    assert_int_equal(entry->seen, start + DAY);
    assert_int_equal(entry->learned, start);
    assert_int_equal(entry->expires, start + 91 * DAY);
    assert_int_equal(scene->memory.learns, 2);
    scene->stage.now = start + 91 * DAY - 1;
    expect_changed(scene, "leaf.test", "b1");
    scene->stage.now = start + 91 * DAY;
    expect_first(scene, "leaf.test", "b1");
    expect_changed(scene, "leaf.test", "a1");
}

static void a_clock_that_was_set_back_changes_nothing(void **state)
{
    struct scene *scene = *state;

    expect_first(scene, "leaf.test", "a1");
    scene->stage.now -= 30 * DAY;
    expect_known(scene, "leaf.test", "a1");
    expect_changed(scene, "leaf.test", "b1");
    assert_int_equal(scene->memory.learns, 1);
}

static void an_entry_that_memory_calls_good_after_its_time_is_expired(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 2; i++) {
        memory_init(&scene->memory);
        scene->memory.expires_on_learn = i == 1;
        (void)memory_add(&scene->memory, PINTLE_LEARNED_TOFU, "leaf.test", fake_cert_pin('x'),
                         stage_time(STAGE_NOW), scene->stage.now);
        expect_first(scene, "leaf.test", "a1");
        assert_int_equal(scene->memory.count, 1);
        expect_pin(&scene->memory.entries[0], 0, 'a');
    }
}

/* --- what goes wrong ----------------------------------------------------------------------------- */

static void a_memory_that_fails_refuses(void **state)
{
    struct scene *scene = *state;

    scene->memory.fails_recall = true;
    expect_no_memory(scene, "leaf.test", "a1");
    expect_no_memory(scene, "report.test", "a1");
    (void)expect_path(scene, "key.test", PINTLE_PATH_INVALID, "a", PINTLE_REFUSE,
                      PINTLE_REASON_MEMORY, false);
    scene->memory.fails_recall = false;
    scene->memory.fails_learn = true;
    expect_no_memory(scene, "leaf.test", "a1");
    assert_int_equal(scene->memory.count, 0);
}

static void a_damaged_entry_refuses(void **state)
{
    struct scene *scene = *state;
    struct pintle_learned *entry = memory_add(&scene->memory, PINTLE_LEARNED_TOFU, "leaf.test",
                                              fake_cert_pin('a'), stage_time(STAGE_NOW), INT64_MAX);

    entry->pin_count = 0;
    expect_no_memory(scene, "leaf.test", "a1");
    entry->pin_count = PINTLE_LEARNED_PINS_MAX + 1;
    expect_no_memory(scene, "leaf.test", "a1");
    entry->pin_count = 1;
    expect_known(scene, "leaf.test", "a1");
}

static enum pintle_recall recall_wrong_kind(void *ctx, enum pintle_learned_from from,
                                            const struct pintle_host *host, uint16_t port,
                                            int64_t now, struct pintle_learned *out)
{
    struct memory *memory = ctx;

    (void)from;
    (void)host;
    (void)port;
    (void)now;
    *out = memory->entries[0];
    return PINTLE_RECALL_FOUND;
}

static enum pintle_recall recall_nonsense(void *ctx, enum pintle_learned_from from,
                                          const struct pintle_host *host, uint16_t port,
                                          int64_t now, struct pintle_learned *out)
{
    (void)recall_wrong_kind(ctx, from, host, port, now, out);
    return (enum pintle_recall)7;
}

static void an_answer_that_makes_no_sense_refuses(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "leaf.test", fake_cert_pin('a'),
                     stage_time(STAGE_NOW), INT64_MAX);
    scene->memory.calls.recall = recall_wrong_kind;
    expect_no_memory(scene, "leaf.test", "a1");
    scene->memory.calls.recall = recall_nonsense;
    expect_no_memory(scene, "leaf.test", "a1");
}

static void without_a_memory_only_pins_accept(void **state)
{
    struct scene *scene = *state;

    stage_close(&scene->stage);
    scene->stage.config.memory = NULL;
    stage_open(&scene->stage, rules);
    expect_no_memory(scene, "leaf.test", "a1");
    expect_no_memory(scene, "report.test", "a1");
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    (void)expect(scene, "off.test", "a1", PINTLE_ACCEPT, PINTLE_REASON_OFF, false);
}

static void that_a_key_was_seen_again_need_not_be_written(void **state)
{
    struct scene *scene = *state;

    expect_first(scene, "leaf.test", "a1");
    scene->stage.now += 2 * DAY;
    scene->memory.fails_learn = true;
    expect_known(scene, "leaf.test", "a1");
}

static void a_certificate_that_cannot_be_had_refuses(void **state)
{
    struct scene *scene = *state;

    (void)expect(scene, "leaf.test", "!1", PINTLE_REFUSE, PINTLE_REASON_INTERNAL, false);
    (void)expect(scene, "ca.test", "a?", PINTLE_REFUSE, PINTLE_REASON_INTERNAL, false);
    assert_int_equal(scene->memory.count, 0);
}

static void who_is_quicker_is_compared_with(void **state)
{
    struct scene *scene = *state;
    struct memory other;

    memory_init(&other);
    (void)memory_add(&other, PINTLE_LEARNED_TOFU, "leaf.test", fake_cert_pin('x'),
                     stage_time(STAGE_NOW), INT64_MAX);
    scene->memory.quicker = &other.entries[0];
    expect_changed(scene, "leaf.test", "a1");
    scene->memory.count = 0;
    other.entries[0].pins[0] = fake_cert_pin('a');
    scene->memory.quicker = &other.entries[0];
    expect_known(scene, "leaf.test", "a1");
    scene->memory.count = 0;
    other.entries[0].pin_count = 0;
    scene->memory.quicker = &other.entries[0];
    expect_no_memory(scene, "leaf.test", "a1");
}

/* --- beside signed pins --------------------------------------------------------------------------- */

static void a_pin_of_the_rule_accepts_and_replaces_what_was_learned(void **state)
{
    struct scene *scene = *state;
    struct pintle_learned *entry;

    expect_first(scene, "pinned.test", "a1");
    expect_changed(scene, "pinned.test", "b1");
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    entry = memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "pinned.test", 443);
    assert_int_equal(scene->memory.count, 1);
    expect_pin(entry, 0, 'p');
    expect_changed(scene, "pinned.test", "a1");
    (void)expect(scene, "pinned.test", "cp", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    expect_pin(entry, 0, 'c'); /* pinned above, learned at the leaf */
    expect_known(scene, "pinned.test", "c1");
    assert_int_equal(scene->memory.learns, 3);
}

static void a_pin_of_the_rule_is_learned_if_nothing_was(void **state)
{
    struct scene *scene = *state;

    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    expect_pin(memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "pinned.test", 443), 0, 'p');
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    assert_int_equal(scene->memory.learns, 1);
    (void)expect_path(scene, "pinned-key.test", PINTLE_PATH_INVALID, "p", PINTLE_ACCEPT,
                      PINTLE_REASON_MATCH, false);
    expect_pin(memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "pinned-key.test", 443), 0, 'p');
}

static void a_pin_of_the_rule_accepts_whatever_the_memory_does(void **state)
{
    struct scene *scene = *state;

    scene->memory.fails_recall = true;
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    expect_pin(memory_find(&scene->memory, PINTLE_LEARNED_TOFU, "pinned.test", 443), 0, 'p');
    scene->memory.fails_recall = false;
    scene->memory.count = 0;
    scene->memory.fails_learn = true;
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
}

static void a_denied_key_is_refused_even_if_it_was_learned(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_TOFU, "pinned.test", fake_cert_pin('d'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)memory_add(&scene->memory, PINTLE_LEARNED_TOFU, "pinned-key.test", fake_cert_pin('a'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)expect(scene, "pinned.test", "d1", PINTLE_REFUSE, PINTLE_REASON_DENIED, false);
    (void)expect(scene, "pinned-key.test", "ad", PINTLE_REFUSE, PINTLE_REASON_DENIED, false);
    assert_int_equal(scene->memory.recalls, 0);
}

static void a_key_whose_pin_has_run_out_is_neither_learned_nor_accepted(void **state)
{
    struct scene *scene = *state;

    (void)expect(scene, "pinned.test", "o1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, false);
    assert_int_equal(scene->memory.count, 0);
    (void)memory_add(&scene->memory, PINTLE_LEARNED_TOFU, "pinned.test", fake_cert_pin('o'),
                     stage_time(STAGE_NOW), INT64_MAX);
    expect_changed(scene, "pinned.test", "o1");
}

/* --- modes ---------------------------------------------------------------------------------------- */

static void report_mode_softens_a_change_and_nothing_else(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    expect_first(scene, "report.test", "a1");
    verdict = expect(scene, "report.test", "b1", PINTLE_ACCEPT, PINTLE_REASON_MISMATCH, true);
    assert_true(verdict.softened);
    expect_known(scene, "report.test", "a1"); /* what was learned stays */
    (void)expect_path(scene, "report-key.test", PINTLE_PATH_INVALID, "a", PINTLE_ACCEPT,
                      PINTLE_REASON_FIRST_USE, false);
    verdict = expect_path(scene, "report-key.test", PINTLE_PATH_INVALID, "b", PINTLE_REFUSE,
                          PINTLE_REASON_MISMATCH, true);
    assert_false(verdict.softened);
    verdict = expect(scene, "report-key.test", "b1", PINTLE_ACCEPT, PINTLE_REASON_MISMATCH, true);
    assert_true(verdict.softened);
}

static void off_asks_for_no_key_but_a_path(void **state)
{
    struct scene *scene = *state;

    (void)expect(scene, "off.test", "a1", PINTLE_ACCEPT, PINTLE_REASON_OFF, false);
    (void)expect(scene, "off-key.test", "a1", PINTLE_ACCEPT, PINTLE_REASON_OFF, false);
    assert_int_equal(scene->memory.recalls, 0);
    (void)expect_path(scene, "off.test", PINTLE_PATH_INVALID, "a1", PINTLE_REFUSE,
                      PINTLE_REASON_PATH_INVALID, false);
    /* Softer than "enforce" must not be harder: without a path the learned key is asked for. */
    (void)expect_path(scene, "off-key.test", PINTLE_PATH_INVALID, "a", PINTLE_ACCEPT,
                      PINTLE_REASON_FIRST_USE, false);
    (void)expect_path(scene, "off-key.test", PINTLE_PATH_INVALID, "a", PINTLE_ACCEPT,
                      PINTLE_REASON_MATCH, true);
    (void)expect_path(scene, "off-key.test", PINTLE_PATH_INVALID, "b", PINTLE_REFUSE,
                      PINTLE_REASON_PATH_INVALID, true);
}

/* --- hosts that announced pins (HPKP) -------------------------------------------------------------- */

static struct pintle_learned *announce(struct scene *scene, const char *host, unsigned char key)
{
    return memory_add(&scene->memory, PINTLE_LEARNED_HPKP, host, fake_cert_pin(key),
                      scene->stage.now, scene->stage.now + 60 * DAY);
}

static void a_host_that_has_announced_pins_has_no_first_use_without_them(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    (void)announce(scene, "leaf.test", 'h');
    (void)announce(scene, "report.test", 'h');
    verdict = expect(scene, "leaf.test", "a1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, true);
    assert_string_equal(verdict.detail, "no key that the host has announced (HPKP)");
    verdict = expect(scene, "report.test", "a1", PINTLE_ACCEPT, PINTLE_REASON_MISMATCH, true);
    assert_true(verdict.softened);
    assert_int_equal(scene->memory.learns, 0);
    expect_first(scene, "leaf.test", "ah1"); /* at any position */
    expect_known(scene, "leaf.test", "ah1");
    expect_changed(scene, "leaf.test", "bh1"); /* both must hold */
    expect_changed(scene, "leaf.test", "a1");
    scene->stage.now += 60 * DAY;
    expect_known(scene, "leaf.test", "a1");
}

static void a_parent_speaks_for_its_subdomains_before_they_are_learned(void **state)
{
    struct scene *scene = *state;
    struct pintle_learned *entry = announce(scene, "test", 'h');

    expect_first(scene, "ca.test", "a1");
    entry->include_subdomains = true;
    expect_changed(scene, "leaf.test", "a1");
    expect_first(scene, "leaf.test", "h");
}

static void without_a_path_only_the_leaf_is_a_key_that_was_announced(void **state)
{
    struct scene *scene = *state;

    (void)announce(scene, "key.test", 'h');
    (void)announce(scene, "off-key.test", 'h');
    (void)announce(scene, "report-key.test", 'h');
    (void)expect_path(scene, "key.test", PINTLE_PATH_INVALID, "ah", PINTLE_REFUSE,
                      PINTLE_REASON_MISMATCH, true);
    (void)expect_path(scene, "report-key.test", PINTLE_PATH_INVALID, "ah", PINTLE_REFUSE,
                      PINTLE_REASON_MISMATCH, true);
    (void)expect_path(scene, "off-key.test", PINTLE_PATH_INVALID, "ah", PINTLE_REFUSE,
                      PINTLE_REASON_PATH_INVALID, true);
    (void)expect_path(scene, "key.test", PINTLE_PATH_INVALID, "ha", PINTLE_ACCEPT,
                      PINTLE_REASON_FIRST_USE, false);
    scene->memory.count--;
    (void)expect_path(scene, "key.test", PINTLE_PATH_VALID, "ah", PINTLE_ACCEPT,
                      PINTLE_REASON_FIRST_USE, false);
}

static void announced_pins_that_cannot_be_read_refuse(void **state)
{
    struct scene *scene = *state;

    announce(scene, "leaf.test", 'h')->pin_count = 0;
    expect_no_memory(scene, "leaf.test", "h1");
    assert_int_equal(scene->memory.learns, 0);
}

static void a_signed_pin_is_above_announced_ones_and_ends_them(void **state)
{
    struct scene *scene = *state;

    (void)announce(scene, "pinned.test", 'h');
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    assert_true(memory_find(&scene->memory, PINTLE_LEARNED_HPKP, "pinned.test", 443)->expires <=
                scene->stage.now);
    scene->memory.count = 0;
    (void)announce(scene, "pinned.test", 'p'); /* says the same */
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    assert_true(memory_find(&scene->memory, PINTLE_LEARNED_HPKP, "pinned.test", 443)->expires >
                scene->stage.now);
    scene->memory.count = 0;
    announce(scene, "test", 'h')->include_subdomains = true; /* not its own */
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    assert_true(memory_find(&scene->memory, PINTLE_LEARNED_HPKP, "test", 443)->expires >
                scene->stage.now);
}

/* --- before the proof ------------------------------------------------------------------------------ */

static struct pintle_verdict decide_unproven(struct scene *scene, const char *name,
                                             const char *keys)
{
    struct pintle_host host = stage_host(name);
    struct pintle_peer peer = {
        .host = &host, .port = 443, .path = PINTLE_PATH_VALID, .unproven = true};
    struct pintle_verdict verdict;
    struct stage_path certs;

    peer.chain = stage_chain(&certs, keys);
    pintle_decide(&verdict, scene->stage.engine, &peer);
    return verdict;
}

/* Anybody can show a certificate. */
static void nothing_is_learned_before_the_peer_has_proved_its_key(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict = decide_unproven(scene, "leaf.test", "a1");

    assert_int_equal(verdict.decision, PINTLE_ACCEPT);
    assert_int_equal(verdict.reason, PINTLE_REASON_FIRST_USE);
    assert_true(verdict.pending);
    assert_int_equal(scene->memory.learns, 0);
    assert_int_equal(scene->stage.notified, 0);
    expect_first(scene, "leaf.test", "a1");
    assert_int_equal(scene->stage.notified, 1);
    verdict = decide_unproven(scene, "leaf.test", "a1");
    assert_false(verdict.pending);
    assert_int_equal(verdict.reason, PINTLE_REASON_MATCH);
    verdict = decide_unproven(scene, "leaf.test", "b1");
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_false(verdict.pending);
    scene->stage.now += 2 * DAY;
    verdict = decide_unproven(scene, "leaf.test", "a1");
    assert_true(verdict.pending); /* to write down that it was seen */
    assert_int_equal(scene->memory.learns, 1);
}

static void nothing_is_replaced_before_the_peer_has_proved_its_key(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    expect_first(scene, "pinned.test", "a1");
    verdict = decide_unproven(scene, "pinned.test", "p1");
    assert_int_equal(verdict.reason, PINTLE_REASON_MATCH);
    assert_true(verdict.pending);
    expect_known(scene, "pinned.test", "a1");
    (void)expect(scene, "pinned.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    assert_false(decide_unproven(scene, "pinned.test", "p1").pending);
}

/* --- other paths ------------------------------------------------------------------------------------ */

struct other_paths {
    const char *paths[3];
    struct stage_path certs;
    size_t next;
    unsigned resets;
    unsigned calls;
};

static bool next_path(void *ctx, const struct pintle_rule *rule, struct pintle_chain *chain)
{
    struct other_paths *others = ctx;

    (void)rule;
    others->calls++;
    if (others->next == 3 || others->paths[others->next] == NULL)
        return false;
    *chain = stage_chain(&others->certs, others->paths[others->next++]);
    return true;
}

static void reset(void *ctx)
{
    struct other_paths *others = ctx;

    others->next = 0;
    others->resets++;
}

static struct pintle_verdict decide_with(struct scene *scene, const char *name, const char *keys,
                                         struct other_paths *others)
{
    struct pintle_host host = stage_host(name);
    struct pintle_peer peer = {.host = &host,
                               .port = 443,
                               .path = PINTLE_PATH_VALID,
                               .next_path = next_path,
                               .ctx = others,
                               .reset = reset};
    struct pintle_verdict verdict;
    struct stage_path certs;

    peer.chain = stage_chain(&certs, keys);
    pintle_decide(&verdict, scene->stage.engine, &peer);
    return verdict;
}

static void a_learned_ca_is_looked_for_in_other_paths(void **state)
{
    struct scene *scene = *state;
    struct other_paths others = {.paths = {"bJS", "bIS", NULL}};
    struct pintle_verdict verdict;

    expect_first(scene, "ca.test", "aIR");
    verdict = decide_with(scene, "ca.test", "bKS", &others);
    assert_int_equal(verdict.reason, PINTLE_REASON_MATCH);
    assert_true(verdict.learned);
    assert_int_equal(verdict.cert_index, 1);
    assert_int_equal(verdict.path_count, 3);
    assert_int_equal(others.resets, 0); /* the path that was lent last decided */
    others = (struct other_paths){.paths = {"bJS", NULL}};
    verdict = decide_with(scene, "ca.test", "bKS", &others);
    assert_int_equal(verdict.reason, PINTLE_REASON_MISMATCH);
    assert_int_equal(others.resets, 1);
}

/* The end of a CA's pin is not undone by another path that leads to it. */
static void a_retired_ca_is_not_found_in_other_paths(void **state)
{
    struct scene *scene = *state;
    struct other_paths others = {.paths = {"bOS", NULL}};
    struct pintle_verdict verdict;

    expect_first(scene, "moved.test", "aIR");
    (void)expect(scene, "moved.test", "aPO", PINTLE_ACCEPT, PINTLE_REASON_MATCH, false);
    expect_changed(scene, "moved.test", "bOS");
    verdict = decide_with(scene, "moved.test", "bKS", &others);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_MISMATCH);
    assert_int_equal(others.resets, 2); /* of the rule's pins, and of what was learned */
}

/* The adapter must not take a path that was only looked at for the one that decided. */
static void a_search_in_vain_is_told(void **state)
{
    struct scene *scene = *state;
    struct other_paths others = {.paths = {"a2", NULL}};
    struct pintle_verdict verdict;

    expect_first(scene, "pinned.test", "a1");
    verdict = decide_with(scene, "pinned.test", "a1", &others);
    assert_int_equal(verdict.reason, PINTLE_REASON_MATCH);
    assert_true(verdict.learned);
    assert_int_equal(others.resets, 1);
    others = (struct other_paths){.paths = {"a2", NULL}};
    (void)decide_with(scene, "leaf.test", "a1", &others); /* no pins: nothing to search for */
    (void)decide_with(scene, "leaf.test", "b1", &others); /* the leaf is the same in all */
    assert_int_equal(others.calls, 0);
}

/* --- what it costs ----------------------------------------------------------------------------------- */

/* What was learned, and what the host announced. */
static void a_known_key_costs_two_questions(void **state)
{
    struct scene *scene = *state;

    expect_first(scene, "leaf.test", "a1");
    scene->memory.recalls = 0;
    scene->stage.hashes = 0;
    expect_known(scene, "leaf.test", "a1");
    assert_int_equal(scene->memory.recalls, 2);
    assert_int_equal(scene->stage.hashes, 2);
    assert_int_equal(scene->memory.learns, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_first_contact_learns_the_leaf_and_only_that_is_accepted_later),
        TEST(a_key_of_another_type_is_no_first_use),
        TEST(a_rule_for_cas_learns_what_is_above_the_leaf),
        TEST(a_certificate_without_a_ca_is_learned_as_a_leaf),
        TEST(a_path_that_is_not_valid_is_no_first_use_but_for_tofu_key),
        TEST(a_learned_key_does_not_mend_a_path),
        TEST(each_port_learns_for_itself),
        TEST(a_key_is_held_for_some_days_after_it_was_seen),
        TEST(a_clock_that_was_set_back_changes_nothing),
        TEST(an_entry_that_memory_calls_good_after_its_time_is_expired),
        TEST(a_memory_that_fails_refuses),
        TEST(a_damaged_entry_refuses),
        TEST(an_answer_that_makes_no_sense_refuses),
        TEST(without_a_memory_only_pins_accept),
        TEST(that_a_key_was_seen_again_need_not_be_written),
        TEST(a_certificate_that_cannot_be_had_refuses),
        TEST(who_is_quicker_is_compared_with),
        TEST(a_pin_of_the_rule_accepts_and_replaces_what_was_learned),
        TEST(a_pin_of_the_rule_is_learned_if_nothing_was),
        TEST(a_pin_of_the_rule_accepts_whatever_the_memory_does),
        TEST(a_denied_key_is_refused_even_if_it_was_learned),
        TEST(a_key_whose_pin_has_run_out_is_neither_learned_nor_accepted),
        TEST(report_mode_softens_a_change_and_nothing_else),
        TEST(off_asks_for_no_key_but_a_path),
        TEST(a_host_that_has_announced_pins_has_no_first_use_without_them),
        TEST(a_parent_speaks_for_its_subdomains_before_they_are_learned),
        TEST(without_a_path_only_the_leaf_is_a_key_that_was_announced),
        TEST(announced_pins_that_cannot_be_read_refuse),
        TEST(a_signed_pin_is_above_announced_ones_and_ends_them),
        TEST(nothing_is_learned_before_the_peer_has_proved_its_key),
        TEST(nothing_is_replaced_before_the_peer_has_proved_its_key),
        TEST(a_learned_ca_is_looked_for_in_other_paths),
        TEST(a_retired_ca_is_not_found_in_other_paths),
        TEST(a_search_in_vain_is_told),
        TEST(a_known_key_costs_two_questions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
