/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check as SARIF 2.1.0 (OASIS), which code hosts show beside the file. Rules are the kinds of
 * finding; a result stands at the line of its rule's id in the pin-set.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "json_build.h"
#include "os/file.h"

#define SARIF_SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* --- where ----------------------------------------------------------------------------------- */

/* The line of "id": "ID", from 1; 1 if it is not found. */
static json_int_t find_line(const char *text, const char *id)
{
    static const char blank[] = " \t\r\n";
    size_t len = strlen(id);
    const char *at = text;

    while ((at = strstr(at, "\"id\"")) != NULL) {
        const char *value = at + 4;

        value += strspn(value, blank);
        if (*value == ':')
            value += 1 + strspn(value + 1, blank);
        if (*value == '"' && strncmp(value + 1, id, len) == 0 && value[len + 1] == '"')
            break;
        at += 4;
    }
    if (at != NULL) {
        json_int_t line = 1;

        for (const char *c = text; c < at; c++)
            line += *c == '\n' ? 1 : 0;
        return line;
    }
    return 1;
}

/* A path as a URI reference (RFC 3986, section 2.1); absolute ones as file:. The caller frees. */
static char *path_uri(const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~/";
    size_t size = strlen(path) * 3 + sizeof("file://");
    char *uri = malloc(size);
    size_t len = 0;

    if (uri == NULL)
        return NULL;
    if (path[0] == '/')
        len = (size_t)snprintf(uri, size, "file://");
    for (; *path != '\0'; path++) {
        if (strchr(plain, *path) != NULL)
            uri[len++] = *path;
        else
            len +=
                (size_t)snprintf(uri + len, size - len, "%%%02X", (unsigned)(unsigned char)*path);
    }
    uri[len] = '\0';
    return uri;
}

static json_t *location_json(const struct check *check, const struct check_finding *finding,
                             const char *uri, const char *text)
{
    json_int_t line = 1;

    if (finding->rule_index != SIZE_MAX && text != NULL)
        line = find_line(text, pintle_pinset_get_rule(check->set, finding->rule_index)->id);
    return json_pack("{s:{s:{s:s}, s:{s:I}}}", "physicalLocation", "artifactLocation", "uri", uri,
                     "region", "startLine", line);
}

/* --- what ------------------------------------------------------------------------------------ */

static const char *level(enum pintle_severity severity)
{
    return severity == PINTLE_INFO ? "note" : check_severity_name(severity);
}

static json_t *rules_json(void)
{
    const struct pintle_finding_kind *kind;
    json_t *list = json_array();

    for (size_t i = 0; (kind = pintle_finding_kind_get(i)) != NULL; i++)
        list = json_build_item(list, json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}", "id",
                                               kind->id, "shortDescription", "text", kind->title,
                                               "fullDescription", "text", kind->explanation, "help",
                                               "text", kind->fix, "defaultConfiguration", "level",
                                               level(kind->severity)));
    return list;
}

static size_t kind_index(const struct pintle_finding_kind *kind)
{
    size_t index = 0;

    while (pintle_finding_kind_get(index) != kind)
        index++;
    return index;
}

/* The fingerprint stays the same while the finding does: id, rule and pin. */
static json_t *result_json(const struct check *check, const struct check_finding *finding,
                           const char *uri, const char *text)
{
    const struct pintle_finding_kind *kind = finding->kind;
    const char *rule = finding->rule_index != SIZE_MAX
                           ? pintle_pinset_get_rule(check->set, finding->rule_index)->id
                           : "";
    char fingerprint[128];
    char message[1024];

    (void)snprintf(fingerprint, sizeof(fingerprint), "%s/%s/%ld", kind->id, rule,
                   finding->pin_index != SIZE_MAX ? (long)finding->pin_index : -1L);
    (void)snprintf(message, sizeof(message), "%s%s%s%s: %s", rule[0] != '\0' ? "rule " : "", rule,
                   rule[0] != '\0' ? ": " : "", kind->title, finding->detail);
    return json_pack("{s:s, s:I, s:s, s:{s:o}, s:[o], s:{s:s}}", "ruleId", kind->id, "ruleIndex",
                     (json_int_t)kind_index(kind), "level", level(kind->severity), "message",
                     "text", cli_json_text(message), "locations",
                     location_json(check, finding, uri, text), "partialFingerprints", "pintle/v1",
                     fingerprint);
}

/* --- all of it ------------------------------------------------------------------------------- */

static enum cli_exit print(json_t *document)
{
    char *text = document != NULL ? cli_json_dump(document, JSON_INDENT(2)) : NULL;
    enum cli_exit code;

    if (text == NULL)
        cli_error("out of memory");
    else
        (void)puts(text);
    code = text != NULL ? CLI_OK : CLI_INTERNAL;
    json_decref(document);
    free(text);
    return code;
}

enum cli_exit check_print_sarif(const struct check *check)
{
    json_t *results = json_array();
    char *uri = path_uri(check->path);
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code;

    /* The lines are a service: without them results stand at line 1. */
    if (os_read_file(&text, &len, check->path, PINTLE_PINSET_MAX_LEN, NULL) != PINTLE_OK)
        text = NULL;
    for (size_t i = 0; uri != NULL && i < check->finding_count; i++)
        results = json_build_item(results, result_json(check, &check->findings[i], uri, text));
    code = print(json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:s, s:o}}, s:o}]}", "$schema",
                           SARIF_SCHEMA, "version", "2.1.0", "runs", "tool", "driver", "name",
                           "pintle", "version", pintle_version(), "informationUri",
                           "https://pintle.dev", "rules", rules_json(), "results",
                           uri != NULL ? results : NULL));
    free(text);
    free(uri);
    return code;
}
