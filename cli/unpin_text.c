/* SPDX-License-Identifier: Apache-2.0 */
#include "unpin_text.h"

#include "json_build.h"

static json_t *parse(const struct pintle_envelope *unpin)
{
    struct pintle_view payload = pintle_envelope_get_payload(unpin);

    return json_build_parse((const char *)payload.data, payload.len);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text != NULL ? text : "";
}

bool unpin_withdraws(const struct pintle_envelope *unpin)
{
    json_t *document = parse(unpin);
    const json_t *rules = json_object_get(document, "rules");
    bool withdraws = json_is_array(rules) && json_array_size(rules) == 0;

    json_decref(document);
    return withdraws;
}

json_t *unpin_json(json_t *json, const struct pintle_envelope *unpin)
{
    json_t *document = parse(unpin);
    const json_t *rules = json_object_get(document, "rules");
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);

        list = json_build_item(list, json_pack("{s:s, s:s}", "rule", text_of(rule, "id"), "mode",
                                               text_of(rule, "mode")));
    }
    json = json_build_member(json, true, "softens", list);
    json = json_build_text(json, "reason", text_of(document, "reason"));
    json_decref(document);
    return json;
}

void unpin_print(FILE *stream, const struct pintle_envelope *unpin)
{
    json_t *document = parse(unpin);
    const json_t *rules = json_object_get(document, "rules");
    size_t count = json_array_size(rules);

    (void)fputs(count == 0 ? "withdraws what was softened" : "softens ", stream);
    for (size_t i = 0; i < count; i++) {
        const json_t *rule = json_array_get(rules, i);

        (void)fprintf(stream, "%s%s to ", i > 0 ? ", " : "", cli_safe(text_of(rule, "id")));
        (void)fputs(cli_safe(text_of(rule, "mode")), stream);
    }
    if (text_of(document, "reason")[0] != '\0')
        (void)fprintf(stream, ": %s", cli_safe(text_of(document, "reason")));
    json_decref(document);
}
