/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "init.h"

/* reference: pinning that ends at the latest after so many days can lock nobody out for longer */
#define DAYS_MAX 400

static const char *const modes[] = {"enforce", "report", NULL};
static const char *const positions[] = {"leaf", "any", NULL};
static const char *const key_types[] = {"ec-p256",  "ec-p384",  "ed25519", "rsa-2048",
                                        "rsa-3072", "rsa-4096", NULL};

const struct opt_spec opts_init[] = {
    {.name = "app",
     .type = OPT_STRING,
     .metavar = "NAME",
     .help = "the application the pin-set is for (the first host, backwards)",
     .offset = offsetof(struct init_options, app)},
    {.name = "at",
     .type = OPT_CHOICE,
     .metavar = "WHERE",
     .help = "where the pinned keys may stand in the chain (any)",
     .choices = positions,
     .offset = offsetof(struct init_options, at)},
    {.name = "backup",
     .type = OPT_STRING,
     .metavar = "PIN|FILE",
     .help = "the backup pin, or its certificate, request or key",
     .offset = offsetof(struct init_options, backup)},
    {.name = "no-backup",
     .rivals = "backup",
     .type = OPT_FLAG,
     .help = "go without a backup pin",
     .offset = offsetof(struct init_options, no_backup)},
    {.name = "key-type",
     .type = OPT_CHOICE,
     .metavar = "TYPE",
     .help = "kind of backup key to make (ec-p256)",
     .choices = key_types,
     .offset = offsetof(struct init_options, key_type)},
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "enforce for so many days, then only report (365)",
     .offset = offsetof(struct init_options, days),
     .min = 1,
     .max = DAYS_MAX},
    {.name = "expires-days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "let the pin-set expire in so many days (90)",
     .offset = offsetof(struct init_options, expires_days),
     .min = 1,
     .max = 3650},
    {.name = "mode",
     .type = OPT_CHOICE,
     .metavar = "MODE",
     .help = "mode of the rules (enforce)",
     .choices = modes,
     .offset = offsetof(struct init_options, mode)},
    {.name = "pin-ca",
     .type = OPT_FLAG,
     .help = "pin the key of the issuing CA too",
     .offset = offsetof(struct init_options, pin_ca)},
    {.name = "trust-key",
     .rivals = "pin-ca",
     .type = OPT_FLAG,
     .help = "trust the server's key alone: no CA, name or date is asked for",
     .offset = offsetof(struct init_options, trust_key)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "write this pin-set (pintle.json)",
     .offset = offsetof(struct init_options, out)},
    {.name = "force",
     .type = OPT_FLAG,
     .help = "replace the pin-set if it is there",
     .offset = offsetof(struct init_options, force)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print what was made as JSON",
     .offset = offsetof(struct init_options, json)},
    NET_OPTIONS(struct init_options, net),
    {.type = OPT_END},
};

static bool fits_together(const struct init_options *options, size_t hosts)
{
    if (options->backup != NULL && options->no_backup)
        opt_mistake("init", "options --backup and --no-backup exclude each other");
    else if (options->trust_key && options->pin_ca)
        opt_mistake("init", "options --trust-key and --pin-ca exclude each other");
    else if (options->net.connect != NULL && hosts > 1)
        opt_mistake("init", "option --connect: one address cannot be that of %zu hosts", hosts);
    else if (strcmp(options->out, "-") == 0)
        opt_mistake("init", "option --out: a pin-set is a file");
    else if (strlen(options->out) >
             INIT_PATH_SIZE - PINTLE_RULE_ID_SIZE - sizeof(".backup-key.pem"))
        opt_mistake("init", "option --out: the name is too long");
    else
        return net_options_check("init", &options->net);
    return false;
}

/* --- operands -------------------------------------------------------------------------------- */

/* An id holds letters, digits, '.', '_' and '-'. */
static void make_id(struct init_rule *rule, size_t index)
{
    const char *host = rule->target.host.text;
    int len = rule->target.port == 443 ? snprintf(rule->id, sizeof(rule->id), "%s", host)
                                       : snprintf(rule->id, sizeof(rule->id), "%s-%u", host,
                                                  (unsigned)rule->target.port);

    if (len < 0 || (size_t)len >= sizeof(rule->id))
        (void)snprintf(rule->id, sizeof(rule->id), "rule-%zu", index + 1);
    for (char *c = strchr(rule->id, ':'); c != NULL; c = strchr(c, ':'))
        *c = '_';
}

