/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alamofire, in Swift: a ServerTrustManager of its PublicKeysTrustEvaluators, which compare keys, made from certificates
 * (Source/Features/ServerTrustEvaluation.swift of Alamofire/Alamofire), with all that the platform validated.
 * Certificates stand in the source itself: those of the app's bundle count for every host by default.
 * serverTrustEvaluator(forHost:) is meant to be overridden; it is told no port.
 */
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "code_templates.h"

/* A certificate of --certificate, in the order of the pins. */
struct known {
    const struct pintle_object *object;
    bool used;
};

struct alamofire {
    struct text *out;
    struct known *items;
    size_t count;
};

/* --- certificates --------------------------------------------------------------------------------- */

static int compare_pins(const struct pintle_pin *a, const struct pintle_pin *b)
{
    return memcmp(a->digest, b->digest, sizeof(a->digest));
}

/* Of several for one key the one that came first in the file. */
static int compare_known(const void *a, const void *b)
{
    const struct pintle_object *one = ((const struct known *)a)->object;
    const struct pintle_object *other = ((const struct known *)b)->object;
    int order = compare_pins(&one->pin, &other->pin);

    return order != 0 ? order : (one > other) - (one < other);
}

static bool sort_certificates(struct alamofire *alamofire, const struct pintle_objects *objects)
{
    size_t count = objects != NULL ? pintle_objects_get_count(objects) : 0;

    alamofire->items = calloc(count + 1, sizeof(*alamofire->items));
    if (alamofire->items == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct pintle_object *object = pintle_objects_get(objects, i);

        if (object->kind == PINTLE_OBJECT_CERTIFICATE)
            alamofire->items[alamofire->count++].object = object;
    }
    qsort(alamofire->items, alamofire->count, sizeof(*alamofire->items), compare_known);
    return true;
}

/* The first one with this key; NULL if there is none. */
static struct known *find_certificate(const struct alamofire *alamofire,
                                      const struct pintle_pin *pin)
{
    size_t low = 0;
    size_t high = alamofire->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_pins(&alamofire->items[middle].object->pin, pin) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == alamofire->count || compare_pins(&alamofire->items[low].object->pin, pin) != 0)
        return NULL;
    return &alamofire->items[low];
}

/* Mark what the clauses need; refuse if something is missing. */
static enum pintle_status choose_certificates(const struct alamofire *alamofire,
                                              const struct clauses *clauses,
                                              struct pintle_error *err)
{
    for (size_t i = 0; i < clauses->count; i++)
        for (size_t j = 0; j < clauses->items[i].pin_count; j++) {
            const struct pintle_pin *pin = &clauses->items[i].pins[j].pin;
            struct known *known = find_certificate(alamofire, pin);
            char text[PINTLE_PIN_TEXT_SIZE];

            if (known == NULL)
                return format_refuse(err, PINTLE_E_PIN, 0, 0,
                                     "needs a certificate of each pinned key, in --certificate "
                                     "FILE; there is none of %s, rule %s",
                                     pintle_pin_format(pin, text), clauses->items[i].id);
            known->used = true;
        }
    return PINTLE_OK;
}

/* The base64 in a PEM block: all lines but the first and the last. */
static bool add_base64(struct text *out, struct pintle_view der)
{
    char *pem = NULL;
    const char *line;

    if (pintle_certificate_to_pem(&pem, der, NULL) != PINTLE_OK)
        return false;
    line = pem + strcspn(pem, "\n") + 1;
    while (*line != '\0' && *line != '-') {
        size_t len = strcspn(line, "\n");

        text_printf(out, "        %.*s\n", (int)len, line);
        line += len + (line[len] != '\0');
    }
    free(pem);
    return true;
}

static enum pintle_status add_certificates(const struct alamofire *alamofire,
                                           struct pintle_error *err)
{
    struct text *out = alamofire->out;
    size_t count = 0;

    text_add(out, "    private static let certificates: [String: String] = [");
    for (size_t i = 0; i < alamofire->count; i++) {
        char pin[PINTLE_PIN_TEXT_SIZE];

        if (!alamofire->items[i].used)
            continue;
        text_printf(out, "%s        \"%s\": \"\"\"\n", count++ == 0 ? "\n" : "",
                    pintle_pin_format(&alamofire->items[i].object->pin, pin));
        if (!add_base64(out, alamofire->items[i].object->der))
            return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
        text_add(out, "        \"\"\",\n");
    }
    text_add(out, count > 0 ? "    ]\n" : ":]\n");
    return PINTLE_OK;
}

/* --- rules ---------------------------------------------------------------------------------------- */

static void add_match(struct text *out, const struct code_rule *rule)
{
    char pattern[CODE_PATTERN_SIZE];

    text_add(out, "            match: [\n");
    for (size_t i = 0; i < rule->match_count; i++)
        text_printf(out, "                \"%s\",\n", code_pattern(&rule->clauses[i], pattern));
    text_add(out, "            ]");
}

static void add_pins(struct text *out, const struct clause *clause)
{
    text_add(out, ",\n            pins: [\n");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PINTLE_PIN_TEXT_SIZE];

        code_add_label(out, "                ", "//", &clause->pins[i]);
        text_printf(out, "                \"%s\",\n", pintle_pin_format(&clause->pins[i].pin, pin));
    }
    text_add(out, "            ]\n");
}

static void add_rule(struct text *out, const struct code_rule *rule)
{
    const struct clause *clause = &rule->clauses[0];
    char time[PINTLE_TIME_TEXT_SIZE];

    text_printf(out, "        // Rule %s.\n        Rule(\n", clause->id);
    add_match(out, rule);
    if (clause->until != PINTLE_NEVER)
        text_printf(out, ",\n            // %s\n            until: %lld",
                    pintle_time_format(clause->until, time), (long long)clause->until);
    if (clause->exempt)
        text_add(out, ",\n            exempt: true\n");
    else
        add_pins(out, clause);
    text_add(out, "        ),\n");
}

static void add_rules(struct text *out, const struct clauses *clauses)
{
    struct code_rule rule;
    size_t next = 0;

    text_add(out, "    private static let rules: [Rule] = [");
    text_add(out, clauses->count > 0 ? "\n" : "");
    while (code_next_rule(&rule, clauses, &next))
        add_rule(out, &rule);
    text_add(out, clauses->count > 0 ? "    ]\n" : "]\n");
}

static enum pintle_status write_alamofire(struct text *out, const struct writing *writing,
                                          struct pintle_error *err)
{
    struct alamofire alamofire = {.out = out};
    const char *rest = code_add_until(out, code_begin(code_template_Pins_swift), "made_by");
    enum pintle_status status;

    if (!sort_certificates(&alamofire, writing->certificates))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    status = choose_certificates(&alamofire, writing->clauses, err);
    if (status == PINTLE_OK) {
        code_add_made_by(out, "//", writing->title);
        rest = code_add_until(out, rest, "rules");
        add_rules(out, writing->clauses);
        rest = code_add_until(out, rest, "certificates");
        status = add_certificates(&alamofire, err);
        text_add(out, rest);
    }
    free(alamofire.items);
    return status;
}

const struct format format_alamofire = {
    .name = "alamofire",
    .title = "Alamofire ServerTrustManager in Swift, with certificates of the keys",
    .place = "Pins.swift among the app's sources",
    .made_by = "// Made by pintle export from ",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ONE) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .exempt = true,
                  .end = END_SECOND,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_alamofire,
};
