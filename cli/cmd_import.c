/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "format_files.h"
#include "formats/draft.h"
#include "formats/raise.h"
#include "guard.h"
#include "json_build.h"
#include "os/file.h"

#define HTTPS_PORT 443
#define DAY_S 86400

struct import_options {
    const char *format;
    const char *app;
    const char *host;
    const char *certificate;
    const char *out;
    long days;
    long expires_days;
    bool force;
    bool json;
};

const struct opt_spec opts_import[] = {
    {.name = "from",
     .variable = "IMPORT_FROM",
     .type = OPT_CHOICE,
     .metavar = "FORMAT",
     .help = "the platform that FILE is for",
     .choices = format_import_names,
     .offset = offsetof(struct import_options, format)},
    {.name = "app",
     .type = OPT_STRING,
     .metavar = "NAME",
     .help = "the application the pin-set is for (imported)",
     .offset = offsetof(struct import_options, app)},
    {.name = "for",
     .type = OPT_STRING,
     .metavar = "HOST[:PORT]",
     .help = "the host that the pins are for, where FILE does not name it",
     .offset = offsetof(struct import_options, host)},
    {.name = "certificate",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the certificates, where FILE holds hashes of whole certificates",
     .offset = offsetof(struct import_options, certificate)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "write the pin-set to FILE instead of standard output",
     .offset = offsetof(struct import_options, out)},
    {.name = "force",
     .type = OPT_FLAG,
     .help = "replace the pin-set if it is there",
     .offset = offsetof(struct import_options, force)},
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "enforce for so many days at most, then only report",
     .offset = offsetof(struct import_options, days),
     .min = 1,
     .max = 400},
    {.name = "expires-days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "let the pin-set expire in so many days (90)",
     .offset = offsetof(struct import_options, expires_days),
     .min = 1,
     .max = 3650},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print what was found as JSON",
     .offset = offsetof(struct import_options, json)},
    {.type = OPT_END},
};

/*
 * path      the file that is read
 * document  the pin-set that was made of it
 */
struct import {
    const struct import_options *options;
    const struct format *format;
    const char *path;
    char *text;
    size_t len;
    struct pintle_objects *certificates;
    struct target host;
    struct clauses clauses;
    struct notes notes;
    char *document;
    size_t document_len;
};

/* --- what is read --------------------------------------------------------------------------------- */

static enum cli_exit choose_host(struct import *import)
{
    bool per_host = import->format->semantics.per_host;
    const char *host = import->options->host;
    struct pintle_error err = {0};

    if (host == NULL && !per_host)
        return CLI_OK;
    if (host == NULL)
        opt_mistake("import", "option --for is needed: a file for %s names no host",
                    import->format->name);
    else if (!per_host)
        opt_mistake("import", "option --for: a file for %s names its hosts", import->format->name);
    else if (target_parse_server(&import->host, host, HTTPS_PORT, &err) == PINTLE_OK)
        return CLI_OK;
    else
        return cli_fail(host, &err);
    return CLI_USAGE;
}

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static enum cli_exit parse(struct import *import)
{
    struct reading reading = {.out = &import->clauses,
                              .notes = &import->notes,
                              .host = import->options->host != NULL ? &import->host.host : NULL,
                              .port = import->host.port,
                              .certificates = import->certificates,
                              .crypto = guard_crypto()};
    struct pintle_error err = {0};

    if (import->format->read(&reading, import->text, import->len, &err) != PINTLE_OK)
        return format_fail(import->path, &err);
    if (import->notes.failed)
        cli_no_memory();
    return CLI_OK;
}

/* Readers know no clock. Clauses of one group are neighbours: they end as one. */
static void note_ended(struct import *import, int64_t now)
{
    const struct clause *clauses = import->clauses.items;

    for (size_t i = 0; i < import->clauses.count; i++)
        if (clauses[i].until <= now && (i == 0 || clauses[i].group != clauses[i - 1].group))
            notes_add(&import->notes, NOTE_ENDED, clauses[i].line, "%s", clauses[i].host);
    if (import->notes.failed)
        cli_no_memory();
}

static enum cli_exit draft(struct import *import)
{
    int64_t now = pintle_clock_system(NULL);
    struct draft_options options = {.app = import->options->app,
                                    .now = now,
                                    .expires = now + (int64_t)import->options->expires_days * DAY_S,
                                    .hard_ttl_s = (int64_t)import->options->days * DAY_S};
    struct pintle_error err = {0};

