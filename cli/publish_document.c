/* SPDX-License-Identifier: Apache-2.0 */
#include "publish_document.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "os/file.h"
#include "pinset_path.h"

#define DAY_S ((int64_t)24 * 3600)
#define LOG_MAX 32
#define LOG_NAME "x-publish-log"

/* A member that must not fail to be there. */
static void set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        cli_no_memory();
}

static void set_time(json_t *object, const char *key, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    set(object, key, json_string(pintle_time_format(time, text)));
}

/* --- version and dates ---------------------------------------------------------------------------- */

static void bump(json_t *document, const struct publish_document_how *how)
{
    struct pintle_trusted_pins pins;
    int64_t version = pintle_trusted_get_marks(how->trusted).version;

    if (pintle_trusted_get_pins(how->trusted, &pins) &&
        pins.facts.epoch == pintle_trusted_get_root(how->trusted)->epoch &&
        pins.facts.version > version)
        version = pins.facts.version;
    set(document, "version", json_integer((json_int_t)version + 1));
    set_time(document, "issued", how->now);
    set_time(document, "expires", how->now + (int64_t)how->days * DAY_S);
}

static void set_epoch(json_t *document, int64_t epoch)
{
    if (json_object_get(document, "epoch") == NULL && epoch > 1)
        set(document, "epoch", json_integer((json_int_t)epoch));
}

/* --- overlap -------------------------------------------------------------------------------------- */

static json_t *find_rule(const json_t *document, const char *id)
{
    const json_t *rules = json_object_get(document, "rules");

    for (size_t i = 0; i < json_array_size(rules); i++) {
        json_t *rule = json_array_get(rules, i);
        const char *own = json_string_value(json_object_get(rule, "id"));
        if (own != NULL && strcmp(own, id) == 0)
            return rule;
    }
    return NULL;
}

/* Is a key in an array of strings or of objects with "spki"? It may be written in several ways. */
static bool names_key(const json_t *list, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *spki = json_is_object(item) ? json_object_get(item, "spki") : item;
        const char *text = json_string_value(spki);
        struct pintle_pin own;
        if (text != NULL && pintle_pin_parse(&own, text, strlen(text), NULL) == PINTLE_OK &&
            pintle_pin_equal(&own, pin))
            return true;
    }
    return false;
}

static void carry_pin(json_t *rule, const struct pintle_rule_pin *pin, int64_t until)
{
    static const char *const positions[] = {
        [PINTLE_AT_ANY] = "any", [PINTLE_AT_LEAF] = "leaf", [PINTLE_AT_CA] = "ca"};
    char key[PINTLE_PIN_TEXT_SIZE];
    json_t *kept = json_pack("{s:s, s:s}", "spki", pintle_pin_format(&pin->pin, key), "at",
                             positions[pin->at]);

    if (kept == NULL)
        cli_no_memory();
    set_time(kept, "until", until);
    if (pin->label[0] != '\0')
        set(kept, "label", json_string(pin->label));
    if (json_array_append_new(json_object_get(rule, "pins"), kept) != 0)
        cli_no_memory();
}

/* The pins of a published rule that the new one has not any more. */
static void carry_rule(json_t *rule, const struct pintle_rule *old, int64_t issued, int64_t overlap)
{
    const json_t *pins = json_object_get(rule, "pins");
    const json_t *deny = json_object_get(rule, "deny");

    for (uint32_t i = 0; i < old->pin_count; i++) {
        const struct pintle_rule_pin *pin = &old->pins[i];
        int64_t until = pin->until < issued + overlap ? pin->until : issued + overlap;
        if (until > issued && !names_key(pins, &pin->pin) && !names_key(deny, &pin->pin))
            carry_pin(rule, pin, until);
    }
}

static bool names_pattern(const json_t *rule, const char *pattern)
{
    const json_t *match = json_object_get(rule, "match");

    for (size_t i = 0; i < json_array_size(match); i++) {
        if (strcasecmp(json_string_value(json_array_get(match, i)), pattern) == 0)
            return true;
    }
    return false;
}

