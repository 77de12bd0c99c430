/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "rotate_ask.h"
#include "rotate_outcome.h"
#include "rotate_value.h"

#define CSV_MAX ((size_t)256 * 1024 * 1024)
#define AFTERWARDS_S (14 * ROTATE_DAY_S)
#define CLIENTS_DEFAULT 100000

struct simulate_options {
    struct rotate_options ask;
    const char *plan;
    const char *lag_dist;
    const char *never;
    const char *away;
    const char *clock_error;
    const char *cdn_freeze;
    const char *lose_key;
    const char *steal_key;
    const char *steal_signer;
    const char *bound;
    const char *plot;
    long clients;
    long random_seed;
    long react;
    long threshold;
    long days;
    long threads;
    bool no_refresh;
    bool json;
};

#define SIMULATE_OFFSET(member) offsetof(struct simulate_options, member)

const struct opt_spec opts_rotate_simulate[] = {
    ROTATE_ROW("plan", OPT_FILE, "FILE", "what `pintle rotate plan --format json` printed",
               SIMULATE_OFFSET(plan)),
    ROTATE_OPTIONS(struct simulate_options, ask),
    {.name = "clients",
     .type = OPT_COUNT,
     .metavar = "N",
     .min = 1,
     .max = ROTATE_CLIENTS_MAX,
     .help = "how many clients there are (100000)",
     .offset = SIMULATE_OFFSET(clients)},
    {.name = "random-seed",
     .type = OPT_COUNT,
     .metavar = "N",
     .min = 0,
     .max = 2147483647,
     .help = "another fleet of the same kind (1)",
     .offset = SIMULATE_OFFSET(random_seed)},
    ROTATE_ROW(
        "lag-dist", OPT_STRING, "DIST",
        "exp:MEAN, lognormal:MEDIAN,SIGMA, weibull:SCALE,SHAPE or csv:FILE, in days (from --lag)",
        SIMULATE_OFFSET(lag_dist)),
    ROTATE_ROW("never", OPT_STRING, "SHARE", "so many are never updated (0)",
               SIMULATE_OFFSET(never)),
    {.name = "no-refresh",
     .type = OPT_FLAG,
     .help = "clients do not update when they meet a mismatch",
     .offset = SIMULATE_OFFSET(no_refresh)},
    ROTATE_ROW("away", OPT_STRING, "SHARE:DAYS", "so many are offline once, for so long",
               SIMULATE_OFFSET(away)),
    ROTATE_ROW("clock-error", OPT_STRING, "SHARE:DAYS",
               "so many have a clock that is off, by up to so much", SIMULATE_OFFSET(clock_error)),
    ROTATE_ROW("cdn-freeze", OPT_STRING, "DATE:DAYS", "the sources show nothing new for so long",
               SIMULATE_OFFSET(cdn_freeze)),
    ROTATE_ROW("lose-key", OPT_STRING, "DATE", "the key that the servers show is lost",
               SIMULATE_OFFSET(lose_key)),
    ROTATE_ROW("steal-key", OPT_STRING, "DATE", "the key that the servers show is stolen",
               SIMULATE_OFFSET(steal_key)),
    ROTATE_ROW("steal-signer", OPT_STRING, "DATE", "a key that signs pin-sets is stolen",
               SIMULATE_OFFSET(steal_signer)),
    {.name = "react",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .min = 0,
     .max = ROTATE_DAYS_MAX,
     .help = "a theft is answered after so many days (1)",
     .offset = SIMULATE_OFFSET(react)},
    {.name = "pins-threshold",
     .type = OPT_COUNT,
     .metavar = "N",
     .min = 1,
     .max = 16,
     .help = "signatures that a pin-set needs (1)",
     .offset = SIMULATE_OFFSET(threshold)},
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .min = 1,
     .max = ROTATE_DAYS_MAX,
     .help = "how long it goes on (until some days after the last step)",
     .offset = SIMULATE_OFFSET(days)},
    ROTATE_ROW("bound", OPT_STRING, "SHARE", "exit 1 if more are locked out at any time (0)",
               SIMULATE_OFFSET(bound)),
    ROTATE_ROW("plot", OPT_FILE, "FILE.svg", "draw the shares over time", SIMULATE_OFFSET(plot)),
    {.name = "json", .type = OPT_FLAG, .help = "print as JSON", .offset = SIMULATE_OFFSET(json)},
    {.name = "threads",
     .type = OPT_COUNT,
     .metavar = "N",
     .min = 0,
     .max = ROTATE_THREADS_MAX,
     .help = "threads (as many as there are processors)",
     .hidden = true,
     .offset = SIMULATE_OFFSET(threads)},
    {.type = OPT_END},
};

