/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "fleet.h"
#include "fleet_plot.h"
#include "json_build.h"
#include "os/file.h"

#define THREADS 2
#define CSV_MAX_LEN ((size_t)64 * 1024 * 1024)
#define CSV_MAX 10000000
#define LAG_MAX_DAYS 100000.0

struct simulate_options {
    const char *start, *publish, *deploy, *retire, *enforce_until;
    const char *lag, *offline, *clock, *freeze, *steal, *refresh, *bound;
    const char *plot;
    long days, clients, seed;
    bool known, deny, json;
};

#define DATE_ROW(option, field, text)                                                              \
    {                                                                                              \
        .name = (option), .type = OPT_STRING, .metavar = "DATE", .help = (text),                   \
        .offset = offsetof(struct simulate_options, field)                                         \
    }
#define TEXT_ROW(option, field, meta, text)                                                        \
    {                                                                                              \
        .name = (option), .type = OPT_STRING, .metavar = (meta), .help = (text),                   \
        .offset = offsetof(struct simulate_options, field)                                         \
    }

const struct opt_spec opts_rotate_simulate[] = {
    DATE_ROW("start", start, "the first day (today)"),
    DATE_ROW("publish", publish, "the bundle with the new key is published (the first day)"),
    DATE_ROW("deploy", deploy, "the server changes its key"),
    DATE_ROW("retire", retire, "the old pin's until (it stays)"),
    DATE_ROW("enforce-until", enforce_until, "clients enforce until then (for ever)"),
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "how long to look (180)",
     .offset = offsetof(struct simulate_options, days),
     .min = 1,
     .max = FLEET_DAYS_MAX},
    {.name = "clients",
     .type = OPT_COUNT,
     .metavar = "N",
     .help = "how many clients, up to 10 million (100000)",
     .offset = offsetof(struct simulate_options, clients),
     .min = 1,
     .max = 10000000},
    {.name = "seed-number",
     .type = OPT_COUNT,
     .metavar = "N",
     .help = "another fleet of the same kind (1)",
     .offset = offsetof(struct simulate_options, seed),
     .min = 0,
     .max = 2147483647},
    TEXT_ROW("lag", lag, "DIST",
             "days until a client updates: exp:MEAN, lognormal:MEDIAN,SIGMA or csv:FILE (exp:7)"),
    TEXT_ROW("away", offline, "SHARE:DAYS", "so many are away for so long, at some time"),
    TEXT_ROW("clock-error", clock, "SHARE:DAYS", "so many have a clock that is so wrong"),
    TEXT_ROW("freeze", freeze, "DATE:DAYS",
             "no bundle can be had: a frozen CDN, or a stolen signer until the root is rotated"),
    DATE_ROW("steal-key", steal, "a thief has the old key from then on"),
    TEXT_ROW("refresh", refresh, "SHARE", "so many update when they meet a mismatch (0)"),
    {.name = "known",
     .type = OPT_FLAG,
     .help = "clients have the new key as a backup pin already",
     .offset = offsetof(struct simulate_options, known)},
    {.name = "deny",
     .type = OPT_FLAG,
     .help = "the bundle denies the old key",
     .offset = offsetof(struct simulate_options, deny)},
    TEXT_ROW("bound", bound, "SHARE", "exit 1 if more are locked out on any day (0)"),
    {.name = "plot",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "draw it, as SVG",
     .offset = offsetof(struct simulate_options, plot)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct simulate_options, json)},
    {.type = OPT_END},
};

/* start: seconds */
struct job {
    const struct simulate_options *options;
    int64_t start;
    double bound;
    struct fleet_plan plan;
    double *samples;
    struct fleet_result *result;
};

static enum cli_exit mistake(const char *option, const char *what)
{
    opt_mistake("rotate simulate", "option --%s: %s", option, what);
    return CLI_USAGE;
}

/* --- options -------------------------------------------------------------------------------------- */

/* Up to `end`, which is '\0' or a separator; moves *text behind it. */
static bool read_number(const char **text, char end, double min, double max, double *out)
{
    char *rest;
    double value;

    if (strspn(*text, "0123456789.") == 0)
        return false;
    errno = 0;
    value = strtod(*text, &rest);
    if (errno != 0 || *rest != end || !(value >= min && value <= max))
        return false;
    *out = value;
    *text = end == '\0' ? rest : rest + 1;
    return true;
}