/* A rule that names no port is for all. */
static bool shares_port(const json_t *rule, const struct pintle_rule *old)
{
    const json_t *ports = json_object_get(rule, "ports");

    for (size_t i = 0; i < json_array_size(ports); i++) {
        for (uint32_t j = 0; j < old->port_count; j++) {
            if (json_integer_value(json_array_get(ports, i)) == old->ports[j])
                return true;
        }
    }
    return json_array_size(ports) == 0 || old->port_count == 0;
}

/* Its id is gone, but the same servers are under another one now. */
static void carry_renamed(json_t *document, const struct pintle_rule *old, int64_t issued,
                          int64_t overlap)
{
    const json_t *rules = json_object_get(document, "rules");

    for (size_t i = 0; i < json_array_size(rules); i++) {
        json_t *rule = json_array_get(rules, i);
        bool same = false;
        for (uint32_t j = 0; !same && j < old->match_count; j++)
            same = names_pattern(rule, old->match[j]);
        if (same && shares_port(rule, old))
            carry_rule(rule, old, issued, overlap);
    }
}

static void carry(json_t *document, const struct pintle_pinset *published, int64_t issued,
                  int64_t overlap)
{
    for (size_t i = 0; i < pintle_pinset_get_rule_count(published); i++) {
        const struct pintle_rule *old = pintle_pinset_get_rule(published, i);
        json_t *rule = find_rule(document, old->id);
        if (rule != NULL)
            carry_rule(rule, old, issued, overlap);
        else
            carry_renamed(document, old, issued, overlap);
    }
}

/* --- all of it ------------------------------------------------------------------------------------ */

/* Told now, and not when others have signed it. */
static enum cli_exit check_version(const json_t *document, const struct pintle_trusted *trusted)
{
    const json_t *epoch = json_object_get(document, "epoch");
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    long long version = (long long)json_integer_value(json_object_get(document, "version"));

    if ((epoch == NULL ? 1 : json_integer_value(epoch)) != marks.epoch || version > marks.version)
        return CLI_OK;
    cli_error("version %lld is not above version %lld, which is published (--bump makes it so)",
              version, (long long)marks.version);
    return CLI_INPUT;
}

/* Before anything else: whose pins these are matters more than what is wrong with them. */
static enum cli_exit check_app(const char *path, const struct pintle_pinset *set,
                               const struct pintle_trusted *trusted)
{
    const struct pintle_root *root = pintle_trusted_get_root(trusted);

    if (strcmp(pintle_pinset_get_app(set), root->app) == 0)
        return CLI_OK;
    cli_error("%s: is for app %s, and root %lld for %s", cli_safe(path),
              cli_safe(pintle_pinset_get_app(set)), (long long)root->version, cli_safe(root->app));
    return CLI_INPUT;
}

static void prepare(json_t *document, const struct pintle_pinset *set,
                    const struct publish_document_how *how)
{
    struct pintle_trusted_pins pins;
    int64_t overlap = pintle_pinset_get_overlap(set);

    if (how->bump)
        bump(document, how);
    set_epoch(document, pintle_trusted_get_root(how->trusted)->epoch);
    if (overlap > 0 && pintle_trusted_get_pins(how->trusted, &pins))
        carry(document, pins.set, how->bump ? how->now : pintle_pinset_get_issued(set), overlap);
}

enum cli_exit publish_document_load(json_t **out, const char *pinset,
                                    const struct publish_document_how *how)
{
    struct pintle_pinset_options options = {PINTLE_PINS_PAYLOAD_MAX_LEN, NULL};
    char buffer[PINSET_PATH_SIZE];
    const char *path = pinset_path(pinset, buffer);
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    *out = NULL;
    if (os_read_file(&text, &len, path, PINTLE_PINS_PAYLOAD_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (pintle_pinset_parse(&set, text, len, &options, &err) != PINTLE_OK) {
        code = cli_fail(path, &err);
    } else if ((code = check_app(path, set, how->trusted)) == CLI_OK) {
        *out = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL); /* it was read once already */
        if (*out == NULL)
            cli_no_memory();
        prepare(*out, set, how);
        code = check_version(*out, how->trusted);
    }
    if (code != CLI_OK) {
        json_decref(*out);
        *out = NULL;
    }
    pintle_pinset_free(set);
    free(text);
    return code;
}

/* --- what was signed elsewhere ------------------------------------------------------------------- */

static bool is_same_finding(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "id"), json_object_get(b, "id")) == 1 &&
           json_equal(json_object_get(a, "rule"), json_object_get(b, "rule")) == 1;
}