/* Everything that is read before the first client runs; large, so on the heap. */
struct simulation {
    const struct simulate_options *options;
    struct rotate_plan plan;
    struct rotate_timeline timeline;
    struct rotate_asked asked;
    struct rotate_fleet fleet;
    struct rotate_attack attack;
    struct rotate_play play;
    struct rotate_stage stage;
    struct rotate_outcome outcome;
    int64_t *sample;
};

static enum cli_exit mistake(const char *option, const char *text, const char *wanted)
{
    opt_mistake("rotate simulate", "option --%s: '%s' is no %s", option, cli_safe(text), wanted);
    return CLI_USAGE;
}

/* --- the fleet ------------------------------------------------------------------------------- */

static enum cli_exit read_csv(struct simulation *s, const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    const char *why = NULL;
    char *text = NULL;
    size_t len = 0;
    size_t line = 0;

    if (os_read_file(&text, &len, path, CSV_MAX, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (!rotate_parse_csv(&s->sample, &s->fleet.sample_count, text, len, &line, &why)) {
        if (why == NULL)
            cli_error("out of memory");
        else
            cli_error("%s:%zu: %s", cli_safe(path), line, why);
        code = why == NULL ? CLI_INTERNAL : CLI_INPUT;
    }
    free(text);
    s->fleet.kind = ROTATE_LAG_SAMPLE;
    s->fleet.sample = s->sample;
    return code;
}

static enum cli_exit read_lag(struct simulation *s)
{
    const char *text = s->options->lag_dist;

    s->fleet.kind = ROTATE_LAG_EXPONENTIAL;
    s->fleet.a = rotate_mean_days(s->plan.lag_s, s->plan.lag_share);
    if (text == NULL)
        return CLI_OK;
    if (strncmp(text, "csv:", 4) == 0)
        return read_csv(s, text + 4);
    if (rotate_parse_lag(&s->fleet, text))
        return CLI_OK;
    return mistake("lag-dist", text,
                   "exp:MEAN, lognormal:MEDIAN,SIGMA, weibull:SCALE,SHAPE or csv:FILE");
}

static enum cli_exit read_fleet(struct simulation *s)
{
    const struct simulate_options *o = s->options;

    s->fleet.seed = (uint64_t)o->random_seed;
    if (o->never != NULL && !rotate_parse_share(&s->fleet.never, o->never, strlen(o->never)))
        return mistake("never", o->never, "share, as 0.01 or 1%");
    if (o->away != NULL &&
        !rotate_parse_share_days(&s->fleet.offline, &s->fleet.offline_s, o->away))
        return mistake("away", o->away, "SHARE:DAYS, as 5%:60");
    if (o->clock_error != NULL &&
        !rotate_parse_share_days(&s->fleet.clock, &s->fleet.clock_s, o->clock_error))
        return mistake("clock-error", o->clock_error, "SHARE:DAYS, as 1%:365");
    return read_lag(s);
}

/* --- what happens ----------------------------------------------------------------------------- */

static enum cli_exit read_attack(struct simulation *s)
{
    const struct simulate_options *o = s->options;
    struct rotate_attack *attack = &s->attack;

    *attack = rotate_attack_none();
    attack->react_s = o->react * ROTATE_DAY_S;
    attack->threshold = o->threshold;
    if (o->lose_key != NULL && o->steal_key != NULL) {
        opt_mistake("rotate simulate", "options --lose-key and --steal-key exclude each other");
        return CLI_USAGE;
    }
    if (!rotate_option_date(&attack->lose_key, "rotate simulate", "lose-key", o->lose_key,
                            PINTLE_NEVER) ||
        !rotate_option_date(&attack->steal_key, "rotate simulate", "steal-key", o->steal_key,
                            PINTLE_NEVER) ||
        !rotate_option_date(&attack->steal_signer, "rotate simulate", "steal-signer",
                            o->steal_signer, PINTLE_NEVER))
        return CLI_USAGE;
    if (o->cdn_freeze != NULL &&
        !rotate_parse_date_days(&attack->freeze_at, &attack->freeze_s, o->cdn_freeze))
        return mistake("cdn-freeze", o->cdn_freeze, "DATE:DAYS, as 2026-12-01:14");
    return CLI_OK;
}

/* Long enough to see what the last step does, if the results have room for that. */
static void set_span(struct simulation *s)
{
    int64_t last = rotate_plan_end(&s->plan);
    int64_t times[] = {s->attack.lose_key, s->attack.steal_key, s->attack.steal_signer,
                       rotate_later(s->attack.freeze_at, s->attack.freeze_s)};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (times[i] != PINTLE_NEVER && times[i] + s->attack.react_s > last)
            last = times[i] + s->attack.react_s;
    s->play.start = s->plan.start;
    s->play.end = last + s->plan.lag_s + s->plan.margin_s + AFTERWARDS_S;
    if (s->options->days > 0 || s->play.end > s->play.start + ROTATE_DAYS_MAX * ROTATE_DAY_S)
        s->play.end = s->play.start +
                      (s->options->days > 0 ? s->options->days : ROTATE_DAYS_MAX) * ROTATE_DAY_S;
}

/* Nobody is locked out by a step that is not played. */
static enum cli_exit check_steps(const struct simulation *s)
{
    int64_t last = rotate_plan_end(&s->plan);

    if (last < s->play.end)
        return CLI_OK;
    if (s->options->days == 0) {
        opt_mistake("rotate simulate",
                    "the plan ends on %s, more than %d days after its start: --days simulates its "
                    "beginning",
                    rotate_date(last), ROTATE_DAYS_MAX);
        return CLI_USAGE;
    }
    cli_note("the simulation ends on %s, before the plan does on %s", rotate_date(s->play.end),
             rotate_date(last));
    return CLI_OK;
}

/* What happens outside of the simulated time would be left out in silence. */
static enum cli_exit check_span(const struct simulation *s)
{
    const struct {
        const char *option;
        int64_t at;
    } events[] = {{"lose-key", s->attack.lose_key},
                  {"steal-key", s->attack.steal_key},
                  {"steal-signer", s->attack.steal_signer},
                  {"cdn-freeze", s->attack.freeze_at}};

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i].at != PINTLE_NEVER &&
            (events[i].at < s->play.start || events[i].at >= s->play.end)) {
            opt_mistake("rotate simulate", "option --%s: %s is not between %s and %s",
                        events[i].option, rotate_date(events[i].at), rotate_date(s->play.start),
                        rotate_date(s->play.end));
            return CLI_USAGE;
        }
    return check_steps(s);
}

