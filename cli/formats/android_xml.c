/* SPDX-License-Identifier: Apache-2.0 */
#include "android_xml.h"

#include <stdio.h>
#include <string.h>

#include "pin_text.h"

/* --- writing -------------------------------------------------------------------------------------- */

void android_write_start(struct text *out, const char *title)
{
    text_add(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Made by pintle export from ");
    text_add_xml_comment(out, title);
    text_add(out, ". -->\n<network-security-config>\n");
}

void android_write_domain(struct text *out, const struct clause *clause)
{
    text_printf(out, "        <domain includeSubdomains=\"%s\">%s</domain>\n",
                clause->reach == REACH_ANY ? "true" : "false", clause->host);
}

void android_write_pins(struct text *out, const struct clause *clause)
{
    char day[FORMAT_DAY_SIZE];

    if (clause->exempt)
        return;
    text_add(out, "        <pin-set");
    if (clause->until != PINTLE_NEVER)
        text_printf(out, " expiration=\"%s\"", format_day(clause->until, day));
    text_add(out, ">\n");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "            <pin digest=\"SHA-256\">%s</pin>",
                    pin_text_format(&clause->pins[i].pin, "base64", pin));
        if (clause->pins[i].label != NULL && clause->pins[i].label[0] != '\0') {
            text_add(out, " <!-- ");
            text_add_xml_comment(out, clause->pins[i].label);
            text_add(out, " -->");
        }
        text_add(out, "\n");
    }
    text_add(out, "        </pin-set>\n");
}

void android_write_end(struct text *out)
{
    text_add(out, "</network-security-config>\n");
}

/* --- refusing as the platform does ---------------------------------------------------------------- */

