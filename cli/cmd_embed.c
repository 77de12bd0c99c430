/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "os/file.h"
#include "published.h"
#include "published_place.h"

#define BYTES_A_LINE 12
#define SYMBOL_MAX 32  /* lines of at most 100 characters */
#define CHARS_A_BYTE 6 /* "0x00, " */

static const char *const formats[] = {"seed", "c", NULL};

struct embed_options {
    const char *dir;
    const char *seed;
    const char *root;
    const char *format;
    const char *name;
    const char *out;
};

const struct opt_spec opts_embed[] = {
    {.name = "dir",
     .type = OPT_FILE,
     .metavar = "DIR",
     .help = "the directory that clients update from",
     .offset = offsetof(struct embed_options, dir)},
    {.name = "seed",
     .rivals = "dir",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the seed that was embedded so far, instead of a directory",
     .offset = offsetof(struct embed_options, seed)},
    {.name = "root",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the root to begin with, instead of the first one there",
     .offset = offsetof(struct embed_options, root)},
    {.name = "format",
     .type = OPT_CHOICE,
     .metavar = "FORMAT",
     .help = "a resource file, or C source",
     .choices = formats,
     .offset = offsetof(struct embed_options, format)},
    {.name = "name",
     .type = OPT_STRING,
     .metavar = "SYMBOL",
     .help = "what the bytes are called in C (pintle_seed)",
     .offset = offsetof(struct embed_options, name)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "write to FILE",
     .offset = offsetof(struct embed_options, out)},
    {.type = OPT_END},
};

static bool is_symbol(const char *name)
{
    if (name[0] == '\0' || strlen(name) > SYMBOL_MAX || (name[0] >= '0' && name[0] <= '9'))
        return false;
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] ==
           '\0';
}

static enum cli_exit check(const struct embed_options *options)
{
    if ((options->dir == NULL) == (options->seed == NULL))
        opt_mistake("embed", "either --dir or --seed is needed");
    else if (options->out == NULL)
        opt_mistake("embed", "option --out is needed");
    else if (!is_symbol(options->name))
        opt_mistake("embed", "option --name: is no name in C");
    else
        return CLI_OK;
    return CLI_USAGE;
}

/* C11 and C++: `extern` gives the constants a name beyond their file in both. */
static char *as_c(const char *name, const char *seed, size_t len)
{
    size_t size = len * CHARS_A_BYTE + len / BYTES_A_LINE * 5 + 6 * strlen(name) + 512;
    char *text = malloc(size);
    size_t at;

    if (text == NULL)
        cli_no_memory();
    at = (size_t)snprintf(text, size,
                          "/* Signed pins, made by pintle embed. Start from them with "
                          "pintle_open_seed() or an updater. */\n"
                          "#include <stddef.h>\n\n"
                          "extern const unsigned char %s[];\nextern const size_t %s_len;\n\n"
                          "const unsigned char %s[] = {",
                          name, name, name);
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(text + at, size - at, "%s0x%02x,",
                               i % BYTES_A_LINE == 0 ? "\n    " : " ", (unsigned char)seed[i]);
    (void)snprintf(text + at, size - at, "\n};\nconst size_t %s_len = sizeof(%s);\n", name, name);
    return text;
}

static enum cli_exit write_out(const struct embed_options *options, const char *seed, size_t len)
{
    bool is_c = strcmp(options->format, "c") == 0;
    char *source = is_c ? as_c(options->name, seed, len) : NULL;
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;

