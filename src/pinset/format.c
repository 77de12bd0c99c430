/* SPDX-License-Identifier: Apache-2.0 */
/* A pin-set as a document again. */
#include <stdlib.h>
#include <string.h>

#include <pintle/time.h>

#include "base/error.h"
#include "pinset/schema.h"
#include "pinset/set.h"
#include "json/json.h"
#include "json/write.h"

/* Extras in document order, taken as the objects come by. */
struct cursor {
    const struct pintle__extra *next;
    const struct pintle__extra *end;
};

static const struct pintle__extra *take(struct cursor *cursor, uint32_t rule, uint32_t pin)
{
    const struct pintle__extra *extra = cursor->next;

    if (extra == cursor->end || extra->rule != rule || extra->pin != pin)
        return NULL;
    cursor->next++;
    return extra;
}

/* Below, a function that makes JSON returns NULL, and one that puts it somewhere false, when memory
 * ran out. Values are handed over, even then. */

static bool put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
}

static bool put_string(json_t *object, const char *name, const char *text)
{
    return put(object, name, json_string_nocheck(text));
}

static bool put_time(json_t *object, const char *name, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    return put_string(object, name, pintle_time_format(time, text));
}

static bool put_crit(json_t *object, const struct pintle__extra *extra)
{
    json_t *crit;

    if (extra == NULL || extra->crit == NULL)
        return true;
    if (pintle__json_read(&crit, extra->crit, strlen(extra->crit), NULL) != PINTLE_OK)
        return false;
    return put(object, "crit", crit);
}

static bool put_unknown(json_t *object, const struct pintle__extra *extra)
{
    json_t *unknown;
    bool done;

    if (extra == NULL || extra->unknown == NULL)
        return true;
    if (pintle__json_read(&unknown, extra->unknown, strlen(extra->unknown), NULL) != PINTLE_OK)
        return false;
    done = json_object_update(object, unknown) == 0;
    json_decref(unknown);
    return done;
}

/* The value, if it was made whole. */
static json_t *finish(json_t *json, bool whole)
{
    if (whole)
        return json;
    json_decref(json);
    return NULL;
}

/* --- arrays of plain values ---------------------------------------------------------------------
 */

static json_t *make_strings(const char *const *texts, uint32_t count)
{
    json_t *array = json_array();
    bool whole = array != NULL;

    for (uint32_t i = 0; whole && i < count; i++)
        whole = json_array_append_new(array, json_string_nocheck(texts[i])) == 0;
    return finish(array, whole);
}

static json_t *make_ports(const struct pintle_rule *rule)
{
    json_t *array = json_array();
    bool whole = array != NULL;

    for (uint32_t i = 0; whole && i < rule->port_count; i++)
        whole = json_array_append_new(array, json_integer(rule->ports[i])) == 0;
    return finish(array, whole);
}

static json_t *make_deny(const struct pintle_rule *rule)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *array = json_array();
    bool whole = array != NULL;

    for (uint32_t i = 0; whole && i < rule->deny_count; i++)
        whole = json_array_append_new(
                    array, json_string_nocheck(pintle_pin_format(&rule->deny[i], text))) == 0;
    return finish(array, whole);
}

/* --- objects ------------------------------------------------------------------------------------
 */

static json_t *make_pin(const struct pintle_rule_pin *pin, const struct pintle__extra *extra)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *out = json_object();
    bool whole = put_string(out, "spki", pintle_pin_format(&pin->pin, text)) &&
                 put_string(out, "at", pintle__positions[pin->at]) &&
                 (pin->until == PINTLE_NEVER || put_time(out, "until", pin->until)) &&
                 (pin->label[0] == '\0' || put_string(out, "label", pin->label)) &&
                 (!pin->backup || put(out, "backup", json_true())) && put_crit(out, extra) &&
                 put_unknown(out, extra);

    return finish(out, whole);
}

