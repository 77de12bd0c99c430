/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <pintle/app.h>

#include "export.h"
#include "format_files.h"
#include "formats/draft.h"
#include "guard.h"
#include "os/file.h"
#include "pinset_path.h"

#define HTTPS_PORT 443

const struct opt_spec opts_export[] = {
    {.name = "to",
     .variable = "EXPORT_TO",
     .type = OPT_CHOICE,
     .metavar = "FORMAT",
     .help = "the platform to write for",
     .choices = format_export_names,
     .offset = offsetof(struct export_options, format)},
    {.name = "pinset",
     .letter = 'p',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the pin-set (pintle.json)",
     .offset = offsetof(struct export_options, pinset)},
    {.name = "for",
     .type = OPT_STRING,
     .metavar = "HOST[:PORT]",
     .help = "the host to write for, where a format is for one host",
     .offset = offsetof(struct export_options, host)},
    {.name = "certificate",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "certificates of the pinned keys, where a format needs them",
     .offset = offsetof(struct export_options, certificate)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "write to FILE",
     .offset = offsetof(struct export_options, out)},
    {.name = "check",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "write nothing: tell how FILE differs from the pin-set",
     .offset = offsetof(struct export_options, check)},
    {.name = "explain",
     .type = OPT_LIST,
     .metavar = "HOST[:PORT]",
     .help = "write nothing: tell what the platform will make of this host; may be given again",
     .offset = offsetof(struct export_options, explain)},
    {.name = "strict",
     .type = OPT_FLAG,
     .help = "write nothing if the format loses anything",
     .offset = offsetof(struct export_options, strict)},
    {.name = "allow",
     .type = OPT_LIST,
     .metavar = "ID",
     .help = "with --strict: this loss is known and accepted; may be given again",
     .offset = offsetof(struct export_options, allow)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print what was done as JSON",
     .offset = offsetof(struct export_options, json)},
    {.name = "markdown",
     .type = OPT_FLAG,
     .help = "with --to list: the table of the documentation",
     .offset = offsetof(struct export_options, markdown),
     .hidden = true},
    {.type = OPT_END},
};

/* --- what is asked for ---------------------------------------------------------------------------- */

static bool is_loss_id(const char *id)
{
    for (size_t i = 0; i < LOSS_KINDS; i++)
        if (strcmp(loss_texts[i].id, id) == 0)
            return true;
    return false;
}

static bool allow_fits(const struct export_options *options)
{
    if (options->allow.count > 0 && !options->strict) {
        opt_mistake("export", "option --allow: goes with --strict");
        return false;
    }
    for (size_t i = 0; i < options->allow.count; i++)
        if (!is_loss_id(options->allow.items[i])) {
            opt_mistake("export", "option --allow: no loss '%s'",
                        cli_safe(options->allow.items[i]));
            return false;
        }
    return true;
}

static bool fits_together(const struct export_options *options)
{
    if (options->format == NULL)
        opt_mistake("export", "option --to is needed; --to list shows what there is");
    else if (options->check != NULL && (options->out != NULL || options->explain.count > 0))
        opt_mistake("export", "option --check: nothing is written or explained");
    else if (options->explain.count > 0 && options->out != NULL)
        opt_mistake("export", "options --explain and --out exclude each other");
    else
        return allow_fits(options);
    return false;
}

bool export_is_allowed(const struct export *export, enum loss_kind kind)
{
    for (size_t i = 0; i < export->options->allow.count; i++)
        if (strcmp(export->options->allow.items[i], loss_texts[kind].id) == 0)
            return true;
    return false;
}

/* --- what is read --------------------------------------------------------------------------------- */

static enum cli_exit load(struct export *export)
{
    struct pintle_pinset_options how = {.max_len = DRAFT_MAX_LEN, .crypto = guard_crypto()};
    struct pintle_error err = {0};
    size_t len = 0;
    enum cli_exit code = format_read_file(&export->document, &len, export->path);

    if (code == CLI_OK &&
        pintle_pinset_parse(&export->set, export->document, len, &how, &err) != PINTLE_OK)
        code = cli_fail(export->path, &err);
    return code;
}

/* The only host of the pin-set needs not be named. */
static const char *only_host(const struct pintle_pinset *set)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(set, 0);

    if (pintle_pinset_get_rule_count(set) != 1 || rule->match_count != 1 || rule->port_count > 1 ||
        rule->match[0][0] == '*')
        return NULL;
    return rule->match[0];
}

