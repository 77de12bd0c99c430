/* SPDX-License-Identifier: Apache-2.0 */
/* Help on a terminal, all of it from the tables. */
#ifndef PINTLE_CLI_HELP_H
#define PINTLE_CLI_HELP_H

#include <stdio.h>

#include "cli.h"

/* What `pintle -h` shows: every command under its heading. */
void help_overview(FILE *stream);

/* What `pintle CMD -h` shows: synopsis, summary and options. */
void help_usage(FILE *stream, const struct cli_command *command);

/* What `pintle help CMD` shows: usage, environment and exit codes. */
void help_long(FILE *stream, const struct cli_command *command);

/* The commands whose first word is `word` ("key"); false if there are none. */
bool help_family(FILE *stream, const char *word);

#define HELP_TEXT_SIZE 512
#define HELP_TAGLINE "certificate pinning that cannot brick the app"

/* An option as the synopsis shows it: "[-p FILE]", "[--json]", "[--pin PIN]...". */
const char *help_synopsis_word(const struct opt_spec *spec, char out[HELP_TEXT_SIZE]);

/* Its help line, with the choices if it has any. */
const char *help_option_text(const struct opt_spec *spec, char out[HELP_TEXT_SIZE]);

#endif
