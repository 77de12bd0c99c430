/* SPDX-License-Identifier: Apache-2.0 */
#include "published_unpin.h"

#include <stdlib.h>

#include "os/file.h"
#include "os/update_latest.h"
#include "published_each.h"

#define PATH_SIZE 4096

/* --- the one that is named ------------------------------------------------------------------------ */

static enum cli_exit read_latest(struct pintle__latest *out, const char *dir)
{
    struct pintle_error err = {0};
    char path[PATH_SIZE];
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    (void)snprintf(path, sizeof(path), "%s/latest.json", dir);
    if (os_read_file(&text, &len, path, PINTLE__LATEST_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (pintle__latest_parse(out, text, len, &err) != PINTLE_OK)
        code = cli_fail(path, &err);
    free(text);
    return code;
}

/* One that is over is no longer handed out. */
static enum cli_exit take(struct pintle_trusted *trusted, const char *path, int64_t now)
{
    struct pintle_envelope *envelope = NULL;
    struct pintle_error err = {0};
    struct envelope_facts facts;
    enum pintle_status status;
    enum cli_exit code = envelope_load(&envelope, path);
    char *text = NULL;
    size_t len = 0;

    if (code == CLI_OK)
        code = envelope_describe(&facts, envelope, path);
    if (code != CLI_OK)
        goto out;
    status = pintle_envelope_format(&text, &len, envelope, &err);
    if (status == PINTLE_OK)
        status = pintle_trusted_apply(trusted, PINTLE_ROLE_UNPIN,
                                      (struct pintle_view){(const uint8_t *)text, len},
                                      now != 0 ? now : facts.issued, &err);
    if (status != PINTLE_OK && status != PINTLE_E_EXPIRED)
        code = cli_fail(path, &err);
out:
    free(text);
    pintle_envelope_free(envelope);
    return code;
}

/* --- all of them ---------------------------------------------------------------------------------- */

struct serials {
    int64_t epoch;
    int64_t highest;
};

static enum cli_exit take_serial(void *to, const struct pintle_envelope *envelope,
                                 const struct envelope_facts *facts)
{
    struct serials *serials = to;

    (void)envelope;
    if (facts->epoch == serials->epoch && facts->version > serials->highest)
        serials->highest = facts->version;
    return CLI_OK;
}

static enum cli_exit raise_serial(struct pintle_trusted *trusted, const char *dir)
{
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    struct serials serials = {pintle_trusted_get_root(trusted)->epoch, marks.unpin};
    enum cli_exit code = published_each(trusted, dir, PINTLE_ROLE_UNPIN, take_serial, &serials);

    marks.unpin = serials.highest;
    pintle_trusted_raise_marks(trusted, &marks);
    return code;
}

enum cli_exit published_unpin_read(struct pintle_trusted *trusted, const char *dir, int64_t now)
{
    struct pintle__latest latest = {0};
    char path[PATH_SIZE];
    enum cli_exit code = read_latest(&latest, dir);

    if (code == CLI_OK && latest.unpin[0] != '\0') {
        (void)snprintf(path, sizeof(path), "%s/unpin/%s.json", dir, latest.unpin);
        code = take(trusted, path, now);
    }
    return code == CLI_OK ? raise_serial(trusted, dir) : code;
}
