/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TrustKit for Android: a <trustkit-config> in the domain-config of the network security configuration
 * (TrustKitConfigurationParser, DomainPinningPolicy and PinningTrustManager of its sources). From API 24 on the platform compares the pins,
 * and TrustKit decides, for connections made through it, whether a mismatch counts, and reports it. It knows one
 * domain of a domain-config: the last. By default it enforces nothing, and reports to its makers.
 */
#include <string.h>

#include "android_xml.h"
#include "public_name.h"

#define TRUSTKIT "trustkit-config"
#define NO_DEFAULT_REPORT "disableDefaultReportUri"
#define MIN_PINS 2
#define REPORTS_MAX 8 /* what a rule of a pin-set can hold */

/*
 * policies  what counts for a domain and, if it reaches so far, those below
 * quiet     by the depth of a domain-config: nothing is reported to the makers
 * wide      and: the policy reaches below its domain
 */
struct trustkit {
    struct clauses policies;
    bool quiet[XML_DEPTH_MAX + 1];
    bool wide[XML_DEPTH_MAX + 1];
};

/* --- writing -------------------------------------------------------------------------------------- */

static void write_trustkit(struct text *out, const struct clause *clause)
{
    text_printf(out,
                "        <" TRUSTKIT " enforcePinning=\"%s\" " NO_DEFAULT_REPORT "=\"true\"%s>\n",
                clause->enforce ? "true" : "false", clause->report_count == 0 ? "/" : "");
    for (size_t i = 0; i < clause->report_count; i++) {
        text_add(out, "            <report-uri>");
        text_add_xml(out, clause->report[i]);
        text_add(out, "</report-uri>\n");
    }
    if (clause->report_count > 0)
        text_add(out, "        </" TRUSTKIT ">\n");
}

static enum pintle_status write_trustkit_android(struct text *out, const struct writing *writing,
                                                 struct pintle_error *err)
{
    if (writing->clauses->count == 0)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "no rule of the pin-set can be written");
    android_write_start(out, writing->title);
    for (size_t i = 0; i < writing->clauses->count; i++) {
        const struct clause *clause = &writing->clauses->items[i];

        text_add(out, "    <domain-config>\n");
        android_write_domain(out, clause);
        android_write_pins(out, clause);
        write_trustkit(out, clause);
        text_add(out, "    </domain-config>\n");
    }
    android_write_end(out);
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

static enum pintle_status refuse(const struct xml_node *node, enum pintle_status status,
                                 const char *why, struct pintle_error *err)
{
    return android_refuse("TrustKit", node, status, why, err);
}

/* Boolean.parseBoolean() of what the resource compiler made of it. */
static bool parse_bool(const char *text)
{
    static const char word[] = "true";
    size_t i = 0;

    text += strspn(text, " \t\r\n");
    while (i < 4 && (text[i] | 0x20) == word[i])
        i++;
    return i == 4 && text[4 + strspn(text + 4, " \t\r\n")] == '\0';
}

/* It looks for the end of <trust-anchors>, and goes on for ever where there is none. */
static enum pintle_status check_file(const struct xml_node *root, struct pintle_error *err)
{
    const struct xml_node *debug = android_find(root, "debug-overrides");
    const struct xml_node *anchors = debug != NULL ? android_find(debug, "trust-anchors") : NULL;

    if (android_find(root, "domain-config") == NULL)
        return refuse(root, PINTLE_E_SCHEMA, "holds no domain-config", err);
    if (debug != NULL && anchors == NULL)
        return refuse(debug, PINTLE_E_SCHEMA, "has no trust-anchors", err);
    for (const struct xml_node *at = anchors != NULL ? anchors->first : NULL; at != NULL;
         at = at->next)
        if (android_is(at, "certificates") && xml_attribute(at, "src") == NULL)
            return refuse(at, PINTLE_E_SCHEMA, "has no src", err);
    return PINTLE_OK;
}

/* The platform's case does not matter, TrustKit's does. */
static enum pintle_status check_digests(const struct xml_node *node, struct pintle_error *err)
{
    const struct xml_node *set = android_find(node, "pin-set");

