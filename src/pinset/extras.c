/* SPDX-License-Identifier: Apache-2.0 */
/* What few objects have: `crit`, and members from a later version of the format. */
#include <stdlib.h>
#include <string.h>

#include "pinset/load.h"
#include "json/strict.h"

/* --- unknown members ------------------------------------------------------------------------------ */

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
        if (!pintle__is_name(names, key) &&
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
        status = pintle__check_crit(&load->source, &crit_at, crit, PINTLE__CRIT_MAX, names);
    if (status == PINTLE_OK)
        status = pintle__refuse_reals(&load->source, at, unknown);
    if (status == PINTLE_OK && (crit != NULL || json_object_size(unknown) > 0))
        status = keep(load, crit, unknown, rule, pin);
    json_decref(unknown);
    return status;
}
