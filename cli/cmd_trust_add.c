/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "guard.h"
#include "json_build.h"
#include "learning.h"
#include "trust.h"
#include "verdict.h"

#define DAY_S ((int64_t)86400)
#define DAYS_DEFAULT 90
#define DAYS_MAX 730

struct add_options {
    struct net_options net;
    struct trust_options trust;
    struct opt_list pins;
    const char *at;
    long days;
    bool trust_key;
    bool replace;
};

const struct opt_spec opts_trust_add[] = {
    {.name = "pin",
     .type = OPT_LIST,
     .metavar = "PIN",
     .help = "trust this key instead of asking the server; may be given again",
     .offset = offsetof(struct add_options, pins)},
    {.name = "at",
     .type = OPT_CHOICE,
     .metavar = "PLACE",
     .choices = learning_positions,
     .help = "which key: the server's own or its CA's",
     .offset = offsetof(struct add_options, at)},
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "N",
     .min = 1,
     .max = DAYS_MAX,
     .help = "hold it for so many days (90)",
     .offset = offsetof(struct add_options, days)},
    {.name = "trust-key",
     .type = OPT_FLAG,
     .help = "the server's own key is enough, no CA",
     .offset = offsetof(struct add_options, trust_key)},
    {.name = "replace",
     .type = OPT_FLAG,
     .help = "put it in the place of another key that is trusted",
     .offset = offsetof(struct add_options, replace)},
    NET_OPTIONS(struct add_options, net),
    TRUST_OPTIONS(struct add_options, trust),
    {.type = OPT_END},
};

/* --- from the command line ------------------------------------------------------------------------ */

static bool wants_ca(const struct add_options *options)
{
    return options->at != NULL && strcmp(options->at, "ca") == 0;
}

static bool read_pins(struct pintle_learned *entry, const struct opt_list *pins)
{
    if (pins->count > PINTLE_LEARNED_PINS_MAX) {
        opt_mistake("trust add", "option --pin: more than %d pins", PINTLE_LEARNED_PINS_MAX);
        return false;
    }
    for (size_t i = 0; i < pins->count; i++) {
        struct pintle_error err = {0};
        const char *text = pins->items[i];

        if (pintle_pin_parse(&entry->pins[i], text, strlen(text), &err) != PINTLE_OK) {
            opt_mistake("trust add", "option --pin: '%s': %s", cli_safe(text), err.text);
            return false;
        }
    }
    entry->pin_count = (uint32_t)pins->count;
    return true;
}

/* What does not fit together. Fills in what --pin says. */
static bool check(struct pintle_learned *entry, const struct add_options *options)
{
    if (!net_options_check("trust add", &options->net) ||
        !trust_options_check("trust add", &options->trust) || !read_pins(entry, &options->pins))
        return false;
    if (options->trust_key && wants_ca(options)) {
        opt_mistake("trust add", "options --trust-key and --at ca exclude each other");
        return false;
    }
    return true;
}

/* --- from the server --------------------------------------------------------------------------------- */

/*
 * What the host has announced (HPKP) stands above what is learned now.
 *
 * entry     what was learned
 * noted     what was found, if has_noted
 * overruled it is to make way
 */
struct asking {
    struct pintle__state *state;
    struct pintle_learned *entry;
    struct pintle_learned noted;
    bool has_noted;
    bool overruled;
};

/* A memory that has learned nothing yet. */
static enum pintle_recall recall_noted(void *ctx, enum pintle_learned_from from,
                                       const struct pintle_host *host, uint16_t port, int64_t now,
                                       struct pintle_learned *out)
{
    struct asking *asking = ctx;
    const struct pintle_memory *memory = pintle__state_get_memory(asking->state);
    enum pintle_recall found = PINTLE_RECALL_NONE;

    if (from == PINTLE_LEARNED_HPKP && !asking->overruled)
        found = memory->recall(memory->ctx, from, host, port, now, out);
    asking->has_noted = asking->has_noted || found == PINTLE_RECALL_FOUND;
    if (found == PINTLE_RECALL_FOUND)
        asking->noted = *out;
    return found;
}

static enum pintle_recall show(void *ctx, const struct pintle_learned *entry, bool replace,
                               int64_t now, struct pintle_learned *held)
{
    const struct asking *asking = ctx;

    (void)replace;
    (void)now;
    (void)held;
    *asking->entry = *entry;
    return PINTLE_RECALL_NONE;
}

