/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "android_xml.h"

#define RULE_HOSTS_MAX 4096 /* what a rule of a pin-set can hold */

/* seen: every domain as the platform compares them. config: number of the last domain-config. */
struct walk {
    struct reading *reading;
    const struct android_reader *reader;
    void *ctx;
    struct clauses seen;
    size_t config;
};

static enum pintle_status no_memory(struct pintle_error *err)
{
    return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

static enum pintle_status refuse(const struct xml_node *node, enum pintle_status status,
                                 const char *why, struct pintle_error *err)
{
    return android_refuse("Android", node, status, why, err);
}

/* --- domains -------------------------------------------------------------------------------------- */

/* As the platform keeps it, to find what stands twice. NULL without memory. */
static const char *remember(struct walk *walk, const struct xml_node *node, const char *text,
                            size_t len)
{
    struct clause *seen = clauses_add(&walk->seen);
    char *low = clauses_text(&walk->seen, text, len);

    if (seen == NULL || low == NULL)
        return NULL;
    for (char *c = low; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    seen->host = low;
    seen->line = node->line;
    return low;
}

static enum pintle_status add_domain(struct walk *walk, const struct clause *demands,
                                     const struct xml_node *node, const struct pintle_host *host,
                                     struct pintle_error *err)
{
    struct clause *clause = clauses_add(walk->reading->out);

    if (clause == NULL)
        return no_memory(err);
    *clause = *demands;
    clause->line = node->line;
    clause->group = walk->config;
    clause->host = clauses_text(walk->reading->out, host->text, host->len);
    clause->reach = REACH_EXACT;
    if (android_flag(walk->reading, node, "includeSubdomains", false) && !host->is_ip)
        clause->reach = REACH_ANY;
    return clause->host != NULL ? PINTLE_OK : no_memory(err);
}

/* Hosts are compared as text, in lower case and without a trailing dot. */
static enum pintle_status read_domain(struct walk *walk, const struct clause *demands,
                                      const struct xml_node *node, struct pintle_error *err)
{
    static const char *const known[] = {"includeSubdomains", NULL};
    struct pintle_host host;
    const char *text;
    const char *kept;
    size_t len;
    enum pintle_status status = android_only_text(node, &text, &len, err);

    if (status == PINTLE_OK && walk->reader->domain != NULL)
        status = walk->reader->domain(walk->ctx, node, demands, err);
    if (status != PINTLE_OK)
        return status;
    android_pass_attributes(walk->reading, node, known);
    kept = remember(walk, node, text, len);
    if (kept == NULL)
        return no_memory(err);
    if (pintle_host_parse(&host, kept, len, NULL) == PINTLE_OK && strcmp(host.text, kept) == 0)
        return add_domain(walk, demands, node, &host, err);
    notes_add(walk->reading->notes, NOTE_NO_MATCH, node->line, "%.255s", kept);
    return PINTLE_OK;
}

/* "has already been specified": once in the whole file, whatever includeSubdomains says. */
static enum pintle_status refuse_twice(const struct clauses *seen, struct pintle_error *err)
{
    struct clause_index index;
    enum pintle_status status = PINTLE_OK;

    if (!clause_index_init(&index, seen))
        return no_memory(err);
    for (size_t i = 1; status == PINTLE_OK && i < seen->count; i++) {
        const struct clause *one = &seen->items[index.order[i - 1]];
        const struct clause *other = &seen->items[index.order[i]];

        if (strcmp(one->host, other->host) == 0)
            status = format_refuse(err, PINTLE_E_CONFLICT, other->line, 0,
                                   "Android refuses a domain that stands twice: %.100s (line %u)",
                                   other->host, (unsigned)one->line);
    }
    clause_index_clear(&index);
    return status;
}

/* --- what base-config and domain-config have in common -------------------------------------------- */

static enum pintle_status read_anchors(struct reading *reading, const struct xml_node *anchors,
                                       struct pintle_error *err)
{
    static const char *const known[] = {"src", "overridePins", NULL};

    for (const struct xml_node *at = anchors->first; at != NULL; at = at->next) {
        const char *src = xml_attribute(at, "src");

        if (!android_is(at, "certificates")) {
            android_pass_over(reading, at);
            continue;
        }
        if (src == NULL || (src[0] != '@' && strcmp(src, "system") != 0 &&
                            strcmp(src, "user") != 0 && strcmp(src, "wfa") != 0))
            return refuse(at, PINTLE_E_SCHEMA, "src is neither system, user nor a resource", err);
        android_pass_attributes(reading, at, known);
        if (android_flag(reading, at, "overridePins", false))
            notes_add(reading->notes, NOTE_USER_CAS, at->line, "certificates %.200s", src);
        else if (src[0] == '@')
            notes_add(reading->notes, NOTE_ASKS_MORE, at->line, "certificates %.200s", src);
    }
    return PINTLE_OK;
}

static void note_demands(struct reading *reading, const struct xml_node *node)
{
    static const char *const known[] = {"cleartextTrafficPermitted", "hstsEnforced", NULL};
    const struct xml_node *ct = android_find(node, "certificateTransparency");

    android_pass_attributes(reading, node, known);
    if (!android_flag(reading, node, "cleartextTrafficPermitted", true))
        notes_add(reading->notes, NOTE_ASKS_MORE, node->line, "no connections without TLS");
    if (android_flag(reading, node, "hstsEnforced", false))
        notes_add(reading->notes, NOTE_ASKS_MORE, node->line, "HSTS");
    if (ct != NULL && android_flag(reading, ct, "enabled", false))
        notes_add(reading->notes, NOTE_ASKS_MORE, ct->line, "certificate transparency");
}

static enum pintle_status read_common(struct reading *reading, const struct xml_node *node,
                                      struct pintle_error *err)
{
    const struct xml_node *anchors = android_find(node, "trust-anchors");

    note_demands(reading, node);
    if (anchors == NULL)
        return PINTLE_OK;
    if (android_find_next(anchors, "trust-anchors") != NULL)
        return refuse(android_find_next(anchors, "trust-anchors"), PINTLE_E_SCHEMA, "stands twice",
                      err);
    return read_anchors(reading, anchors, err);
}

/* --- domain-config -------------------------------------------------------------------------------- */

static void pass_over_children(const struct walk *walk, const struct xml_node *node)
{
    static const char *const known[] = {"domain", "trust-anchors", "pin-set", "domain-config",
                                        "certificateTransparency"};

    for (const struct xml_node *at = node->first; at != NULL; at = at->next) {
        size_t i = 0;

        while (i < sizeof(known) / sizeof(known[0]) && !android_is(at, known[i]))
            i++;
        if (i == sizeof(known) / sizeof(known[0]) &&
            (walk->reader->config == NULL || !android_is(at, "trustkit-config")))
            android_pass_over(walk->reading, at);
    }
}

/* Without a pin-set of its own an element has that of the one around it, which `demands` begins with. */
static enum pintle_status read_demands(struct walk *walk, struct clause *demands,
                                       const struct xml_node *node, struct pintle_error *err)
{
    const struct xml_node *pins = android_find(node, "pin-set");
    enum pintle_status status = read_common(walk->reading, node, err);

    if (status == PINTLE_OK && pins != NULL && android_find_next(pins, "pin-set") != NULL)
        status = refuse(android_find_next(pins, "pin-set"), PINTLE_E_SCHEMA, "stands twice", err);
    if (status == PINTLE_OK && pins != NULL)
        status = android_read_pins(walk->reading, demands, pins, err);
    if (status == PINTLE_OK && walk->reader->config != NULL)
        status = walk->reader->config(walk->ctx, walk->reading, node, demands, err);
    if (status == PINTLE_OK && demands->exempt)
        notes_add(walk->reading->notes, NOTE_NO_PINS, node->line, "domain-config");
    return status;
}

static enum pintle_status read_config(struct walk *walk, struct clause *demands,
                                      const struct xml_node *node, struct pintle_error *err)
{
    enum pintle_status status;

    if (android_find(node, "domain") == NULL)
        return refuse(node, PINTLE_E_SCHEMA, "has no domain", err);
    pass_over_children(walk, node);
    status = read_demands(walk, demands, node, err);
    walk->config++;
    for (const struct xml_node *at = android_find(node, "domain");
         status == PINTLE_OK && at != NULL; at = android_find_next(at, "domain"))
        status = read_domain(walk, demands, at, err);
    return status;
}

/* Not recursive: an element is followed by its first child that is one, or by what is next outside. */
static const struct xml_node *next_config(const struct xml_node *node, const struct xml_node *root)
{
    const struct xml_node *at = android_find(node, "domain-config");

    while (at == NULL && node != root) {
        at = android_find_next(node, "domain-config");
        node = node->parent;
    }
    return at;
}

/* demands[n]: those of the domain-config that is read n deep; those around it come first. */
static enum pintle_status read_configs(struct walk *walk, const struct xml_node *root,
                                       struct pintle_error *err)
{
    struct clause demands[XML_DEPTH_MAX + 1] = {
        {.id = "", .exempt = true, .until = PINTLE_NEVER, .enforce = walk->reader->enforces}};
    enum pintle_status status = PINTLE_OK;

    for (const struct xml_node *at = next_config(root, root); status == PINTLE_OK && at != NULL;
         at = next_config(at, root)) {
        size_t depth = android_depth(at);

        demands[depth] = demands[depth - 1];
        status = read_config(walk, &demands[depth], at, err);
    }
    return status;
}

/* --- the file ------------------------------------------------------------------------------------- */

static enum pintle_status read_base(struct reading *reading, const struct xml_node *node,
                                    struct pintle_error *err)
{
    static const char *const refused[] = {"domain", "pin-set", "domain-config"};

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (android_find(node, refused[i]) != NULL)
            return refuse(node, PINTLE_E_SCHEMA, "takes no domain, pin-set or domain-config", err);
    return read_common(reading, node, err);
}

static enum pintle_status read_top(struct reading *reading, const struct xml_node *root,
                                   struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;
    bool base = false;
    bool debug = false;

    for (const struct xml_node *at = root->first; status == PINTLE_OK && at != NULL;
         at = at->next) {
        bool is_base = android_is(at, "base-config");
        bool is_debug = android_is(at, "debug-overrides");

        if ((is_base && base) || (is_debug && debug))
            return refuse(at, PINTLE_E_SCHEMA, "stands twice", err);
        base = base || is_base;
        debug = debug || is_debug;
        if (is_base)
            status = read_base(reading, at, err);
        else if (is_debug)
            notes_add(reading->notes, NOTE_DEBUG_ONLY, at->line, "<debug-overrides>");
        else if (!android_is(at, "domain-config"))
            android_pass_over(reading, at);
    }
    return status;
}

/* A rule of a pin-set is for so many hosts at most, and for those that the same is demanded of. */
static void number_groups(struct clauses *clauses)
{
    size_t config = 0;
    size_t group = 0;
    size_t count = 0;

    for (size_t i = 0; i < clauses->count; i++) {
        struct clause *clause = &clauses->items[i];

        if (i == 0 || clause->group != config || count == RULE_HOSTS_MAX ||
            clause[-1].enforce != clause->enforce || clause[-1].report != clause->report) {
            config = clause->group;
            group++;
            count = 0;
        }
        count++;
        clause->group = group;
    }
}

enum pintle_status android_read(struct reading *reading, const struct android_reader *reader,
                                void *ctx, const char *text, size_t len, struct pintle_error *err)
{
    struct walk walk = {.reading = reading, .reader = reader, .ctx = ctx};
    const struct xml_node *root;
    enum pintle_status status = xml_parse(&root, reading->out, text, len, err);

    if (status == PINTLE_OK && !android_is(root, "network-security-config"))
        status = refuse(root, PINTLE_E_SCHEMA, "is no network-security-config", err);
    if (status == PINTLE_OK)
        status = read_top(reading, root, err);
    if (status == PINTLE_OK && reader->file != NULL)
        status = reader->file(root, err);
    if (status == PINTLE_OK)
        status = read_configs(&walk, root, err);
    if (status == PINTLE_OK)
        status = refuse_twice(&walk.seen, err);
    if (status == PINTLE_OK && reader->finish != NULL)
        status = reader->finish(ctx, reading, err);
    number_groups(reading->out);
    clauses_clear(&walk.seen);
    return status;
}