static json_t *make_pins(const struct pintle_rule *rule, uint32_t index, struct cursor *extras)
{
    json_t *array = json_array();
    bool whole = array != NULL;

    for (uint32_t i = 0; whole && i < rule->pin_count; i++)
        whole = json_array_append_new(array, make_pin(&rule->pins[i], take(extras, index, i))) == 0;
    return finish(array, whole);
}

/* Written only in rules in which they may stand. */
static bool put_learning(json_t *object, const struct pintle_rule *rule)
{
    return !pintle__learns(rule) ||
           (put_string(object, "learn_at", pintle__positions[rule->learn_at]) &&
            put(object, "learn_days", json_integer(rule->learn_days)));
}

/* `after` says something without `enforce_until` only if it is not the default. */
static bool put_bound(json_t *object, const struct pintle_rule *rule)
{
    bool bounded = rule->enforce_until != PINTLE_NEVER;

    return (!bounded || put_time(object, "enforce_until", rule->enforce_until)) &&
           ((!bounded && rule->after == PINTLE_MODE_REPORT) ||
            put_string(object, "after", pintle__modes[rule->after]));
}

static json_t *make_rule(const struct pintle_rule *rule, uint32_t index, struct cursor *extras)
{
    const struct pintle__extra *extra = take(extras, index, PINTLE__NO_INDEX);
    json_t *out = json_object();
    bool whole = put_string(out, "id", rule->id) &&
                 put(out, "match", make_strings(rule->match, rule->match_count)) &&
                 (rule->port_count == 0 || put(out, "ports", make_ports(rule))) &&
                 put_string(out, "mode", pintle__modes[rule->mode]) &&
                 put_string(out, "trust", pintle__trusts[rule->trust]) && put_learning(out, rule) &&
                 put(out, "pins", make_pins(rule, index, extras)) &&
                 (rule->deny_count == 0 || put(out, "deny", make_deny(rule))) &&
                 put_bound(out, rule) &&
                 (rule->report_count == 0 ||
                  put(out, "report", make_strings(rule->report, rule->report_count))) &&
                 put_crit(out, extra) && put_unknown(out, extra);

    return finish(out, whole);
}

static json_t *make_rules(const struct pintle_pinset *set, struct cursor *extras)
{
    json_t *array = json_array();
    bool whole = array != NULL;

    for (uint32_t i = 0; whole && i < set->rule_count; i++)
        whole = json_array_append_new(array, make_rule(&set->rules[i], i, extras)) == 0;
    return finish(array, whole);
}

static bool put_spans(json_t *object, const struct pintle_pinset *set)
{
    return (set->hard_ttl == PINTLE_NEVER ||
            put(object, "hard_ttl_s", json_integer(set->hard_ttl))) &&
           (set->overlap == 0 || put(object, "overlap_s", json_integer(set->overlap)));
}

static json_t *make_document(const struct pintle_pinset *set)
{
    struct cursor extras = {set->extras, set->extras};
    const struct pintle__extra *extra;
    json_t *out = json_object();
    bool whole;

    if (set->extra_count > 0)
        extras.end += set->extra_count;
    extra = take(&extras, PINTLE__NO_INDEX, PINTLE__NO_INDEX);
    whole = put(out, "pintle", json_integer(PINTLE__FORMAT_VERSION)) &&
            put_string(out, "app", set->app) &&
            (set->epoch == 1 || put(out, "epoch", json_integer(set->epoch))) &&
            put(out, "version", json_integer(set->version)) &&
            put_time(out, "issued", set->issued) && put_time(out, "expires", set->expires) &&
            put_spans(out, set) && put_crit(out, extra) &&
            put(out, "rules", make_rules(set, &extras)) && put_unknown(out, extra);
    return finish(out, whole);
}

enum pintle_status pintle_pinset_format(char **out, size_t *out_len,
                                        const struct pintle_pinset *set, struct pintle_error *err)
{
    if (!pintle__json_write(out, out_len, make_document(set),
                            JSON_INDENT(2) | JSON_PRESERVE_ORDER)) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    return PINTLE_OK;
}
