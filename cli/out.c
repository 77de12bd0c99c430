/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- styles ---------------------------------------------------------------------------------- */

static bool has_color(FILE *stream)
{
    const char *term;

    if (strcmp(opt_common.color, "auto") != 0)
        return strcmp(opt_common.color, "always") == 0;
    term = getenv("TERM");
    return opt_env_value("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0 &&
           isatty(fileno(stream)) == 1;
}

const char *cli_on(FILE *stream, enum cli_style style)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "",           [CLI_BOLD] = "\033[1m",    [CLI_DIM] = "\033[2m",
        [CLI_GREEN] = "\033[1;32m", [CLI_YELLOW] = "\033[33m", [CLI_RED] = "\033[1;31m",
    };

    return has_color(stream) ? codes[style] : "";
}

const char *cli_off(FILE *stream)
{
    return has_color(stream) ? "\033[0m" : "";
}

bool cli_progress(void)
{
    return !opt_common.quiet && isatty(STDERR_FILENO) == 1;
}

/* --- messages -------------------------------------------------------------------------------- */

static void print_message(enum cli_style style, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void print_message(enum cli_style style, const char *format, va_list args)
{
    (void)fprintf(stderr, "%spintle:%s ", cli_on(stderr, style), cli_off(stderr));
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
}

void cli_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_message(CLI_RED, format, args);
    va_end(args);
}

void cli_note(const char *format, ...)
{
    va_list args;

    if (opt_common.quiet)
        return;
    va_start(args, format);
    print_message(CLI_BOLD, format, args);
    va_end(args);
}

enum cli_exit cli_fail(const char *what, const struct pintle_error *err)
{
    const char *text = err->text[0] != '\0' ? err->text : pintle_status_text(err->status);

    if (err->line > 0 && err->column > 0)
        cli_error("%s:%lu:%lu: %s", cli_safe(what), (unsigned long)err->line,
                  (unsigned long)err->column, text);
    else if (err->line > 0)
        cli_error("%s:%lu: %s", cli_safe(what), (unsigned long)err->line, text);
    else
        cli_error("%s: %s", cli_safe(what), text);
    return cli_exit_for(err->status);
}

enum cli_exit cli_exit_for(enum pintle_status status)
{
    switch (status) {
    case PINTLE_OK:
        return CLI_OK;
    case PINTLE_E_HOST:
        return CLI_USAGE;
    case PINTLE_E_IO:
    case PINTLE_E_UNSUPPORTED:
    case PINTLE_E_STORAGE:
        return CLI_INPUT;
    case PINTLE_E_RESOLVE:
    case PINTLE_E_CONNECT:
    case PINTLE_E_TIMEOUT:
    case PINTLE_E_HTTP:
        return CLI_UNREACHABLE;
    case PINTLE_E_TLS:
        return CLI_TLS;
    case PINTLE_E_REFUSED:
        return CLI_REFUSED;
    default:
        /* pintle/status.h: class 2 is bad input. */
        return (unsigned)status >> 8 == 2 ? CLI_INPUT : CLI_INTERNAL;
    }
}

void cli_no_memory(void)
{
    cli_error("out of memory");
    exit(CLI_INTERNAL);
}

void cli_wipe(void *data, size_t len)
{
    volatile unsigned char *byte = data;

    while (len-- > 0)
        *byte++ = 0;
}

/* --- text from outside ----------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at `text` (RFC 3629, section 4), or 0 if there is none. */
static size_t read_utf8(const unsigned char *text, unsigned long *out)
{
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = text[0] < 0x80                      ? 1
                 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                 : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                     : 0;
    unsigned long c = len == 1 ? text[0] : text[0] & (0x7fUL >> len);

    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (text[i] & 0x3fU);
    }
    if (len == 0 || c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *out = c;
    return len;
}

/* Controls (C0, DEL, C1), line and paragraph separators, and what reorders text (UAX #9). */
static bool is_harmless(unsigned long c)
{
    return c >= 0x20 && (c < 0x7f || c > 0x9f) && c != 0x61c && (c < 0x200e || c > 0x200f) &&
           (c < 0x2028 || c > 0x202e) && (c < 0x2066 || c > 0x2069);
}

const char *cli_safe(const char *text)
{
    static char buffers[4][1024];
    static unsigned turn;
    char *out = buffers[turn++ % 4];
    /* An escape of four bytes, "…" and NUL always fit behind the limit. */
    const char *limit = out + sizeof(buffers[0]) - 8;
    const unsigned char *in = (const unsigned char *)text;
    char *end = out;

    while (*in != '\0' && end < limit) {
        unsigned long c = 0;
        size_t len = read_utf8(in, &c);

        if (len > 0 && is_harmless(c)) {
            memcpy(end, in, len);
            end += len;
            in += len;
        } else {
            end += snprintf(end, 5, "\\x%02x", *in++);
        }
    }
    (void)snprintf(end, 4, "%s", *in != '\0' ? "…" : "");
    return out;
}

/* --- output ---------------------------------------------------------------------------------- */

json_t *cli_json_text(const char *text)
{
    json_t *json = json_string(text);

    return json != NULL ? json : json_string(cli_safe(text));
}

/*
 * Not json_dumps(): jansson 2.14 does not look whether the key of a member found room. A stream
 * remembers that.
 */
char *cli_json_dump(const json_t *json, size_t flags)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    bool failed;

    if (stream == NULL)
        return NULL;
    failed = json_dumpf(json, stream, flags) != 0 || ferror(stream) != 0;
    failed = fclose(stream) != 0 || failed;
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* All of it in memory first: without memory for the rest, half a document would be out. */
enum cli_exit cli_print_json(const char *schema, json_t *document)
{
    char uri[96];
    json_t *whole = NULL;
    char *text = NULL;
    enum cli_exit code = CLI_INTERNAL;

    (void)snprintf(uri, sizeof(uri), "https://pintle.dev/schema/%s/1", schema);
    if (document != NULL)
        whole = json_pack("{s:s, s:s}", "schema", uri, "pintle_version", pintle_version());
    if (whole != NULL && json_object_update(whole, document) == 0)
        text = cli_json_dump(whole, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    if (text == NULL) {
        cli_error("out of memory");
        goto out;
    }
    /* A failed write shows in the stream: cli_close_stdout() tells it. */
    (void)puts(text);
    code = CLI_OK;
out:
    free(text);
    json_decref(whole);
    json_decref(document);
    return code;
}

enum cli_exit cli_close_stdout(enum cli_exit code)
{
    bool failed = ferror(stdout) != 0;
    int why = errno;

    if (fclose(stdout) != 0) {
        failed = true;
        why = errno;
    }
    if (!failed)
        return code;
    if (why != EPIPE)
        cli_error("standard output: %s", strerror(why));
    return code != CLI_OK ? code : CLI_INPUT;
}
