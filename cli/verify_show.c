/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_show.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "envelope_file.h"
#include "json_build.h"
#include "root_text.h"
#include "unpin_text.h"

#define SIGNERS_SIZE 2048

/* The roots that a client went through, and behind them, if it is a root, the one it refused. */
struct chain {
    struct pintle_root *roots[PINTLE_ROOT_CHAIN_MAX + 1];
    size_t count;
    struct pintle_root *refused;
};

/* facts.digest is "" if the envelope's payload is no document of its role. */
struct entry {
    const struct pintle_envelope *envelope;
    struct envelope_facts facts;
    const char *verdict;
    bool expired;
    json_t *signers; /* their labels, or else ids */
    json_t *ids;
};

struct show {
    const struct verify_result *result;
    struct chain chain;
    json_t *list; /* NULL for text */
    bool json;
};

/* --- who signed --------------------------------------------------------------------------------- */

/* NULL if it is none. */
static struct pintle_root *parse_root(const struct pintle_envelope *envelope)
{
    struct pintle_root *root = NULL;
    enum pintle_status status = pintle_root_parse(&root, pintle_envelope_get_payload(envelope),
                                                  pintle_openssl_crypto(), NULL);

    if (status == PINTLE_E_NOMEM)
        cli_no_memory();
    return status == PINTLE_OK ? root : NULL;
}

static void read_chain(struct chain *out, const struct verify_result *result)
{
    const struct pintle_envelope *envelope;
    enum pintle_role role;

    for (size_t i = 0; i <= PINTLE_ROOT_CHAIN_MAX; i++) {
        envelope = pintle_trusted_get_envelope(result->trusted, PINTLE_ROLE_ROOT, i);
        if (envelope == NULL)
            break;
        out->roots[out->count] = parse_root(envelope);
        if (out->roots[out->count] == NULL)
            break; /* never: a client believes it */
        out->count++;
    }
    if (result->refused != NULL && pintle_envelope_get_role(result->refused, &role) &&
        role == PINTLE_ROLE_ROOT)
        out->refused = parse_root(result->refused);
}

static void clear_chain(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        free(chain->roots[i]);
    free(chain->refused);
}

static bool has_text(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            return true;
    }
    return false;
}

/* Keys of a root that signed, to those that are known already. */
static void add_signers(struct entry *entry, const struct pintle_root *root)
{
    enum pintle_role role = entry->facts.role;
    bool signed_by[PINTLE_ROLE_KEYS_MAX] = {false};

    (void)pintle_root_count_signers(root, role, entry->envelope, pintle_openssl_crypto(),
                                    signed_by);
    for (uint32_t i = 0; i < root->roles[role].key_count; i++) {
        const struct pintle_root_key *key = &root->keys[root->roles[role].keys[i]];
        if (!signed_by[i] || has_text(entry->ids, key->id))
            continue;
        entry->signers = json_build_item(entry->signers, cli_json_text(root_key_name(key)));
        entry->ids = json_build_item(entry->ids, json_string(key->id));
    }
}

/*
 * first, last  the roots of the chain that an envelope could be signed under: a root's are the one
 *              before it and itself
 */
static void find_signers(struct entry *entry, const struct chain *chain, size_t first, size_t last)
{
    entry->signers = json_array();
    entry->ids = json_array();
    for (size_t i = first; i <= last && i < chain->count; i++)
        add_signers(entry, chain->roots[i]);
    if (chain->refused != NULL && last >= chain->count)
        add_signers(entry, chain->refused);
    if (entry->signers == NULL || entry->ids == NULL)
        cli_no_memory();
}

static char *join_signers(char out[SIGNERS_SIZE], const struct entry *entry)
{
    size_t count = json_array_size(entry->signers);

    (void)snprintf(out, SIGNERS_SIZE, "%s", count == 0 ? "nobody" : "");
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(out);
        (void)snprintf(out + len, SIGNERS_SIZE - len, "%s%s", i > 0 ? ", " : "",
                       cli_safe(json_string_value(json_array_get(entry->signers, i))));
    }
    return out;
}

/* --- one envelope ------------------------------------------------------------------------------- */

