/* SPDX-License-Identifier: Apache-2.0 */
#include "document_kind.h"

#include <string.h>

#include "json_build.h"

/* The member that says what a document is; the first that is there. */
static const struct {
    const char *member;
    const char *kind;
} kinds[] = {
    {"payloadType", "an envelope"},
    {"pintle_root", "a root document"},
    {"pintle_fresh", "a statement of freshness"},
    {"pintle_unpin", "an unpin document"},
    {"pintle_latest", "a directory's latest.json"},
    {"pintle", "a pin-set"},
};

/* Of what the commands print, a plan alone is read again. */
static const char *printed_kind(const json_t *json)
{
    const char *schema = json_string_value(json_object_get(json, "schema"));

    if (schema == NULL)
        return NULL;
    return strstr(schema, "/rotate-plan/") != NULL ? "a plan" : "the output of another command";
}

const char *document_kind(const char *text, size_t len)
{
    json_t *json = json_build_parse(text, len);
    const char *kind = printed_kind(json);

    for (size_t i = 0; kind == NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (json_object_get(json, kinds[i].member) != NULL)
            kind = kinds[i].kind;
    json_decref(json);
    return kind;
}

enum cli_exit document_fail(const char *path, const char *text, size_t len, const char *wanted,
                            const struct pintle_error *err)
{
    const char *kind = document_kind(text, len);

    if (kind == NULL || strcmp(kind, wanted) == 0)
        return cli_fail(path, err);
    cli_error("%s: is %s, not %s", cli_safe(path), kind, wanted);
    return CLI_INPUT;
}
