/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include <pintle/openssl.h>

#include "json_build.h"
#include "key_file.h"
#include "signers.h"

struct show_options {
    const char *passphrase_file;
    bool json;
};

const struct opt_spec opts_key_show[] = {
    {.name = "passphrase-file",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "take the passphrase of encrypted keys from the first line of FILE",
     .offset = offsetof(struct show_options, passphrase_file)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct show_options, json)},
    {.type = OPT_END},
};

/* An encrypted key tells its public half only to who can open it; so does a token. */
static enum cli_exit read_private(struct key_file *out, const char *source,
                                  const char *passphrase_file)
{
    struct pintle_signing_key *key;
    enum cli_exit code = signers_load_one(&key, source, passphrase_file);

    if (code != CLI_OK)
        return code;
    memcpy(out->public_key, pintle_signing_key_get_public(key), sizeof(out->public_key));
    memcpy(out->id, pintle_signing_key_get_id(key), sizeof(out->id));
    pintle_signing_key_free(key);
    return CLI_OK;
}

/* A URI is what is no file; the library tells which failed, and how. */
static bool is_file(const char *source)
{
    return strcmp(source, "-") == 0 || access(source, F_OK) == 0;
}

static enum cli_exit read_key(struct key_file *out, const char *source, const char *passphrase_file)
{
    enum pintle_status status = PINTLE_E_PEM;
    enum cli_exit code = CLI_INPUT;

    memset(out, 0, sizeof(*out));
    if (is_file(source))
        code = key_file_read(out, source, &status);
    if (code != CLI_OK && status == PINTLE_E_PEM)
        code = read_private(out, source, passphrase_file);
    return code;
}

static void format_public(char out[PINTLE_PIN_TEXT_SIZE], const struct key_file *key)
{
    struct pintle_pin bytes; /* 32 bytes in base64, as a pin has them */

    memcpy(bytes.digest, key->public_key, sizeof(bytes.digest));
    (void)pintle_pin_format(&bytes, out);
    memmove(out, out + strlen("sha256/"), strlen(out + strlen("sha256/")) + 1);
}

static void print_text(const char *source, const struct key_file *key)
{
    char base64[PINTLE_PIN_TEXT_SIZE];

    format_public(base64, key);
    (void)printf("%s%s%s  ed25519  %s  %s", cli_on(stdout, CLI_BOLD), key->id, cli_off(stdout),
                 base64, cli_safe(source));
    if (key->label[0] != '\0')
        (void)printf("  %s", cli_safe(key->label));
    (void)putchar('\n');
}

static json_t *key_json(const char *source, const struct key_file *key)
{
    char base64[PINTLE_PIN_TEXT_SIZE];
    json_t *json;

    format_public(base64, key);
    json = json_pack("{s:o, s:s, s:s, s:s}", "source", cli_json_text(source), "id", key->id, "alg",
                     "ed25519", "public", base64);
    return json_build_text(json, "label", key->label);
}

static enum cli_exit show(const struct show_options *options, const struct opt_list *operands)
{
    json_t *list = options->json ? json_array() : NULL;
    enum cli_exit code = CLI_OK;

    for (size_t i = 0; i < operands->count; i++) {
        const char *source = operands->items[i];
        struct key_file key;
        enum cli_exit found = read_key(&key, source, options->passphrase_file);

        if (found != CLI_OK && code == CLI_OK)
            code = found;
        if (found == CLI_OK && options->json)
            list = json_build_item(list, key_json(source, &key));
        else if (found == CLI_OK)
            print_text(source, &key);
    }
    if (options->json) {
        enum cli_exit printed = cli_print_json("key-show", json_pack("{s:o}", "keys", list));
        return code != CLI_OK ? code : printed;
    }
    return code;
}

enum cli_exit cmd_key_show(int argc, char **argv)
{
    struct show_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("key show", opts_key_show, &options, argc, argv, &operands))
        code = show(&options, &operands);
    opt_clear(opts_key_show, &options, &operands);
    return code;
}
