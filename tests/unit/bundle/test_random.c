/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles at random against a model of docs/spec/bundle.md that knows no bytes, only what was meant:
 * both must say the same of each, and the marks never go down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/fake_pins.h"
#include "unit/bundle/client.h"

#define STEPS 400
#define SEEDS 6

/* --- chance ------------------------------------------------------------------------------------- */

static uint64_t chance_state;

/* xorshift64 */
static unsigned chance(unsigned below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state >> 33) % below;
}

/* --- what is sent --------------------------------------------------------------------------------- */

/* An envelope as it is meant. `now` is relative to TEST_NOW, as the times of doc are. */
struct sent {
    enum pintle_role role;
    struct test_root root;
    struct test_doc doc;
    struct test_doc about; /* of fresh */
    const char *rules;     /* of an unpin */
    char signers[16];
    int64_t now;
};

static const char *const root_keys[] = {"rst", "stx", "xyz"};
static const char *const pins_keys[] = {"opq", "qab", "op"};
static const char *const fresh_keys[] = {"f", "g", NULL};
static const char *const unpin_keys[] = {"uvw", "uvx", NULL};
static const char *const rules[] = {"[]", "[{\"id\": \"a\", \"mode\": \"off\"}]",
                                    "[{\"id\": \"a\", \"mode\": \"enforce\"}]"};

static void make_root(struct sent *sent, const struct pintle_root *current)
{
    struct test_root *root = &sent->root;

    root->version = current->version + (int64_t)chance(4) - (chance(3) == 0 ? 1 : 0);
    if (chance(3) > 0)
        root->version = current->version + 1;
    root->version = root->version < 1 ? 1 : root->version;
    root->epoch = current->epoch + (chance(6) == 0) - (current->epoch > 1 && chance(6) == 0);
    root->issued = TEST_NOW + (int64_t)chance(4) * TEST_DAY;
    root->expires = TEST_NOW + (int64_t)(30 + chance(300)) * TEST_DAY;
    root->roles[PINTLE_ROLE_ROOT].keys = root_keys[chance(3)];
    root->roles[PINTLE_ROLE_ROOT].threshold = 1 + chance(2);
    root->roles[PINTLE_ROLE_PINS].keys = pins_keys[chance(3)];
    root->roles[PINTLE_ROLE_PINS].threshold = 1 + chance(2);
    root->roles[PINTLE_ROLE_FRESH].keys = fresh_keys[chance(3)];
    root->roles[PINTLE_ROLE_FRESH].threshold = 1;
    root->roles[PINTLE_ROLE_UNPIN].keys = unpin_keys[chance(3)];
    root->roles[PINTLE_ROLE_UNPIN].threshold = 2;
}

static void make_doc(struct test_doc *doc, int64_t epoch, int64_t around)
{
    doc->app = chance(20) == 0 ? "com.example.other" : NULL;
    doc->epoch = epoch + (chance(12) == 0);
    doc->version = around + (int64_t)chance(3) - (chance(4) == 0 ? 1 : 0);
    doc->version = doc->version < 1 ? 1 : doc->version;
    doc->issued = TEST_NOW + (int64_t)chance(3) * TEST_DAY;
    doc->expires = doc->issued + (int64_t)(5 + chance(3) * 5) * TEST_DAY;
}

/* Mostly those who may, sometimes one too few, sometimes anyone. */
static void choose_signers(struct sent *sent, const struct test_root *current)
{
    const char *may = current->roles[sent->role].keys;
    const char *own = sent->role == PINTLE_ROLE_ROOT ? sent->root.roles[0].keys : "";
    size_t threshold = current->roles[sent->role].threshold;
    char *out = sent->signers;

    if (may == NULL || chance(10) == 0)
        may = "rstxyz";
    if (chance(12) == 0 && threshold > 0)
        threshold--;
    for (size_t i = 0; i < threshold && may[i] != '\0'; i++)
        *out++ = may[i];
    for (; *own != '\0' && chance(5) > 0; own++)
        *out++ = *own;
    *out = '\0';
}

