/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pin-sets in the words of made-up platforms: what is written, and what is told as lost. The keys are
 * those of digests 1, 2, 3, …
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/test_crypto.h"
#include "lower.h"

#define NOW 1800000000 /* 2027-01-15T08:00:00Z */
#define HOUR 3600

#define REACH_SUB (REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ANY))
#define REACH_ALL (REACH_SUB | REACH_BIT(REACH_ONE))
#define AT_ALL (AT_BIT(PINTLE_AT_ANY) | AT_BIT(PINTLE_AT_LEAF) | AT_BIT(PINTLE_AT_CA))
#define AT_BOTH (AT_BIT(PINTLE_AT_LEAF) | AT_BIT(PINTLE_AT_CA))

/* Says whatever a rule says, but learns nothing. */
static const struct semantics rich = {.reaches = REACH_ALL,
                                      .positions = AT_ALL,
                                      .ports = true,
                                      .addresses = true,
                                      .deny = true,
                                      .report_mode = true,
                                      .exempt = true,
                                      .pin_until = true,
                                      .reports = true,
                                      .end = END_SECOND,
                                      .path = PATH_AS_TOLD};

/* A host once, with or without what is below it. */
static const struct semantics tree = {.reaches = REACH_SUB,
                                      .positions = AT_BIT(PINTLE_AT_ANY),
                                      .one_per_host = true,
                                      .exempt = true,
                                      .addresses = true,
                                      .end = END_DAY_LOCAL};

/* A list of leaf keys or one of CA keys. */
static const struct semantics lists = {.reaches =
                                           REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_EXACT_OR_ONE),
                                       .positions = AT_BOTH,
                                       .one_position = true,
                                       .one_per_host = true};

static const struct semantics every = {
    .reaches = REACH_ALL, .positions = AT_BIT(PINTLE_AT_ANY), .every_match = true};

static const struct semantics one_report = {.reaches = REACH_SUB | REACH_BIT(REACH_ONE),
                                            .positions = AT_BIT(PINTLE_AT_ANY),
                                            .reports = true,
                                            .one_report = true};

static const struct semantics records = {.reaches = REACH_BIT(REACH_EXACT),
                                         .positions = AT_BOTH,
                                         .ports = true,
                                         .port_needed = true,
                                         .path = PATH_FOR_CAS};

/* --- saying it ------------------------------------------------------------------------------------ */

/* "@3" in a document is the third key. */
static void expand(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        struct pintle_pin pin = {{0}};
        char pin_text[PINTLE_PIN_TEXT_SIZE];

        if (*text != '@') {
            text_add_bytes(out, *text == '\'' ? "\"" : text, 1);
            continue;
        }
        pin.digest[0] = (uint8_t)(*++text - '0');
        text_add(out, pintle_pin_format(&pin, pin_text));
    }
}

static struct pintle_pinset *load(const char *rules)
{
    struct pintle_pinset_options how = {.crypto = test_crypto()};
    struct pintle_error err = {0};
    struct pintle_pinset *set = NULL;
    struct text text = {0};

