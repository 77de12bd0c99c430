/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl's --pinnedpubkey, as a line of a configuration file (curl -K). curl matches the leaf's key alone, and
 * goes on doing so with --insecure; whether it does after a redirect to another host depends on its version
 * (CURLOPT_PINNEDPUBLICKEY(3)), so that `insecure` is read, but never written.
 */
#include <string.h>

#include "curl_list.h"
#include "format.h"
#include "lines.h"

#define OPTION "pinnedpubkey"

/* --- writing -------------------------------------------------------------------------------------- */

static enum pintle_status write_curl(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    (void)err;
    text_printf(out,
                "# Made by pintle export from %s.\n# For %s alone: curl does not look at the "
                "host.\n",
                writing->title, writing->host->text);
    text_add(out, OPTION " = \"");
    curl_list_write(out, &writing->clauses->items[0]);
    text_add(out, "\"\n");
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

#define BLANKS " \t\r\v\f"
#define LIST CURL_LIST_PREFIX

/*
 * reading  what is given
 * bare     a list of pins alone on its line, as it is copied from a script
 * options  lines that curl would read as an option
 * line     that is being read
 */
struct curl_reading {
    struct reading *reading;
    struct pintle_error *err;
    struct line bare;
    struct line line;
    size_t options;
    bool insecure;
};

static enum pintle_status no_memory(const struct curl_reading *curl)
{
    return format_refuse(curl->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

/* curl compares the text of each; one that is no hash of a key never matches, and nobody is told. */
static enum pintle_status read_item(const struct curl_reading *curl, struct clause *clause,
                                    const char *item, size_t len)
{
    struct clause_pin pin = {.at = PINTLE_AT_LEAF, .until = PINTLE_NEVER};

    if (len != strlen(LIST) + 44 || pintle_pin_parse(&pin.pin, item, len, NULL) != PINTLE_OK) {
        notes_add(curl->reading->notes, NOTE_UNKNOWN, curl->line.number, "%.*s matches no key",
                  (int)(len > 80 ? 80 : len), item);
        return PINTLE_OK;
    }
    if (clause->pin_count == CLAUSE_PINS_MAX)
        return format_refuse(curl->err, PINTLE_E_LIMIT, curl->line.number, 0, "more than %d pins",
                             CLAUSE_PINS_MAX);
    return clause_add_pin(curl->reading->out, clause, &pin) ? PINTLE_OK : no_memory(curl);
}

/* What separates pins is ";sha256//", CURLOPT_PINNEDPUBLICKEY(3). */
static enum pintle_status read_list(const struct curl_reading *curl, struct clause *clause,
                                    const char *list)
{
    const char *item = list;
    enum pintle_status status = PINTLE_OK;

    if (strncmp(list, LIST, strlen(LIST)) != 0)
        return format_refuse(curl->err, PINTLE_E_PIN, curl->line.number, 0,
                             "curl reads this as the name of a key file, not as a pin: %.60s",
                             list);
    while (status == PINTLE_OK && item != NULL) {
        const char *next = strstr(item, ";" LIST);
        size_t len = next != NULL ? (size_t)(next - item) : strlen(item);

        status = read_item(curl, clause, item, len);
        item = next != NULL ? next + 1 : NULL;
    }
    if (status == PINTLE_OK && clause->pin_count == 0)
        return format_refuse(curl->err, PINTLE_E_PIN, curl->line.number, 0,
                             "curl accepts no key with this: %.60s", list);
    return status;
}

static enum pintle_status read_value(const struct curl_reading *curl, const char *value)
{
    struct reading *reading = curl->reading;
    struct clause *clause;

    if (value == NULL)
        return no_memory(curl);
    if (reading->out->count > 0) {
        notes_add(reading->notes, NOTE_TWICE, curl->line.number, "%s: the last one counts", OPTION);
        reading->out->count = 0;
    }
    clause = clauses_add(reading->out);
    if (clause == NULL)
        return no_memory(curl);
    clause->host = clauses_text(reading->out, reading->host->text, reading->host->len);
    clause->port = reading->port;
    clause->line = curl->line.number;
    if (clause->host == NULL)
        return no_memory(curl);
    return read_list(curl, clause, value);
}

/* --- reading: words ------------------------------------------------------------------------------- */

static char unescape(char c)
{
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'v':
        return '\v';
    default:
        return c;
    }
}

/* Up to the closing quote, whatever stands behind it; up to the end without one. */
static char *take_quoted(struct clauses *memory, struct line *line)
{
    char *out = clauses_alloc(memory, line->len + 1, 1);
    size_t len = 0;

    line_step(line, 1);
    while (out != NULL && line->len > 0 && line->text[0] != '"') {
        char c = line->text[0];

        if (c == '\\' && line->len > 1) {
            line_step(line, 1);
            c = unescape(line->text[0]);
        }
        out[len++] = c;
        line_step(line, 1);
    }
    line_step(line, line->len);
    return out;
}

/* A value of a configuration file. curl takes off no single quotes. */
static char *take_value(struct clauses *memory, struct line *line)
{
    struct line word;

    if (line->len > 0 && line->text[0] == '"')
        return take_quoted(memory, line);
    word = line_take(line, BLANKS);
    return clauses_text(memory, word.text, word.len);
}

/* Step over a word as a shell reads it; unless `out` is NULL, write there what it stands for. */
static void read_shell_word(struct line *line, char *out)
{
    char quote = '\0';

    for (; line->len > 0; line_step(line, 1)) {
        char c = line->text[0];

        if (quote == '\0' && strchr(BLANKS ";&|", c) != NULL)
            break;
        if (c == '\\' && quote != '\'' && line->len > 1)
            line_step(line, 1);
        else if (c == quote || (quote == '\0' && (c == '\'' || c == '"'))) {
            if (c == quote)
                quote = '\0';
            else
                quote = c;
            continue;
        }
        if (out != NULL)
            *out++ = line->text[0];
    }
}

/* Room for the word alone: a line can hold many. */
static char *take_shell_word(struct clauses *memory, struct line *line)
{
    struct line start = *line;
    char *out;

    read_shell_word(line, NULL);
    out = clauses_alloc(memory, start.len - line->len + 1, 1);
    if (out != NULL)
        read_shell_word(&start, out);
    return out;
}

/* --- reading: options ----------------------------------------------------------------------------- */

/* curl takes any beginning that no other option has, and either case. */
static bool names(struct line word, const char *option, size_t least)
{
    return word.len >= least && word.len <= strlen(option) &&
           line_same_nocase(word.text, option, word.len);
}

static bool holds_name(const struct line *word)
{
    for (size_t i = 0; i + strlen(OPTION) <= word->len; i++)
        if (line_same_nocase(word->text + i, OPTION, strlen(OPTION)))
            return true;
    return false;
}

enum option_kind {
    OPTION_OTHER = 0,
    OPTION_PINS = 1,
    OPTION_INSECURE = 2,
    OPTION_NEXT = 3
};

static enum option_kind option_kind(struct line word)
{
    bool letter = word.len == 2 && word.text[0] == '-';

    if (letter)
        return word.text[1] == 'k'   ? OPTION_INSECURE
               : word.text[1] == ':' ? OPTION_NEXT
                                     : OPTION_OTHER;
    if (line_begins(&word, "--"))
        line_step(&word, 2);
    if (names(word, OPTION, 2))
        return OPTION_PINS;
    if (names(word, "insecure", 3))
        return OPTION_INSECURE;
    return names(word, "next", 3) ? OPTION_NEXT : OPTION_OTHER;
}

/* Whatever the option is, its value has not been taken from the line yet. */
static enum pintle_status read_option(struct curl_reading *curl, struct line *line,
                                      const struct line *word, bool in_shell)
{
    struct clauses *memory = curl->reading->out;
    enum option_kind kind = option_kind(*word);

    if (kind == OPTION_NEXT && memory->count > 0)
        return format_refuse(curl->err, PINTLE_E_CONFLICT, curl->line.number, 0,
                             "another request begins, which these pins are not for");
    if (kind == OPTION_INSECURE)
        curl->insecure = true;
    if (kind == OPTION_PINS && line->len > 0)
        return read_value(curl,
                          in_shell ? take_shell_word(memory, line) : take_value(memory, line));
    if (kind == OPTION_PINS || holds_name(word))
        notes_add(curl->reading->notes, NOTE_UNKNOWN, curl->line.number, "%.*s",
                  (int)(word->len > 80 ? 80 : word->len), word->text);
    return PINTLE_OK;
}

/* A command line out of a script. */
static enum pintle_status read_command(struct curl_reading *curl, struct line *line)
{
    enum pintle_status status = PINTLE_OK;

    while (status == PINTLE_OK && line->len > 0 && strchr(";&|", line->text[0]) == NULL) {
        struct line word = *line;

        read_shell_word(line, NULL);
        word.len -= line->len;
        line_skip(line, BLANKS);
        if (word.text[0] == '-')
            status = read_option(curl, line, &word, true);
        line_skip(line, BLANKS);
    }
    return status;
}

/* --- reading: lines ------------------------------------------------------------------------------- */

/* The rules of curl's own configuration files, curl(1) under --config. */
static enum pintle_status read_line(struct curl_reading *curl, struct line line)
{
    bool dashed;
    struct line word;

    line_skip(&line, BLANKS);
    if (line.len == 0 || strchr("#/*", line.text[0]) != NULL)
        return PINTLE_OK;
    curl->line = line;
    curl->options++;
    if (line_begins(&line, "curl "))
        return read_command(curl, &line);
    dashed = line.text[0] == '-';
    word = line_take(&line, dashed ? BLANKS : BLANKS "=:");
    line_skip(&line, dashed ? BLANKS : BLANKS "=:");
    if (option_kind(word) == OPTION_OTHER)
        curl->bare = curl->line;
    return read_option(curl, &line, &word, dashed && line.len > 0 && line.text[0] == '\'');
}

/* Nothing but a list: nobody's configuration file, but what people have at hand. */
static enum pintle_status read_bare(struct curl_reading *curl)
{
    struct line line = curl->bare;

    curl->line = line;
    line_skip(&line, "\"'");
    if (curl->options != 1 || !line_begins(&line, LIST))
        return format_refuse(curl->err, PINTLE_E_SCHEMA, 0, 0, "no line with " OPTION);
    line_trim_end(&line, BLANKS "\"'");
    return read_value(curl, clauses_text(curl->reading->out, line.text, line.len));
}

static void take_insecure(const struct curl_reading *curl)
{
    struct clause *clause = &curl->reading->out->items[0];

    clause->key_alone = curl->insecure;
    if (curl->insecure)
        notes_add(curl->reading->notes, NOTE_NO_PATH, clause->line, "insecure");
}

static enum pintle_status read_curl(struct reading *reading, const char *text, size_t len,
                                    struct pintle_error *err)
{
    struct curl_reading curl = {.reading = reading, .err = err};
    struct lines lines = lines_of(text, len);
    struct line line;
    enum pintle_status status = PINTLE_OK;

    if (memchr(text, '\0', len) != NULL)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "holds a NUL");
    while (status == PINTLE_OK && lines_next(&lines, &line))
        status = read_line(&curl, line);
    if (status == PINTLE_OK && reading->out->count == 0)
        status = read_bare(&curl);
    if (status == PINTLE_OK)
        take_insecure(&curl);
    return status;
}

const struct format format_curl = {
    .name = "curl",
    .title = "curl configuration file",
    .place = "any file, for curl -K FILE",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_LEAF),
                  .per_host = true,
                  .addresses = true,
                  .served_chain = true,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_curl,
    .read = read_curl,
};