    for (const struct xml_node *pin = set != NULL ? android_find(set, "pin") : NULL; pin != NULL;
         pin = android_find_next(pin, "pin")) {
        const char *digest = xml_attribute(pin, "digest");

        if (digest == NULL || strcmp(digest, "SHA-256") != 0)
            return refuse(pin, PINTLE_E_PIN, "digest is not \"SHA-256\", in upper case", err);
    }
    return PINTLE_OK;
}

static bool has_report(const struct clause *clause, const char *url, size_t len)
{
    for (size_t i = 0; i < clause->report_count; i++)
        if (strlen(clause->report[i]) == len && memcmp(clause->report[i], url, len) == 0)
            return true;
    return false;
}

static bool is_scheme(const char *url, const char *const *schemes)
{
    while (*schemes != NULL && strncmp(url, *schemes, strlen(*schemes)) != 0)
        schemes++;
    return *schemes != NULL;
}

/* What java.net.URL takes; of that, what a pin-set takes. */
static enum pintle_status read_report(struct reading *reading, const struct xml_node *node,
                                      struct clause *demands, struct pintle_error *err)
{
    static const char *const known[] = {"https:", "http:", "ftp:", "file:", "jar:", NULL};
    static const char *const web[] = {"https://", "http://", NULL};
    const char *url;
    size_t len;
    enum pintle_status status = android_only_text(node, &url, &len, err);

    if (status != PINTLE_OK)
        return status;
    if (!is_scheme(url, known))
        return refuse(node, PINTLE_E_SCHEMA, "is no URL", err);
    if (!is_scheme(url, web)) {
        notes_add(reading->notes, NOTE_UNKNOWN, node->line, "report to %.200s", url);
        return PINTLE_OK;
    }
    if (has_report(demands, url, len))
        return PINTLE_OK;
    if (demands->report_count == REPORTS_MAX)
        return format_refuse(err, PINTLE_E_LIMIT, node->line, node->column,
                             "more than %d reports are more than a rule can hold", REPORTS_MAX);
    if (!clause_add_report(reading->out, demands, url, len))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return PINTLE_OK;
}

static const struct xml_node *last_trustkit(struct reading *reading, const struct xml_node *node)
{
    const struct xml_node *at = android_find(node, TRUSTKIT);
    const struct xml_node *next;

    while (at != NULL && (next = android_find_next(at, TRUSTKIT)) != NULL) {
        notes_add(reading->notes, NOTE_TWICE, at->line, TRUSTKIT ": the last one counts");
        at = next;
    }
    return at;
}

/* Said here or, if not here, in the element around it. */
static bool inherit(bool around, const struct xml_node *node, const char *name)
{
    const char *text = node != NULL ? xml_attribute(node, name) : NULL;

    return text != NULL ? parse_bool(text) : around;
}

/* Without an attribute the element around it decides; its reports count only without an element here. */
static enum pintle_status read_trustkit(struct reading *reading, const struct xml_node *config,
                                        struct clause *demands, struct pintle_error *err)
{
    static const char *const known[] = {"enforcePinning", NO_DEFAULT_REPORT, NULL};
    enum pintle_status status = PINTLE_OK;

    android_pass_attributes(reading, config, known);
    demands->enforce = inherit(demands->enforce, config, "enforcePinning");
    demands->report = NULL;
    demands->report_count = 0;
    for (const struct xml_node *at = config->first; status == PINTLE_OK && at != NULL;
         at = at->next)
        if (android_is(at, "report-uri"))
            status = read_report(reading, at, demands, err);
        else
            android_pass_over(reading, at);
    return status;
}

static enum pintle_status read_config(void *ctx, struct reading *reading,
                                      const struct xml_node *node, struct clause *demands,
                                      struct pintle_error *err)
{
    const struct xml_node *config = last_trustkit(reading, node);
    enum pintle_status status = check_digests(node, err);
    struct trustkit *trustkit = ctx;
    size_t depth = android_depth(node);

    if (status == PINTLE_OK && demands->pin_count < MIN_PINS)
        status = refuse(node, PINTLE_E_PIN, "fewer than two pins", err);
    if (status == PINTLE_OK && config != NULL)
        status = read_trustkit(reading, config, demands, err);
    trustkit->quiet[depth] = inherit(trustkit->quiet[depth - 1], config, NO_DEFAULT_REPORT);
    if (status == PINTLE_OK && !trustkit->quiet[depth])
        notes_add(reading->notes, NOTE_DEFAULT_REPORTS, node->line,
                  NO_DEFAULT_REPORT " is not true");
    return status;
}

