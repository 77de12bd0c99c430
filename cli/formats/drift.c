/* SPDX-License-Identifier: Apache-2.0 */
#include "drift.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct comparing {
    const struct semantics *semantics;
    void (*found)(void *ctx, const struct drift *drift);
    void *ctx;
    size_t count;
};

static void tell(struct comparing *comparing, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct comparing *comparing, uint32_t line, const char *format, ...)
{
    char text[DRIFT_TEXT_SIZE];
    struct drift drift = {line, text};
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    comparing->found(comparing->ctx, &drift);
    comparing->count++;
}

/* --- one clause and its counterpart --------------------------------------------------------------- */

/* As patterns are written; static, two in turn. */
static const char *shown(const struct clause *clause)
{
    static const char *const stars[] = {"", "*.", "[*.]", "**."};
    static char texts[2][PINTLE_HOST_MAX_LEN + 16];
    static unsigned turn;
    char *text = texts[turn++ % 2];

    if (clause->port != 0)
        (void)snprintf(text, sizeof(texts[0]), "%s%s:%u", stars[clause->reach], clause->host,
                       (unsigned)clause->port);
    else
        (void)snprintf(text, sizeof(texts[0]), "%s%s", stars[clause->reach], clause->host);
    return text;
}

static const struct clause_pin *find_pin(const struct clause *clause, const struct clause_pin *pin)
{
    for (size_t i = 0; i < clause->pin_count; i++)
        if (clause->pins[i].at == pin->at && pintle_pin_equal(&clause->pins[i].pin, &pin->pin))
            return &clause->pins[i];
    return NULL;
}

static void compare_pins(struct comparing *comparing, const struct clause *wanted,
                         const struct clause *there)
{
    static const char *const positions[] = {"", " as leaf", " as CA"};
    char text[PINTLE_PIN_TEXT_SIZE];

    for (size_t i = 0; i < wanted->pin_count; i++)
        if (find_pin(there, &wanted->pins[i]) == NULL)
            tell(comparing, there->line, "%s: lacks %s%s", shown(there),
                 pintle_pin_format(&wanted->pins[i].pin, text), positions[wanted->pins[i].at]);
    for (size_t i = 0; i < there->pin_count; i++)
        if (find_pin(wanted, &there->pins[i]) == NULL)
            tell(comparing, there->line, "%s: has %s%s, which the pin-set does not", shown(there),
                 pintle_pin_format(&there->pins[i].pin, text), positions[there->pins[i].at]);
}

static const char *end_text(int64_t time, char out[PINTLE_TIME_TEXT_SIZE])
{
    return time == PINTLE_NEVER ? "never" : pintle_time_format(time, out);
}

static const char *mode_text(const struct clause *clause)
{
    return clause->exempt ? "off" : clause->enforce ? "enforced" : "reported only";
}

static bool same_reports(const struct clause *a, const struct clause *b)
{
    if (a->report_count != b->report_count)
        return false;
    for (size_t i = 0; i < a->report_count; i++)
        if (strcmp(a->report[i], b->report[i]) != 0)
            return false;
    return true;
}

static void compare_demands(struct comparing *comparing, const struct clause *wanted,
                            const struct clause *there)
{
    char ends[2][PINTLE_TIME_TEXT_SIZE];

    if (strcmp(mode_text(wanted), mode_text(there)) != 0)
        tell(comparing, there->line, "%s: is %s, not %s", shown(there), mode_text(there),
             mode_text(wanted));
    if (wanted->key_alone != there->key_alone)
        tell(comparing, there->line, "%s: asks for %s", shown(there),
             there->key_alone ? "the key alone" : "a certificate path");
    if (wanted->until != there->until)
        tell(comparing, there->line, "%s: ends %s, not %s", shown(there),
             end_text(there->until, ends[0]), end_text(wanted->until, ends[1]));
    if (comparing->semantics->reports && !same_reports(wanted, there))
        tell(comparing, there->line, "%s: reports elsewhere", shown(there));
    if (!wanted->exempt && !there->exempt)
        compare_pins(comparing, wanted, there);
}

/* --- all of them ---------------------------------------------------------------------------------- */

struct place {
    const struct clause *clause;
    size_t index;
};

/* A format in which a host stands once compares its reach, others find the clause by it. */
static int compare_places(const void *a, const void *b)
{
    const struct place *one = a;
    const struct place *other = b;
    int order = strcmp(one->clause->host, other->clause->host);

    if (order == 0)
        order = (int)one->clause->port - (int)other->clause->port;
    if (order == 0)
        order = (int)one->clause->reach - (int)other->clause->reach;
    if (order == 0)
        order = one->index < other->index ? -1 : one->index > other->index;
    return order;
}