    note_ended(import, now);
    if (!raise_clauses(&import->clauses, &import->notes, &import->format->semantics))
        cli_no_memory();
    if (draft_pinset(&import->document, &import->document_len, &import->clauses, &options,
                     guard_crypto(), &err) == PINTLE_OK)
        return CLI_OK;
    return cli_fail("the pin-set made of it", &err);
}

/* --- the answer ----------------------------------------------------------------------------------- */

static void tell_notes(const struct import *import)
{
    for (size_t i = 0; i < import->notes.count; i++) {
        const struct note *note = &import->notes.items[i];
        char where[16] = "";

        if (note->line > 0)
            (void)snprintf(where, sizeof(where), ":%u", (unsigned)note->line);
        cli_note("%s %s%s: %s%s%s%s; %s", note_texts[note->kind].id,
                 cli_safe(shown_name(import->path)), where, note_texts[note->kind].title,
                 note->detail[0] != '\0' ? " (" : "", cli_safe(note->detail),
                 note->detail[0] != '\0' ? ")" : "", note_texts[note->kind].text);
    }
    if (import->notes.more > 0)
        cli_note("and %zu notes more", import->notes.more);
    if (import->document_len > PINTLE_PINSET_MAX_LEN)
        cli_note("the pin-set is larger than the %zu KiB that programs read by default",
                 PINTLE_PINSET_MAX_LEN / 1024);
}

static json_t *note_json(const struct note *note)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "id", note_texts[note->kind].id, "title",
                             note_texts[note->kind].title, "text", note_texts[note->kind].text);

    json = json_build_member(json, note->line > 0, "line", json_integer(note->line));
    return json_build_text(json, "detail", note->detail);
}

static enum cli_exit print_json(const struct import *import)
{
    json_t *notes = json_array();
    json_t *json;

    for (size_t i = 0; i < import->notes.count; i++)
        notes = json_build_item(notes, note_json(&import->notes.items[i]));
    json = json_pack("{s:s, s:o, s:o, s:o}", "format", import->format->name, "file",
                     cli_json_text(import->path), "notes", notes, "pinset",
                     json_build_parse(import->document, import->document_len));
    if (import->options->out != NULL)
        json = json_build_text(json, "out", import->options->out);
    return cli_print_json("import", json);
}

/* What is there is somebody's pin-set: it is replaced with --force only. */
static enum pintle_status write_out(const struct import *import, struct pintle_error *err)
{
    const struct import_options *options = import->options;

    if (options->out == NULL)
        return PINTLE_OK;
    if (options->force)
        return os_write_file(options->out, import->document, import->document_len, 0644, err);
    return os_create_file(options->out, import->document, import->document_len, 0644, err);
}

static enum cli_exit deliver(const struct import *import)
{
    const struct import_options *options = import->options;
    struct pintle_error err = {0};

    if (write_out(import, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (options->json)
        return print_json(import);
    if (options->out == NULL)
        (void)fwrite(import->document, 1, import->document_len, stdout);
    return CLI_OK;
}

static void clear(struct import *import)
{
    free(import->text);
    free(import->document);
    pintle_objects_free(import->certificates);
    clauses_clear(&import->clauses);
    notes_clear(&import->notes);
}

static enum cli_exit run(const struct import_options *options, const char *path)
{
    struct import import = {
        .options = options, .format = format_find(options->format), .path = path};
    enum cli_exit code = choose_host(&import);

    if (code == CLI_OK)
        code = format_read_certificates(&import.certificates, options->certificate);
    if (code == CLI_OK)
        code = format_read_file(&import.text, &import.len, path);
    if (code == CLI_OK)
        code = parse(&import);
    if (code == CLI_OK)
        code = draft(&import);
    if (code == CLI_OK) {
        tell_notes(&import);
        code = deliver(&import);
    }
    clear(&import);
    return code;
}

enum cli_exit cmd_import(int argc, char **argv)
{
    struct import_options options = {.app = "imported", .expires_days = 90};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("import", opts_import, &options, argc, argv, &operands)) {
        cli_die_by_signals();
        if (options.format == NULL)
            opt_mistake("import", "option --from is needed; --from list shows what there is");
        else if (strcmp(options.format, "list") == 0)
            code = export_print_formats(options.json);
        else
            code = run(&options, operands.count > 0 ? operands.items[0] : "-");
    }
    opt_clear(opts_import, &options, &operands);
    return code;
}
