/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for people. */
#include <string.h>

#include "rotate_show.h"

#define WIDTH 88
#define INDENT 15

const char *rotate_date(int64_t time)
{
    static char texts[4][PINTLE_TIME_TEXT_SIZE];
    static unsigned turn;
    char *text = texts[turn++ % 4];

    if (time == PINTLE_NEVER)
        return "never";
    (void)pintle_time_format(time, text);
    text[strcmp(text + 10, "T00:00:00Z") == 0 ? 10 : 16] = '\0';
    if (text[10] == 'T')
        text[10] = ' ';
    return text;
}

/* Words of a paragraph, in lines that begin at `indent`; the cursor is there already. */
static void print_wrapped(const char *text, size_t indent)
{
    size_t column = indent;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (column > indent && column + 1 + len > WIDTH) {
            (void)printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            (void)putchar(' ');
            column++;
        }
        (void)fwrite(text, 1, len, stdout);
        column += len;
        text += len + (text[len] == ' ' ? 1 : 0);
    }
    (void)putchar('\n');
}

static void print_steps(const struct rotate_plan *plan)
{
    char text[ROTATE_NOTE_SIZE];

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rotate_step *step = &plan->steps[i];

        (void)printf("%s%zu. %-10.16s%s  %s%s%s", cli_on(stdout, CLI_BOLD), i + 1,
                     rotate_date(step->at), cli_off(stdout), cli_on(stdout, CLI_BOLD),
                     rotate_step_title(step->kind), cli_off(stdout));
        if (step->by > step->at)
            (void)printf("%s, by %s%s", cli_on(stdout, CLI_DIM), rotate_date(step->by),
                         cli_off(stdout));
        (void)printf("\n%*s", INDENT, "");
        print_wrapped(cli_safe(rotate_step_text(plan, step, 0, text)), INDENT);
    }
}

static void print_notes(const struct rotate_notes *notes, enum cli_style style, const char *word)
{
    for (size_t i = 0; i < notes->count; i++) {
        (void)printf("%s%-*s%s", cli_on(stdout, style), INDENT, word, cli_off(stdout));
        print_wrapped(cli_safe(notes->items[i].text), INDENT);
    }
}

static void print_worst(const struct rotate_plan *plan)
{
    int64_t from;
    int64_t until;
    int64_t version;

    (void)printf("%-*s", INDENT, "worst case");
    if (!rotate_plan_worst(plan, &from, &until, &version))
        (void)printf("no client that keeps its clock is locked out, whatever it misses\n");
    else if (until == PINTLE_NEVER)
        (void)printf(
            "a client that misses all of this (version %lld) is locked out from %s on, for "
            "ever\n",
            (long long)version, rotate_date(from));
    else
        (void)printf("a client that misses all of this (version %lld) is locked out from %s\n%*s"
                     "to %s at the longest (%lld days)\n",
                     (long long)version, rotate_date(from), INDENT, "", rotate_date(until),
                     (long long)((until - from + ROTATE_DAY_S - 1) / ROTATE_DAY_S));
}

static void print_costs(const struct rotate_plan *plan)
{
    for (size_t i = 0; i < plan->cost_count; i++) {
        const struct rotate_cost *cost = &plan->costs[i];

        (void)printf("%-*s%-13s  %.1f days locked out, %.1f days exposed%s\n", INDENT,
                     i == 0 ? "orders" : "", rotate_order_name(cost->order), cost->locked_days,
                     cost->exposed_days, cost->order == plan->order ? " (chosen)" : "");
    }
    if (plan->cost_count > 0)
        (void)printf("%*sfor the average client, if it updates by schedule alone\n", INDENT, "");
}

static const char *kind_text(enum rotate_kind kind)
{
    static const char *const texts[] = {
        [ROTATE_BACKUP] = "to a key that clients have as a pin",
        [ROTATE_NEW_KEY] = "to a key that clients do not have yet",
        [ROTATE_LOST] = "emergency: the old key is lost",
        [ROTATE_STOLEN] = "emergency: the old key is stolen",
    };

    return texts[kind];
}

void rotate_plan_print(const struct rotate_plan *plan, const char *file)
{
    char old[PINTLE_PIN_TEXT_SIZE];
    char new[PINTLE_PIN_TEXT_SIZE];

    (void)printf("%srotation of rule %s%s in %s (%s)\n", cli_on(stdout, CLI_BOLD), plan->rule,
                 cli_off(stdout), cli_safe(file), kind_text(plan->kind));
    (void)printf("%-*s%s\n%-*s%s\n", INDENT, "old key", pintle_pin_format(&plan->from, old), INDENT,
                 "new key", pintle_pin_format(&plan->to, new));
    (void)printf("%-*s%lld days for %.4g %% of the clients, and %lld days of margin\n", INDENT,
                 "update lag", (long long)(plan->lag_s / ROTATE_DAY_S), plan->lag_share * 100,
                 (long long)(plan->margin_s / ROTATE_DAY_S));
    if (plan->cert_expires != PINTLE_NEVER)
        (void)printf("%-*s%s\n", INDENT, "certificate", rotate_date(plan->cert_expires));
    (void)putchar('\n');
    print_notes(&plan->refused, CLI_RED, "refused");
    print_notes(&plan->possible, CLI_BOLD, "possible");
    if (plan->refused.count > 0)
        (void)printf("\nwhat was asked for, to simulate it:\n");
    print_steps(plan);
    (void)putchar('\n');
    print_costs(plan);
    print_worst(plan);
    print_notes(&plan->warnings, CLI_YELLOW, "warning");
}