static uint16_t default_port(const struct pintle_pinset *set)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(set, 0);

    return only_host(set) != NULL && rule->port_count == 1 ? rule->ports[0] : HTTPS_PORT;
}

static enum cli_exit choose_host(struct export *export)
{
    const char *host = export->options->host;
    struct pintle_error err = {0};

    if (!export->format->semantics.per_host) {
        if (host == NULL)
            return CLI_OK;
        opt_mistake("export", "option --for: %s holds all hosts", export->format->name);
        return CLI_USAGE;
    }
    if (host == NULL)
        host = only_host(export->set);
    if (host == NULL) {
        opt_mistake("export", "option --for is needed: %s is for one host", export->format->name);
        return CLI_USAGE;
    }
    if (target_parse_server(&export->host, host, default_port(export->set), &err) == PINTLE_OK)
        return CLI_OK;
    return cli_fail(host, &err);
}

/* --- what is made of it --------------------------------------------------------------------------- */

static enum cli_exit lower(struct export *export)
{
    bool per_host = export->format->semantics.per_host;
    struct lower_options options = {.now = export->now,
                                    .host = per_host ? &export->host.host : NULL,
                                    .port = export->host.port};
    struct pintle_error err = {0};

    if (!losses_init(&export->losses, pintle_pinset_get_rule_count(export->set)))
        cli_no_memory();
    if (lower_pinset(&export->clauses, &export->losses, export->set, &export->format->semantics,
                     &options, &err) == PINTLE_OK)
        return CLI_OK;
    (void)cli_fail(per_host ? export->host.text : export->path, &err);
    return err.status == PINTLE_E_NOMEM ? CLI_INTERNAL : CLI_INPUT;
}

/* What the file is made of, in printable ASCII. */
static void make_title(const struct pintle_pinset *set, struct text *out)
{
    text_add_comment(out, pintle_pinset_get_app(set));
    text_printf(out, ", version %lld", (long long)pintle_pinset_get_version(set));
}

static enum cli_exit write_text(struct export *export)
{
    struct text title = {0};
    struct pintle_error err = {0};
    struct writing writing = {.clauses = &export->clauses,
                              .json = export->document,
                              .set = export->set,
                              .certificates = export->certificates};
    enum cli_exit code = CLI_OK;

    make_title(export->set, &title);
    if (title.failed)
        cli_no_memory();
    writing.title = title.data;
    if (export->format->semantics.per_host) {
        writing.host = &export->host.host;
        writing.port = export->host.port;
    }
    if (export->format->write(&export->text, &writing, &err) != PINTLE_OK)
        code = format_fail(export->format->name, &err);
    else if (export->text.failed)
        cli_no_memory();
    text_clear(&title);
    return code;
}

/* --- --strict ------------------------------------------------------------------------------------- */

static enum cli_exit judge(const struct export *export)
{
    size_t refused = 0;

    for (size_t i = 0; i < export->losses.count; i++)
        if (!export_is_allowed(export, export->losses.items[i].kind))
            refused++;
    if (!export->options->strict || refused == 0)
        return CLI_OK;
    cli_error("%s: %zu loss%s that --allow does not name", export->format->name, refused,
              refused == 1 ? "" : "es");
    return CLI_REFUSED;
}

/* --- --check -------------------------------------------------------------------------------------- */

static void note_drift(void *ctx, const struct drift *drift)
{
    struct export *export = ctx;
    struct export_drift *all =
        realloc(export->drifts, (export->drift_count + 1) * sizeof(*export->drifts));

    if (all == NULL)
        cli_no_memory();
    export->drifts = all;
    all[export->drift_count].line = drift->line;
    (void)snprintf(all[export->drift_count++].text, DRIFT_TEXT_SIZE, "%s", drift->text);
}

static enum cli_exit compare_clauses(struct export *export, const char *text, size_t len)
{
    struct clauses there = {0};
    struct notes notes = {0};
    struct reading reading = {.out = &there,
                              .notes = &notes,
                              .host = &export->host.host,
                              .port = export->host.port,
                              .certificates = export->certificates,
                              .crypto = guard_crypto()};
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;

    if (export->format->read(&reading, text, len, &err) != PINTLE_OK)
        code = format_fail(export->options->check, &err);
    else if (drift_clauses(&export->clauses, &there, &export->format->semantics, note_drift,
                           export) == SIZE_MAX)
        cli_no_memory();
    notes_clear(&notes);
    clauses_clear(&there);
    return code;
}

