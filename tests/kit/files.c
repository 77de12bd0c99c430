/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/files.h"

#include <stdio.h>
#include <stdlib.h>

static void give_up(const char *path)
{
    (void)fprintf(stderr, "cannot read %s\n", path);
    exit(1);
}

uint8_t *test_file_read(const char *path, size_t *len)
{
    char full[1024];
    FILE *file;
    long size = -1;
    uint8_t *bytes;

    (void)snprintf(full, sizeof(full), "%s/tests/%s", PINTLE_SOURCE_DIR, path);
    file = fopen(full, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        give_up(full);
    size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        give_up(full);
    *len = (size_t)size;
    bytes = malloc(*len + 1);
    if (bytes == NULL || fread(bytes, 1, *len, file) != *len)
        give_up(full);
    bytes[*len] = 0;
    (void)fclose(file);
    return bytes;
}