static enum pintle_status no_memory(struct pintle_error *err)
{
    return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

static enum pintle_status refuse(const struct xml_node *node, enum pintle_status status,
                                 const char *why, struct pintle_error *err)
{
    return format_refuse(err, status, node->line, node->column, "Android refuses <%.40s>: %.100s",
                         node->name, why);
}

static bool is(const struct xml_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

/* The platform asks for the text to be all there is inside: "… contains additional elements". */
static enum pintle_status only_text(const struct xml_node *node, const char **text, size_t *len,
                                    struct pintle_error *err)
{
    *text = xml_trimmed(node, len);
    if (node->first != NULL)
        return refuse(node, PINTLE_E_SCHEMA, "holds elements", err);
    if (*len == 0)
        return refuse(node, PINTLE_E_SCHEMA, "is empty", err);
    return PINTLE_OK;
}

/* --- pins ----------------------------------------------------------------------------------------- */

static bool same_letters(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char low_a = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a;
        char low_b = *b >= 'A' && *b <= 'Z' ? (char)(*b + 32) : *b;

        if (low_a != low_b)
            return false;
    }
    return *a == *b;
}

/* Base64.decode() passes over white space in the middle too. */
static size_t without_space(char *out, size_t size, const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\n", text[i]) == NULL && count < size)
            out[count++] = text[i];
    return count;
}

static enum pintle_status read_pin(struct clauses *memory, struct clause *demands,
                                   const struct xml_node *node, struct pintle_error *err)
{
    const char *digest = xml_attribute(node, "digest");
    struct clause_pin pin = {.until = PINTLE_NEVER};
    const char *text;
    char packed[48];
    size_t len;
    enum pintle_status status;

    if (digest == NULL || !same_letters(digest, "SHA-256"))
        return refuse(node, PINTLE_E_PIN, "only digest=\"SHA-256\" is supported", err);
    status = only_text(node, &text, &len, err);
    if (status != PINTLE_OK)
        return status;
    len = without_space(packed, sizeof(packed), text, len);
    if (len != 44 || pintle_pin_parse(&pin.pin, packed, len, NULL) != PINTLE_OK)
        return refuse(node, PINTLE_E_PIN, "is no base64 of 32 bytes", err);
    return clause_add_pin(memory, demands, &pin) ? PINTLE_OK : no_memory(err);
}

/* A number of one to `max` digits; returns what stands behind it, or NULL. */
static const char *read_number(const char *text, size_t max, int *out)
{
    size_t count = 0;

    *out = 0;
    while (count < max && text[count] >= '0' && text[count] <= '9')
        *out = *out * 10 + (text[count++] - '0');
    return count > 0 ? text + count : NULL;
}

/*
 * As SimpleDateFormat("yyyy-MM-dd") does, not lenient: months and days may have one digit, and what stands behind
 * the date does not count.
 */
static bool read_date(int64_t *out, const char *text, bool *surplus)
{
    char day[FORMAT_DAY_SIZE + 16];
    int number[3];

    for (int i = 0; i < 3; i++) {
        if (i > 0 && *text++ != '-')
            return false;
        text = read_number(text, i == 0 ? 4 : 2, &number[i]);
        if (text == NULL)
            return false;
    }
    *surplus = *text != '\0';
    (void)snprintf(day, sizeof(day), "%04d-%02d-%02d", number[0], number[1], number[2]);
    return format_parse_day(out, day, FORMAT_DAY_SIZE - 1);
}

static enum pintle_status read_expiration(struct reading *reading, struct clause *demands,
                                          const struct xml_node *node, struct pintle_error *err)
{
    const char *text = xml_attribute(node, "expiration");
    char day[FORMAT_DAY_SIZE];
    bool surplus;

    demands->until = PINTLE_NEVER;
    if (text == NULL)
        return PINTLE_OK;
    if (!read_date(&demands->until, text, &surplus))
        return refuse(node, PINTLE_E_TIME, "expiration is no day such as 2027-05-01", err);
    (void)format_day(demands->until, day);
    notes_add(reading->notes, NOTE_ENDS, node->line, "from %s on", day);
    notes_add(reading->notes, NOTE_TIME_ZONE, node->line, "%s", day);
    if (surplus)
        notes_add(reading->notes, NOTE_UNKNOWN, node->line, "what stands behind %s", day);
    return PINTLE_OK;
}

static void pass_over(struct reading *reading, const struct xml_node *node)
{
    notes_add(reading->notes, NOTE_UNKNOWN, node->line, "<%.100s>", node->name);
}

static enum pintle_status read_pin_set(struct reading *reading, struct clause *demands,
                                       const struct xml_node *node, struct pintle_error *err)
{
    enum pintle_status status = read_expiration(reading, demands, node, err);

    demands->pins = NULL;
    demands->pin_count = 0;
    for (const struct xml_node *at = node->first; status == PINTLE_OK && at != NULL; at = at->next)
        if (is(at, "pin"))
            status = read_pin(reading->out, demands, at, err);
        else
            pass_over(reading, at);
    demands->exempt = demands->pin_count == 0;
    return status;
}

/* --- domains -------------------------------------------------------------------------------------- */

static bool reads_as_true(const char *value)
{
    return value != NULL && same_letters(value, "true");
}

static enum pintle_status read_domain(struct reading *reading, const struct clause *demands,
                                      const struct xml_node *node, struct pintle_error *err)
{
    struct clause *clause;
    struct pintle_host host;
    const char *text;
    size_t len;
    enum pintle_status status = only_text(node, &text, &len, err);

    if (status != PINTLE_OK)
        return status;
    if (pintle_host_parse(&host, text, len, NULL) != PINTLE_OK)
        return format_refuse(err, PINTLE_E_HOST, node->line, node->column,
                             "<domain>: is no host name that could match: %.100s", text);
    clause = clauses_add(reading->out);
    if (clause == NULL)
        return no_memory(err);
    *clause = *demands;
    clause->line = node->line;
    clause->host = clauses_text(reading->out, host.text, host.len);
    clause->reach = REACH_EXACT;
    if (reads_as_true(xml_attribute(node, "includeSubdomains")) && !host.is_ip)
        clause->reach = REACH_ANY;
    return clause->host != NULL ? PINTLE_OK : no_memory(err);
}

static void note_trust_anchors(struct reading *reading, const struct xml_node *node)
{
    for (const struct xml_node *at = node->first; at != NULL; at = at->next)
        if (is(at, "certificates") && reads_as_true(xml_attribute(at, "overridePins")))
            notes_add(reading->notes, NOTE_USER_CAS, at->line, "certificates %.100s",
                      xml_attribute(at, "src") != NULL ? xml_attribute(at, "src") : "");
}

/* --- domain-config -------------------------------------------------------------------------------- */

static const struct xml_node *find(const struct xml_node *node, const char *name)
{
    const struct xml_node *at = node->first;

    while (at != NULL && !is(at, name))
        at = at->next;
    return at;
}

static enum pintle_status check_children(struct reading *reading, const struct xml_node *node,
                                         struct pintle_error *err)
{
    static const char *const known[] = {"domain", "trust-anchors", "pin-set", "domain-config",
                                        "trustkit-config"};
    size_t seen[5] = {0};