    expand(&text, "{'pintle':1,'app':'a','version':1,'issued':'2027-01-01T00:00:00Z',"
                  "'expires':'2027-03-01T00:00:00Z','rules':[");
    expand(&text, rules);
    text_add(&text, "]}");
    if (pintle_pinset_parse(&set, text.data, text.len, &how, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    text_clear(&text);
    return set;
}

/* "**.a.example:443 any 1 leaf 2 until 5; " */
static void show_clause(struct text *out, const struct clause *clause)
{
    static const char *const stars[] = {"", "*.", "[*.]", "**."};
    static const char *const positions[] = {"any", "leaf", "ca"};

    text_printf(out, "%s%s", stars[clause->reach], clause->host);
    if (clause->port != 0)
        text_printf(out, ":%u", (unsigned)clause->port);
    if (clause->exempt)
        text_add(out, " off");
    else if (!clause->enforce)
        text_add(out, " report");
    if (clause->key_alone)
        text_add(out, " key");
    for (size_t i = 0; i < clause->pin_count; i++)
        text_printf(out, " %s %u", positions[clause->pins[i].at],
                    (unsigned)clause->pins[i].pin.digest[0]);
    if (clause->until != PINTLE_NEVER)
        text_printf(out, " until %+lld", (long long)(clause->until - NOW) / HOUR);
    text_add(out, "; ");
}

static void show_losses(struct text *out, const struct losses *losses)
{
    for (size_t i = 0; i < losses->count; i++)
        text_printf(out, "%s%s/%zu", i > 0 ? " " : "", loss_texts[losses->items[i].kind].id + 3,
                    losses->items[i].rule);
}

static void check(const char *rules, const struct semantics *semantics, const char *wanted,
                  const char *lost)
{
    struct lower_options options = {.now = NOW};
    struct pintle_pinset *set = load(rules);
    struct clauses clauses = {0};
    struct losses losses;
    struct text text = {0};

    assert_true(losses_init(&losses, pintle_pinset_get_rule_count(set)));
    assert_int_equal(lower_pinset(&clauses, &losses, set, semantics, &options, NULL), PINTLE_OK);
    text_add(&text, "");
    for (size_t i = 0; i < clauses.count; i++)
        show_clause(&text, &clauses.items[i]);
    assert_string_equal(text.data, wanted);
    text_clear(&text);
    text_add(&text, "");
    show_losses(&text, &losses);
    assert_string_equal(text.data, lost);
    text_clear(&text);
    losses_clear(&losses);
    clauses_clear(&clauses);
    pintle_pinset_free(set);
}

/* --- hosts ---------------------------------------------------------------------------------------- */

static void a_rich_platform_loses_nothing(void **unused)
{
    (void)unused;
    check(
        "{'id':'a','match':['a.example','**.b.example','*.c.example'],'ports':[443,8443],'trust':'"
        "key',"
        "'pins':[{'spki':'@1','at':'leaf'},{'spki':'@2','at':'leaf','until':'2028-01-01T00:00:00Z'}"
        "],"
        "'deny':['@9'],'report':['https://r.example/"
        "'],'enforce_until':'2027-01-15T10:00:00Z','after':'off'},"
        "{'id':'b','match':['x.b.example','192.0.2.1'],'mode':'off','pins':[]}",
        &rich,
        "a.example:443 key leaf 1 leaf 2 until +2; **.b.example:443 key leaf 1 leaf 2 until +2; "
        "*.c.example:443 key leaf 1 leaf 2 until +2; a.example:8443 key leaf 1 leaf 2 until +2; "
        "**.b.example:8443 key leaf 1 leaf 2 until +2; *.c.example:8443 key leaf 1 leaf 2 until "
        "+2; "
        "x.b.example off; 192.0.2.1 off; ",
        "");
}

static void a_star_is_widened(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['*.a.example'],'pins':[{'spki':'@1'}]}", &tree,
          "**.a.example any 1; ", "001/0");
    check("{'id':'a','match':['*.a.example'],'pins':[{'spki':'@1','at':'leaf'}]}", &lists,
          "[*.]a.example leaf 1; ", "001/0");
}

static void depth_is_cut_and_told(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1','at':'leaf'}]}", &lists,
          "[*.]a.example leaf 1; ", "002/0");
    check("{'id':'a','match':['a.example','*.a.example'],'pins':[{'spki':'@1','at':'leaf'}]}",
          &lists, "[*.]a.example leaf 1; ", "");
}

static void rules_that_meet_are_joined(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['**.a.example'],'pins':[{'spki':'@2'}],'enforce_until':'2027-02-"
          "01T00:00:00Z',"
          "'after':'off'}",
          &tree, "**.a.example any 1 any 2 until +400; ", "003/0 003/1 032/1");
    /* The same demands are no loss. */
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['**.a.example'],'pins':[{'spki':'@1'}]}",
          &tree, "**.a.example any 1; ", "");
}

