/* SPDX-License-Identifier: Apache-2.0 */
/* A plan back from JSON. The file may come from anywhere: everything in it is looked at. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "document_kind.h"
#include "os/file.h"
#include "rotate_show.h"

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define SCHEMA "https://pintle.dev/schema/rotate-plan/1"
#define DAYS_MAX 3650

/* at: JSON pointer of the object that is read */
struct reader {
    const char *path;
    bool failed;
    char at[64];
};

static void fail(struct reader *r, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Only the first mistake is told. */
static void fail(struct reader *r, const char *key, const char *format, ...)
{
    char text[256];
    va_list args;

    if (r->failed)
        return;
    r->failed = true;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    cli_error("%s: %s/%s: %s", cli_safe(r->path), r->at, key, text);
}

/* --- values ---------------------------------------------------------------------------------- */

static const char *read_text(struct reader *r, const json_t *object, const char *key, size_t size)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_string(value) && json_string_length(value) < size &&
        strlen(json_string_value(value)) == json_string_length(value))
        return json_string_value(value);
    fail(r, key, value == NULL ? "missing" : "not a string of less than %zu bytes", size);
    return "";
}

static int64_t read_number(struct reader *r, const json_t *object, const char *key, int64_t min,
                           int64_t max)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_integer(value) && json_integer_value(value) >= min &&
        json_integer_value(value) <= max)
        return json_integer_value(value);
    fail(r, key, value == NULL ? "missing" : "not an integer from %lld to %lld", (long long)min,
         (long long)max);
    return min;
}

static int64_t read_time(struct reader *r, const json_t *object, const char *key, bool optional)
{
    struct pintle_error err = {0};
    const char *text;
    int64_t time = 0;

    if (optional && json_object_get(object, key) == NULL)
        return PINTLE_NEVER;
    text = read_text(r, object, key, 64);
    if (!r->failed && pintle_time_parse(&time, text, strlen(text), &err) != PINTLE_OK)
        fail(r, key, "%s", err.text);
    return time;
}

static bool read_bool(struct reader *r, const json_t *object, const char *key, bool optional)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_boolean(value) && !(optional && value == NULL))
        fail(r, key, value == NULL ? "missing" : "neither true nor false");
    return json_is_true(value);
}

static void parse_pin(struct reader *r, const char *key, const char *text, struct pintle_pin *out)
{
    struct pintle_error err = {0};

    if (!r->failed && pintle_pin_parse(out, text, strlen(text), &err) != PINTLE_OK)
        fail(r, key, "%s", err.text);
}

static void read_pin(struct reader *r, const json_t *object, const char *key,
                     struct pintle_pin *out)
{
    parse_pin(r, key, read_text(r, object, key, 256), out);
}

/* Index of a word, or 0 after a failure. */
static size_t read_word(struct reader *r, const json_t *object, const char *key,
                        const char *const *words, size_t count)
{
    const char *text = read_text(r, object, key, 64);

    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    fail(r, key, "unknown word \"%s\"", cli_safe(text));
    return 0;
}

/* The items of a list, at most `max`. */
static size_t read_list(struct reader *r, const json_t *object, const char *key, size_t min,
                        size_t max, const json_t **out)
{
    *out = json_object_get(object, key);
    if (!json_is_array(*out) || json_array_size(*out) < min || json_array_size(*out) > max) {
        fail(r, key, *out == NULL ? "missing" : "not a list of %zu to %zu items", min, max);
        return 0;
    }
    return json_array_size(*out);
}

/* --- one version ------------------------------------------------------------------------------ */

static enum pintle_mode read_mode(struct reader *r, const json_t *object, const char *key)
{
    static const char *const words[] = {"enforce", "report", "off"};

    return (enum pintle_mode)read_word(r, object, key, words, 3);
}

static void read_rule_pin(struct reader *r, const json_t *object, struct rotate_pin *out)
{
    static const char *const words[] = {"any", "leaf", "ca"};

    *out = (struct rotate_pin){0};
    read_pin(r, object, "spki", &out->pin);
    out->at = (enum pintle_position)read_word(r, object, "at", words, 3);
    out->until = read_time(r, object, "until", true);
    out->backup = read_bool(r, object, "backup", true);
    if (json_object_get(object, "label") != NULL)
        (void)snprintf(out->label, sizeof(out->label), "%s",
                       read_text(r, object, "label", ROTATE_LABEL_SIZE));
}

