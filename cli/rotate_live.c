/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan has to know from the servers: which key is in use, and until when. */
#include <stdlib.h>

#include <pintle/x509.h>

#include "check.h"
#include "rotate_ask.h"

/* found: how many different keys of the rule are shown */
struct live {
    const struct rotate_asked *asked;
    struct rotate_request *request;
    bool has_from;
    bool any;
    unsigned found;
};

static bool is_pinned(const struct pintle_rule *rule, const struct pintle_pin *pin, int64_t now)
{
    for (uint32_t i = 0; i < rule->pin_count; i++)
        if (pintle_pin_equal(&rule->pins[i].pin, pin) && rule->pins[i].until > now)
            return true;
    return false;
}

/* The end of the earliest certificate for the old key counts. */
static void note_leaf(struct live *live, const struct sighting *s)
{
    struct pintle_certificate_info info;
    struct pintle_pin pin;

    if (s->served_count == 0 ||
        pintle_pin_from_certificate(&pin, s->served[0], guard_crypto(), NULL) != PINTLE_OK ||
        !is_pinned(live->asked->rule, &pin, live->asked->now))
        return;
    live->any = true;
    if (!live->has_from && (live->found == 0 || !pintle_pin_equal(&pin, &live->request->from))) {
        live->request->from = pin;
        live->found++;
    }
    if (!pintle_pin_equal(&pin, &live->request->from) ||
        pintle_certificate_describe(&info, s->served[0], NULL) != PINTLE_OK)
        return;
    if (info.not_after < live->request->cert_expires)
        live->request->cert_expires = info.not_after;
}

static enum cli_exit note_endpoint(struct live *live, const struct endpoint *endpoint)
{
    if (endpoint->status != PINTLE_OK) {
        cli_error("%s: %s", endpoint->target.text, endpoint->err.text);
        cli_note("without the servers: --offline, or --cert-expires DATE with it");
        return cli_exit_for(endpoint->status);
    }
    for (size_t i = 0; i < endpoint->survey.count; i++) {
        const struct sighting *s = &endpoint->survey.items[i];

        if (sighting_seen(s) && (s->verdict.reason == PINTLE_REASON_PATH_INVALID ||
                                 s->verdict.reason == PINTLE_REASON_NAME_MISMATCH)) {
            cli_error("%s at %s: %s", endpoint->target.text, s->address, cli_safe(s->path_detail));
            cli_note("dates of a certificate that nobody vouches for make no plan: --ca names its "
                     "CA, --offline asks no server");
            return CLI_TLS;
        } else if (sighting_seen(s)) {
            note_leaf(live, s);
        } else if (!s->no_route || endpoint->survey.count == 1) {
            cli_error("%s at %s: %s", endpoint->target.text, s->address, check_error_text(s));
            cli_note("without the servers: --offline, or --cert-expires DATE with it");
            return s->status == PINTLE_E_TLS ? CLI_TLS : cli_exit_for(s->status);
        }
    }
    return CLI_OK;
}

static enum cli_exit judge(const struct live *live, const struct check *check)
{
    enum cli_exit code = CLI_OK;

    if (check->endpoint_count > 0 && !live->any && !live->has_from) {
        cli_error(
            "%s: no server of rule %s shows a key that is pinned for itself; name the one that "
            "is replaced with --from",
            cli_safe(live->asked->path), live->asked->rule->id);
        code = CLI_REFUSED;
    } else if (live->found > 1) {
        opt_mistake("rotate plan",
                    "the servers of rule %s show %u of its keys: say which is replaced with --from",
                    live->asked->rule->id, live->found);
        code = CLI_USAGE;
    }
    return code;
}

static enum cli_exit look(struct live *live, struct check *check)
{
    enum cli_exit code = check_gather(check);

    if (code == CLI_OK)
        code = check_survey(check);
    for (size_t i = 0; code == CLI_OK && i < check->endpoint_count; i++)
        code = note_endpoint(live, &check->endpoints[i]);
    if (code == CLI_OK && check->no_memory) {
        cli_error("out of memory");
        code = CLI_INTERNAL;
    }
    return code == CLI_OK ? judge(live, check) : code;
}

enum cli_exit rotate_ask_servers(struct rotate_request *request, bool *has_from,
                                 const struct rotate_asked *asked,
                                 const struct rotate_options *options)
{
    struct check_options how = {.net = options->net, .hosts = options->hosts};
    struct check check = {
        .options = &how, .set = asked->set, .now = asked->now, .only = asked->rule_index};
    struct live live = {.asked = asked, .request = request, .has_from = *has_from};
    int64_t given = request->cert_expires;
    enum cli_exit code;

    (void)snprintf(check.path, sizeof(check.path), "%s", asked->path);
    code = guard_make(&check.engine, pintle_pinset_retain(asked->set), false);
    if (code == CLI_OK)
        code = look(&live, &check);
    if (live.found == 1)
        *has_from = true;
    if (given != PINTLE_NEVER)
        request->cert_expires = given;
    for (size_t i = 0; i < check.endpoint_count; i++)
        survey_clear(&check.endpoints[i].survey);
    free(check.endpoints);
    pintle_free(check.engine);
    return code;
}