static void leaf_and_ca_lists_are_never_joined(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1','at':'leaf'}]},"
          "{'id':'b','match':['*.a.example'],'pins':[{'spki':'@2','at':'ca'}]}",
          &lists, "a.example leaf 1; ", "002/1");
}

static void an_exception_that_cannot_be_said(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['x.a.example'],'mode':'off','pins':[]}",
          &every, "**.a.example any 1; ", "006/1");
    check("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['x.a.example'],'mode':'off','pins':[]}",
          &tree, "**.a.example any 1; x.a.example off; ", "");
    /* Where the host itself is off and all below it pinned, the pins stay. */
    check("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['a.example'],'mode':'off','pins':[]}",
          &tree, "**.a.example any 1; ", "006/1");
    /* And where it is the other way round, so do they: for that host. */
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['**.a.example'],'mode':'off','pins':[]}",
          &tree, "a.example any 1; ", "");
}

static void every_match_is_a_union(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['x.a.example'],'pins':[{'spki':'@2'}]}",
          &every, "**.a.example any 1; x.a.example any 2; ", "003/1");
    check("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1'}]},"
          "{'id':'b','match':['x.a.example'],'pins':[{'spki':'@1'},{'spki':'@2'}]}",
          &every, "**.a.example any 1; x.a.example any 1 any 2; ", "");
}

static void ports_and_addresses(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example','192.0.2.1'],'ports':[8443],'pins':[{'spki':'@1'}]}",
          &every, "a.example any 1; ", "005/0 007/0");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1','at':'leaf'}],'trust':'key'}",
          &records, "a.example:443 key leaf 1; ", "002/0");
    check("{'id':'a','match':['**.a.example'],'ports':[25],'pins':[{'spki':'@1','at':'leaf'}]}",
          &records, "a.example:25 key leaf 1; ", "002/0 021/0");
    check("{'id':'a','match':['a.example'],'ports':[25],'pins':[{'spki':'@1','at':'leaf'},{'spki':'"
          "@2'}]}",
          &records, "a.example:25 leaf 1 leaf 2 ca 2; ", "021/0");
    check("{'id':'a','match':['a.example'],'ports':[25],'pins':[{'spki':'@1','at':'ca'}]}",
          &records, "a.example:25 ca 1; ", "");
}

/* --- pins ----------------------------------------------------------------------------------------- */

static void positions(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1','at':'leaf'},{'spki':'@2'}]}",
          &tree, "a.example any 1 any 2; ", "010/0");
    check("{'id':'a','match':['a.example'],'trust':'key','ports':[443],'pins':[{'spki':'@1'}]}",
          &records, "a.example:443 key leaf 1; ", "");
    check("{'id':'a','match':['a.example'],'trust':'key','ports':[443],'pins':[{'spki':'@1'},{'"
          "spki':'@2','at':'ca'}]}",
          &rich, "a.example:443 key any 1; ", "");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1','at':'leaf'},{'spki':'@2'},{'spki':"
          "'@3','at':'ca'}]}",
          &lists, "a.example leaf 1 leaf 2; ", "011/0 013/0");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@2'},{'spki':'@3','at':'ca'}]}", &lists,
          "a.example ca 2 ca 3; ", "012/0");
}

static void pins_that_have_ended_or_will(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1','until':'2027-01-10T00:00:00Z'},"
          "{'spki':'@2','until':'2027-02-10T00:00:00Z'}]}",
          &tree, "a.example any 2; ", "014/0");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1','until':'2027-01-10T00:00:00Z'}]}",
          &tree, "", "002/0");
}

static void too_few_pins(void **unused)
{
    struct semantics two = tree;

    (void)unused;
    two.min_pins = 2;
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}]}", &two, "", "016/0");
}

/* --- demands -------------------------------------------------------------------------------------- */

