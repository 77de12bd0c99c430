/* SPDX-License-Identifier: Apache-2.0 */
#include "publish_gate.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/x509.h>

#include "json_build.h"
#include "objects_file.h"

/* proven: pins of keys that somebody has shown to exist; used: for each --accept-risk */
struct gate {
    const struct publish_gate_options *options;
    struct check check;
    struct pintle_pin *proven;
    size_t proven_count;
    bool *used;
    json_t *accepted;
    json_t *refused;
};

/* --- proofs --------------------------------------------------------------------------------------- */

/* A request is signed by its key, and a certificate's key was shown to a CA. A bare key is no proof. */
static enum cli_exit take_objects(struct gate *gate, const char *path,
                                  const struct pintle_objects *objects)
{
    size_t count = pintle_objects_get_count(objects);
    size_t taken = 0;
    struct pintle_pin *all =
        realloc(gate->proven, (gate->proven_count + count + 1) * sizeof(*gate->proven));

    if (all == NULL)
        cli_no_memory();
    gate->proven = all;
    for (size_t i = 0; i < count; i++) {
        const struct pintle_object *object = pintle_objects_get(objects, i);
        if (object->kind != PINTLE_OBJECT_CERTIFICATE && object->kind != PINTLE_OBJECT_REQUEST)
            continue;
        all[gate->proven_count++] = object->pin;
        taken++;
    }
    if (taken > 0)
        return CLI_OK;
    cli_error("%s: holds no certificate and no certificate request", cli_safe(path));
    return CLI_INPUT;
}

static enum cli_exit read_proof(struct gate *gate, const char *path)
{
    struct pintle_objects *objects;
    enum cli_exit code = objects_file_read(&objects, path, cli_fail);

    if (code == CLI_OK)
        code = take_objects(gate, path, objects);
    pintle_objects_free(objects);
    return code;
}

static bool is_proven(const struct gate *gate, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < gate->proven_count; i++) {
        if (pintle_pin_equal(&gate->proven[i], pin))
            return true;
    }
    return false;
}

/* --- backups -------------------------------------------------------------------------------------- */

/* In a chain that a server of the rule shows, or in the path that was built from it. */
static bool is_live(const struct check *check, size_t rule_index, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < check->endpoint_count; i++) {
        const struct endpoint *endpoint = &check->endpoints[i];
        for (size_t j = 0; endpoint->rule_index == rule_index && j < endpoint->survey.count; j++) {
            const struct sighting *s = &endpoint->survey.items[j];
            if (check_shows(s->served, s->served_count, pin) ||
                check_shows(s->verified, s->verified_count, pin))
                return true;
        }
    }
    return false;
}

/*
 * backup       a pin that stays and is in no live chain, or NULL: what a proof would be for
 * proven       such a pin has a proof
 * proven_live  a pin has a proof, but a server shows it
 */
struct backups {
    const struct pintle_rule_pin *backup;
    bool proven;
    bool proven_live;
};

static struct backups find_backups(const struct gate *gate, size_t rule_index)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(gate->check.set, rule_index);
    struct backups out = {0};

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];
        bool live = is_live(&gate->check, rule_index, &pin->pin);
        bool proven = is_proven(gate, &pin->pin);

        out.proven_live = out.proven_live || (live && proven);
        if (live || pin->until != PINTLE_NEVER)
            continue;
        out.proven = out.proven || proven;
        if (out.backup == NULL || (pin->backup && !out.backup->backup))
            out.backup = pin;
    }
    return out;
}

/* What is missing, and what to do about it. */
static void add_unproven(struct gate *gate, size_t rule_index, const struct backups *found)
{
    const char *why = "";
    char pin[PINTLE_PIN_TEXT_SIZE];

    if (found->proven_live)
        why = "; what was given is of a key that a server shows";
    else if (gate->proven_count > 0)
        why = "; what was given is of no pin of this rule";
    if (found->backup == NULL)
        check_add(&gate->check, "PIN113", rule_index, SIZE_MAX,
                  "no pin that stays is of a key in reserve: add one (pintle key backup --add)");
    else
        check_add(&gate->check, "PIN113", rule_index, SIZE_MAX,
                  "%s is not proven: give its certificate request or certificate with --proof%s",
                  pintle_pin_format(&found->backup->pin, pin), why);
}

/* Now, or from the time on at which `after` holds: clients keep what is published today until then. */
static bool will_enforce(const struct gate *gate, const struct pintle_rule *rule)
{
    return pintle_rule_get_mode(rule, gate->check.now) == PINTLE_MODE_ENFORCE ||
           (rule->after == PINTLE_MODE_ENFORCE && rule->ends != PINTLE_NEVER);
}

static void look_for_backups(struct gate *gate)
{
    struct check *check = &gate->check;

    for (size_t i = 0; i < pintle_pinset_get_rule_count(check->set); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, i);
        struct backups found;

        if (!will_enforce(gate, rule) || rule->pin_count == 0)
            continue;
        found = find_backups(gate, i);
        if (!found.proven)
            add_unproven(gate, i, &found);
    }
}

