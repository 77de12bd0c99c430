/* SPDX-License-Identifier: Apache-2.0 */
#include "objects_file.h"

#include <stdlib.h>

#include "os/file.h"

/* What pintle_objects_parse() takes. */
#define FILE_MAX ((size_t)16 * 1024 * 1024)

enum cli_exit objects_file_read(struct pintle_objects **out, const char *path,
                                enum cli_exit (*tell)(const char *path,
                                                      const struct pintle_error *err))
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *bytes = NULL;
    size_t len = 0;

    *out = NULL;
    if (os_read_file(&bytes, &len, path, FILE_MAX, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (pintle_objects_parse(out, (const uint8_t *)bytes, len, &err) != PINTLE_OK)
        code = tell(path, &err);
    cli_wipe(bytes, len);
    free(bytes);
    return code;
}
