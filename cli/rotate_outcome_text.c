/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation for people. */
#include <string.h>

#include "rotate_outcome.h"

#define INDENT 12

static double days(uint64_t s, uint64_t clients)
{
    return (double)s / (double)ROTATE_DAY_S / (double)clients;
}

static void print_head(const struct rotate_outcome *o)
{
    const struct rotate_fleet *fleet = o->fleet;

    (void)printf("%ssimulation of rule %s%s in %s: %llu clients from %s to %s, seed %llu\n",
                 cli_on(stdout, CLI_BOLD), o->plan->rule, cli_off(stdout), cli_safe(o->file),
                 (unsigned long long)o->clients, rotate_date(o->play->start),
                 rotate_date(o->play->end), (unsigned long long)fleet->seed);
    if (o->lag[0] != '\0')
        (void)printf("%-*s%s", INDENT, "update lag", cli_safe(o->lag));
    else
        (void)printf("%-*sexponential, mean %.3g days", INDENT, "update lag", fleet->a);
    if (!o->play->refresh)
        (void)printf(", no update on a mismatch");
    (void)putchar('\n');
    if (fleet->never > 0)
        (void)printf("%-*s%s\n", INDENT, "no updates", rotate_percent(fleet->never));
    if (fleet->offline > 0)
        (void)printf("%-*s%s for %.3g days\n", INDENT, "away", rotate_percent(fleet->offline),
                     days((uint64_t)fleet->offline_s, 1));
    if (fleet->clock > 0)
        (void)printf("%-*s%s by up to %.3g days\n", INDENT, "clock off",
                     rotate_percent(fleet->clock), days((uint64_t)fleet->clock_s, 1));
    if (o->plan->refused.count > 0)
        (void)printf("%-*s`pintle rotate plan` refuses this plan\n", INDENT, "note");
}

/* From an event to the next one. */
static void print_row(const struct rotate_outcome *o, const char *text, int64_t at, int64_t next)
{
    size_t first = rotate_outcome_bin(o, at);
    size_t last = rotate_outcome_bin(o, next);
    size_t end = last > first ? last : first + 1;

    (void)printf("  %-16s  %8s", rotate_date(at),
                 rotate_percent(1 - rotate_outcome_share(o, ROTATE_UNREADY, first)));
    (void)printf("  %10s", rotate_percent(rotate_outcome_highest(o, ROTATE_LOCKED, first, end)));
    if (rotate_outcome_exposes(o))
        (void)printf("  %8s",
                     rotate_percent(rotate_outcome_highest(o, ROTATE_EXPOSED, first, end)));
    (void)printf("  %s\n", text);
}

static void print_table(const struct rotate_outcome *o)
{
    const struct rotate_event *events = o->events;
    bool exposes = rotate_outcome_exposes(o);

    (void)printf("\n  %s%-16s  %8s  %10s%s  %s%s\n", cli_on(stdout, CLI_DIM), "from", "ready",
                 "locked out", exposes ? "   exposed" : "", "what", cli_off(stdout));
    if (o->event_count == 0 || events[0].at > o->play->start)
        print_row(o, "the beginning", o->play->start,
                  o->event_count > 0 ? events[0].at : o->play->end);
    for (size_t i = 0; i < o->event_count; i++)
        print_row(o, events[i].text, events[i].at,
                  i + 1 < o->event_count ? events[i + 1].at : o->play->end);
    (void)printf("\n");
}

static void print_reasons(const struct rotate_outcome *o, size_t bin)
{
    for (int i = 0; i < ROTATE_REASONS; i++) {
        int32_t count = rotate_tally_get(&o->tally, ROTATE_REASON_FIRST + (size_t)i, bin);

        if (count > 0)
            (void)printf("%*s%d: %s\n", INDENT, "", count,
                         rotate_reason_text((enum rotate_reason)i));
    }
}

static void print_locked(const struct rotate_outcome *o)
{
    size_t peak = rotate_tally_peak(&o->tally, ROTATE_LOCKED);
    int32_t count = rotate_tally_get(&o->tally, ROTATE_LOCKED, peak);

    (void)printf("%-*s", INDENT, "locked out");
    if (count == 0) {
        (void)printf("nobody, at any time\n");
        return;
    }
    (void)printf("at worst %s of the clients (%d), on %s\n",
                 rotate_percent(rotate_outcome_share(o, ROTATE_LOCKED, peak)), count,
                 rotate_date(rotate_outcome_when(o, peak)));
    print_reasons(o, peak);
    (void)printf("%*s%llu clients at some time; %.2g days for the average client, %.3g at the "
                 "longest\n",
                 INDENT, "", (unsigned long long)o->tally.locked_clients,
                 days(o->tally.locked_s, o->clients), days((uint64_t)o->tally.longest_s, 1));
}

static void print_rest(const struct rotate_outcome *o)
{
    size_t softened = rotate_tally_peak(&o->tally, ROTATE_SOFTENED);
    size_t exposed = rotate_tally_peak(&o->tally, ROTATE_EXPOSED);

    if (o->tally.rescued_clients > 0)
        (void)printf("%-*s%llu clients met a mismatch, updated at once, and got in\n", INDENT,
                     "rescued", (unsigned long long)o->tally.rescued_clients);
    if (rotate_outcome_exposes(o))
        (void)printf(
            "%-*sat worst %s accept a key that an attacker holds, on %s; %.2g days for the "
            "average client\n",
            INDENT, "exposed", rotate_percent(rotate_outcome_share(o, ROTATE_EXPOSED, exposed)),
            rotate_date(rotate_outcome_when(o, exposed)), days(o->tally.exposed_s, o->clients));
    if (rotate_tally_get(&o->tally, ROTATE_SOFTENED, softened) > 0)
        (void)printf("%-*sup to %s do not enforce, on %s\n", INDENT, "softened",
                     rotate_percent(rotate_outcome_share(o, ROTATE_SOFTENED, softened)),
                     rotate_date(rotate_outcome_when(o, softened)));
}

/* What no client can exceed, by calculation. */
static void print_bounds(const struct rotate_outcome *o)
{
    for (size_t i = 0; i < o->timeline->issue_count; i++) {
        const struct rotate_issue *issue = &o->timeline->issues[i];
        int64_t from;
        int64_t until;

        if (!rotate_timeline_worst(o->timeline, i, &from, &until))
            continue;
        (void)printf("%-*s%s %lld: from %s %s%s, locked out\n", INDENT, "worst case",
                     issue->hostile ? "who stays with the hostile version"
                                    : "who stays with version",
                     (long long)issue->version, rotate_date(from),
                     until == PINTLE_NEVER ? "for ever" : "until ",
                     until == PINTLE_NEVER ? "" : rotate_date(until));
    }
}

void rotate_outcome_print(const struct rotate_outcome *outcome)
{
    bool fails = rotate_outcome_fails(outcome);

    print_head(outcome);
    print_table(outcome);
    print_locked(outcome);
    print_rest(outcome);
    print_bounds(outcome);
    (void)printf("\n%s%s%s the bound of %s\n", cli_on(stdout, fails ? CLI_RED : CLI_GREEN),
                 fails ? "above" : "within", cli_off(stdout), rotate_percent(outcome->bound));
}
