/* SPDX-License-Identifier: Apache-2.0 */
#include "anchors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "os/file.h"

/* A system's whole store has a quarter of a megabyte. */
#define MAX_LEN ((size_t)64 * 1024 * 1024)

enum cli_exit anchors_check(const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    struct stat st;
    char *text;
    size_t len;

    if (path == NULL)
        return CLI_OK;
    if (stat(path, &st) != 0) {
        cli_error("%s: %s", cli_safe(path), strerror(errno));
        return CLI_INPUT;
    }
    if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
        return CLI_OK;
    if (os_read_file(&text, &len, path, MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (strstr(text, "CERTIFICATE-----") == NULL) { /* also "TRUSTED CERTIFICATE" */
        cli_error("%s: holds no certificate in PEM", cli_safe(path));
        code = CLI_INPUT;
    }
    free(text);
    return code;
}
