/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Public-Key-Pins header (RFC 7469) of one host. Pins count anywhere in the validated path. A user agent keeps them for
 * max-age from each time it sees the header, so that no date can be said; it takes no notice of a header without a pin
 * outside the path, of one of an IP address, and of all but the first of a name.
 */
#include <string.h>

#include <pintle/hpkp.h>

#include "format.h"
#include "lines.h"
#include "pin_text.h"

#define HEADER "Public-Key-Pins"
#define REPORT_ONLY "Public-Key-Pins-Report-Only"
#define BLANKS " \t\r"

/* --- writing -------------------------------------------------------------------------------------- */

/*
 * As long as the rule is enforced after the pin-set was issued, at most what RFC 7469 section 4.1 suggests: who sees the
 * header last keeps it no longer than that.
 */
static long long max_age(const struct writing *writing, const struct clause *clause)
{
    int64_t longest = PINTLE_HPKP_MAX_AGE_S;
    int64_t ends;
    int64_t issued;

    if (writing->set == NULL)
        return longest;
    ends = pintle_pinset_get_rule(writing->set, clause->rules.items[0])->ends;
    issued = pintle_pinset_get_issued(writing->set);
    if (ends != PINTLE_NEVER && ends > issued && ends - issued < longest)
        longest = ends - issued;
    return longest;
}

static enum pintle_status write_hpkp(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    const struct clause *clause = &writing->clauses->items[0];

    if (writing->host->is_ip)
        return format_refuse(err, PINTLE_E_HOST, 0, 0, "user agents note no pins for IP addresses");
    if (clause->pin_count > PINTLE_LEARNED_PINS_MAX)
        return format_refuse(err, PINTLE_E_LIMIT, 0, 0, "more than %d pins",
                             PINTLE_LEARNED_PINS_MAX);
    text_add(out, clause->enforce ? HEADER ": " : REPORT_ONLY ": ");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "%s%s", i > 0 ? "; " : "",
                    pin_text_format(&clause->pins[i].pin, "hpkp", pin));
    }
    if (clause->enforce)
        text_printf(out, "; max-age=%lld", max_age(writing, clause));
    if (clause->reach == REACH_ANY)
        text_add(out, "; includeSubDomains");
    if (clause->report_count > 0) {
        text_add(out, "; report-uri=");
        text_add_quoted(out, clause->report[0], TEXT_DOLLAR_PLAIN);
    }
    text_add(out, "\n");
    return PINTLE_OK;
}

/* --- reading: where the header is ----------------------------------------------------------------- */

/*
 * A header's value.
 *
 * report_only  it is in a header of that name
 * line         where it begins
 * text, len    its characters
 * exact        it stands so in the file: places in it are places there
 */
struct value {
    bool there;
    bool report_only;
    struct line line;
    const char *text;
    size_t len;
    bool exact;
};

struct hpkp_reading {
    struct reading *reading;
    struct pintle_error *err;
    struct value values[2]; /* enforced, report only */
    struct line bare;
    size_t lines;
};

/* nginx's add_header and Apache's Header set: the value in quotes of the server, its own escaped. */
static bool unquote(struct clauses *memory, struct value *value)
{
    struct line from = value->line;
    char quote = from.text[0];
    char *out = clauses_alloc(memory, from.len, 1);

    value->text = out;
    value->len = 0;
    for (line_step(&from, 1); out != NULL && from.len > 0 && from.text[0] != quote;
         line_step(&from, 1)) {
        if (from.text[0] == '\\' && from.len > 1 && (from.text[1] == quote || from.text[1] == '\\'))
            line_step(&from, 1);
        out[value->len++] = from.text[0];
    }
    return out != NULL;
}

/* Of several of one name the first counts, RFC 7469 section 2.3.1. */
static bool take_value(const struct hpkp_reading *hpkp, struct value *value, struct line line,
                       bool report_only)
{
    bool quoted;

    line_skip(&line, ": \t");
    line_trim_end(&line, BLANKS);
    quoted = line.len > 0 && (line.text[0] == '\'' || line.text[0] == '"');
    if (value->there) {
        notes_add(hpkp->reading->notes, NOTE_TWICE, line.number, "%s: the first one counts",
                  report_only ? REPORT_ONLY : HEADER);
        return true;
    }
    *value = (struct value){.there = true,
                            .report_only = report_only,
                            .line = line,
                            .text = line.text,
                            .len = line.len,
                            .exact = !quoted};
    return !quoted || unquote(hpkp->reading->out, value);
}

/* Behind the name a header has ':', a server's configuration a blank or the quote that closes. */
static bool is_named(struct line *line, const char *name)
{
    size_t len = strlen(name);

    if (!line_begins_nocase(line, name) || line->len == len ||
        strchr(": \t\"'", line->text[len]) == NULL)
        return false;
    line_step(line, len);
    if (line->text[0] == '"' || line->text[0] == '\'')
        line_step(line, 1);
    return true;
}

/* Step to the name of the header: past "add_header", "Header always set" or curl's "<". */
static bool find_name(struct line *line)
{
    for (int words = 0; words < 4 && line->len > 0; words++) {
        line_skip(line, BLANKS);
        if (line_begins(line, "\"") || line_begins(line, "'"))
            line_step(line, 1);
        if (line_begins_nocase(line, HEADER))
            return true;
        if (line_begins(line, "#"))
            return false;
        (void)line_take(line, BLANKS);
    }
    return false;
}