static void read_pins(struct reader *r, const json_t *object, struct rotate_issue *out)
{
    const json_t *list;

    size_t len = strlen(r->at);

    out->pin_count = read_list(r, object, "pins", 0, ROTATE_PINS_MAX, &list);
    for (size_t i = 0; i < out->pin_count && !r->failed; i++) {
        (void)snprintf(r->at + len, sizeof(r->at) - len, "/pins/%zu", i);
        read_rule_pin(r, json_array_get(list, i), &out->pins[i]);
    }
    r->at[len] = '\0';
    out->deny_count = read_list(r, object, "deny", 0, ROTATE_PINS_MAX, &list);
    for (size_t i = 0; i < out->deny_count && !r->failed; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        parse_pin(r, "deny", text != NULL ? text : "", &out->deny[i]);
    }
}

static void read_issue(struct reader *r, const json_t *object, struct rotate_issue *out)
{
    out->version = read_number(r, object, "version", 0, INT64_MAX - ROTATE_ISSUES_MAX);
    out->epoch = read_number(r, object, "epoch", 1, INT64_MAX - ROTATE_ISSUES_MAX);
    out->held = read_bool(r, object, "held", false);
    out->at = read_time(r, object, "published", false);
    out->issued = read_time(r, object, "issued", true);
    if (out->issued == PINTLE_NEVER)
        out->issued = out->at;
    out->expires = read_time(r, object, "expires", true);
    out->enforce_until = read_time(r, object, "enforce_until", true);
    out->hard_ttl_s = json_object_get(object, "hard_ttl_s") == NULL
                          ? PINTLE_NEVER
                          : read_number(r, object, "hard_ttl_s", 1, INT64_C(253402300799));
    out->mode = read_mode(r, object, "mode");
    out->after = read_mode(r, object, "after");
    read_pins(r, object, out);
}

/* --- lists ----------------------------------------------------------------------------------- */

static void enter(struct reader *r, const char *list, size_t index)
{
    (void)snprintf(r->at, sizeof(r->at), "/%s/%zu", list, index);
}

static void read_issues(struct reader *r, const json_t *root, struct rotate_timeline *out)
{
    const json_t *list;
    size_t count = read_list(r, root, "versions", 1, ROTATE_ISSUES_MAX, &list);

    for (size_t i = 0; i < count && !r->failed; i++) {
        enter(r, "versions", i);
        read_issue(r, json_array_get(list, i), &out->issues[i]);
        if (i == 0 && !out->issues[i].held)
            fail(r, "held", "no version that clients hold at the beginning");
        if (i > 0 && out->issues[i].at < out->issues[i - 1].at)
            fail(r, "published", "before the version that stands before it");
        if (i > 0 && out->issues[i].version <= out->issues[i - 1].version)
            fail(r, "version", "not above the version that stands before it");
    }
    out->issue_count = count;
    r->at[0] = '\0';
}

static void read_shown(struct reader *r, const json_t *root, struct rotate_timeline *out)
{
    const json_t *list;
    size_t count = read_list(r, root, "servers", 1, ROTATE_SHOWN_MAX, &list);

    for (size_t i = 0; i < count && !r->failed; i++) {
        const json_t *object = json_array_get(list, i);

        enter(r, "servers", i);
        out->shown[i].at = read_time(r, object, "from", false);
        read_pin(r, object, "pin", &out->shown[i].pin);
        if (i > 0 && out->shown[i].at < out->shown[i - 1].at)
            fail(r, "from", "before the key that stands before it");
    }
    out->shown_count = count;
    r->at[0] = '\0';
}

static void read_step(struct reader *r, const json_t *object,
                      const struct rotate_timeline *timeline, struct rotate_step *out)
{
    const char *words[ROTATE_STEP_KINDS];
    int64_t version;

    for (size_t i = 0; i < ROTATE_STEP_KINDS; i++)
        words[i] = rotate_step_name((enum rotate_step_kind)i);
    out->kind = (enum rotate_step_kind)read_word(r, object, "step", words, ROTATE_STEP_KINDS);
    out->at = read_time(r, object, "from", false);
    out->by = read_time(r, object, "by", false);
    out->issue = SIZE_MAX;
    if (out->kind == ROTATE_DEPLOY || out->kind == ROTATE_WATCH || out->kind == ROTATE_NEW_BACKUP)
        return;
    version = read_number(r, object, "version", 0, INT64_MAX);
    for (size_t i = 0; i < timeline->issue_count; i++)
        if (timeline->issues[i].version == version)
            out->issue = i;
    if (out->issue == SIZE_MAX)
        fail(r, "version", "no such version in this plan");
}