static void make(struct sent *sent, const struct test_root *current,
                 const struct pintle_trusted *trusted)
{
    const struct pintle_root *root = pintle_trusted_get_root(trusted);
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    struct pintle_trusted_pins pins = {0};

    memset(sent, 0, sizeof(*sent));
    sent->role = (enum pintle_role)chance(PINTLE_ROLES);
    sent->now = ((int64_t)chance(40) - 20) * TEST_DAY;
    sent->rules = rules[chance(3)];
    make_root(sent, root);
    make_doc(&sent->doc, root->epoch,
             sent->role == PINTLE_ROLE_UNPIN ? marks.unpin : marks.version);
    make_doc(&sent->about, root->epoch, marks.version);
    if (pintle_trusted_get_pins(trusted, &pins) && chance(4) > 0) {
        sent->about = (struct test_doc){.version = pins.facts.version,
                                        .epoch = pins.facts.epoch,
                                        .issued = pins.facts.issued,
                                        .expires = pins.facts.expires};
        if (sent->role == PINTLE_ROLE_FRESH)
            sent->doc.version = pins.facts.version;
    }
    choose_signers(sent, current);
}

static char *write_payload(const struct sent *sent)
{
    char *about, *out;

    switch (sent->role) {
    case PINTLE_ROLE_ROOT:
        return test_root_payload(&sent->root);
    case PINTLE_ROLE_PINS:
        return test_pins_payload(&sent->doc);
    case PINTLE_ROLE_FRESH:
        about = test_pins_payload(&sent->about);
        out = test_fresh_payload(&sent->doc, about);
        free(about);
        return out;
    case PINTLE_ROLE_UNPIN:
        break;
    }
    return test_unpin_payload(&sent->doc, sent->rules);
}

/* --- the model ------------------------------------------------------------------------------------ */

struct model {
    struct test_root root;
    struct pintle_marks marks; /* digest is not used */
    bool has_pins, has_fresh, has_unpin;
    struct test_doc pins, fresh, unpin;
    const char *rules;
    char fresh_signers[16], unpin_signers[16];
};

static bool is_same(const struct test_doc *a, const struct test_doc *b)
{
    return (a->app == NULL) == (b->app == NULL) && a->version == b->version &&
           a->epoch == b->epoch && a->issued == b->issued && a->expires == b->expires;
}

static bool is_signed(const struct test_root *root, enum pintle_role role, const char *signers)
{
    const char *keys = root->roles[role].keys;
    unsigned count = 0;

    for (; keys != NULL && *keys != '\0'; keys++)
        count += strchr(signers, *keys) != NULL;
    return keys != NULL && count >= root->roles[role].threshold;
}

static bool is_same_root(const struct test_root *a, const struct test_root *b)
{
    char *one = test_root_payload(a), *other = test_root_payload(b);
    bool same = strcmp(one, other) == 0;

    free(one);
    free(other);
    return same;
}

static enum pintle_status expect_root(struct model *model, const struct sent *sent)
{
    const struct test_root *root = &sent->root;

    if (!is_signed(root, PINTLE_ROLE_ROOT, sent->signers))
        return PINTLE_E_SIGNATURES;
    if (root->version == model->root.version)
        return is_same_root(root, &model->root) ? PINTLE_OK : PINTLE_E_EQUIVOCATION;
    if (root->version != model->root.version + 1)
        return PINTLE_E_ROOT_VERSION;
    if (root->epoch < model->root.epoch)
        return PINTLE_E_EPOCH;
    if (root->epoch > model->root.epoch)
        model->marks = (struct pintle_marks){.epoch = root->epoch, .clock_floor = root->issued};
    if (root->issued > model->marks.clock_floor)
        model->marks.clock_floor = root->issued;
    model->has_fresh = model->has_fresh && root->epoch == model->root.epoch &&
                       is_signed(root, PINTLE_ROLE_FRESH, model->fresh_signers);
    model->has_unpin = model->has_unpin && root->epoch == model->root.epoch &&
                       is_signed(root, PINTLE_ROLE_UNPIN, model->unpin_signers);
    model->root = *root;
    return PINTLE_OK;
}

