/* SPDX-License-Identifier: Apache-2.0 */
/* What an export loses and what formats there are: text, JSON, Markdown. */
#include <string.h>

#include "export.h"
#include "json_build.h"

/* --- losses --------------------------------------------------------------------------------------- */

static const char *rule_id(const struct export *export, size_t index)
{
    return pintle_pinset_get_rule(export->set, index)->id;
}

void export_tell_losses(const struct export *export)
{
    for (size_t i = 0; i < export->losses.count; i++) {
        const struct loss *loss = &export->losses.items[i];
        const struct loss_text *text = &loss_texts[loss->kind];

        cli_note("%s %s, rule %s: %s%s%s%s; %s", text->id, loss_effect_name(text->effect),
                 rule_id(export, loss->rule), text->title, loss->detail[0] != '\0' ? " (" : "",
                 cli_safe(loss->detail), loss->detail[0] != '\0' ? ")" : "", text->text);
    }
}

static json_t *loss_json(const struct export *export, const struct loss *loss)
{
    const struct loss_text *text = &loss_texts[loss->kind];
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "id", text->id, "effect",
                             loss_effect_name(text->effect), "rule", rule_id(export, loss->rule),
                             "title", text->title, "text", text->text, "allowed",
                             (int)export_is_allowed(export, loss->kind));

    return json_build_text(json, "detail", loss->detail);
}

static json_t *losses_json(const struct export *export)
{
    json_t *list = json_array();

    for (size_t i = 0; i < export->losses.count; i++)
        list = json_build_item(list, loss_json(export, &export->losses.items[i]));
    return list;
}

static json_t *drifts_json(const struct export *export)
{
    json_t *list = json_array();

    for (size_t i = 0; i < export->drift_count; i++) {
        const struct export_drift *drift = &export->drifts[i];
        json_t *json = json_pack("{s:o}", "text", cli_json_text(drift->text));

        list = json_build_item(
            list, json_build_member(json, drift->line > 0, "line", json_integer(drift->line)));
    }
    return list;
}

enum cli_exit export_print_json(const struct export *export)
{
    const struct export_options *options = export->options;
    bool shown = options->out == NULL && options->check == NULL && options->explain.count == 0;
    json_t *json = json_pack("{s:s, s:o, s:o}", "format", export->format->name, "pinset",
                             cli_json_text(export->path), "losses", losses_json(export));

    if (export->format->semantics.per_host)
        json = json_build_text(json, "host", export->host.text);
    if (export->written)
        json = json_build_text(json, "out", options->out);
    if (options->check != NULL) {
        json = json_build_text(json, "checked", options->check);
        json = json_build_member(json, true, "drift", drifts_json(export));
    }
    if (options->explain.count > 0)
        json = json_build_member(json, true, "hosts", export_explain_json(export));
    if (shown)
        json = json_build_member(json, true, "file", cli_json_text(export->text.data));
    return cli_print_json("export", json);
}

/* --- formats -------------------------------------------------------------------------------------- */

static const char *ways(const struct format *format)
{
    return format->write == NULL ? "import" : format->read == NULL ? "export" : "both";
}

static json_t *format_json(const struct format *format)
{
    json_t *losses = json_array();

    for (size_t i = 0; i < LOSS_KINDS && format->write != NULL; i++)
        if (format_loses(format, (enum loss_kind)i))
            losses = json_build_item(losses, json_string(loss_texts[i].id));
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "name", format->name, "title",
                     format->title, "place", format->place, "export", (int)(format->write != NULL),
                     "import", (int)(format->read != NULL), "one_host",
                     (int)format->semantics.per_host, "losses", losses);
}

static json_t *kind_json(const struct loss_text *text)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "id", text->id, "effect",
                     loss_effect_name(text->effect), "title", text->title, "text", text->text);
}

static enum cli_exit print_formats_json(void)
{
    const struct format *format;
    json_t *formats = json_array();
    json_t *kinds = json_array();

    for (size_t i = 0; (format = format_get(i)) != NULL; i++)
        formats = json_build_item(formats, format_json(format));
    for (size_t i = 0; i < LOSS_KINDS; i++)
        kinds = json_build_item(kinds, kind_json(&loss_texts[i]));
    return cli_print_json("formats", json_pack("{s:o, s:o}", "formats", formats, "losses", kinds));
}

enum cli_exit export_print_formats(bool json)
{
    const struct format *format;

    if (json)
        return print_formats_json();
    for (size_t i = 0; (format = format_get(i)) != NULL; i++) {
        (void)printf("%s%-20s%s %-7s %s\n", cli_on(stdout, CLI_BOLD), format->name, cli_off(stdout),
                     ways(format), format->title);
        if (format->write == NULL)
            continue;
        (void)printf("%s%-20s         may lose:", cli_on(stdout, CLI_DIM), "");
        for (size_t k = 0; k < LOSS_KINDS; k++)
            if (format_loses(format, (enum loss_kind)k))
                (void)printf(" %s", loss_texts[k].id);
        (void)printf("%s\n", cli_off(stdout));
    }
    (void)printf("\n");
    for (size_t k = 0; k < LOSS_KINDS; k++)
        (void)printf("%s  %-6s  %s\n", loss_texts[k].id, loss_effect_name(loss_texts[k].effect),
                     loss_texts[k].title);
    return CLI_OK;
}

/* Losses as columns would not fit a page: formats are the columns of short tables, by effect. */
enum cli_exit export_print_markdown(void)
{
    const struct format *format;

    (void)printf("| format | way |");
    for (size_t k = 0; k < LOSS_KINDS; k++)
        (void)printf(" %s |", loss_texts[k].id + strlen("EXP"));
    (void)printf("\n|---|---|");
    for (size_t k = 0; k < LOSS_KINDS; k++)
        (void)printf("---|");
    (void)printf("\n");
    for (size_t i = 0; (format = format_get(i)) != NULL; i++) {
        (void)printf("| `%s` | %s |", format->name, ways(format));
        for (size_t k = 0; k < LOSS_KINDS; k++)
            (void)printf(" %s |", format->write == NULL                     ? " "
                                  : format_loses(format, (enum loss_kind)k) ? "✗"
                                                                            : "✓");
        (void)printf("\n");
    }
    (void)printf("\n| id | effect | | |\n|---|---|---|---|\n");
    for (size_t k = 0; k < LOSS_KINDS; k++)
        (void)printf("| %s | %s | %s | %s |\n", loss_texts[k].id,
                     loss_effect_name(loss_texts[k].effect), loss_texts[k].title,
                     loss_texts[k].text);
    return CLI_OK;
}