static enum cli_exit read_host(struct init *init, const char *text)
{
    struct init_rule *rule = &init->rules[init->count];
    struct pintle_error err = {0};

    if (target_parse_server(&rule->target, text, net_options_port(&init->options->net), &err) !=
        PINTLE_OK)
        return cli_fail(text, &err);
    for (size_t i = 0; i < init->count; i++)
        if (strcmp(init->rules[i].target.text, rule->target.text) == 0) {
            opt_mistake("init", "%s is given twice", rule->target.text);
            return CLI_USAGE;
        }
    make_id(rule, init->count++);
    return CLI_OK;
}

/* --- the file that may be there -------------------------------------------------------------- */

/* A replaced document must not look like a rollback to whoever has it. */
static int64_t next_version(const char *path)
{
    struct pintle_pinset *old = NULL;
    int64_t version = 0;

    if (pintle_pinset_load(&old, path, NULL, NULL) == PINTLE_OK)
        version = pintle_pinset_get_version(old);
    pintle_pinset_free(old);
    return version < INT64_MAX ? version + 1 : version;
}

static enum cli_exit check_out(struct init *init)
{
    const char *out = init->options->out;

    init->version = 1;
    if (access(out, F_OK) != 0)
        return CLI_OK;
    if (init->options->force) {
        init->version = next_version(out);
        return CLI_OK;
    }
    cli_error("%s: is there already; --force replaces it, --out names another", cli_safe(out));
    return CLI_INPUT;
}

/* --- all of it ------------------------------------------------------------------------------- */

static enum cli_exit make_rules(struct init *init)
{
    struct pintle_pin given;
    enum cli_exit code = CLI_OK;

    if (init->options->backup != NULL)
        code = init_read_backup(init->options->backup, &given);
    for (size_t i = 0; code == CLI_OK && i < init->count; i++)
        code = init_look(init, &init->rules[i]);
    for (size_t i = 0; code == CLI_OK && i < init->count && !init->options->no_backup; i++)
        code =
            init_add_backup(init, &init->rules[i], init->options->backup != NULL ? &given : NULL);
    return code;
}

static enum cli_exit make_all(struct init *init)
{
    enum cli_exit code = check_out(init);

    if (code == CLI_OK)
        code = make_rules(init);
    if (code == CLI_OK)
        code = init_compose(init);
    if (code == CLI_OK && cli_interrupted != 0)
        code = CLI_INTERNAL;
    if (code == CLI_OK)
        code = init_write(init);
    if (code == CLI_OK)
        code = init_print(init);
    if (code == CLI_OK && init->options->no_backup)
        cli_note("no backup pin: if this key is lost, every client is locked out until it has a "
                 "new pin-set; `pintle check` calls that an error");
    return code;
}

static enum cli_exit run(const struct init_options *options, const struct opt_list *operands)
{
    struct init init = {.options = options, .now = pintle_clock_system(NULL)};
    enum cli_exit code = CLI_OK;

    if (!fits_together(options, operands->count))
        return CLI_USAGE;
    init.rules = calloc(operands->count, sizeof(*init.rules));
    if (init.rules == NULL)
        cli_no_memory();
    for (size_t i = 0; code == CLI_OK && i < operands->count; i++)
        code = read_host(&init, operands->items[i]);
    if (code == CLI_OK)
        code = make_all(&init);
    for (size_t i = 0; i < init.count; i++)
        pintle_new_key_clear(&init.rules[i].new_key);
    free(init.rules);
    free(init.document);
    return code;
}

enum cli_exit cmd_init(int argc, char **argv)
{
    struct init_options options = {.net.timeout = NET_TIMEOUT_DEFAULT,
                                   .at = "any",
                                   .mode = "enforce",
                                   .out = "pintle.json",
                                   .key_type = "ec-p256",
                                   .days = 365,
                                   .expires_days = 90};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("init", opts_init, &options, argc, argv, &operands))
        code = run(&options, &operands);
    opt_clear(opts_init, &options, &operands);
    return code;
}