/* What pins and statements are asked first. */
static enum pintle_status expect_valid(const struct model *model, const struct sent *sent)
{
    int64_t now = TEST_NOW + sent->now;

    if (now < model->marks.clock_floor)
        now = model->marks.clock_floor;
    if (sent->doc.app != NULL)
        return PINTLE_E_APP;
    if (sent->doc.epoch != model->root.epoch)
        return PINTLE_E_EPOCH;
    if (now >= model->root.expires)
        return PINTLE_E_EXPIRED;
    if (sent->role != PINTLE_ROLE_PINS && now >= sent->doc.expires)
        return PINTLE_E_EXPIRED;
    return PINTLE_OK;
}

static enum pintle_status expect_pins(struct model *model, const struct sent *sent)
{
    const struct test_doc *doc = &sent->doc;
    enum pintle_status status = expect_valid(model, sent);
    int64_t now = TEST_NOW + sent->now;

    if (now < model->marks.clock_floor)
        now = model->marks.clock_floor;
    if (status != PINTLE_OK)
        return status;
    if (doc->version < model->marks.version)
        return PINTLE_E_ROLLBACK;
    if (doc->version == model->marks.version && !is_same(doc, &model->pins))
        return PINTLE_E_EQUIVOCATION;
    if (now >= doc->expires)
        return PINTLE_E_EXPIRED;
    model->has_fresh = model->has_fresh && is_same(doc, &model->pins);
    model->pins = *doc;
    model->has_pins = true;
    model->marks.version = doc->version;
    if (doc->issued > model->marks.clock_floor)
        model->marks.clock_floor = doc->issued;
    return PINTLE_OK;
}

static void raise_by_statement(struct model *model, const struct sent *sent)
{
    int64_t now = TEST_NOW + sent->now;
    int64_t time = sent->doc.issued < now ? sent->doc.issued : now;

    if (time > model->marks.clock_floor)
        model->marks.clock_floor = time;
}

static enum pintle_status expect_fresh(struct model *model, const struct sent *sent)
{
    enum pintle_status status = expect_valid(model, sent);

    if (status != PINTLE_OK)
        return status;
    if (model->has_fresh && sent->doc.issued < model->fresh.issued)
        return PINTLE_E_ROLLBACK;
    if (!model->has_pins || !is_same(&sent->about, &model->pins) ||
        sent->doc.version != model->pins.version || sent->doc.epoch != model->pins.epoch)
        return PINTLE_E_MISMATCH;
    model->has_fresh = true;
    model->fresh = sent->doc;
    memcpy(model->fresh_signers, sent->signers, sizeof(sent->signers));
    raise_by_statement(model, sent);
    return PINTLE_OK;
}

static enum pintle_status expect_unpin(struct model *model, const struct sent *sent)
{
    enum pintle_status status = expect_valid(model, sent);

    if (status != PINTLE_OK)
        return status;
    if (sent->doc.version < model->marks.unpin)
        return PINTLE_E_ROLLBACK;
    if (model->has_unpin && sent->doc.version == model->unpin.version &&
        !(is_same(&sent->doc, &model->unpin) && sent->rules == model->rules))
        return PINTLE_E_EQUIVOCATION;
    if (sent->doc.expires - sent->doc.issued > PINTLE_UNPIN_MAX_S || sent->rules == rules[2])
        return PINTLE_E_UNPIN;
    model->has_unpin = true;
    model->unpin = sent->doc;
    model->rules = sent->rules;
    memcpy(model->unpin_signers, sent->signers, sizeof(sent->signers));
    model->marks.unpin = sent->doc.version;
    raise_by_statement(model, sent);
    return PINTLE_OK;
}

static enum pintle_status expect(struct model *model, const struct sent *sent)
{
    if (!is_signed(&model->root, sent->role, sent->signers))
        return PINTLE_E_SIGNATURES;
    switch (sent->role) {
    case PINTLE_ROLE_ROOT:
        return expect_root(model, sent);
    case PINTLE_ROLE_PINS:
        return expect_pins(model, sent);
    case PINTLE_ROLE_FRESH:
        return expect_fresh(model, sent);
    case PINTLE_ROLE_UNPIN:
        break;
    }
    return expect_unpin(model, sent);
}

