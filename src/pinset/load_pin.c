/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling the pins of a rule. */
#include "pinset/load.h"

/* A key in any form that pintle_pin_parse() reads. */
static enum pintle_status read_key(const struct pintle__load *load, const struct pintle__at *at,
                                   const json_t *json, struct pintle_pin *out)
{
    struct pintle__string text = {"", 0};
    struct pintle_error why;
    enum pintle_status status = pintle__get_string(&load->source, at, json, 0, SIZE_MAX, &text);

    if (status != PINTLE_OK)
        return status;
    if (pintle_pin_parse(out, text.text, text.len, &why) != PINTLE_OK) {
        pintle__json_fail(&load->source, PINTLE_E_PIN, at, "%s", why.text);
        return PINTLE_E_PIN;
    }
    return PINTLE_OK;
}

static enum pintle_status read_label(struct pintle__load *load, const struct pintle__at *at,
                                     const json_t *json, const char **out)
{
    struct pintle__string label = {"", 0};
    enum pintle_status status =
        pintle__get_string(&load->source, at, json, 0, PINTLE__LABEL_MAX_LEN, &label);

    if (status != PINTLE_OK || label.len == 0)
        return status;
    *out = pintle__load_intern(load, &label);
    return *out == NULL ? PINTLE_E_NOMEM : PINTLE_OK;
}

/* Where and until when the key counts. */
static enum pintle_status read_bounds(const struct pintle__load *load, const struct pintle__at *at,
                                      json_t *const *known, struct pintle_rule_pin *out)
{
    struct pintle__at position = pintle__at_key(at, "at");
    struct pintle__at until = pintle__at_key(at, "until");
    unsigned word = PINTLE_AT_ANY;
    enum pintle_status status = PINTLE_OK;

    if (known[PINTLE__PIN_AT] != NULL)
        status = pintle__get_word(&load->source, &position, known[PINTLE__PIN_AT],
                                  pintle__positions, &word);
    out->at = (enum pintle_position)word;
    out->until = PINTLE_NEVER;
    if (status == PINTLE_OK && known[PINTLE__PIN_UNTIL] != NULL)
        status = pintle__get_time(&load->source, &until, known[PINTLE__PIN_UNTIL], &out->until);
    return status;
}

static enum pintle_status read_members(struct pintle__load *load, const struct pintle__at *at,
                                       json_t *const *known, struct pintle_rule_pin *out)
{
    struct pintle__at spki = pintle__at_key(at, "spki");
    struct pintle__at label = pintle__at_key(at, "label");
    struct pintle__at backup = pintle__at_key(at, "backup");
    enum pintle_status status = read_key(load, &spki, known[PINTLE__PIN_SPKI], &out->pin);

    if (status == PINTLE_OK)
        status = read_bounds(load, at, known, out);
    out->label = "";
    if (status == PINTLE_OK && known[PINTLE__PIN_LABEL] != NULL)
        status = read_label(load, &label, known[PINTLE__PIN_LABEL], &out->label);
    if (status == PINTLE_OK && known[PINTLE__PIN_BACKUP] != NULL)
        status = pintle__get_bool(&load->source, &backup, known[PINTLE__PIN_BACKUP], &out->backup);
    return status;
}

static enum pintle_status read_pin(struct pintle__load *load, const struct pintle__at *at,
                                   uint32_t rule, uint32_t pin, json_t *json,
                                   struct pintle_rule_pin *out)
{
    json_t *known[PINTLE__MEMBERS_MAX];
    bool unknown;
    enum pintle_status status =
        pintle__get_members(&load->source, at, json, pintle__pin_members, known, &unknown);

    if (status == PINTLE_OK && (unknown || known[PINTLE__PIN_CRIT] != NULL))
        status = pintle__keep_extras(load, at, json, pintle__pin_members, rule, pin);
    if (status == PINTLE_OK)
        status = read_members(load, at, known, out);
    return status;
}

enum pintle_status pintle__load_pins(struct pintle__load *load, const struct pintle__at *at,
                                     uint32_t index, const json_t *json)
{
    struct pintle_rule *rule = &load->set->rules[index];
    struct pintle_rule_pin *pins;
    size_t min = rule->mode == PINTLE_MODE_OFF || pintle__learns(rule) ? 0 : 1;
    enum pintle_status status =
        pintle__get_array(&load->source, at, json, min, PINTLE__PINS_MAX, &rule->pin_count);

    if (status != PINTLE_OK || rule->pin_count == 0)
        return status;
    pins = pintle__load_array(load, rule->pin_count, sizeof(*pins));
    if (pins == NULL)
        return PINTLE_E_NOMEM;
    rule->pins = pins;
    for (uint32_t i = 0; i < rule->pin_count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        status = read_pin(load, &item, index, i, json_array_get(json, i), &pins[i]);
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

enum pintle_status pintle__load_deny(struct pintle__load *load, const struct pintle__at *at,
                                     struct pintle_rule *rule, const json_t *json)
{
    struct pintle_pin *deny;
    enum pintle_status status =
        pintle__get_array(&load->source, at, json, 0, PINTLE__DENY_MAX, &rule->deny_count);

    if (status != PINTLE_OK || rule->deny_count == 0)
        return status;
    deny = pintle__load_array(load, rule->deny_count, sizeof(*deny));
    if (deny == NULL)
        return PINTLE_E_NOMEM;
    rule->deny = deny;
    for (uint32_t i = 0; i < rule->deny_count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        status = read_key(load, &item, json_array_get(json, i), &deny[i]);
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}
