/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_build.h"
#include "learning.h"
#include "target.h"

bool trust_options_check(const char *command, const struct trust_options *options)
{
    bool both = options->state != NULL && options->app != NULL;

    if (both && opt_env_value("PINTLE_STATE") == NULL && opt_env_value("PINTLE_APP") == NULL) {
        opt_mistake(command, "options --state and --app exclude each other");
        return false;
    }
    return true;
}

/* The path of the database; NULL after telling why there is none. */
static char *find_path(const struct trust_options *options, enum cli_exit *code)
{
    const char *app = options->app != NULL ? options->app : LEARNING_APP;
    struct pintle_error err = {0};
    enum pintle_status status;
    char *path = NULL;

    if (options->state != NULL) {
        path = strdup(options->state);
        if (path == NULL)
            cli_no_memory();
        return path;
    }
    status = pintle__state_default_path(&path, app, &err);
    if (status != PINTLE_OK)
        cli_error("%s", err.text);
    *code = cli_exit_for(status);
    return path;
}

static enum cli_exit open_at(struct pintle__state **out, const char *path)
{
    struct pintle_error err = {0};
    bool recovered = false;
    enum pintle_status status = pintle__state_open(out, path, &recovered, &err);

    if (status != PINTLE_OK)
        cli_error("%s", err.text);
    else if (recovered)
        cli_error("%s: was lost or damaged; hosts that may have been known are refused until "
                  "they are forgotten",
                  cli_safe(path));
    return cli_exit_for(status);
}

enum cli_exit trust_open(struct pintle__state **out, const struct trust_options *options,
                         bool begins)
{
    bool named = options->state != NULL || options->app != NULL;
    enum cli_exit code = CLI_OK;
    char *path = find_path(options, &code);

    *out = NULL;
    if (path == NULL)
        return code;
    if (begins || access(path, F_OK) == 0) {
        code = open_at(out, path);
    } else if (errno != ENOENT || named) {
        cli_error("%s: %s", cli_safe(path), strerror(errno));
        code = CLI_INPUT;
    }
    free(path);
    return code;
}

/* --- entries ------------------------------------------------------------------------------------- */

const char *trust_from_name(enum pintle_learned_from from)
{
    static const char *const names[] = {"tofu", "hpkp", "hpkp-report-only"};

    return names[from];
}

const char *trust_at_name(enum pintle_position at)
{
    static const char *const names[] = {"any", "leaf", "ca"};

    return names[at];
}

const char *trust_host(const struct pintle_learned *entry, char out[TRUST_HOST_SIZE])
{
    struct target target;

    if (entry->port == 0) {
        (void)snprintf(out, TRUST_HOST_SIZE, "%s", entry->host.text);
    } else {
        target_from_host(&target, &entry->host, entry->port);
        (void)snprintf(out, TRUST_HOST_SIZE, "%s", target.text);
    }
    return out;
}

static json_t *pins_json(const struct pintle_learned *entry)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < entry->pin_count; i++) {
        char pin[PINTLE_PIN_TEXT_SIZE];

        list = json_build_item(list, json_string(pintle_pin_format(&entry->pins[i], pin)));
    }
    return list;
}

json_t *trust_json(const struct pintle_learned *entry, int64_t now)
{
    char learned[PINTLE_TIME_TEXT_SIZE];
    char seen[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:b, s:o, s:s, s:s, s:s, s:b}", "host", entry->host.text, "from",
        trust_from_name(entry->from), "at", trust_at_name(entry->at), "include_subdomains",
        (int)entry->include_subdomains, "pins", pins_json(entry), "learned",
        pintle_time_format(entry->learned, learned), "seen", pintle_time_format(entry->seen, seen),
        "expires", pintle_time_format(entry->expires, expires), "expired",
        (int)(now >= entry->expires));

    json = json_build_member(json, entry->port != 0, "port",
                             entry->port != 0 ? json_integer(entry->port) : NULL);
    json = json_build_text(json, "key_type", entry->key_type);
    return json_build_text(json, "report_uri", entry->report_uri);
}

static const char *kind_text(const struct pintle_learned *entry)
{
    if (entry->from != PINTLE_LEARNED_TOFU)
        return entry->include_subdomains ? "announced (HPKP), with its subdomains"
                                         : "announced (HPKP)";
    return entry->at == PINTLE_AT_CA ? "its CA" : "its key";
}

void trust_print(FILE *stream, const struct pintle_learned *entry, int64_t now)
{
    char host[TRUST_HOST_SIZE];
    char learned[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)fprintf(stream, "%s%s%s  %s%s%s, learned %s, %s %s\n", cli_on(stream, CLI_BOLD),
                  cli_safe(trust_host(entry, host)), cli_off(stream), kind_text(entry),
                  entry->key_type[0] != '\0' ? ", " : "", cli_safe(entry->key_type),
                  pintle_time_format(entry->learned, learned),
                  now < entry->expires ? "until" : "expired",
                  pintle_time_format(entry->expires, expires));
    for (uint32_t i = 0; i < entry->pin_count; i++)
        (void)fprintf(stream, "  %s\n", pintle_pin_format(&entry->pins[i], pin));
}