static enum cli_exit read_share(const char *option, const char *text, double *out)
{
    if (text == NULL || read_number(&text, '\0', 0.0, 1.0, out))
        return CLI_OK;
    return mistake(option, "a share is a number from 0 to 1");
}

static enum cli_exit read_share_days(const char *option, const char *text, struct fleet_share *out)
{
    if (text == NULL || (read_number(&text, ':', 0.0, 1.0, &out->share) &&
                         read_number(&text, '\0', 0.0, LAG_MAX_DAYS, &out->days)))
        return CLI_OK;
    return mistake(option, "is written SHARE:DAYS, as in 0.05:30");
}

static enum cli_exit read_day(const struct job *job, const char *option, const char *text,
                              double *out)
{
    int64_t time;

    if (text == NULL)
        return CLI_OK;
    if (!day_parse(text, strlen(text), &time))
        return mistake(option, DAY_MISTAKE);
    *out = (double)(time - job->start) / DAY_SECONDS;
    return CLI_OK;
}

static enum cli_exit read_freeze(struct job *job, const char *text)
{
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    const char *days;
    int64_t time;
    double length = 0.0;

    if (text == NULL)
        return CLI_OK;
    days = colon == NULL ? "" : colon + 1;
    if (colon == NULL || !day_parse(text, (size_t)(colon - text), &time) ||
        !read_number(&days, '\0', 0.0, LAG_MAX_DAYS, &length))
        return mistake("freeze", "is written DATE:DAYS, as in 2027-03-01:14");
    job->plan.freeze_from = (double)(time - job->start) / DAY_SECONDS;
    job->plan.freeze_to = job->plan.freeze_from + length;
    return CLI_OK;
}

/* --- lags ----------------------------------------------------------------------------------------- */

static enum cli_exit bad_line(const char *path, size_t line)
{
    cli_error("%s:%zu: is no number of days", cli_safe(path), line);
    return CLI_INPUT;
}

/* A number of days on each line; empty lines are passed over. */
static enum cli_exit parse_csv(struct job *job, const char *path, char *text, size_t len)
{
    size_t count = 0, line_number = 0;
    char *end = text + len;

    for (char *line = text; line < end; line_number++) {
        size_t line_len = strcspn(line, "\n");
        char *next = line + line_len + 1;
        const char *rest = line;
        line[line_len] = '\0';
        if (line_len > 0 && line[line_len - 1] == '\r')
            line[line_len - 1] = '\0';
        if (line[0] != '\0') {
            if (count == CSV_MAX ||
                !read_number(&rest, '\0', 0.0, LAG_MAX_DAYS, &job->samples[count]))
                return bad_line(path, line_number + 1);
            count++;
        }
        line = next;
    }
    job->plan.lag = (struct fleet_lag){
        .kind = FLEET_LAG_SAMPLES, .samples = job->samples, .sample_count = count};
    return count > 0 ? CLI_OK : bad_line(path, 1);
}