/* --- both together -------------------------------------------------------------------------------- */

static void assert_agree(const struct model *model, const struct pintle_trusted *trusted)
{
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(trusted);

    assert_int_equal(marks.epoch, model->marks.epoch);
    assert_int_equal(marks.version, model->marks.version);
    assert_int_equal(marks.unpin, model->marks.unpin);
    assert_int_equal(marks.clock_floor, model->marks.clock_floor);
    assert_int_equal(pintle_trusted_get_root(trusted)->version, model->root.version);
    assert_int_equal(client_version(trusted), model->has_pins ? model->pins.version : 0);
    assert_int_equal(pintle_trusted_get_fresh_until(trusted),
                     model->has_fresh ? model->fresh.expires : 0);
    assert_int_equal(unpin == NULL ? 0 : unpin->serial,
                     model->has_unpin ? model->unpin.version : 0);
}

static void assert_not_lower(const struct pintle_marks *before, const struct pintle_marks *after)
{
    assert_true(after->epoch >= before->epoch);
    if (after->epoch > before->epoch)
        return;
    assert_true(after->version >= before->version);
    assert_true(after->unpin >= before->unpin);
    assert_true(after->clock_floor >= before->clock_floor);
}

/* A restart: what a seed and the marks hold is all there was. */
static struct pintle_trusted *restart(struct pintle_trusted *trusted)
{
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    struct pintle_view seed = client_seed(trusted);
    struct pintle_trusted *again = client_new();
    size_t refused;

    assert_int_equal(pintle_trusted_restore(again, seed, &refused, NULL), PINTLE_OK);
    assert_int_equal(refused, 0);
    pintle_trusted_raise_marks(again, &marks);
    pintle_trusted_free(trusted);
    free_view(seed);
    return again;
}

static void run(uint64_t seed, size_t reached[0x10000])
{
    struct pintle_trusted *trusted = client_new();
    struct model model = {.root = usual_root, .marks = {.epoch = 1, .clock_floor = TEST_NOW}};

    chance_state = seed;
    model.root.version = 1;
    model.root.epoch = 1;
    model.root.issued = TEST_NOW;
    model.root.expires = TEST_NOW + 365 * TEST_DAY;
    for (int step = 0; step < STEPS && model.root.version < PINTLE_ROOT_CHAIN_MAX; step++) {
        struct pintle_marks before = pintle_trusted_get_marks(trusted), after;
        struct sent sent;
        enum pintle_status expected, status;
        char *payload;
        make(&sent, &model.root, trusted);
        payload = write_payload(&sent);
        expected = expect(&model, &sent);
        status =
            client_apply(trusted, sent.role, test_sign(sent.role, payload, sent.signers), sent.now);
        if (status != expected)
            fail_msg("step %d: %s, not %s: %s by %s", step, pintle_status_name(status),
                     pintle_status_name(expected), payload, sent.signers);
        free(payload);
        reached[status]++;
        assert_agree(&model, trusted);
        after = pintle_trusted_get_marks(trusted);
        assert_not_lower(&before, &after);
        if (model.has_pins && chance(25) == 0) {
            trusted = restart(trusted);
            assert_agree(&model, trusted);
        }
    }
    pintle_trusted_free(trusted);
    assert_int_equal(fake_pins_live(), 0);
}

static void agrees_with_the_model(void **state)
{
    static const enum pintle_status all[] = {
        PINTLE_OK,         PINTLE_E_SIGNATURES,   PINTLE_E_APP,     PINTLE_E_ROOT_VERSION,
        PINTLE_E_EPOCH,    PINTLE_E_EQUIVOCATION, PINTLE_E_EXPIRED, PINTLE_E_ROLLBACK,
        PINTLE_E_MISMATCH, PINTLE_E_UNPIN,
    };
    static size_t reached[0x10000];

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed * 0x9e3779b97f4a7c15u, reached);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (reached[all[i]] < 20)
            fail_msg("%s came %zu times", pintle_status_name(all[i]), reached[all[i]]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_the_model)};

    return cmocka_run_group_tests_name("bundle random", tests, NULL, NULL);
}