    for (const struct xml_node *at = node->first; at != NULL; at = at->next) {
        size_t i = 0;

        while (i < 5 && !is(at, known[i]))
            i++;
        if (i == 5)
            pass_over(reading, at);
        else if (++seen[i] > 1 && (i == 1 || i == 2))
            return refuse(at, PINTLE_E_SCHEMA, "stands twice in a domain-config", err);
        if (i == 1)
            note_trust_anchors(reading, at);
    }
    return seen[0] > 0 ? PINTLE_OK : refuse(node, PINTLE_E_SCHEMA, "has no domain", err);
}

/* Not recursive: an element is followed by its first child that is one, or by what is next outside. */
static const struct xml_node *next_config(const struct xml_node *node, const struct xml_node *root)
{
    const struct xml_node *at = find(node, "domain-config");

    while (at == NULL && node != root) {
        for (at = node->next; at != NULL && !is(at, "domain-config"); at = at->next)
            ;
        node = node->parent;
    }
    return at;
}

/* How deep a domain-config stands in others; 1 for the outermost. */
static size_t nesting(const struct xml_node *node, const struct xml_node *root)
{
    size_t depth = 0;

    for (; node != root; node = node->parent)
        depth++;
    return depth;
}

/* Without a pin-set of its own an element has that of the one around it, which `demands` begins with. */
static enum pintle_status read_demands(const struct android_rules *rules, struct clause *demands,
                                       const struct xml_node *node, struct pintle_error *err)
{
    const struct xml_node *pins = find(node, "pin-set");
    enum pintle_status status = PINTLE_OK;

    if (pins != NULL)
        status = read_pin_set(rules->reading, demands, pins, err);
    if (status == PINTLE_OK && rules->trustkit != NULL)
        status = rules->trustkit(rules->reading, node, demands, err);
    if (status == PINTLE_OK && demands->exempt)
        notes_add(rules->reading->notes, NOTE_NO_PINS, node->line, "domain-config");
    return status;
}

static enum pintle_status read_config(const struct android_rules *rules, struct clause *demands,
                                      const struct xml_node *node, struct pintle_error *err)
{
    enum pintle_status status = check_children(rules->reading, node, err);

    if (status == PINTLE_OK)
        status = read_demands(rules, demands, node, err);
    for (const struct xml_node *at = node->first; status == PINTLE_OK && at != NULL; at = at->next)
        if (is(at, "domain"))
            status = read_domain(rules->reading, demands, at, err);
    return status;
}

/* demands[n]: those of the domain-config that is read n deep; those around it come first. */
static enum pintle_status read_configs(const struct android_rules *rules,
                                       const struct xml_node *root, struct pintle_error *err)
{
    struct clause demands[XML_DEPTH_MAX + 1] = {
        {.id = "", .enforce = true, .exempt = true, .until = PINTLE_NEVER}};
    enum pintle_status status = PINTLE_OK;
    size_t group = 0;

    for (const struct xml_node *at = next_config(root, root); status == PINTLE_OK && at != NULL;
         at = next_config(at, root)) {
        size_t depth = nesting(at, root);

        demands[depth] = demands[depth - 1];
        demands[depth].group = group++;
        status = read_config(rules, &demands[depth], at, err);
    }
    return status;
}

/* --- the file ------------------------------------------------------------------------------------- */

static enum pintle_status read_top(struct reading *reading, const struct xml_node *root,
                                   struct pintle_error *err)
{
    bool base = false;
    bool debug = false;

    for (const struct xml_node *at = root->first; at != NULL; at = at->next) {
        bool *seen = is(at, "base-config") ? &base : is(at, "debug-overrides") ? &debug : NULL;

        if (seen != NULL && *seen)
            return refuse(at, PINTLE_E_SCHEMA, "stands twice", err);
        if (seen != NULL)
            *seen = true;
        if (is(at, "debug-overrides"))
            notes_add(reading->notes, NOTE_DEBUG_ONLY, at->line, "<debug-overrides>");
        else if (is(at, "base-config")) {
            if (find(at, "domain") != NULL || find(at, "pin-set") != NULL ||
                find(at, "domain-config") != NULL)
                return refuse(at, PINTLE_E_SCHEMA, "takes no domain, pin-set or domain-config",
                              err);
        } else if (!is(at, "domain-config"))
            pass_over(reading, at);
    }
    return PINTLE_OK;
}

/* "has already been specified": once in the whole file, whatever includeSubdomains says. */
static enum pintle_status refuse_twice(const struct clauses *clauses, struct pintle_error *err)
{
    struct clause_index index;
    enum pintle_status status = PINTLE_OK;

    if (!clause_index_init(&index, clauses))
        return no_memory(err);
    for (size_t i = 1; status == PINTLE_OK && i < clauses->count; i++) {
        const struct clause *one = &clauses->items[index.order[i - 1]];
        const struct clause *other = &clauses->items[index.order[i]];

        if (strcmp(one->host, other->host) == 0)
            status = format_refuse(err, PINTLE_E_CONFLICT, other->line, 0,
                                   "Android refuses a domain that stands twice: %.100s (line %u)",
                                   other->host, (unsigned)one->line);
    }
    clause_index_clear(&index);
    return status;
}

enum pintle_status android_read(const struct android_rules *rules, const char *text, size_t len,
                                struct pintle_error *err)
{
    const struct xml_node *root;
    enum pintle_status status = xml_parse(&root, rules->reading->out, text, len, err);

    if (status == PINTLE_OK && !is(root, "network-security-config"))
        status = refuse(root, PINTLE_E_SCHEMA, "is no network-security-config", err);
    if (status == PINTLE_OK)
        status = read_top(rules->reading, root, err);
    if (status == PINTLE_OK)
        status = read_configs(rules, root, err);
    return status == PINTLE_OK ? refuse_twice(rules->reading->out, err) : status;
}