static void read_steps(struct reader *r, const json_t *root, struct rotate_plan *out)
{
    const json_t *list;
    size_t count = read_list(r, root, "steps", 0, ROTATE_STEPS_MAX, &list);

    for (size_t i = 0; i < count && !r->failed; i++) {
        enter(r, "steps", i);
        read_step(r, json_array_get(list, i), &out->timeline, &out->steps[i]);
    }
    out->step_count = count;
    r->at[0] = '\0';
}

/* --- all of it ------------------------------------------------------------------------------- */

static void read_keys(struct reader *r, const json_t *root, struct rotate_plan *out)
{
    const json_t *keys = json_object_get(root, "keys");

    (void)snprintf(r->at, sizeof(r->at), "/keys");
    read_pin(r, keys, "old", &out->from);
    read_pin(r, keys, "new", &out->to);
    out->has_new_backup = json_object_get(keys, "new_backup") != NULL;
    if (out->has_new_backup)
        read_pin(r, keys, "new_backup", &out->new_backup);
    r->at[0] = '\0';
}

/* A rule's id, as pin-sets have them: it goes to terminals and into pictures. */
static const char *read_rule_id(struct reader *r, const json_t *root)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *text = read_text(r, root, "rule", PINTLE_RULE_ID_SIZE);

    if (text[0] != '\0' && text[strspn(text, allowed)] == '\0')
        return text;
    fail(r, "rule", "not the id of a rule");
    return "";
}

static double read_share(struct reader *r, const json_t *root)
{
    const json_t *value = json_object_get(root, "lag_share");
    double share = json_number_value(value);

    if (!json_is_number(value) || !(share > 0 && share < 1))
        fail(r, "lag_share", "not a number between 0 and 1");
    return share;
}

static void read_root(struct reader *r, const json_t *root, struct rotate_plan *out)
{
    static const char *const kinds[] = {"backup", "new-key", "lost", "stolen"};

    if (strcmp(read_text(r, root, "schema", 256), SCHEMA) != 0)
        fail(r, "schema", "not " SCHEMA);
    (void)snprintf(out->app, sizeof(out->app), "%s", read_text(r, root, "app", sizeof(out->app)));
    (void)snprintf(out->rule, sizeof(out->rule), "%s", read_rule_id(r, root));
    out->kind = (enum rotate_kind)read_word(r, root, "kind", kinds, 4);
    out->start = read_time(r, root, "start", false);
    out->lag_s = read_number(r, root, "lag_days", 0, DAYS_MAX) * ROTATE_DAY_S;
    out->margin_s = read_number(r, root, "margin_days", 0, DAYS_MAX) * ROTATE_DAY_S;
    out->lag_share = read_share(r, root);
    out->cert_expires = read_time(r, root, "certificate_ends", true);
    read_keys(r, root, out);
    read_issues(r, root, &out->timeline);
    read_shown(r, root, &out->timeline);
    read_steps(r, root, out);
    /* Only whether there is one counts: what is simulated is what the plan says. */
    if (!read_bool(r, root, "feasible", false))
        out->refused.count = 1;
}

enum cli_exit rotate_plan_read(struct rotate_plan *out, const char *path)
{
    struct reader reader = {.path = path};
    struct pintle_error err = {0};
    json_error_t at;
    json_t *root;
    const char *kind;
    char *text = NULL;
    size_t len = 0;

    memset(out, 0, sizeof(*out));
    if (os_read_file(&text, &len, path, FILE_MAX, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    kind = document_kind(text, len);
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
    free(text);
    if (root == NULL) {
        cli_error("%s:%d:%d: %s", cli_safe(path), at.line, at.column, cli_safe(at.text));
        return CLI_INPUT;
    }
    if (kind != NULL && json_object_get(root, "schema") == NULL) {
        cli_error("%s: is %s, not a plan", cli_safe(path), kind);
        reader.failed = true;
    } else if (json_is_object(root))
        read_root(&reader, root, out);
    else
        fail(&reader, "", "not an object");
    json_decref(root);
    return reader.failed ? CLI_INPUT : CLI_OK;
}