    if (os_write_file(options->out, is_c ? source : seed, is_c ? strlen(source) : len, 0644,
                      &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(source);
    return code;
}

/* --- a seed again --------------------------------------------------------------------------------- */

/* Only whole: what a client that begins with the root would leave out is refused here. */
static enum pintle_status restore(struct pintle_trusted **out, const struct embed_options *options,
                                  struct pintle_view seed, struct pintle_error *err)
{
    struct pintle_trusted_options how = {.crypto = pintle_openssl_crypto(),
                                         .loader = pintle_pinset_loader()};
    enum pintle_status status;
    size_t refused = 0;
    char *text = NULL;
    size_t len = 0;

    if (options->root == NULL)
        return pintle_trusted_new_from_seed(out, seed, &how, err);
    status = os_read_file(&text, &len, options->root, PINTLE_ENVELOPE_MAX_LEN, err);
    if (status == PINTLE_OK)
        status =
            pintle_trusted_new(out, (struct pintle_view){(const uint8_t *)text, len}, &how, err);
    free(text);
    if (status == PINTLE_OK)
        status = pintle_trusted_restore(*out, seed, &refused, err);
    if (status == PINTLE_OK && refused > 0) {
        *err = (struct pintle_error){.status = PINTLE_E_SIGNATURES};
        (void)snprintf(err->text, sizeof(err->text), "%zu of its records %s refused under %.96s",
                       refused, refused == 1 ? "is" : "are", cli_safe(options->root));
        status = PINTLE_E_SIGNATURES;
    }
    return status;
}

/* A seed is taken back whatever the date; nothing that has expired is built in anew. */
static enum cli_exit check_dates(const struct embed_options *options,
                                 const struct pintle_trusted *trusted)
{
    int64_t now = pintle_trusted_get_time(trusted, pintle_clock_system(NULL));
    struct pintle_trusted_pins pins;
    const char *what = NULL;

    if (pintle_trusted_get_root(trusted)->expires <= now)
        what = "root";
    else if (pintle_trusted_get_pins(trusted, &pins) && pins.facts.expires <= now)
        what = "pin-set";
    if (what == NULL)
        return CLI_OK;
    cli_error("%s: its %s has expired", cli_safe(options->seed), what);
    return CLI_INPUT;
}

static enum cli_exit open_seed(struct pintle_trusted **out, const struct embed_options *options)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    if (os_read_file(&text, &len, options->seed, PINTLE_SEED_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (restore(out, options, (struct pintle_view){(const uint8_t *)text, len}, &err) != PINTLE_OK)
        code = cli_fail(options->seed, &err);
    else
        code = check_dates(options, *out);
    free(text);
    return code;
}

/* --- the command ---------------------------------------------------------------------------------- */

static enum cli_exit open_source(struct pintle_trusted **out, const struct embed_options *options)
{
    static const struct opt_list none = {NULL, 0};
    enum cli_exit code;

    if (options->seed != NULL)
        return open_seed(out, options);
    code = published_must_exist(options->dir);
    if (code != CLI_OK)
        return code;
    return published_open(out, options->dir, options->root, &none, pintle_clock_system(NULL));
}

static enum cli_exit embed(const struct embed_options *options)
{
    const char *source = options->dir != NULL ? options->dir : options->seed;
    struct pintle_trusted *trusted = NULL;
    struct pintle_trusted_pins pins;
    struct pintle_error err = {0};
    char *seed = NULL;
    size_t len = 0;
    enum cli_exit code = open_source(&trusted, options);

    if (code == CLI_OK && pintle_trusted_format_seed(&seed, &len, trusted, &err) != PINTLE_OK) {
        cli_error("%s: %s", cli_safe(source), err.text);
        code = CLI_INPUT;
    }
    if (code == CLI_OK)
        code = write_out(options, seed, len);
    if (code == CLI_OK && pintle_trusted_get_pins(trusted, &pins))
        (void)printf("embedded version %lld of epoch %lld, root %lld, in %s\n",
                     (long long)pins.facts.version, (long long)pins.facts.epoch,
                     (long long)pintle_trusted_get_root(trusted)->version, cli_safe(options->out));
    free(seed);
    pintle_trusted_free(trusted);
    return code;
}

enum cli_exit cmd_embed(int argc, char **argv)
{
    struct embed_options options = {.format = formats[0], .name = "pintle_seed"};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("embed", opts_embed, &options, argc, argv, &operands))
        code = check(&options);
    if (code == CLI_OK)
        code = embed(&options);
    opt_clear(opts_embed, &options, &operands);
    return code;
}