static enum cli_exit compare(struct export *export)
{
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code = format_read_file(&text, &len, export->options->check);

    if (code == CLI_OK && export->format->read != NULL)
        code = compare_clauses(export, text, len);
    else if (code == CLI_OK && strlen(text) != len)
        code = CLI_INPUT;
    else if (code == CLI_OK)
        (void)drift_text(export->text.data, text, export->format->made_by, export->format->may_add,
                         note_drift, export);
    if (code == CLI_INPUT && text != NULL && strlen(text) != len)
        cli_error("%s: holds a NUL", cli_safe(export->options->check));
    free(text);
    return code;
}

static void print_drift(const struct export *export)
{
    for (size_t i = 0; i < export->drift_count; i++) {
        const struct export_drift *drift = &export->drifts[i];

        (void)printf("%s", cli_safe(export->options->check));
        if (drift->line > 0)
            (void)printf(":%u", (unsigned)drift->line);
        (void)printf(": %s\n", cli_safe(drift->text));
    }
    if (export->drift_count == 0)
        (void)printf("%s agrees with %s\n", cli_safe(export->options->check),
                     cli_safe(export->path));
}

/* --- the answer ----------------------------------------------------------------------------------- */

static enum cli_exit deliver(struct export *export)
{
    const struct export_options *options = export->options;
    struct pintle_error err = {0};

    if (options->out == NULL) {
        if (!options->json)
            (void)fwrite(export->text.data, 1, export->text.len, stdout);
        return CLI_OK;
    }
    export->written =
        os_write_file(options->out, export->text.data, export->text.len, 0644, &err) == PINTLE_OK;
    if (export->written)
        return CLI_OK;
    cli_error("%s", err.text);
    return cli_exit_for(err.status);
}

static enum cli_exit answer(struct export *export)
{
    const struct export_options *options = export->options;
    enum cli_exit code = judge(export);
    enum cli_exit printed = CLI_OK;

    if (options->check != NULL) {
        enum cli_exit compared = compare(export);

        if (compared == CLI_OK && !options->json)
            print_drift(export);
        if (compared != CLI_OK)
            return compared;
        code = export->drift_count > 0 ? CLI_REFUSED : code;
    } else if (options->explain.count == 0 && code == CLI_OK)
        code = deliver(export);
    if (options->json)
        printed = export_print_json(export);
    else if (options->explain.count > 0)
        printed = export_explain(export);
    return code != CLI_OK ? code : printed;
}

static enum cli_exit check_explained(const struct export_options *options)
{
    for (size_t i = 0; i < options->explain.count; i++) {
        struct pintle_error err = {0};
        struct target target;

        if (target_parse_server(&target, options->explain.items[i], HTTPS_PORT, &err) != PINTLE_OK)
            return cli_fail(options->explain.items[i], &err);
    }
    return CLI_OK;
}

static void clear(struct export *export)
{
    free(export->document);
    pintle_pinset_free(export->set);
    pintle_objects_free(export->certificates);
    clauses_clear(&export->clauses);
    losses_clear(&export->losses);
    text_clear(&export->text);
    free(export->drifts);
}

static enum cli_exit run(const struct export_options *options)
{
    char path[PINSET_PATH_SIZE];
    struct export export = {.options = options,
                            .format = format_find(options->format),
                            .path = pinset_path(options->pinset, path),
                            .now = pintle_clock_system(NULL)};
    enum cli_exit code = check_explained(options);

    if (code == CLI_OK)
        code = load(&export);
    if (code == CLI_OK)
        code = format_read_certificates(&export.certificates, options->certificate);
    if (code == CLI_OK)
        code = choose_host(&export);
    if (code == CLI_OK)
        code = lower(&export);
    if (code == CLI_OK)
        code = write_text(&export);
    if (code == CLI_OK) {
        export_tell_losses(&export);
        code = answer(&export);
    }
    clear(&export);
    return code;
}

static enum cli_exit list(const struct export_options *options)
{
    return options->markdown ? export_print_markdown() : export_print_formats(options->json);
}

enum cli_exit cmd_export(int argc, char **argv)
{
    struct export_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("export", opts_export, &options, argc, argv, &operands) &&
        fits_together(&options)) {
        cli_die_by_signals();
        code = strcmp(options.format, "list") == 0 ? list(&options) : run(&options);
    }
    opt_clear(opts_export, &options, &operands);
    return code;
}