static enum cli_exit set_stage(struct simulation *s)
{
    enum cli_exit code;

    set_span(s);
    code = check_span(s);
    if (code != CLI_OK)
        return code;
    s->play.refresh = !s->options->no_refresh;
    s->timeline = s->plan.timeline;
    if (!rotate_attack_apply(&s->timeline, &s->play, &s->attack)) {
        cli_error("the plan has too many versions for this");
        return CLI_INPUT;
    }
    rotate_stage_make(&s->stage, &s->play);
    return CLI_OK;
}

/* --- the plan -------------------------------------------------------------------------------- */

static enum cli_exit stand_still(struct simulation *s)
{
    int64_t now = s->asked.now - s->asked.now % 60;
    int64_t start;

    if (!rotate_option_date(&start, "rotate simulate", "start", s->options->ask.start, now))
        return CLI_USAGE;
    if (!rotate_plan_stand_still(&s->plan, s->asked.set, s->asked.rule, start)) {
        cli_error("%s: rule %s has no pin, or more than %d", cli_safe(s->asked.path),
                  s->asked.rule->id, ROTATE_PINS_MAX - 2);
        return CLI_INPUT;
    }
    s->plan.lag_s = s->options->ask.lag * ROTATE_DAY_S;
    s->plan.margin_s = s->options->ask.margin * ROTATE_DAY_S;
    if (rotate_parse_share(&s->plan.lag_share, s->options->ask.lag_share,
                           strlen(s->options->ask.lag_share)) &&
        s->plan.lag_share > 0 && s->plan.lag_share < 1)
        return CLI_OK;
    return mistake("lag-share", s->options->ask.lag_share, "share above 0 and below 1");
}

static enum cli_exit get_plan(struct simulation *s)
{
    const struct simulate_options *o = s->options;
    enum cli_exit code;

    if (o->plan != NULL)
        return rotate_plan_read(&s->plan, o->plan);
    code = rotate_ask(&s->asked, "rotate simulate", &o->ask);
    if (code != CLI_OK)
        return code;
    return rotate_is_asked(&o->ask)
               ? rotate_ask_plan(&s->plan, &s->asked, "rotate simulate", &o->ask)
               : stand_still(s);
}