static struct place *sort_places(const struct clauses *clauses)
{
    struct place *places = calloc(clauses->count + 1, sizeof(*places));

    for (size_t i = 0; places != NULL && i < clauses->count; i++)
        places[i] = (struct place){&clauses->items[i], i};
    if (places != NULL)
        qsort(places, clauses->count, sizeof(*places), compare_places);
    return places;
}

/* Like strcmp(): which of two comes first, 0 if they are counterparts. */
static int match_places(const struct comparing *comparing, const struct clause *a,
                        const struct clause *b)
{
    int order = strcmp(a->host, b->host);

    if (order == 0)
        order = (int)a->port - (int)b->port;
    if (order == 0 && !comparing->semantics->one_per_host)
        order = (int)a->reach - (int)b->reach;
    return order;
}

static void compare_clause(struct comparing *comparing, const struct clause *wanted,
                           const struct clause *there)
{
    if (wanted->reach != there->reach)
        tell(comparing, there->line, "%s: is %s in the pin-set", shown(there), shown(wanted));
    compare_demands(comparing, wanted, there);
}

static void tell_lacking(struct comparing *comparing, const struct clause *clause)
{
    tell(comparing, 0, "%s: is not in the file (rule %s)", shown(clause), clause->id);
}

static void tell_surplus(struct comparing *comparing, const struct clause *clause)
{
    tell(comparing, clause->line, "%s: is in the file only", shown(clause));
}

size_t drift_clauses(const struct clauses *wanted, const struct clauses *there,
                     const struct semantics *semantics,
                     void (*found)(void *ctx, const struct drift *drift), void *ctx)
{
    struct comparing comparing = {.semantics = semantics, .found = found, .ctx = ctx};
    struct place *a = sort_places(wanted);
    struct place *b = sort_places(there);
    size_t i = 0;
    size_t j = 0;

    while (a != NULL && b != NULL && (i < wanted->count || j < there->count)) {
        int order = i == wanted->count  ? 1
                    : j == there->count ? -1
                                        : match_places(&comparing, a[i].clause, b[j].clause);

        if (order < 0)
            tell_lacking(&comparing, a[i++].clause);
        else if (order > 0)
            tell_surplus(&comparing, b[j++].clause);
        else
            compare_clause(&comparing, a[i++].clause, b[j++].clause);
    }
    if (a == NULL || b == NULL)
        comparing.count = SIZE_MAX;
    free(a);
    free(b);
    return comparing.count;
}

/* --- texts ---------------------------------------------------------------------------------------- */

/* Its length, without the end of the line. */
static size_t line_len(const char *text)
{
    return strcspn(text, "\r\n");
}

static const char *next_line(const char *text)
{
    text += line_len(text);
    if (*text == '\r')
        text++;
    return *text == '\n' ? text + 1 : text;
}

static bool same_line(const char *a, const char *b, const char *made_by)
{
    size_t mark = strlen(made_by);

    if (strncmp(a, made_by, mark) == 0 && strncmp(b, made_by, mark) == 0)
        return true;
    return line_len(a) == line_len(b) && strncmp(a, b, line_len(a)) == 0;
}

static const char *skip_added(const char *there, const char *may_add)
{
    while (may_add != NULL && strncmp(there, may_add, strlen(may_add)) == 0) {
        there = next_line(there);
        if (*there != '\0' && line_len(there) == 0)
            there = next_line(there);
    }
    return there;
}

size_t drift_text(const char *wanted, const char *there, const char *made_by, const char *may_add,
                  void (*found)(void *ctx, const struct drift *drift), void *ctx)
{
    struct comparing comparing = {.found = found, .ctx = ctx};
    uint32_t line = 1;

    there = skip_added(there, may_add);
    while ((*wanted != '\0' || *there != '\0') && same_line(wanted, there, made_by)) {
        if (*wanted == '\0' || *there == '\0')
            break;
        wanted = next_line(wanted);
        there = skip_added(next_line(there), may_add);
        line++;
    }
    if (*wanted != '\0' || *there != '\0')
        tell(&comparing, line, "is \"%.*s\", not \"%.*s\"",
             (int)(line_len(there) > 100 ? 100 : line_len(there)), there,
             (int)(line_len(wanted) > 100 ? 100 : line_len(wanted)), wanted);
    return comparing.count;
}