static void print_text(const struct entry *entry)
{
    const struct envelope_facts *facts = &entry->facts;
    char issued[PINTLE_TIME_TEXT_SIZE], expires[PINTLE_TIME_TEXT_SIZE], signers[SIGNERS_SIZE];
    enum cli_style style = strcmp(entry->verdict, "accepted") == 0 ? CLI_GREEN : CLI_RED;

    (void)printf("%s%-8s%s  %-5s  %lld of epoch %lld  %.10s to %.10s%s  signed by %s\n",
                 cli_on(stdout, style), entry->verdict, cli_off(stdout),
                 pintle_role_name(facts->role), (long long)facts->version, (long long)facts->epoch,
                 pintle_time_format(facts->issued, issued),
                 pintle_time_format(facts->expires, expires), entry->expired ? " (expired)" : "",
                 join_signers(signers, entry));
    (void)printf("                 %s\n", facts->digest);
    if (facts->role != PINTLE_ROLE_UNPIN)
        return;
    (void)printf("                 ");
    unpin_print(stdout, entry->envelope);
    (void)putchar('\n');
}

static json_t *build_json(struct entry *entry)
{
    json_t *json = json_build_member(envelope_json(&entry->facts), true, "signed_by",
                                     json_incref(entry->signers));

    json = json_build_member(json, true, "verdict", json_string(entry->verdict));
    json = json_build_member(json, true, "expired", json_boolean(entry->expired));
    return entry->facts.role == PINTLE_ROLE_UNPIN ? unpin_json(json, entry->envelope) : json;
}

/* Nothing is shown of what is no document. */
static void show_one(struct show *show, const struct pintle_envelope *envelope, const char *verdict,
                     size_t first, size_t last)
{
    struct entry entry = {.envelope = envelope, .verdict = verdict};

    if (!envelope_read_facts(&entry.facts, envelope))
        return;
    entry.expired =
        entry.facts.expires <= pintle_trusted_get_time(show->result->trusted, show->result->now);
    find_signers(&entry, &show->chain, first, last);
    if (show->json)
        show->list = json_build_item(show->list, build_json(&entry));
    else
        print_text(&entry);
    json_decref(entry.signers);
    json_decref(entry.ids);
}

/* --- all of them -------------------------------------------------------------------------------- */

static void show_all(struct show *show)
{
    const struct pintle_trusted *trusted = show->result->trusted;
    const struct pintle_envelope *envelope;
    enum pintle_role role;
    size_t count = show->chain.count;

    for (size_t i = 0; i < count; i++)
        show_one(show, pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, i), "accepted",
                 i == 0 ? 0 : i - 1, i);
    for (int other = PINTLE_ROLE_PINS; other < PINTLE_ROLES; other++) {
        envelope = pintle_trusted_get_envelope(trusted, (enum pintle_role)other, 0);
        if (envelope != NULL)
            show_one(show, envelope, "accepted", 0, count - 1);
    }
    envelope = show->result->refused;
    if (envelope != NULL && pintle_envelope_get_role(envelope, &role))
        show_one(show, envelope, "refused", count - 1,
                 role == PINTLE_ROLE_ROOT ? count : count - 1);
}

static enum cli_exit print_json(struct show *show)
{
    const struct verify_result *result = show->result;
    bool refused = result->why.status != PINTLE_OK;
    json_t *json = json_pack("{s:o, s:s, s:o}", "path", cli_json_text(result->path), "verdict",
                             refused ? "refused" : "accepted", "envelopes", show->list);

    if (refused)
        json = json_build_member(json, true, "reason",
                                 json_pack("{s:s, s:o}", "status",
                                           pintle_status_name(result->why.status), "text",
                                           cli_json_text(result->why.text)));
    if (result->is_directory)
        json = json_build_member(json, true, "stale", json_boolean(result->stale));
    return cli_print_json("verify", json);
}

enum cli_exit verify_show(const struct verify_result *result, bool json)
{
    struct show show = {.result = result, .json = json};
    enum cli_exit code = CLI_OK;

    read_chain(&show.chain, result);
    if (json)
        show.list = json_array();
    show_all(&show);
    if (json)
        code = print_json(&show);
    clear_chain(&show.chain);
    return code;
}
