/* SPDX-License-Identifier: Apache-2.0 */
#include "json/strict.h"

#include <string.h>

#include "json/member.h"

bool pintle__is_name(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static enum pintle_status refuse_reals_in_object(const struct pintle__source *source,
                                                 const struct pintle__at *at, json_t *json)
{
    for (void *i = json_object_iter(json); i != NULL; i = json_object_iter_next(json, i)) {
        struct pintle__at member = pintle__at_key(at, json_object_iter_key(i));
        enum pintle_status status =
            pintle__refuse_reals(source, &member, json_object_iter_value(i));
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

enum pintle_status pintle__refuse_reals(const struct pintle__source *source,
                                        const struct pintle__at *at, json_t *json)
{
    if (json_is_real(json)) {
        pintle__json_fail(source, PINTLE_E_JSON, at, "a number that is no integer");
        return PINTLE_E_JSON;
    }
    if (json_is_object(json))
        return refuse_reals_in_object(source, at, json);
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct pintle__at item = pintle__at_index(at, i);
        enum pintle_status status = pintle__refuse_reals(source, &item, json_array_get(json, i));
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

enum pintle_status pintle__check_crit(const struct pintle__source *source,
                                      const struct pintle__at *at, const json_t *crit, size_t max,
                                      const char *const *names)
{
    uint32_t count;
    enum pintle_status status = pintle__get_array(source, at, crit, 0, max, &count);

    for (uint32_t i = 0; status == PINTLE_OK && i < count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        struct pintle__string name;
        status = pintle__get_string(source, &item, json_array_get(crit, i), 1, SIZE_MAX, &name);
        if (status == PINTLE_OK && !pintle__is_name(names, name.text)) {
            pintle__json_fail(source, PINTLE_E_CRIT, &item,
                              "critical member \"%s\" is not understood", name.text);
            return PINTLE_E_CRIT;
        }
    }
    return status;
}
