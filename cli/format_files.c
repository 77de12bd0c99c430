/* SPDX-License-Identifier: Apache-2.0 */
#include "format_files.h"

#include <stdlib.h>
#include <string.h>

#include "formats/draft.h"
#include "objects_file.h"
#include "os/file.h"

enum cli_exit format_read_file(char **out, size_t *len, const char *path)
{
    struct pintle_error err = {0};

    if (os_read_file(out, len, path, DRAFT_MAX_LEN, &err) == PINTLE_OK)
        return CLI_OK;
    cli_error("%s", err.text);
    return cli_exit_for(err.status);
}

enum cli_exit format_read_certificates(struct pintle_objects **out, const char *path)
{
    *out = NULL;
    return path != NULL ? objects_file_read(out, path, cli_fail) : CLI_OK;
}

enum cli_exit format_fail(const char *path, const struct pintle_error *err)
{
    enum cli_exit code = cli_fail(strcmp(path, "-") == 0 ? "standard input" : path, err);

    return code == CLI_USAGE ? CLI_INPUT : code;
}
