/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as a calendar: RFC 5545. */
#include <inttypes.h>
#include <string.h>

#include "rotate_show.h"

#define LINE_MAX_OCTETS 75
#define CONTENT_SIZE (2 * ROTATE_NOTE_SIZE + 64)

/* Section 3.1: at most 75 octets without the line break, continued behind a space; characters of
 * UTF-8 stay whole. */
static void print_line(const char *content)
{
    size_t room = LINE_MAX_OCTETS;
    size_t len = strlen(content);

    while (len > room) {
        size_t cut = room;

        while (((unsigned char)content[cut] & 0xc0) == 0x80)
            cut--;
        (void)printf("%.*s\r\n ", (int)cut, content);
        content += cut;
        len -= cut;
        room = LINE_MAX_OCTETS - 1;
    }
    (void)printf("%s\r\n", content);
}

/* Section 3.3.11: what is special in a TEXT value. */
static void print_text(const char *name, const char *text)
{
    char content[CONTENT_SIZE];
    size_t len = (size_t)snprintf(content, sizeof(content), "%s:", name);

    for (; *text != '\0' && len + 3 < sizeof(content); text++) {
        if (strchr("\\;,", *text) != NULL)
            content[len++] = '\\';
        content[len++] = *text;
    }
    content[len] = '\0';
    print_line(content);
}

/* Section 3.3.5, form 2: "20261121T000000Z". */
static void print_time(const char *name, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];
    char content[64];
    size_t len = (size_t)snprintf(content, sizeof(content), "%s:", name);

    for (const char *c = pintle_time_format(time, text); *c != '\0'; c++)
        if (*c != '-' && *c != ':')
            content[len++] = *c;
    content[len] = '\0';
    print_line(content);
}

/* FNV-1a: tells plans for other rules apart, in a name that stays the same. */
static uint64_t name_hash(const struct rotate_plan *plan)
{
    const char *parts[] = {plan->app, "/", plan->rule};
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return hash;
}

static uint64_t pin_start(const struct pintle_pin *pin)
{
    uint64_t value = 0;

    for (size_t i = 0; i < sizeof(value); i++)
        value = value << 8 | pin->digest[i];
    return value;
}

/* The same for every plan from this key to that one, so that a new plan moves the events. */
static void print_uid(const struct rotate_plan *plan, const struct rotate_step *step)
{
    char content[160];

    (void)snprintf(content, sizeof(content),
                   "UID:%s-%016" PRIx64 "-%016" PRIx64 "-%016" PRIx64 "@pintle.dev",
                   rotate_step_name(step->kind), name_hash(plan), pin_start(&plan->from),
                   pin_start(&plan->to));
    print_line(content);
}

static void print_alarm(const char *summary)
{
    print_line("BEGIN:VALARM");
    print_line("ACTION:DISPLAY");
    print_line("TRIGGER:-P1D");
    print_text("DESCRIPTION", summary);
    print_line("END:VALARM");
}

/* Section 3.8.7.2: of two events with one UID the later DTSTAMP holds, whatever the plans begin with. */
static void print_event(const struct rotate_plan *plan, const struct rotate_step *step, int64_t now)
{
    char summary[256];
    char text[ROTATE_NOTE_SIZE];

    (void)snprintf(summary, sizeof(summary), "%s: %s", plan->rule, rotate_step_title(step->kind));
    print_line("BEGIN:VEVENT");
    print_uid(plan, step);
    print_time("DTSTAMP", now);
    print_time("DTSTART", step->at);
    print_time("DTEND", step->by > step->at ? step->by : step->at + ROTATE_HOUR_S);
    print_text("SUMMARY", summary);
    print_text("DESCRIPTION", rotate_step_text(plan, step, 0, text));
    print_text("CATEGORIES", "pintle");
    print_line("TRANSP:TRANSPARENT");
    print_alarm(summary);
    print_line("END:VEVENT");
}

void rotate_plan_print_ics(const struct rotate_plan *plan, int64_t now)
{
    char name[384];

    (void)snprintf(name, sizeof(name), "%s: rotation of %s", plan->app, plan->rule);
    print_line("BEGIN:VCALENDAR");
    print_line("VERSION:2.0");
    print_line("PRODID:-//pintle//rotate//EN");
    print_line("CALSCALE:GREGORIAN");
    print_text("X-WR-CALNAME", name);
    for (size_t i = 0; i < plan->step_count; i++)
        print_event(plan, &plan->steps[i], now);
    print_line("END:VCALENDAR");
}
