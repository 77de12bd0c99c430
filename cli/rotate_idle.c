/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `rotate simulate` that say how a plan is made, where none is made. */
#include <stddef.h>

#include "rotate_ask.h"

/* A count that was not given. */
#define UNSET (-1L)

struct rotate_options rotate_options_unset(void)
{
    struct rotate_options options = rotate_options_default();

    options.lag = options.margin = UNSET;
    options.lag_share = NULL;
    return options;
}

/*
 * An option of the command line that would change nothing: all of those that make a plan if there is
 * one already, and those about a change of keys if none is asked for. NULL if there is none.
 */
static const char *find_idle(const struct rotate_options *ask, bool has_plan)
{
    const struct {
        const char *name;
        const char *variable;
        bool given;
        bool about_change;
    } rows[] = {
        {"pinset", "PINTLE_PINSET", ask->pinset != NULL, false},
        {"dir", "PINTLE_DIR", ask->dir != NULL, false},
        {"rule", "PINTLE_RULE", ask->rule != NULL, false},
        {"host", "PINTLE_HOST", ask->hosts.count > 0, false},
        {"start", "PINTLE_START", ask->start != NULL, false},
        {"lag", "PINTLE_LAG", ask->lag != UNSET, false},
        {"lag-share", "PINTLE_LAG_SHARE", ask->lag_share != NULL, false},
        {"margin", "PINTLE_MARGIN", ask->margin != UNSET, false},
        {"to", "PINTLE_TO", ask->to != NULL, true},
        {"to-backup", "PINTLE_TO_BACKUP", ask->to_backup, true},
        {"from", "PINTLE_FROM", ask->from != NULL, true},
        {"new-backup", "PINTLE_NEW_BACKUP", ask->new_backup != NULL, true},
        {"deploy", "PINTLE_DEPLOY", ask->deploy != NULL, true},
        {"cert-expires", "PINTLE_CERT_EXPIRES", ask->cert_expires != NULL, true},
        {"since", "PINTLE_SINCE", ask->since != NULL, true},
        {"emergency", "PINTLE_EMERGENCY", ask->emergency != NULL, true},
        {"order", "PINTLE_ORDER", ask->order != NULL, true},
    };
    bool changes = rotate_is_asked(ask);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].given && (has_plan || (rows[i].about_change && !changes)) &&
            opt_env_value(rows[i].variable) == NULL)
            return rows[i].name;
    return NULL;
}

/* What was not given is as by default from here on. */
static void settle(struct rotate_options *ask)
{
    struct rotate_options usual = rotate_options_default();

    ask->lag = ask->lag != UNSET ? ask->lag : usual.lag;
    ask->margin = ask->margin != UNSET ? ask->margin : usual.margin;
    ask->lag_share = ask->lag_share != NULL ? ask->lag_share : usual.lag_share;
}

enum cli_exit rotate_idle_check(struct rotate_options *ask, const char *plan)
{
    const char *idle = find_idle(ask, plan != NULL);

    settle(ask);
    if (idle == NULL)
        return CLI_OK;
    if (plan != NULL)
        opt_mistake("rotate simulate", "option --plan excludes --%s", idle);
    else
        opt_mistake("rotate simulate", "option --%s needs --to or --to-backup", idle);
    return CLI_USAGE;
}