/* --- judging -------------------------------------------------------------------------------------- */

static bool is(const struct check_finding *finding, const char *id)
{
    return strcmp(finding->kind->id, id) == 0;
}

/* A pin that is kept for the overlap is in no chain and ends soon, by design. */
static bool is_retiring(const struct gate *gate, const struct check_finding *finding)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(gate->check.set, finding->rule_index);

    return rule != NULL && finding->pin_index < rule->pin_count &&
           rule->pins[finding->pin_index].until != PINTLE_NEVER &&
           !is_live(&gate->check, finding->rule_index, &rule->pins[finding->pin_index].pin);
}

/* Nobody looked at the servers of a pattern with stars, and clients would refuse them. */
static bool is_unseen(const struct gate *gate, const struct check_finding *finding)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(gate->check.set, finding->rule_index);

    return is(finding, "PIN109") && rule != NULL && rule->pin_count > 0 && will_enforce(gate, rule);
}

/* Certificates that end soon and weak keys above ours are no matter of pins. Without hard_ttl_s the
 * worst lock-out has no end. */
static bool blocks(const struct gate *gate, const struct check_finding *finding)
{
    if (is(finding, "PIN103") || is(finding, "PIN104"))
        return false;
    if ((is(finding, "PIN023") || is(finding, "PIN030") || is(finding, "PIN112")) &&
        is_retiring(gate, finding))
        return false;
    return finding->kind->severity != PINTLE_INFO || is(finding, "PIN027") ||
           is_unseen(gate, finding);
}

static const char *rule_id(const struct gate *gate, const struct check_finding *finding)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(gate->check.set, finding->rule_index);

    return rule == NULL ? "" : rule->id;
}

/* "ID" or "ID:RULE" */
static bool covers(const char *accept, const char *id, const char *rule)
{
    size_t len = strlen(id);

    return strncmp(accept, id, len) == 0 &&
           (accept[len] == '\0' || (accept[len] == ':' && strcmp(accept + len + 1, rule) == 0));
}

static bool is_accepted(struct gate *gate, const struct check_finding *finding)
{
    bool accepted = false;

    for (size_t i = 0; i < gate->options->accept.count; i++) {
        if (covers(gate->options->accept.items[i], finding->kind->id, rule_id(gate, finding))) {
            gate->used[i] = true;
            accepted = true;
        }
    }
    return accepted;
}

static void judge(struct gate *gate)
{
    for (size_t i = 0; i < gate->check.finding_count; i++) {
        const struct check_finding *finding = &gate->check.findings[i];
        json_t *json;
        if (!blocks(gate, finding))
            continue;
        json = json_pack("{s:s, s:s, s:o}", "id", finding->kind->id, "title", finding->kind->title,
                         "detail", cli_json_text(finding->detail));
        json = json_build_text(json, "rule", rule_id(gate, finding));
        if (is_accepted(gate, finding))
            gate->accepted = json_build_item(gate->accepted, json);
        else
            gate->refused = json_build_item(gate->refused, json);
    }
}

static enum cli_exit conclude(const struct gate *gate)
{
    if (gate->check.no_memory || gate->accepted == NULL || gate->refused == NULL)
        cli_no_memory();
    if (gate->check.internal)
        return CLI_INTERNAL;
    for (size_t i = 0; i < gate->options->accept.count; i++) {
        if (gate->used[i])
            continue;
        opt_mistake("publish", "option --accept-risk: nothing was found that is '%s'",
                    cli_safe(gate->options->accept.items[i]));
        return CLI_USAGE;
    }
    return json_array_size(gate->refused) > 0 ? CLI_REFUSED : CLI_OK;
}

enum cli_exit publish_gate_run(const struct publish_gate_options *options,
                               struct pintle_pinset *set, int64_t now, json_t **accepted,
                               json_t **refused)
{
    struct gate gate = {.options = options,
                        .check = {.options = &options->check, .now = now},
                        .used = calloc(options->accept.count + 1, sizeof(bool)),
                        .accepted = json_array(),
                        .refused = json_array()};
    enum cli_exit code = check_take(&gate.check, set);

    if (gate.used == NULL)
        cli_no_memory();
    for (size_t i = 0; code == CLI_OK && i < options->proofs.count; i++)
        code = read_proof(&gate, options->proofs.items[i]);
    if (code == CLI_OK) {
        check_lint(&gate.check);
        code = check_look(&gate.check);
    }
    if (code == CLI_OK) {
        look_for_backups(&gate);
        judge(&gate);
        code = conclude(&gate);
    }
    *accepted = gate.accepted;
    *refused = gate.refused;
    check_clear(&gate.check);
    free(gate.proven);
    free(gate.used);
    return code;
}
