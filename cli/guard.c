/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/bundle.h>
#include <pintle/openssl.h>

#include "document_kind.h"
#include "json_build.h"
#include "os/file.h"
#include "pinset_path.h"

#define DAY_S 86400

bool pin_options_check(const char *command, const struct pin_options *options)
{
    if (options->trust_key && options->pins.count == 0) {
        opt_mistake(command, "option --trust-key needs --pin; in a file it is \"trust\": \"key\"");
        return false;
    }
    /* A pin-set from the environment is a default: --pin stands in for it. */
    if (options->pins.count > 0 && options->pinset != NULL &&
        !opt_is_from_env("PINTLE_PINSET", options->pinset)) {
        opt_mistake(command, "options --pin and --pinset exclude each other");
        return false;
    }
    for (size_t i = 0; i < options->pins.count; i++) {
        const char *text = options->pins.items[i];
        struct pintle_pin pin;
        struct pintle_error err = {0};

        if (pintle_pin_parse(&pin, text, strlen(text), &err) != PINTLE_OK) {
            opt_mistake(command, "option --pin: '%s': %s", cli_safe(text), err.text);
            return false;
        }
    }
    return true;
}

const struct pintle_crypto *guard_crypto(void)
{
    return pintle_openssl_crypto();
}

/* --- pins from the command line --------------------------------------------------------------- */

static json_t *pins_json(const struct opt_list *pins)
{
    json_t *list = json_array();

    for (size_t i = 0; i < pins->count; i++)
        list = json_build_item(list, json_pack("{s:s}", "spki", pins->items[i]));
    return list;
}

/* A document with one rule, as the file would have been. */
static char *write_document(const struct pin_options *options, const struct target *target)
{
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    int64_t now = pintle_clock_system(NULL);
    json_t *rule =
        json_pack("{s:s, s:[s], s:[i], s:s, s:s, s:o}", "id", "command-line", "match",
                  target->host.text, "ports", (int)target->port, "mode", "enforce", "trust",
                  options->trust_key ? "key" : "pkix", "pins", pins_json(&options->pins));
    json_t *document = json_pack("{s:i, s:s, s:i, s:s, s:s, s:[o]}", "pintle", 1, "app", "pintle",
                                 "version", 1, "issued", pintle_time_format(now, issued), "expires",
                                 pintle_time_format(now + DAY_S, expires), "rules", rule);
    char *text = document != NULL ? cli_json_dump(document, JSON_COMPACT) : NULL;

    json_decref(document);
    return text;
}

static enum cli_exit parse_pins(struct pintle_pinset **out, const struct pin_options *options,
                                const struct target *target)
{
    struct pintle_pinset_options how = {.crypto = guard_crypto()};
    struct pintle_error err = {0};
    char *text = write_document(options, target);
    enum pintle_status status;

    if (text == NULL) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    status = pintle_pinset_parse(out, text, strlen(text), &how, &err);
    free(text);
    return status == PINTLE_OK ? CLI_OK : cli_fail("--pin", &err);
}

/* --- a file ---------------------------------------------------------------------------------- */

/* The file is read again: the library says only what it lacks as a pin-set. */
static enum cli_exit fail_by_kind(const char *path, const struct pintle_error *err)
{
    enum cli_exit code;
    char *text = NULL;
    size_t len = 0;

    if (os_read_file(&text, &len, path, PINTLE_PINS_PAYLOAD_MAX_LEN, NULL) != PINTLE_OK)
        return cli_fail(path, err);
    code = document_fail(path, text, len, "a pin-set", err);
    free(text);
    return code;
}

enum cli_exit guard_load(struct pintle_pinset **out, const char *given, char *path)
{
    struct pintle_pinset_options how = {.crypto = guard_crypto()};
    struct pintle_error err = {0};
    const char *file = pinset_path(given, path);
    enum pintle_status status = pintle_pinset_load(out, file, &how, &err);

    if (file != path)
        (void)snprintf(path, PINSET_PATH_SIZE, "%s", file);
    if (status == PINTLE_OK)
        return CLI_OK;
    if (status != PINTLE_E_IO)
        return fail_by_kind(file, &err);
    cli_error("%s", err.text);
    if (given == NULL)
        cli_note("make a pin-set with `pintle init HOST`, or name one with -p FILE");
    return CLI_INPUT;
}

/* --- the engine ------------------------------------------------------------------------------ */

enum cli_exit guard_make(struct pintle **out, const struct pintle_pinset *set, bool allow_unlisted)
{
    struct pintle_config config = {
        .crypto = guard_crypto(), .clock = pintle_clock_system, .allow_unlisted = allow_unlisted};
    struct pintle_error err = {0};
    enum pintle_status status = pintle_new(out, set, &config, &err);

    if (status == PINTLE_OK)
        return CLI_OK;
    pintle_pinset_free(set);
    return cli_fail("pin-set", &err);
}

enum cli_exit guard_pinset(const struct pintle_pinset **out, const struct pin_options *options,
                           const struct target *target)
{
    struct pintle_pinset *set = NULL;
    char path[PINSET_PATH_SIZE];
    enum cli_exit code = options->pins.count > 0 ? parse_pins(&set, options, target)
                                                 : guard_load(&set, options->pinset, path);

    *out = set;
    return code;
}

enum cli_exit guard_open(struct pintle **out, const struct pin_options *options,
                         const struct target *target)
{
    const struct pintle_pinset *set;
    enum cli_exit code = guard_pinset(&set, options, target);

    *out = NULL;
    return code == CLI_OK ? guard_make(out, set, options->allow_unlisted) : code;
}
