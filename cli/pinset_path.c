/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "opt.h"

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* XDG Base Directory Specification: a relative path in the variable is ignored. */
static bool in_config(char out[PINSET_PATH_SIZE])
{
    const char *config = opt_env_value("XDG_CONFIG_HOME");
    const char *home = opt_env_value("HOME");
    int len;

    if (config != NULL && config[0] == '/')
        len = snprintf(out, PINSET_PATH_SIZE, "%s/pintle/pintle.json", config);
    else if (home != NULL)
        len = snprintf(out, PINSET_PATH_SIZE, "%s/.config/pintle/pintle.json", home);
    else
        return false;
    return len > 0 && len < PINSET_PATH_SIZE && exists(out);
}

const char *pinset_path(const char *given, char out[PINSET_PATH_SIZE])
{
    if (given != NULL)
        return given;
    if (exists("pintle.json") || !in_config(out))
        (void)snprintf(out, PINSET_PATH_SIZE, "pintle.json");
    return out;
}