/* A pin-set that learns this server. */
static struct pintle_pinset *make_set(const struct add_options *options,
                                      const struct target *target)
{
    struct pintle_pinset_options how = {.crypto = guard_crypto()};
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    int64_t now = pintle_clock_system(NULL);
    struct pintle_pinset *set = NULL;
    json_t *rule = json_pack("{s:s, s:[s], s:[i], s:s, s:s, s:i, s:[]}", "id", "trust-add", "match",
                             target->host.text, "ports", (int)target->port, "mode", "enforce",
                             "trust", options->trust_key ? "tofu-key" : "tofu", "learn_days",
                             (int)options->days, "pins");
    json_t *document;
    char *text;

    if (wants_ca(options) && json_object_set_new(rule, "learn_at", json_string("ca")) != 0)
        cli_no_memory();
    document = json_pack("{s:i, s:s, s:i, s:s, s:s, s:[o]}", "pintle", 1, "app", LEARNING_APP,
                         "version", 1, "issued", pintle_time_format(now, issued), "expires",
                         pintle_time_format(now + DAY_S, expires), "rules", rule);
    text = document != NULL ? cli_json_dump(document, JSON_COMPACT) : NULL;
    if (text == NULL || pintle_pinset_parse(&set, text, strlen(text), &how, NULL) != PINTLE_OK)
        cli_no_memory();
    json_decref(document);
    free(text);
    return set;
}

/* Refused: *verdict says why. Other failures are told. */
static enum cli_exit dial(struct pintle_verdict *verdict, struct pintle *engine,
                          const struct add_options *options, const struct target *target)
{
    struct os_deadline deadline = net_options_deadline(&options->net);
    struct dial_how how = {.engine = engine};
    struct dial connection = {.fd = -1};
    struct pintle_error err = {0};
    struct os_addrs addrs;
    enum pintle_status status = dial_find(&addrs, target, &options->net, &deadline, &err);
    enum cli_exit code = CLI_OK;

    memset(verdict, 0, sizeof(*verdict));
    if (status == PINTLE_OK)
        status = dial_open(&connection, target, &addrs, &options->net, &how, &deadline, &err);
    if (status == PINTLE_E_REFUSED) {
        *verdict = *pintle_client_get_verdict(connection.client);
        code = verdict_exit(verdict);
    } else if (status != PINTLE_OK) {
        code = cli_fail(target->text, &err);
    }
    dial_close(&connection);
    return code;
}

static bool is_own(const struct pintle_learned *noted, const struct target *target)
{
    return strcmp(noted->host.text, target->host.text) == 0;
}

/* It is another key than those that were announced. */
static enum cli_exit refuse_noted(const struct pintle_learned *noted, const struct target *target)
{
    int64_t now = pintle_clock_system(NULL);

    if (is_own(noted, target))
        cli_error("%s: the host has announced other keys (HPKP); --replace puts this one in their "
                  "place:",
                  target->text);
    else
        cli_error("%s: %s has announced other keys (HPKP); pintle trust forget %s forgets them:",
                  target->text, noted->host.text, noted->host.text);
    trust_print(stderr, noted, now);
    return CLI_REFUSED;
}

static enum cli_exit dial_until_clear(struct pintle *engine, struct asking *asking,
                                      const struct add_options *options,
                                      const struct target *target)
{
    struct pintle_verdict verdict;
    enum cli_exit code = dial(&verdict, engine, options, target);
    bool clashes = asking->has_noted && verdict.reason == PINTLE_REASON_MISMATCH;

    if (code == CLI_REFUSED && clashes && options->replace && is_own(&asking->noted, target)) {
        asking->overruled = true;
        code = dial(&verdict, engine, options, target);
        clashes = false;
    }
    if (code == CLI_REFUSED && clashes)
        return refuse_noted(&asking->noted, target);
    if (code != CLI_OK && verdict.host.len > 0)
        verdict_print_line(stderr, &verdict);
    return code;
}

static enum cli_exit ask(struct asking *asking, const struct add_options *options,
                         const struct target *target)
{
    struct pintle_memory memory = {recall_noted, show, asking};
    struct pintle_config config = {
        .crypto = guard_crypto(), .clock = pintle_clock_system, .memory = &memory};
    struct pintle_pinset *set = make_set(options, target);
    struct pintle_error err = {0};
    struct pintle *engine;
    enum cli_exit code;

    if (pintle_new(&engine, set, &config, &err) != PINTLE_OK) {
        pintle_pinset_free(set);
        return cli_fail(target->text, &err);
    }
    code = dial_until_clear(engine, asking, options, target);
    pintle_free(engine);
    return code;
}

static void describe(struct pintle_learned *entry, const struct add_options *options,
                     const struct target *target)
{
    int64_t now = pintle_clock_system(NULL);

    entry->from = PINTLE_LEARNED_TOFU;
    entry->host = target->host;
    entry->port = target->port;
    entry->at = wants_ca(options) ? PINTLE_AT_CA : PINTLE_AT_LEAF;
    entry->learned = now;
    entry->seen = now;
    entry->expires = now + options->days * DAY_S;
}