static void ends(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}],'enforce_until':'2027-02-01T12:"
          "00:00Z'}",
          &tree, "a.example any 1 until +400; ", "032/0 033/0");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}],'enforce_until':'2027-02-01T12:"
          "00:00Z'}",
          &every, "a.example any 1; ", "031/0");
    /* What has ended already is what it became. */
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}],'enforce_until':'2027-01-10T00:"
          "00:00Z','after':'off'}",
          &tree, "a.example off; ", "");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}],'enforce_until':'2027-01-10T00:"
          "00:00Z'}",
          &tree, "", "030/0");
    /* What will be harder is not. */
    check("{'id':'a','match':['a.example'],'mode':'report','pins':[{'spki':'@1'}],"
          "'enforce_until':'2027-02-01T00:00:00Z','after':'enforce'}",
          &rich, "a.example report any 1; ", "034/0");
}

static void modes_and_trust(void **unused)
{
    (void)unused;
    check("{'id':'a','match':['a.example'],'mode':'report','pins':[{'spki':'@1'}]}", &tree, "",
          "030/0");
    check("{'id':'a','match':['a.example'],'trust':'tofu','pins':[]}", &rich, "", "002/0 022/0");
    check("{'id':'a','match':['a.example'],'trust':'key','pins':[{'spki':'@1'}],'deny':['@9'],"
          "'report':['https://r.example/']}",
          &tree, "a.example any 1; ", "010/0 015/0 020/0 040/0");
    check("{'id':'a','match':['a.example'],'pins':[{'spki':'@1'}],'report':['https://r.example/"
          "','https://s.example/']}",
          &one_report, "a.example any 1; ", "041/0");
}

/* --- one host ------------------------------------------------------------------------------------- */

static void one_host(void **unused)
{
    static const struct semantics one = {.reaches = REACH_SUB,
                                         .positions = AT_BIT(PINTLE_AT_LEAF),
                                         .per_host = true,
                                         .addresses = true};
    struct pintle_pinset *set =
        load("{'id':'a','match':['**.a.example'],'pins':[{'spki':'@1','at':'leaf'}]}");
    static const char *const hosts[] = {"a.example", "x.a.example", "b.example"};
    static const char *const wanted[] = {"**.a.example:443 leaf 1; ", "x.a.example:443 leaf 1; ",
                                         NULL};

    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        struct pintle_host host;
        struct lower_options options = {.now = NOW, .host = &host, .port = 443};
        struct clauses clauses = {0};
        struct losses losses;
        struct text text = {0};

        assert_int_equal(pintle_host_parse(&host, hosts[i], strlen(hosts[i]), NULL), PINTLE_OK);
        assert_true(losses_init(&losses, 1));
        assert_int_equal(lower_pinset(&clauses, &losses, set, &one, &options, NULL),
                         wanted[i] != NULL ? PINTLE_OK : PINTLE_E_HOST);
        if (wanted[i] != NULL) {
            show_clause(&text, &clauses.items[0]);
            assert_string_equal(text.data, wanted[i]);
        }
        text_clear(&text);
        losses_clear(&losses);
        clauses_clear(&clauses);
    }
    pintle_pinset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rich_platform_loses_nothing),
        cmocka_unit_test(a_star_is_widened),
        cmocka_unit_test(depth_is_cut_and_told),
        cmocka_unit_test(rules_that_meet_are_joined),
        cmocka_unit_test(leaf_and_ca_lists_are_never_joined),
        cmocka_unit_test(an_exception_that_cannot_be_said),
        cmocka_unit_test(every_match_is_a_union),
        cmocka_unit_test(ports_and_addresses),
        cmocka_unit_test(positions),
        cmocka_unit_test(pins_that_have_ended_or_will),
        cmocka_unit_test(too_few_pins),
        cmocka_unit_test(ends),
        cmocka_unit_test(modes_and_trust),
        cmocka_unit_test(one_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