/* In the newest entry of the log, if that is of this version. */
static bool is_logged(const json_t *document, const json_t *finding)
{
    const json_t *log = json_object_get(document, LOG_NAME);
    const json_t *newest = json_array_get(log, json_array_size(log) - 1);
    const json_t *accepted = json_object_get(newest, "accepted");

    if (json_equal(json_object_get(newest, "version"), json_object_get(document, "version")) != 1)
        return false;
    for (size_t i = 0; i < json_array_size(accepted); i++) {
        if (is_same_finding(json_array_get(accepted, i), finding))
            return true;
    }
    return false;
}

static enum cli_exit check_log(const json_t *document, const json_t *accepted)
{
    for (size_t i = 0; i < json_array_size(accepted); i++) {
        const json_t *finding = json_array_get(accepted, i);
        if (is_logged(document, finding))
            continue;
        cli_error("%s is accepted here, but not in the log that was signed",
                  json_string_value(json_object_get(finding, "id")));
        return CLI_REFUSED;
    }
    return CLI_OK;
}

static enum cli_exit check_overlap(const json_t *document, const struct pintle_pinset *published,
                                   int64_t issued, int64_t overlap)
{
    json_t *carried = json_deep_copy(document);
    bool same;

    if (carried == NULL)
        cli_no_memory();
    carry(carried, published, issued, overlap);
    same = json_equal(carried, document) == 1;
    json_decref(carried);
    if (same)
        return CLI_OK;
    cli_error("it drops pins at once, though overlap_s is %lld seconds: --stage keeps them",
              (long long)overlap);
    return CLI_REFUSED;
}

enum cli_exit publish_document_check(struct pintle_view payload,
                                     const struct pintle_trusted *trusted, const json_t *accepted)
{
    struct pintle_pinset_options options = {PINTLE_PINS_PAYLOAD_MAX_LEN, NULL};
    const char *text = (const char *)payload.data;
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    struct pintle_trusted_pins pins;
    json_t *document;
    enum cli_exit code;

    if (pintle_pinset_parse(&set, text, payload.len, &options, &err) != PINTLE_OK)
        return cli_fail("the signed pin-set", &err);
    document = json_loadb(text, payload.len, JSON_REJECT_DUPLICATES, NULL);
    if (document == NULL)
        cli_no_memory();
    code = check_log(document, accepted);
    if (code == CLI_OK && pintle_trusted_get_pins(trusted, &pins))
        code = check_overlap(document, pins.set, pintle_pinset_get_issued(set),
                             pintle_pinset_get_overlap(set));
    json_decref(document);
    pintle_pinset_free(set);
    return code;
}

/* --- the log -------------------------------------------------------------------------------------- */

static json_t *published_log(const struct pintle_trusted *trusted)
{
    const struct pintle_envelope *envelope =
        pintle_trusted_get_envelope(trusted, PINTLE_ROLE_PINS, 0);
    struct pintle_view payload = {NULL, 0};
    json_t *document = NULL;
    json_t *log = NULL;

    if (envelope != NULL)
        payload = pintle_envelope_get_payload(envelope);
    if (payload.len > 0)
        document = json_loadb((const char *)payload.data, payload.len, 0, NULL);
    log = json_deep_copy(json_object_get(document, LOG_NAME));
    json_decref(document);
    if (json_is_array(log))
        return log;
    json_decref(log);
    return json_array();
}

void publish_document_log(json_t *document, const struct pintle_trusted *trusted, json_t *accepted)
{
    json_t *log = published_log(trusted);
    json_t *entry = json_pack("{s:O, s:O, s:o}", "version", json_object_get(document, "version"),
                              "issued", json_object_get(document, "issued"), "accepted", accepted);

    while (json_array_size(log) >= LOG_MAX)
        (void)json_array_remove(log, 0);
    if (json_array_append_new(log, entry) != 0)
        cli_no_memory();
    set(document, LOG_NAME, log);
}
