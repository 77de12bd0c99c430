/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_plan.h"

#include <string.h>

#include "json_build.h"

#define DAY_S ((int64_t)24 * 3600)

/* Octets of a line of iCalendar without its end, RFC 5545 section 3.1. */
#define FOLD 75

void rotate_plan_text(const struct rotate_plan *plan)
{
    char text[PINTLE_TIME_TEXT_SIZE], pin[PINTLE_PIN_TEXT_SIZE];

    (void)printf("rule %s, to %s%s\n\n", plan->rule, pintle_pin_format(&plan->pin, pin),
                 plan->known ? ", which clients have already" : "");
    for (size_t i = 0; i < ROTATE_STEPS; i++)
        (void)printf("%.10s  %s%-7s%s  %s\n", pintle_time_format(plan->steps[i].time, text),
                     cli_on(stdout, CLI_BOLD), plan->steps[i].id, cli_off(stdout),
                     plan->steps[i].text);
}

enum cli_exit rotate_plan_json(const struct rotate_plan *plan)
{
    char text[PINTLE_TIME_TEXT_SIZE], pin[PINTLE_PIN_TEXT_SIZE];
    json_t *steps = json_array();

    for (size_t i = 0; i < ROTATE_STEPS; i++)
        steps = json_build_item(steps, json_pack("{s:s, s:s, s:s}", "id", plan->steps[i].id, "date",
                                                 pintle_time_format(plan->steps[i].time, text),
                                                 "text", plan->steps[i].text));
    return cli_print_json("rotate-plan",
                          json_pack("{s:s, s:s, s:b, s:I, s:I, s:s, s:o}", "rule", plan->rule,
                                    "pin", pintle_pin_format(&plan->pin, pin), "known",
                                    (int)plan->known, "lag_days", (json_int_t)plan->lag_days,
                                    "margin_days", (json_int_t)plan->margin_days, "start",
                                    pintle_time_format(plan->start, text), "steps", steps));
}

/* --- iCalendar ------------------------------------------------------------------------------------ */

/* A line, folded; the texts are ours and ASCII, so no character is cut. */
static void put_line(const char *name, const char *value)
{
    char line[512];
    size_t at = 0;
    size_t len;

    (void)snprintf(line, sizeof(line), "%s%s", name, value);
    len = strlen(line);
    while (len - at > FOLD) {
        size_t count = at == 0 ? FOLD : FOLD - 1;
        (void)printf("%s%.*s\r\n", at == 0 ? "" : " ", (int)count, line + at);
        at += count;
    }
    (void)printf("%s%s\r\n", at == 0 ? "" : " ", line + at);
}

/* "2027-03-01T…" to "20270301" and "20270301T000000Z". */
static void put_date(const char *name, int64_t time, bool whole)
{
    char text[PINTLE_TIME_TEXT_SIZE], out[32];

    (void)pintle_time_format(time, text);
    (void)snprintf(out, sizeof(out), "%.4s%.2s%.2s", text, text + 5, text + 8);
    if (whole)
        (void)snprintf(out + 8, sizeof(out) - 8, "T%.2s%.2s%.2sZ", text + 11, text + 14, text + 17);
    put_line(name, out);
}

/* Commas and semicolons part values, RFC 5545 section 3.3.11. */
static void escape(char *out, size_t size, const char *text)
{
    size_t len = 0;

    for (; *text != '\0' && len + 3 < size; text++) {
        if (strchr(",;\\", *text) != NULL)
            out[len++] = '\\';
        out[len++] = *text;
    }
    out[len] = '\0';
}

static void put_event(const struct rotate_plan *plan, const struct rotate_step *step)
{
    char pin[PINTLE_PIN_TEXT_SIZE], value[256];

    (void)pintle_pin_format(&plan->pin, pin);
    put_line("BEGIN:VEVENT", "");
    /* Stable: planning again moves the event instead of making another. */
    (void)snprintf(value, sizeof(value), "%s-%s-%.12s@pintle", plan->rule, step->id,
                   pin + strlen("sha256/"));
    for (char *c = value; *c != '\0'; c++) {
        if (*c == '/' || *c == '+')
            *c = '-';
    }
    put_line("UID:", value);
    put_date("DTSTAMP:", plan->start, true);
    put_date("DTSTART;VALUE=DATE:", step->time, false);
    put_date("DTEND;VALUE=DATE:", step->time + DAY_S, false);
    (void)snprintf(value, sizeof(value), "%s: %s", plan->rule, step->id);
    put_line("SUMMARY:", value);
    escape(value, sizeof(value), step->text);
    put_line("DESCRIPTION:", value);
    put_line("BEGIN:VALARM", "");
    put_line("ACTION:DISPLAY", "");
    put_line("TRIGGER:-P1D", "");
    put_line("DESCRIPTION:", value);
    put_line("END:VALARM", "");
    put_line("END:VEVENT", "");
}

void rotate_plan_ics(const struct rotate_plan *plan)
{
    put_line("BEGIN:VCALENDAR", "");
    put_line("VERSION:2.0", "");
    put_line("PRODID:-//pintle//rotate plan//EN", "");
    for (size_t i = 0; i < ROTATE_STEPS; i++)
        put_event(plan, &plan->steps[i]);
    put_line("END:VCALENDAR", "");
}
