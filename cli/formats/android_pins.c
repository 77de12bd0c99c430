/* SPDX-License-Identifier: Apache-2.0 */
#include "android_xml.h"

static enum pintle_status refuse(const struct xml_node *node, enum pintle_status status,
                                 const char *why, struct pintle_error *err)
{
    return android_refuse("Android", node, status, why, err);
}

static char lower_case(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    return c;
}

static bool same_letters(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (lower_case(*a) != lower_case(*b))
            return false;
    }
    return *a == *b;
}

static enum pintle_status read_pin(struct reading *reading, struct clause *demands,
                                   const struct xml_node *node, struct pintle_error *err)
{
    static const char *const known[] = {"digest", NULL};
    const char *digest = xml_attribute(node, "digest");
    struct clause_pin pin = {.until = PINTLE_NEVER};
    const char *text;
    bool surplus;
    size_t len;
    enum pintle_status status;

    if (digest == NULL || !same_letters(digest, "SHA-256"))
        return refuse(node, PINTLE_E_PIN, "only digest=\"SHA-256\" is supported", err);
    status = android_only_text(node, &text, &len, err);
    if (status != PINTLE_OK)
        return status;
    if (!android_read_pin(&pin.pin, text, len, &surplus))
        return refuse(node, PINTLE_E_PIN, "is no base64 of 32 bytes", err);
    android_pass_attributes(reading, node, known);
    if (surplus)
        notes_add(reading->notes, NOTE_UNKNOWN, node->line, "what is no base64 in %.100s", text);
    return clause_add_pin(reading->out, demands, &pin)
               ? PINTLE_OK
               : format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
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
    if (!android_read_day(&demands->until, text, &surplus))
        return refuse(node, PINTLE_E_TIME, "expiration is no day such as 2027-05-01", err);
    if (surplus)
        notes_add(reading->notes, NOTE_UNKNOWN, node->line, "what stands behind the day in %.40s",
                  text);
    if (demands->until == PINTLE_NEVER)
        return PINTLE_OK;
    (void)format_day(demands->until, day);
    notes_add(reading->notes, NOTE_ENDS, node->line, "from %s on", day);
    notes_add(reading->notes, NOTE_TIME_ZONE, node->line, "%s", day);
    return PINTLE_OK;
}

/* Without pins the platform looks no further: there is nothing that could end. */
enum pintle_status android_read_pins(struct reading *reading, struct clause *demands,
                                     const struct xml_node *node, struct pintle_error *err)
{
    static const char *const known[] = {"expiration", NULL};
    enum pintle_status status = read_expiration(reading, demands, node, err);
    size_t count = 0;

    demands->pins = NULL;
    demands->pin_count = 0;
    android_pass_attributes(reading, node, known);
    for (const struct xml_node *at = node->first; status == PINTLE_OK && at != NULL;
         at = at->next) {
        if (!android_is(at, "pin"))
            android_pass_over(reading, at);
        else if (++count > CLAUSE_PINS_MAX)
            return format_refuse(err, PINTLE_E_LIMIT, at->line, at->column,
                                 "more than %d pins are more than a rule can hold",
                                 CLAUSE_PINS_MAX);
        else
            status = read_pin(reading, demands, at, err);
    }
    demands->exempt = demands->pin_count == 0;
    if (demands->exempt)
        demands->until = PINTLE_NEVER;
    return status;
}
