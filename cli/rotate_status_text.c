/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a rotation for people. */
#include <string.h>

#include "rotate_report.h"

static enum cli_style step_style(enum rotate_step_state state)
{
    static const enum cli_style styles[] = {
        [ROTATE_STEP_DONE] = CLI_GREEN,
        [ROTATE_STEP_WAITING] = CLI_DIM,
        [ROTATE_STEP_DUE] = CLI_BOLD,
        [ROTATE_STEP_LATE] = CLI_RED,
    };

    return styles[state];
}

static void print_pins(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(report->check->set, r->rule_index);

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];
        char text[PINTLE_PIN_TEXT_SIZE];

        (void)printf("  %-8s %s",
                     rotate_pin_state_name(rotate_pin_state(pin, r->facts.seen[i], report->now)),
                     pintle_pin_format(&pin->pin, text));
        if (r->facts.seen[i] > 0)
            (void)printf("  in %zu of %zu handshakes", r->facts.seen[i], r->facts.reached);
        if (pin->until != PINTLE_NEVER)
            (void)printf("  until %s", rotate_date(pin->until));
        if (pin->label[0] != '\0')
            (void)printf("  %s", cli_safe(pin->label));
        (void)putchar('\n');
    }
}

static void print_steps(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    for (size_t i = 0; report->plan != NULL && i < report->plan->step_count; i++) {
        const struct rotate_step *step = &report->plan->steps[i];
        enum rotate_step_state state = r->status.steps[i];

        (void)printf("  %s%-8s%s %s  %s", cli_on(stdout, step_style(state)),
                     rotate_step_state_name(state), cli_off(stdout), rotate_date(step->at),
                     rotate_step_title(step->kind));
        if (state != ROTATE_STEP_DONE && step->by > step->at)
            (void)printf(", by %s", rotate_date(step->by));
        (void)putchar('\n');
    }
}

/* What could not be looked at. */
static void print_unseen(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    for (size_t i = 0; i < report->check->endpoint_count; i++) {
        const struct endpoint *endpoint = &report->check->endpoints[i];

        if (endpoint->rule_index != r->rule_index)
            continue;
        if (endpoint->status != PINTLE_OK)
            (void)printf("  %sFAIL%s     %s  %s\n", cli_on(stdout, CLI_RED), cli_off(stdout),
                         endpoint->target.text, cli_safe(endpoint->err.text));
        for (size_t k = 0; k < endpoint->survey.count; k++) {
            const struct sighting *s = &endpoint->survey.items[k];

            if (!sighting_seen(s) && !s->no_route)
                (void)printf("  %sFAIL%s     %s at %s  %s\n", cli_on(stdout, CLI_RED),
                             cli_off(stdout), endpoint->target.text, s->address,
                             cli_safe(check_error_text(s)));
            else if (sighting_seen(s) && s->path != PINTLE_PATH_VALID)
                (void)printf("  %sFAIL%s     %s at %s  %s\n", cli_on(stdout, CLI_RED),
                             cli_off(stdout), endpoint->target.text, s->address,
                             cli_safe(s->path_detail));
        }
    }
}

static void print_next(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    const struct rotate_status *status = &r->status;

    for (size_t i = 0; i < status->unsafe.count; i++)
        (void)printf("  %sunsafe%s   %s\n", cli_on(stdout, CLI_RED), cli_off(stdout),
                     status->unsafe.items[i].text);
    if (status->advice[0] == '\0')
        return;
    (void)printf("  %snext%s     ", cli_on(stdout, CLI_BOLD), cli_off(stdout));
    if (status->safe_at != PINTLE_NEVER && status->safe_at > report->now)
        (void)printf("safe from %s on: ", rotate_date(status->safe_at));
    else if (status->safe_at != PINTLE_NEVER)
        (void)printf("now: ");
    (void)printf("%s\n", status->advice);
}

static void print_rule(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(report->check->set, r->rule_index);
    const char *stage = r->status.late ? "late" : r->status.stage;
    bool bad = r->status.late || r->status.unsafe.count > 0;

    (void)printf("\n%srule %s%s  %s%s%s, %zu handshake%s\n", cli_on(stdout, CLI_BOLD), rule->id,
                 cli_off(stdout), cli_on(stdout, bad ? CLI_RED : CLI_GREEN), stage, cli_off(stdout),
                 r->facts.reached, r->facts.reached == 1 ? "" : "s");
    print_pins(report, r);
    print_unseen(report, r);
    print_steps(report, r);
    print_next(report, r);
}

void rotate_report_print(const struct rotate_report *report)
{
    const struct check *check = report->check;

    (void)printf("%s%s%s: app %s, version %lld%s%s\n", cli_on(stdout, CLI_BOLD),
                 cli_safe(check->path), cli_off(stdout),
                 cli_safe(pintle_pinset_get_app(check->set)),
                 (long long)pintle_pinset_get_version(check->set),
                 report->plan != NULL ? ", plan " : "", cli_safe(report->plan_file));
    for (size_t i = 0; i < report->rule_count; i++)
        print_rule(report, &report->rules[i]);
}