/* --- running --------------------------------------------------------------------------------- */

static unsigned thread_count(const struct simulate_options *options)
{
    long count = options->threads > 0 ? options->threads : sysconf(_SC_NPROCESSORS_ONLN);

    if (count < 1)
        return 1;
    return count > ROTATE_THREADS_MAX ? ROTATE_THREADS_MAX : (unsigned)count;
}

static enum cli_exit play(struct simulation *s)
{
    enum rotate_run run =
        rotate_fleet_run(&s->outcome.tally, &s->stage, &s->fleet, (uint64_t)s->options->clients,
                         thread_count(s->options), &cli_interrupted);

    if (run == ROTATE_RUN_NO_MEMORY)
        cli_error("out of memory");
    return run == ROTATE_RUN_DONE ? CLI_OK : CLI_INTERNAL;
}

static enum cli_exit tell(struct simulation *s)
{
    const struct simulate_options *o = s->options;
    struct rotate_outcome *outcome = &s->outcome;
    enum cli_exit code = CLI_OK;

    outcome->plan = &s->plan;
    outcome->timeline = &s->timeline;
    outcome->play = &s->play;
    outcome->fleet = &s->fleet;
    outcome->attack = &s->attack;
    outcome->file = o->plan != NULL ? o->plan : s->asked.path;
    outcome->lag = o->lag_dist != NULL ? o->lag_dist : "";
    outcome->clients = (uint64_t)o->clients;
    rotate_outcome_gather(outcome);
    if (o->plot != NULL)
        code = rotate_outcome_plot(outcome, o->plot);
    if (code != CLI_OK)
        return code;
    if (o->json)
        code = cli_print_json("rotate-simulation", rotate_outcome_json(outcome));
    else
        rotate_outcome_print(outcome);
    if (code != CLI_OK)
        return code;
    return rotate_outcome_fails(outcome) ? CLI_REFUSED : CLI_OK;
}

static enum cli_exit check_options(struct simulation *s)
{
    const struct simulate_options *o = s->options;
    size_t len = o->plot != NULL ? strlen(o->plot) : 0;

    if (!rotate_parse_share(&s->outcome.bound, o->bound, strlen(o->bound)))
        return mistake("bound", o->bound, "share, as 0.001 or 0.1%");
    if (o->plot != NULL && (len < 5 || strcmp(o->plot + len - 4, ".svg") != 0))
        return mistake("plot", o->plot, "name that ends with .svg");
    return CLI_OK;
}

/* A forgotten --plan proves nothing. */
static void note_nothing(const struct simulate_options *o)
{
    if (o->plan == NULL && !rotate_is_asked(&o->ask) && o->lose_key == NULL &&
        o->steal_key == NULL && o->steal_signer == NULL && o->cdn_freeze == NULL)
        cli_note("no change of keys and no attack is simulated: --plan, --to or --to-backup name "
                 "a change");
}

static enum cli_exit run(struct simulation *s)
{
    enum cli_exit code = check_options(s);

    if (code == CLI_OK)
        code = read_attack(s);
    if (code == CLI_OK)
        code = get_plan(s);
    if (code == CLI_OK)
        code = read_fleet(s);
    if (code == CLI_OK)
        code = set_stage(s);
    if (code == CLI_OK)
        code = play(s);
    if (code == CLI_OK)
        note_nothing(s->options);
    if (code == CLI_OK)
        code = tell(s);
    rotate_tally_clear(&s->outcome.tally);
    rotate_asked_clear(&s->asked);
    free(s->sample);
    return code;
}

enum cli_exit cmd_rotate_simulate(int argc, char **argv)
{
    struct simulate_options options = {.ask = rotate_options_unset(),
                                       .clients = CLIENTS_DEFAULT,
                                       .random_seed = 1,
                                       .react = 1,
                                       .threshold = 1,
                                       .bound = "0"};
    struct opt_list operands = {0};
    struct simulation *s = NULL;
    enum cli_exit code = CLI_USAGE;

    options.ask.offline = true;
    if (opt_parse("rotate simulate", opts_rotate_simulate, &options, argc, argv, &operands))
        code = rotate_idle_check(&options.ask, options.plan);
    if (code == CLI_OK) {
        s = calloc(1, sizeof(*s));
        if (s == NULL)
            cli_no_memory();
        s->options = &options;
        code = run(s);
    }
    free(s);
    opt_clear(opts_rotate_simulate, &options, &operands);
    return code;
}