static enum cli_exit read_csv(struct job *job, const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code;
    char *text = NULL;
    size_t len = 0;

    if (os_read_file(&text, &len, path, CSV_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    job->samples = malloc((len / 2 + 2) * sizeof(*job->samples));
    if (job->samples == NULL)
        cli_no_memory();
    code = memchr(text, '\0', len) != NULL ? bad_line(path, 1) : parse_csv(job, path, text, len);
    free(text);
    return code;
}

static enum cli_exit read_lag(struct job *job, const char *text)
{
    struct fleet_lag *lag = &job->plan.lag;

    if (strncmp(text, "csv:", 4) == 0)
        return read_csv(job, text + 4);
    if (strncmp(text, "exp:", 4) == 0) {
        text += 4;
        lag->kind = FLEET_LAG_EXP;
        if (read_number(&text, '\0', 0.0, LAG_MAX_DAYS, &lag->a))
            return CLI_OK;
    } else if (strncmp(text, "lognormal:", 10) == 0) {
        text += 10;
        lag->kind = FLEET_LAG_LOGNORMAL;
        if (read_number(&text, ',', 0.0, LAG_MAX_DAYS, &lag->a) &&
            read_number(&text, '\0', 0.0, 10.0, &lag->b))
            return CLI_OK;
    }
    return mistake("lag", "is written exp:MEAN, lognormal:MEDIAN,SIGMA or csv:FILE");
}

/* --- the plan ------------------------------------------------------------------------------------- */

static enum cli_exit read_start(struct job *job)
{
    const char *text = job->options->start;

    job->start = pintle_clock_system(NULL);
    job->start -= job->start % (int64_t)DAY_SECONDS;
    if (text == NULL || day_parse(text, strlen(text), &job->start))
        return CLI_OK;
    return mistake("start", DAY_MISTAKE);
}

static enum cli_exit read_dates(struct job *job)
{
    const struct simulate_options *o = job->options;
    struct fleet_plan *plan = &job->plan;
    enum cli_exit code = read_start(job);

    if (code == CLI_OK && o->deploy == NULL)
        return mistake("deploy", "is needed: when does the server change its key?");
    if (code == CLI_OK)
        code = read_day(job, "publish", o->publish, &plan->publish);
    if (code == CLI_OK)
        code = read_day(job, "deploy", o->deploy, &plan->deploy);
    if (code == CLI_OK)
        code = read_day(job, "retire", o->retire, &plan->retire);
    if (code == CLI_OK)
        code = read_day(job, "enforce-until", o->enforce_until, &plan->enforce_until);
    if (code == CLI_OK)
        code = read_day(job, "steal-key", o->steal, &plan->stolen);
    return code;
}

static enum cli_exit read_plan(struct job *job)
{
    const struct simulate_options *o = job->options;
    struct fleet_plan *plan = &job->plan;
    enum cli_exit code;

    *plan = (struct fleet_plan){.retire = FLEET_NEVER,
                                .enforce_until = FLEET_NEVER,
                                .freeze_from = FLEET_NEVER,
                                .freeze_to = FLEET_NEVER,
                                .stolen = FLEET_NEVER,
                                .known = o->known,
                                .deny = o->deny};
    code = read_dates(job);
    if (code == CLI_OK)
        code = read_lag(job, o->lag);
    if (code == CLI_OK)
        code = read_share_days("away", o->offline, &plan->offline);
    if (code == CLI_OK)
        code = read_share_days("clock-error", o->clock, &plan->clock);
    if (code == CLI_OK)
        code = read_freeze(job, o->freeze);
    if (code == CLI_OK)
        code = read_share("refresh", o->refresh, &plan->refresh);
    if (code == CLI_OK)
        code = read_share("bound", o->bound, &job->bound);
    return code;
}

/* --- running -------------------------------------------------------------------------------------- */

struct part {
    const struct job *job;
    uint64_t first;
    uint64_t end;
    struct fleet_result result;
};

static void *run_part(void *arg)
{
    struct part *part = arg;

    fleet_run(&part->result, &part->job->plan, (uint64_t)part->job->options->seed, part->first,
              part->end);
    return NULL;
}

static void add_part(struct fleet_result *sum, const struct fleet_result *part)
{
    for (size_t i = 0; i <= sum->days; i++) {
        sum->locked[i] += part->locked[i];
        sum->exposed[i] += part->exposed[i];
        sum->updated[i] += part->updated[i];
    }
}

/* A thread that cannot be had is no reason to stop: its part is counted here. */
static void run(struct job *job)
{
    struct part *parts = calloc(THREADS, sizeof(*parts));
    uint64_t clients = (uint64_t)job->options->clients;
    pthread_t threads[THREADS];
    bool started[THREADS];

    if (parts == NULL)
        cli_no_memory();
    for (size_t i = 0; i < THREADS; i++) {
        parts[i].job = job;
        parts[i].first = clients * i / THREADS;
        parts[i].end = clients * (i + 1) / THREADS;
        parts[i].result.days = job->result->days;
        started[i] = pthread_create(&threads[i], NULL, run_part, &parts[i]) == 0;
        if (!started[i])
            (void)run_part(&parts[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        if (started[i])
            (void)pthread_join(threads[i], NULL);
        add_part(job->result, &parts[i].result);
    }
    fleet_finish(job->result);
    free(parts);
}

/* --- the answer ----------------------------------------------------------------------------------- */

static double share(const struct job *job, int64_t clients)
{
    return (double)clients / (double)job->options->clients;
}

static size_t worst_day(const struct job *job, const int64_t *counts)
{
    size_t worst = 0;

    for (size_t i = 1; i < job->result->days; i++) {
        if (counts[i] > counts[worst])
            worst = i;
    }
    return worst;
}

static const char *date_of(const struct job *job, size_t day, char out[PINTLE_TIME_TEXT_SIZE])
{
    (void)pintle_time_format(job->start + (int64_t)day * (int64_t)DAY_SECONDS, out);
    out[10] = '\0';
    return out;
}

static bool is_bad(const struct job *job)
{
    return share(job, job->result->locked[worst_day(job, job->result->locked)]) > job->bound;
}

static void print_text(const struct job *job)
{
    const struct fleet_result *result = job->result;
    size_t worst = worst_day(job, result->locked);
    size_t step = result->days > 24 ? (result->days + 23) / 24 : 1;
    char date[PINTLE_TIME_TEXT_SIZE];

    (void)printf("day         updated   locked out  accept a stolen key\n");
    for (size_t i = 0; i < result->days; i += step)
        (void)printf("%s  %7.3f %%  %8.4f %%  %8.4f %%\n", date_of(job, i, date),
                     100.0 * share(job, result->updated[i]), 100.0 * share(job, result->locked[i]),
                     100.0 * share(job, result->exposed[i]));
    (void)printf("\nworst day %s: %lld of %ld clients locked out (%.4f %%)\n",
                 date_of(job, worst, date), (long long)result->locked[worst], job->options->clients,
                 100.0 * share(job, result->locked[worst]));
    if (job->plan.enforce_until < FLEET_NEVER)
        (void)printf("no lock-out outlasts %.10s, when enforcement ends",
                     job->options->enforce_until);
    else
        (void)printf("nothing bounds a lock-out: give the rule enforce_until, or hard_ttl_s");
    (void)printf("\n%s\n", is_bad(job) ? "more than the bound" : "within the bound");
}

static json_t *series(const struct job *job, const int64_t *counts)
{
    json_t *list = json_array();

    for (size_t i = 0; i < job->result->days; i++)
        list = json_build_item(list, json_integer((json_int_t)counts[i]));
    return list;
}

static enum cli_exit print_json(const struct job *job)
{
    const struct fleet_result *result = job->result;
    size_t worst = worst_day(job, result->locked);
    char start[PINTLE_TIME_TEXT_SIZE], date[PINTLE_TIME_TEXT_SIZE];

    return cli_print_json(
        "rotate-simulate",
        json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:{s:s, s:I, s:f}, s:f, s:b}", "start",
                  date_of(job, 0, start), "days", (json_int_t)result->days, "clients",
                  (json_int_t)job->options->clients, "updated", series(job, result->updated),
                  "locked_out", series(job, result->locked), "exposed",
                  series(job, result->exposed), "worst", "day", date_of(job, worst, date),
                  "clients", (json_int_t)result->locked[worst], "share",
                  share(job, result->locked[worst]), "bound", job->bound, "within_bound",
                  (int)!is_bad(job)));
}

static enum cli_exit draw(const struct job *job)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *svg;

    if (job->options->plot == NULL)
        return CLI_OK;
    svg = fleet_plot(job->result, job->options->clients, job->start);
    if (os_write_file(job->options->plot, svg, strlen(svg), 0644, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(svg);
    return code;
}

static enum cli_exit simulate(struct job *job)
{
    enum cli_exit code = read_plan(job);

    if (code != CLI_OK)
        return code;
    job->result = calloc(1, sizeof(*job->result));
    if (job->result == NULL)
        cli_no_memory();
    job->result->days = (size_t)job->options->days;
    run(job);
    code = draw(job);
    if (code == CLI_OK && job->options->json)
        code = print_json(job);
    else if (code == CLI_OK)
        print_text(job);
    return code == CLI_OK && is_bad(job) ? CLI_REFUSED : code;
}

enum cli_exit cmd_rotate_simulate(int argc, char **argv)
{
    struct simulate_options options = {.days = 180, .clients = 100000, .seed = 1, .lag = "exp:7"};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("rotate simulate", opts_rotate_simulate, &options, argc, argv, &operands))
        code = simulate(&job);
    free(job.samples);
    free(job.result);
    opt_clear(opts_rotate_simulate, &options, &operands);
    return code;
}
