/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `pintle export`. */
#ifndef PINTLE_CLI_EXPORT_H
#define PINTLE_CLI_EXPORT_H

#include "cli.h"
#include "formats/drift.h"
#include "formats/format.h"
#include "formats/lower.h"
#include "target.h"

struct export_options {
    const char *format;
    const char *pinset;
    const char *host;
    const char *certificate;
    const char *out;
    const char *check;
    struct opt_list explain;
    struct opt_list allow;
    bool strict;
    bool json;
    bool markdown;
};

/* A difference, with a text of its own. */
struct export_drift {
    uint32_t line;
    char text[DRIFT_TEXT_SIZE];
};

/*
 * One run.
 *
 * path, document  the pin-set's file and its text
 * clauses, text   what the format makes of it
 * host            of a per_host format
 * written         the file of --out is there
 * drifts          of --check
 */
struct export
{
    const struct export_options *options;
    const struct format *format;
    const char *path;
    char *document;
    struct pintle_pinset *set;
    struct pintle_objects *certificates;
    struct target host;
    int64_t now;
    struct clauses clauses;
    struct losses losses;
    struct text text;
    bool written;
    struct export_drift *drifts;
    size_t drift_count;
};

/* The losses, on stderr; under --quiet nothing. */
void export_tell_losses(const struct export *export);

/* Formats and what they lose: `--to list` and `--from list` as text or JSON, and docs/formats.md's
 * table as Markdown. */
enum cli_exit export_print_formats(bool json);
enum cli_exit export_print_markdown(void);

/* What the pin-set and the platform make of each host of --explain, on stdout. */
enum cli_exit export_explain(const struct export *export);

/* The whole run as JSON. */
enum cli_exit export_print_json(const struct export *export);

/* The hosts of --explain for that; NULL without memory. Hosts must have been checked. */
json_t *export_explain_json(const struct export *export);

/* True if a loss was named with --allow. */
bool export_is_allowed(const struct export *export, enum loss_kind kind);

#endif
