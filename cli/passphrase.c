/* SPDX-License-Identifier: Apache-2.0 */
#include "passphrase.h"

#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "os/terminal.h"

#define PROMPT_SIZE 512

static enum cli_exit take_line(struct passphrase *out, const char *text, size_t len,
                               const char *path)
{
    size_t line_len = strcspn(text, "\r\n");

    if (strlen(text) != len) {
        cli_error("%s: a NUL in the passphrase", cli_safe(path));
        return CLI_INPUT;
    }
    if (line_len == 0) {
        cli_error("%s: the passphrase is empty", cli_safe(path));
        return CLI_INPUT;
    }
    memcpy(out->text, text, line_len);
    out->text[line_len] = '\0';
    return CLI_OK;
}

enum cli_exit passphrase_read(struct passphrase *out, const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code;
    char *text = NULL;
    size_t len = 0;

    out->text[0] = '\0';
    if (os_read_file(&text, &len, path, PASSPHRASE_SIZE - 1, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    code = take_line(out, text, len, path);
    cli_wipe(text, len);
    free(text);
    return code;
}

static enum cli_exit ask(char *out, const char *before, const char *whose)
{
    char prompt[PROMPT_SIZE];
    struct pintle_error err = {0};

    (void)snprintf(prompt, sizeof(prompt), "%s%s: ", before, cli_safe(whose));
    if (os_terminal_ask(out, PASSPHRASE_SIZE, prompt, &err) == PINTLE_OK)
        return CLI_OK;
    if (cli_interrupted != 0)
        return CLI_INPUT; /* main dies by the signal, which says enough */
    cli_error("the passphrase of %s: %s (--passphrase-file takes it from a file)", cli_safe(whose),
              err.text);
    return CLI_INPUT;
}

static enum cli_exit confirm(const struct passphrase *first, const char *whose)
{
    struct passphrase second;
    enum cli_exit code = ask(second.text, "The same again for ", whose);

    if (code == CLI_OK && strcmp(first->text, second.text) != 0) {
        cli_error("the two passphrases differ");
        code = CLI_INPUT;
    }
    passphrase_clear(&second);
    return code;
}

enum cli_exit passphrase_ask(struct passphrase *out, const char *whose, bool is_new)
{
    enum cli_exit code = ask(out->text, is_new ? "New passphrase for " : "Passphrase for ", whose);

    if (code == CLI_OK && out->text[0] == '\0') {
        cli_error("the passphrase is empty");
        code = CLI_INPUT;
    }
    if (code == CLI_OK && is_new)
        code = confirm(out, whose);
    return code;
}

void passphrase_clear(struct passphrase *passphrase)
{
    cli_wipe(passphrase, sizeof(*passphrase));
}