static bool shares_a_pin(const struct pintle_learned *a, const struct pintle_learned *b)
{
    for (uint32_t i = 0; i < a->pin_count; i++) {
        for (uint32_t k = 0; k < b->pin_count; k++) {
            if (pintle_pin_equal(&a->pins[i], &b->pins[k]))
                return true;
        }
    }
    return false;
}

/* Without the server's path nobody can say whether the two go together. */
static void compare(struct asking *asking, const struct add_options *options,
                    const struct target *target)
{
    struct pintle_learned held;
    int64_t now = asking->entry->learned;

    if (recall_noted(asking, PINTLE_LEARNED_HPKP, &target->host, target->port, now, &held) !=
            PINTLE_RECALL_FOUND ||
        shares_a_pin(asking->entry, &held))
        return;
    asking->overruled = options->replace && is_own(&held, target);
    if (!asking->overruled)
        cli_note("%s: %s has announced other pins (HPKP): one of each must be met", target->text,
                 held.host.text);
}

/* --- keeping -------------------------------------------------------------------------------------------- */

static bool is_same(const struct pintle_learned *a, const struct pintle_learned *b)
{
    return a->at == b->at && a->pin_count == b->pin_count &&
           memcmp(a->pins, b->pins, a->pin_count * sizeof(a->pins[0])) == 0;
}

static enum cli_exit refuse(const struct pintle_learned *held, const struct target *target)
{
    cli_error("%s: another key is trusted already; --replace puts this one in its place:",
              target->text);
    trust_print(stderr, held, pintle_clock_system(NULL));
    return CLI_REFUSED;
}

/* To be asked for by name is what a lost database waits for: such a host is learned, too. */
static enum cli_exit keep(struct pintle__state *state, const struct pintle_learned *entry,
                          const struct add_options *options, const struct target *target)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned held;
    enum pintle_recall found =
        memory->learn(memory->ctx, entry, options->replace, entry->learned, &held);

    if (found == PINTLE_RECALL_FOUND && !is_same(entry, &held))
        return refuse(&held, target);
    if (found != PINTLE_RECALL_NONE)
        found = memory->learn(memory->ctx, entry, true, entry->learned, &held);
    if (found == PINTLE_RECALL_NONE)
        return CLI_OK;
    cli_error("%s: cannot be kept in the state database", target->text);
    return CLI_INPUT;
}

/* Those that the host had announced make way. */
static enum cli_exit overrule(struct asking *asking, const struct target *target)
{
    const struct pintle_memory *memory = pintle__state_get_memory(asking->state);
    int64_t now = asking->entry->learned;
    struct pintle_learned held;

    if (!asking->overruled)
        return CLI_OK;
    asking->noted.expires = now;
    if (memory->learn(memory->ctx, &asking->noted, true, now, &held) == PINTLE_RECALL_NONE)
        return CLI_OK;
    cli_error("%s: the pins it announced (HPKP) cannot be forgotten", target->text);
    return CLI_INPUT;
}

static enum cli_exit tell(const struct pintle_learned *entry, bool as_json)
{
    int64_t now = pintle_clock_system(NULL);

    if (as_json)
        return cli_print_json("trust-add", json_pack("{s:o}", "entry", trust_json(entry, now)));
    trust_print(stdout, entry, now);
    return CLI_OK;
}

static enum cli_exit find_out(struct asking *asking, const struct add_options *options,
                              const struct target *target)
{
    if (options->pins.count == 0)
        return ask(asking, options, target);
    describe(asking->entry, options, target);
    compare(asking, options, target);
    return CLI_OK;
}

static enum cli_exit add(struct add_options *options, const char *operand)
{
    struct pintle_learned entry = {0};
    struct asking asking = {.entry = &entry};
    struct pintle_error err = {0};
    struct target target;
    enum cli_exit code;

    if (!check(&entry, options))
        return CLI_USAGE;
    if (target_parse_server(&target, operand, net_options_port(&options->net), &err) != PINTLE_OK)
        return cli_fail(operand, &err);
    code = trust_open(&asking.state, &options->trust, true);
    if (code == CLI_OK)
        code = find_out(&asking, options, &target);
    if (code == CLI_OK)
        code = keep(asking.state, &entry, options, &target);
    if (code == CLI_OK)
        code = overrule(&asking, &target);
    if (code == CLI_OK)
        code = tell(&entry, options->trust.json);
    pintle__state_close(asking.state);
    return code;
}

enum cli_exit cmd_trust_add(int argc, char **argv)
{
    struct add_options options = {.net.timeout = NET_TIMEOUT_DEFAULT, .days = DAYS_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("trust add", opts_trust_add, &options, argc, argv, &operands))
        code = add(&options, operands.items[0]);
    opt_clear(opts_trust_add, &options, &operands);
    return code;
}
