/* SPDX-License-Identifier: Apache-2.0 */
#include "app_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool app_state_options_check(const char *command, const struct app_state_options *options)
{
    const char *environment = opt_env_value("PINTLE_STATE");

    if (options->state == NULL && options->app == NULL) {
        opt_mistake(command, "option --state or --app is needed");
        return false;
    }
    if (options->state != NULL && options->app != NULL &&
        (environment == NULL || strcmp(environment, options->state) != 0)) {
        opt_mistake(command, "options --state and --app exclude each other");
        return false;
    }
    return true;
}

enum cli_exit app_state_open(struct pintle__state **out, const struct app_state_options *options)
{
    struct pintle_error err = {0};
    enum pintle_status status = PINTLE_OK;
    bool recovered = false;
    char *path = NULL;

    *out = NULL;
    if (options->app != NULL)
        status = pintle__state_default_path(&path, options->app, &err);
    else if ((path = strdup(options->state)) == NULL)
        cli_no_memory();
    if (status == PINTLE_OK && access(path, F_OK) != 0) {
        cli_error("%s: %s", cli_safe(path), strerror(errno));
        free(path);
        return CLI_INPUT;
    }
    if (status == PINTLE_OK)
        status = pintle__state_open(out, path, &recovered, &err);
    if (status != PINTLE_OK)
        cli_error("%s", err.text);
    else if (recovered)
        cli_error("%s: was damaged; it is moved aside", cli_safe(path));
    free(path);
    return cli_exit_for(status);
}