static enum pintle_status read_line(struct hpkp_reading *hpkp, struct line line)
{
    struct line name = line;
    bool done = true;

    line_skip(&line, BLANKS);
    if (line.len == 0)
        return PINTLE_OK;
    hpkp->lines++;
    hpkp->bare = line;
    if (!find_name(&name))
        return PINTLE_OK;
    if (is_named(&name, REPORT_ONLY))
        done = take_value(hpkp, &hpkp->values[1], name, true);
    else if (is_named(&name, HEADER))
        done = take_value(hpkp, &hpkp->values[0], name, false);
    return done ? PINTLE_OK : format_refuse(hpkp->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

/* --- reading: what it says ------------------------------------------------------------------------ */

static enum pintle_status refuse(const struct hpkp_reading *hpkp, const struct value *value,
                                 const struct pintle_error *why)
{
    uint32_t column = value->exact ? line_column(&value->line) + (uint32_t)why->offset : 0;

    return format_refuse(hpkp->err, why->status, value->line.number, column, "%.150s", why->text);
}

static enum pintle_status fill(const struct hpkp_reading *hpkp, struct clause *clause,
                               const struct pintle_hpkp *header)
{
    struct reading *reading = hpkp->reading;
    bool done;

    clause->host = clauses_text(reading->out, reading->host->text, reading->host->len);
    clause->reach = header->include_subdomains ? REACH_ANY : REACH_EXACT;
    done = clause->host != NULL;
    for (uint32_t i = 0; done && i < header->pin_count; i++) {
        struct clause_pin pin = {
            .pin = header->pins[i], .at = PINTLE_AT_ANY, .until = PINTLE_NEVER};

        done = clause_add_pin(reading->out, clause, &pin);
    }
    if (done && header->report_uri[0] != '\0')
        done =
            clause_add_report(reading->out, clause, header->report_uri, strlen(header->report_uri));
    return done ? PINTLE_OK : format_refuse(hpkp->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

static enum pintle_status read_value(const struct hpkp_reading *hpkp, const struct value *value)
{
    struct notes *notes = hpkp->reading->notes;
    struct pintle_hpkp header;
    struct pintle_error why = {0};
    struct clause *clause;

    if (pintle_hpkp_parse(&header, value->text, value->len, value->report_only, &why) != PINTLE_OK)
        return refuse(hpkp, value, &why);
    if (!value->report_only && header.max_age_s > 0 && header.pin_count < 2)
        return format_refuse(hpkp->err, PINTLE_E_HPKP, value->line.number, 0,
                             "user agents take no notice of a header without a backup pin");
    clause = clauses_add(hpkp->reading->out);
    if (clause == NULL)
        return format_refuse(hpkp->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    clause->line = value->line.number;
    clause->enforce = !value->report_only;
    clause->exempt = header.max_age_s == 0;
    if (clause->exempt)
        notes_add(notes, NOTE_NO_PINS, clause->line, "max-age=0: pins are forgotten");
    else if (value->report_only)
        notes_add(notes, NOTE_NOT_ENFORCED, clause->line, REPORT_ONLY);
    else
        notes_add(notes, NOTE_ENDS, clause->line, "%lld s after the header was last seen",
                  (long long)header.max_age_s);
    return fill(hpkp, clause, &header);
}

/* A value without its header. */
static bool take_bare(struct hpkp_reading *hpkp)
{
    if (hpkp->lines != 1 || hpkp->values[0].there || hpkp->values[1].there ||
        (!line_begins_nocase(&hpkp->bare, "pin-") && !line_begins_nocase(&hpkp->bare, "max-age")))
        return true;
    return take_value(hpkp, &hpkp->values[0], hpkp->bare, false);
}

static enum pintle_status read_hpkp(struct reading *reading, const char *text, size_t len,
                                    struct pintle_error *err)
{
    struct hpkp_reading hpkp = {.reading = reading, .err = err};
    struct lines lines = lines_of(text, len);
    struct line line;
    enum pintle_status status = PINTLE_OK;

    while (status == PINTLE_OK && lines_next(&lines, &line))
        status = read_line(&hpkp, line);
    if (status != PINTLE_OK)
        return status;
    if (!take_bare(&hpkp))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    if (hpkp.values[0].there && hpkp.values[1].there)
        notes_add(reading->notes, NOTE_ASKS_MORE, hpkp.values[1].line.number, REPORT_ONLY);
    if (hpkp.values[0].there || hpkp.values[1].there)
        return read_value(&hpkp, &hpkp.values[hpkp.values[0].there ? 0 : 1]);
    return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "no header " HEADER);
}

const struct format format_hpkp = {
    .name = "hpkp",
    .title = "Public-Key-Pins header",
    .place = "the HTTPS server's answers",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .per_host = true,
                  .host_kept = true,
                  .report_mode = true,
                  .reports = true,
                  .one_report = true,
                  .path = PATH_ALWAYS,
                  .min_pins = 2},
    .write = write_hpkp,
    .read = read_hpkp,
};
