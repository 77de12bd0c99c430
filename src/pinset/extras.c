/* SPDX-License-Identifier: Apache-2.0 */
/* What few objects have: `crit`, and members from a later version of the format. */
#include <stdlib.h>
#include <string.h>

#include "pinset/load.h"

/* --- crit ------------------------------------------------------------------------------------- */

static bool is_name(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* Every entry must be a member that we understand (as in RFC 7515, section 4.1.11). */
static enum pintle_status check_crit(const struct pintle__load *load, const struct pintle__at *at,
                                     const json_t *crit, const char *const *names)
{
    uint32_t count;
    enum pintle_status status =
        pintle__get_array(&load->source, at, crit, 0, PINTLE__CRIT_MAX, &count);

    for (uint32_t i = 0; status == PINTLE_OK && i < count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        struct pintle__string name;
        status =
            pintle__get_string(&load->source, &item, json_array_get(crit, i), 1, SIZE_MAX, &name);
        if (status == PINTLE_OK && !is_name(names, name.text)) {
            pintle__json_fail(&load->source, PINTLE_E_CRIT, &item,
                              "critical member \"%s\" is not understood", name.text);
            return PINTLE_E_CRIT;
        }
    }
    return status;
}

/* --- unknown members ----------------------------------------------------------------------------
 */

static enum pintle_status refuse_reals(const struct pintle__load *load, const struct pintle__at *at,
                                       json_t *json);

static enum pintle_status refuse_reals_in_object(const struct pintle__load *load,
                                                 const struct pintle__at *at, json_t *json)
{
    for (void *i = json_object_iter(json); i != NULL; i = json_object_iter_next(json, i)) {
        struct pintle__at member = pintle__at_key(at, json_object_iter_key(i));
        enum pintle_status status = refuse_reals(load, &member, json_object_iter_value(i));
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

/* There are no numbers but integers, not even where they are ignored. Not deeper than jansson
 * reads. */
static enum pintle_status refuse_reals(const struct pintle__load *load, const struct pintle__at *at,
                                       json_t *json)
{
    if (json_is_real(json)) {
        pintle__json_fail(&load->source, PINTLE_E_JSON, at, "a number that is no integer");
        return PINTLE_E_JSON;
    }
    if (json_is_object(json))
        return refuse_reals_in_object(load, at, json);
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct pintle__at item = pintle__at_index(at, i);
        enum pintle_status status = refuse_reals(load, &item, json_array_get(json, i));
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

/* JSON text of a value, in the arena; NULL without memory. */
static const char *dump(struct pintle__load *load, const json_t *json)
{
    size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = NULL;

    if (len > 0)
        text = pintle__arena_array(&load->set->arena, len + 1, 1);
    if (text == NULL || json_dumpb(json, text, len, JSON_COMPACT) != len)
        return NULL;
    return text;
}

/* An object of the members that are not in `names`; an empty one if there are none. */
static json_t *unknown_members(json_t *json, const char *const *names)
{
    json_t *out = json_object();

    for (void *i = json_object_iter(json); i != NULL; i = json_object_iter_next(json, i)) {
        const char *key = json_object_iter_key(i);
        if (!is_name(names, key) &&
            json_object_set_nocheck(out, key, json_object_iter_value(i)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* --- keeping both -------------------------------------------------------------------------------
 */

static struct pintle__extra *add_extra(struct pintle__load *load)
{
    struct pintle_pinset *set = load->set;

    if (set->extra_count == set->extra_room) {
        size_t room = set->extra_room == 0 ? 4 : set->extra_room * 2;
        struct pintle__extra *extras = realloc(set->extras, room * sizeof(*extras));
        if (extras == NULL)
            return NULL;
        set->extras = extras;
        set->extra_room = room;
    }
    return &set->extras[set->extra_count++];
}

static enum pintle_status keep(struct pintle__load *load, const json_t *crit, const json_t *unknown,
                               uint32_t rule, uint32_t pin)
{
    struct pintle__extra *extra = add_extra(load);

    if (extra == NULL) {
        pintle__load_no_memory(load);
        return PINTLE_E_NOMEM;
    }
    *extra = (struct pintle__extra){rule, pin, NULL, NULL};
    if (crit != NULL)
        extra->crit = dump(load, crit);
    if (json_object_size(unknown) > 0)
        extra->unknown = dump(load, unknown);
    if ((crit != NULL && extra->crit == NULL) ||
        (json_object_size(unknown) > 0 && extra->unknown == NULL)) {
        pintle__load_no_memory(load);
        return PINTLE_E_NOMEM;
    }
    return PINTLE_OK;
}

enum pintle_status pintle__keep_extras(struct pintle__load *load, const struct pintle__at *at,
                                       json_t *json, const char *const *names, uint32_t rule,
                                       uint32_t pin)
{
    const json_t *crit = json_object_get(json, "crit");
    json_t *unknown = unknown_members(json, names);
    struct pintle__at crit_at = pintle__at_key(at, "crit");
    enum pintle_status status = PINTLE_OK;

    if (unknown == NULL) {
        pintle__load_no_memory(load);
        return PINTLE_E_NOMEM;
    }
    if (crit != NULL)
        status = check_crit(load, &crit_at, crit, names);
    if (status == PINTLE_OK)
        status = refuse_reals(load, at, unknown);
    if (status == PINTLE_OK && (crit != NULL || json_object_size(unknown) > 0))
        status = keep(load, crit, unknown, rule, pin);
    json_decref(unknown);
    return status;
}
