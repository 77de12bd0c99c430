/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` and the gate of `publish` do alike: lint, look at the servers, gather findings. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "check.h"

#define DAY_S 86400
#define DETAIL_SIZE 768

/* --- findings -------------------------------------------------------------------------------- */

static bool is_there(const struct check *check, const struct check_finding *finding,
                     const char *detail)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct check_finding *other = &check->findings[i];

        if (other->kind == finding->kind && other->rule_index == finding->rule_index &&
            other->pin_index == finding->pin_index && strcmp(other->detail, detail) == 0)
            return true;
    }
    return false;
}

static void keep(struct check *check, struct check_finding finding, const char *detail)
{
    struct check_finding *all;

    if (is_there(check, &finding, detail))
        return;
    all = realloc(check->findings, (check->finding_count + 1) * sizeof(*check->findings));
    if (all != NULL)
        check->findings = all;
    finding.detail = strdup(detail);
    if (all == NULL || finding.detail == NULL) {
        free(finding.detail);
        check->no_memory = true;
        return;
    }
    all[check->finding_count++] = finding;
}

void check_add(struct check *check, const char *id, size_t rule_index, size_t pin_index,
               const char *format, ...)
{
    struct check_finding finding = {
        .kind = pintle_finding_kind_find(id), .rule_index = rule_index, .pin_index = pin_index};
    char detail[DETAIL_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    if (finding.kind == NULL)
        check->internal = true;
    else
        keep(check, finding, detail);
}

bool check_covers(const struct check *check, size_t rule_index)
{
    return check->only == SIZE_MAX || rule_index == SIZE_MAX || check->only == rule_index;
}

size_t check_count(const struct check *check, enum pintle_severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < check->finding_count; i++)
        count += check->findings[i].kind->severity == severity ? 1 : 0;
    return count;
}

/* --- the document ---------------------------------------------------------------------------- */

/* Only suffixes on the list: an unknown top-level name ("localhost") is somebody's own. */
static bool is_public_suffix(void *psl, const char *name)
{
    return psl_is_public_suffix2(psl, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}

static void found(void *ctx, const struct pintle_finding *finding)
{
    struct check *check = ctx;
    struct check_finding own = {
        .kind = finding->kind, .rule_index = finding->rule_index, .pin_index = finding->pin_index};

    if (check_covers(check, finding->rule_index))
        keep(check, own, finding->detail);
}

void check_lint(struct check *check)
{
    psl_ctx_t *psl = NULL;
    struct pintle_lint_options options = {.now = check->now,
                                          .within_s = (int64_t)check->options->within * DAY_S,
                                          .is_public_suffix = is_public_suffix};

    psl = psl_latest(NULL);
    options.psl_ctx = psl;
    if (psl == NULL)
        options.is_public_suffix = NULL;
    (void)pintle_pinset_lint(check->set, &options, found, check);
    psl_free(psl);
}

/* --- the servers ----------------------------------------------------------------------------- */

enum cli_exit check_look(struct check *check)
{
    enum cli_exit code = check_gather(check);

    if (code == CLI_OK)
        code = check_survey(check);
    if (code != CLI_OK)
        return code;
    for (size_t i = 0; i < check->endpoint_count; i++)
        check_endpoint(check, &check->endpoints[i]);
    for (size_t i = 0; i < pintle_pinset_get_rule_count(check->set); i++)
        if (check_covers(check, i))
            check_rule(check, i);
    return CLI_OK;
}

/* --- beginning and end ------------------------------------------------------------------------- */

enum cli_exit check_take(struct check *check, struct pintle_pinset *set)
{
    check->set = pintle_pinset_retain(set);
    check->only = SIZE_MAX;
    return guard_make(&check->engine, set, false);
}

/* How many handshakes failed within TLS, and whether something could not be reached at all. */
enum cli_exit check_unseen(const struct check *check)
{
    enum cli_exit worst = CLI_OK;

    for (size_t i = 0; i < check->endpoint_count; i++) {
        const struct endpoint *endpoint = &check->endpoints[i];

        if (endpoint->status != PINTLE_OK && worst == CLI_OK)
            worst = cli_exit_for(endpoint->status);
        for (size_t j = 0; j < endpoint->survey.count; j++) {
            enum pintle_status status = endpoint->survey.items[j].status;

            if (status == PINTLE_E_TLS)
                worst = CLI_TLS;
            else if (status != PINTLE_OK && status != PINTLE_E_REFUSED && worst == CLI_OK)
                worst = cli_exit_for(status);
        }
    }
    return worst;
}

void check_clear(struct check *check)
{
    for (size_t i = 0; i < check->endpoint_count; i++)
        survey_clear(&check->endpoints[i].survey);
    for (size_t i = 0; i < check->finding_count; i++)
        free(check->findings[i].detail);
    free(check->endpoints);
    free(check->findings);
    pintle_free(check->engine);
    pintle_pinset_free(check->set);
}
