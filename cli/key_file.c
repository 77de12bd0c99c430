/* SPDX-License-Identifier: Apache-2.0 */
#include "key_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pintle/openssl.h>

#include "os/file.h"

#define FILE_MAX ((size_t)64 * 1024)

/* What stands behind "label: " on a line before the PEM block. */
static void read_label(char out[KEY_LABEL_SIZE], const char *text)
{
    static const char name[] = "label: ";
    const char *end = strstr(text, "-----BEGIN");
    const char *line = text;

    out[0] = '\0';
    while (end != NULL && line < end) {
        size_t len = strcspn(line, "\r\n");
        if (strncmp(line, name, sizeof(name) - 1) == 0 &&
            len - (sizeof(name) - 1) < KEY_LABEL_SIZE) {
            memcpy(out, line + sizeof(name) - 1, len - (sizeof(name) - 1));
            out[len - (sizeof(name) - 1)] = '\0';
            return;
        }
        line += len + strspn(line + len, "\r\n");
    }
}

static enum cli_exit parse(struct key_file *out, const char *path, const char *text, size_t len,
                           enum pintle_status *status)
{
    struct pintle_error err = {0};

    *status = pintle_public_key_parse(out->public_key, text, len, &err);
    if (*status == PINTLE_OK)
        *status = pintle_key_id(out->id, out->public_key, pintle_openssl_crypto(), &err);
    if (*status == PINTLE_OK)
        read_label(out->label, text);
    if (*status == PINTLE_OK || *status == PINTLE_E_PEM)
        return *status == PINTLE_OK ? CLI_OK : CLI_INPUT;
    return cli_fail(path, &err);
}

enum cli_exit key_file_read(struct key_file *out, const char *path, enum pintle_status *status)
{
    struct pintle_error err = {0};
    enum cli_exit code;
    char *text = NULL;
    size_t len = 0;

    memset(out, 0, sizeof(*out));
    *status = os_read_file(&text, &len, path, FILE_MAX, &err);
    if (*status != PINTLE_OK) {
        cli_error("%s", err.text);
        return *status == PINTLE_E_NOMEM ? CLI_INTERNAL : CLI_INPUT;
    }
    code = parse(out, path, text, len, status);
    cli_wipe(text, len);
    free(text);
    return code;
}

bool key_file_holds(const char *path, const char *mark)
{
    char *text = NULL;
    size_t len = 0;
    struct stat info;
    bool found;

    /* A pipe can be read once only. */
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) ||
        os_read_file(&text, &len, path, FILE_MAX, NULL) != PINTLE_OK)
        return false;
    found = strstr(text, mark) != NULL;
    cli_wipe(text, len);
    free(text);
    return found;
}

char *key_file_format(const struct pintle_signing_key *key, const char *role, const char *label)
{
    struct pintle_error err = {0};
    char *pem = NULL;
    char *text;
    size_t size;

    if (pintle_public_key_to_pem(&pem, pintle_signing_key_get_public(key), &err) != PINTLE_OK) {
        (void)cli_fail("public key", &err);
        return NULL;
    }
    size = strlen(pem) + strlen(label) + 64;
    text = malloc(size);
    if (text == NULL) {
        cli_error("out of memory");
        free(pem);
        return NULL;
    }
    (void)snprintf(text, size, "role: %s\n%s%s%s%s", role, label[0] != '\0' ? "label: " : "", label,
                   label[0] != '\0' ? "\n" : "", pem);
    free(pem);
    return text;
}