/*
 * The last domain of a domain-config has a policy. Hosts come in lower case: a name that does not is never
 * found. It inherits what includeSubdomains is, which the platform does not.
 */
static enum pintle_status read_domain(void *ctx, const struct xml_node *node,
                                      const struct clause *demands, struct pintle_error *err)
{
    struct trustkit *trustkit = ctx;
    size_t depth = android_depth(node) - 1;
    struct pintle_host host;
    struct clause *policy;

    if (android_find_next(node, "domain") != NULL)
        return PINTLE_OK;
    trustkit->wide[depth] = inherit(trustkit->wide[depth - 1], node, "includeSubdomains");
    if (pintle_host_parse(&host, node->text, strlen(node->text), NULL) != PINTLE_OK ||
        !public_name_is_plain(host.text))
        return refuse(node, PINTLE_E_HOST, "is no domain name under a known top-level domain", err);
    if (strcmp(node->text, host.text) != 0)
        return PINTLE_OK;
    policy = clauses_add(&trustkit->policies);
    if (policy == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    *policy = *demands;
    policy->host = node->text;
    policy->reach = trustkit->wide[depth] ? REACH_ANY : REACH_EXACT;
    return PINTLE_OK;
}

static void note_policy(void *ctx, const struct clause *policy)
{
    const struct clause **found = ctx;

    if (*found == NULL)
        *found = policy;
}

/* Without a policy nothing lets a mismatch pass that the platform finds. */
static void apply_policy(struct reading *reading, const struct clause_index *policies,
                         struct clause *clause)
{
    const struct clause *policy = NULL;
    struct pintle_host host;

    if (pintle_host_parse(&host, clause->host, strlen(clause->host), NULL) == PINTLE_OK)
        clause_index_find(policies, CLAUSE_MOST_SPECIFIC, &host, 0, note_policy, &policy);
    clause->enforce = policy == NULL || policy->enforce;
    clause->report = policy != NULL ? policy->report : NULL;
    clause->report_count = policy != NULL ? policy->report_count : 0;
    if (policy == NULL)
        notes_add(reading->notes, NOTE_PLATFORM_ALONE, clause->line, "%s", clause->host);
    else if (!clause->enforce)
        notes_add(reading->notes, NOTE_NOT_ENFORCED, clause->line, "%s, through TrustKit alone",
                  clause->host);
}

static enum pintle_status apply_policies(void *ctx, struct reading *reading,
                                         struct pintle_error *err)
{
    const struct trustkit *trustkit = ctx;
    struct clause_index policies;

    if (!clause_index_init(&policies, &trustkit->policies))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    for (size_t i = 0; i < reading->out->count; i++)
        apply_policy(reading, &policies, &reading->out->items[i]);
    clause_index_clear(&policies);
    return PINTLE_OK;
}

static enum pintle_status read_trustkit_android(struct reading *reading, const char *text,
                                                size_t len, struct pintle_error *err)
{
    static const struct android_reader with_trustkit = {.enforces = false,
                                                        .file = check_file,
                                                        .config = read_config,
                                                        .domain = read_domain,
                                                        .finish = apply_policies};
    struct trustkit trustkit = {.policies = {0}};
    enum pintle_status status = android_read(reading, &with_trustkit, &trustkit, text, len, err);

    clauses_clear(&trustkit.policies);
    return status;
}

const struct format format_trustkit_android = {
    .name = "trustkit-android",
    .title = "TrustKit for Android",
    .place = "app/src/main/res/xml/network_security_config.xml, named in AndroidManifest.xml by "
             "android:networkSecurityConfig",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .one_per_host = true,
                  .plain_names = true,
                  .report_mode = true,
                  .report_inside = true,
                  .reports = true,
                  .end = END_DAY_LOCAL,
                  .path = PATH_ALWAYS,
                  .min_pins = MIN_PINS},
    .write = write_trustkit_android,
    .read = read_trustkit_android,
};
