/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FORMAT(id, name, way) extern const struct format format_##id;
#include "formats.def"
#undef FORMAT

static const struct format *const formats[] = {
#define FORMAT(id, name, way) &format_##id,
#include "formats.def"
#undef FORMAT
};

/* Names of those that go one way: the others leave nothing behind. */
#define EXPORTED_BOTH(name) name,
#define EXPORTED_EXPORT(name) name,
#define EXPORTED_IMPORT(name)
#define IMPORTED_BOTH(name) name,
#define IMPORTED_EXPORT(name)
#define IMPORTED_IMPORT(name) name,

const char *const format_export_names[] = {
#define FORMAT(id, name, way) EXPORTED_##way(name)
#include "formats.def"
#undef FORMAT
    "list", NULL};

const char *const format_import_names[] = {
#define FORMAT(id, name, way) IMPORTED_##way(name)
#include "formats.def"
#undef FORMAT
    "list", NULL};

const struct format *format_get(size_t index)
{
    return index < sizeof(formats) / sizeof(formats[0]) ? formats[index] : NULL;
}

const struct format *format_find(const char *name)
{
    const struct format *format;

    for (size_t i = 0; (format = format_get(i)) != NULL; i++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

/* --- what a format loses -------------------------------------------------------------------------- */

static bool can_reach(const struct semantics *s, enum reach reach)
{
    return (s->reaches & REACH_BIT(reach)) != 0;
}

/* It is not for one connection alone: it says itself, or keeps, for which hosts it is. */
static bool holds_for_hosts(const struct semantics *s)
{
    return !s->per_host || s->host_kept;
}

static bool can_place(const struct semantics *s, enum pintle_position at)
{
    return (s->positions & AT_BIT(at)) != 0;
}

/* Wider than it should be: a pattern for which only a wider reach is at hand. */
static bool widens(const struct semantics *s)
{
    return !s->per_host && !can_reach(s, REACH_ONE) &&
           (can_reach(s, REACH_EXACT_OR_ONE) || can_reach(s, REACH_ANY));
}

static bool loses_hosts(const struct semantics *s, enum loss_kind kind)
{
    switch (kind) {
    case LOSS_MORE_HOSTS:
        return widens(s);
    case LOSS_FEWER_HOSTS:
        return (!s->per_host && !can_reach(s, REACH_ANY)) || s->port_needed;
    case LOSS_UNION:
        return !s->per_host && (s->every_match || s->one_per_host);
    case LOSS_OTHER_RULE:
        return (widens(s) && !s->every_match) || s->host_kept;
    case LOSS_PORTS:
        return !s->ports && holds_for_hosts(s);
    case LOSS_EXEMPT:
        return holds_for_hosts(s) && !s->exempt && s->reaches != REACH_BIT(REACH_EXACT);
    case LOSS_ADDRESS:
        return !s->addresses;
    case LOSS_BOTH_ASKED:
        return s->every_match && s->one_position && can_place(s, PINTLE_AT_LEAF) &&
               can_place(s, PINTLE_AT_CA);
    case LOSS_NO_PUBLIC_NAME:
        return s->public_names || s->plain_names;
    default:
        return false;
    }
}

static bool loses_pins(const struct semantics *s, enum loss_kind kind)
{
    bool placed = can_place(s, PINTLE_AT_LEAF) || can_place(s, PINTLE_AT_CA);
    bool both = can_place(s, PINTLE_AT_LEAF) && can_place(s, PINTLE_AT_CA) && !s->one_position;

    switch (kind) {
    case LOSS_ANYWHERE:
        return can_place(s, PINTLE_AT_ANY) && !placed;
    case LOSS_LEAF_ONLY:
        return !can_place(s, PINTLE_AT_ANY) && !both;
    case LOSS_CA_ONLY:
        return !can_place(s, PINTLE_AT_ANY) && !both && can_place(s, PINTLE_AT_CA);
    case LOSS_PIN_LEFT_OUT:
        return !can_place(s, PINTLE_AT_ANY) && !both;
    case LOSS_PIN_UNTIL:
        return !s->pin_until;
    case LOSS_DENY:
        return !s->deny;
    case LOSS_FEW_PINS:
        return s->min_pins > 1;
    default:
        return false;
    }
}

static bool loses_demands(const struct semantics *s, enum loss_kind kind)
{
    switch (kind) {
    case LOSS_NEEDS_PATH:
        return s->path == PATH_ALWAYS;
    case LOSS_NO_PATH:
        return s->path == PATH_NEVER || s->path == PATH_FOR_CAS;
    case LOSS_LEARNED:
    case LOSS_LATER_HARDER:
        return true;
    case LOSS_SERVED_CHAIN:
        return s->served_chain && s->positions != AT_BIT(PINTLE_AT_LEAF);
    case LOSS_NO_REFUSAL:
        return s->refuses_nothing;
    case LOSS_REPORT_MODE:
        return !s->report_mode;
    case LOSS_NO_END:
        return s->end == END_NEVER;
    case LOSS_END_ROUNDED:
        return s->end == END_DAY_LOCAL || s->end == END_DAY_UTC;
    case LOSS_SILENT_END:
        return s->end != END_NEVER;
    case LOSS_REPORT_INSIDE:
        return s->report_inside;
    case LOSS_REPORTS:
        return !s->reports;
    case LOSS_ONE_REPORT:
        return s->reports && s->one_report;
    default:
        return false;
    }
}

bool format_loses(const struct format *format, enum loss_kind kind)
{
    const struct semantics *s = &format->semantics;

    if (s->whole)
        return false;
    return loses_hosts(s, kind) || loses_pins(s, kind) || loses_demands(s, kind);
}

/* --- what readers share --------------------------------------------------------------------------- */

enum pintle_status format_refuse(struct pintle_error *err, enum pintle_status status, uint32_t line,
                                 uint32_t column, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return status;
    *err = (struct pintle_error){.status = status, .line = line, .column = column};
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}

bool format_parse_day(int64_t *out, const char *text, size_t len)
{
    char whole[PINTLE_TIME_TEXT_SIZE];

    if (len != FORMAT_DAY_SIZE - 1)
        return false;
    memcpy(whole, text, len);
    memcpy(whole + len, "T00:00:00Z", sizeof("T00:00:00Z"));
    return pintle_time_parse(out, whole, PINTLE_TIME_TEXT_SIZE - 1, NULL) == PINTLE_OK;
}

char *format_day(int64_t time, char out[FORMAT_DAY_SIZE])
{
    char whole[PINTLE_TIME_TEXT_SIZE];

    memcpy(out, pintle_time_format(time, whole), FORMAT_DAY_SIZE - 1);
    out[FORMAT_DAY_SIZE - 1] = '\0';
    return out;
}
