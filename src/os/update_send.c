/* SPDX-License-Identifier: Apache-2.0 */
#include "os/update_send.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "os/update_schedule.h"

/* What a collector answers is not read further. */
#define ANSWER_MAX_LEN ((size_t)16 * 1024)

/* No longer wait between two tries, and the first one. */
#define RETRY_LAST_S ((int64_t)6 * 3600)

/* --- what is due ------------------------------------------------------------------------------ */

/* A copy, whose strings lie behind each other in `text`. */
struct item {
    struct pintle__spooled report;
    char *text;
};

/* Nothing of the database is held while the network is asked. */
struct due {
    struct item *items;
    size_t count;
    size_t size;
    bool no_memory;
};

static bool copy_report(struct item *out, const struct pintle__spooled *report)
{
    const char *const from[] = {report->uri, report->host, report->cause, report->json};
    const char **const to[] = {&out->report.uri, &out->report.host, &out->report.cause,
                               &out->report.json};
    size_t len = 0;

    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
        len += strlen(from[i]) + 1;
    out->report = *report;
    out->text = malloc(len);
    if (out->text == NULL)
        return false;
    len = 0;
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        size_t size = strlen(from[i]) + 1;

        *to[i] = memcpy(out->text + len, from[i], size);
        len += size;
    }
    return true;
}

static bool grow(struct due *due)
{
    size_t size = due->size == 0 ? 16 : due->size * 2;
    struct item *items = realloc(due->items, size * sizeof(*items));

    if (items == NULL)
        return false;
    due->items = items;
    due->size = size;
    return true;
}

static bool add_report(void *ctx, const struct pintle__spooled *report)
{
    struct due *due = ctx;

    if ((due->count == due->size && !grow(due)) || !copy_report(&due->items[due->count], report)) {
        due->no_memory = true;
        return false;
    }
    due->count++;
    return true;
}

static void clear(struct due *due)
{
    for (size_t i = 0; i < due->count; i++)
        free(due->items[i].text);
    free(due->items);
}

/* --- sending --------------------------------------------------------------------------------- */

bool pintle__send_is_to_itself(const char *uri, const char *host)
{
    const char *begin = strstr(uri, "://");
    size_t len = strlen(host);
    const char *at;

    if (begin == NULL)
        return false;
    begin += 3;
    at = begin + strcspn(begin, "@/?#");
    if (*at == '@')
        begin = at + 1;
    if (*begin == '[')
        begin++;
    return strncasecmp(begin, host, len) == 0 && strchr("]:/?#.", begin[len]) != NULL &&
           (begin[len] != '.' || strchr(":/?#", begin[len + 1]) != NULL);
}

static int64_t retry_s(unsigned tries)
{
    int64_t wait = PINTLE__BACKOFF_FIRST_S;

    for (unsigned i = 0; i < tries && wait < RETRY_LAST_S; i++)
        wait *= 2;
    return wait < RETRY_LAST_S ? wait : RETRY_LAST_S;
}

/*
 * An answer that says "not this, not ever". Redirects are not followed and may go away; 408 and 429
 * ask for another time (RFC 9110, section 15.5.9; RFC 6585, section 4).
 */
static bool is_final(long http_status)
{
    return http_status >= 400 && http_status < 500 && http_status != 408 && http_status != 429;
}

static enum pintle__sent judge(const struct pintle__spooled *report, long http_status)
{
    if (http_status >= 200 && http_status < 300)
        return PINTLE__SENT_DONE;
    /* Whoever is in the way of the collector itself is told of it once, and not again and again. */
    if (is_final(http_status) || pintle__send_is_to_itself(report->uri, report->host))
        return PINTLE__SENT_GIVEN_UP;
    return report->tries + 1 >= PINTLE__SPOOL_TRIES_MAX ? PINTLE__SENT_GIVEN_UP
                                                        : PINTLE__SENT_LATER;
}

static enum pintle_status send_one(struct pintle__state *state,
                                   const struct pintle__send_options *options,
                                   struct pintle__dice *dice, const struct pintle__spooled *report,
                                   struct pintle_error *err)
{
    struct pintle__http_options http = {.end_ms = pintle__http_now_ms() + options->timeout_ms,
                                        .ca_file = options->ca_file,
                                        .stop = options->stop,
                                        .max_len = ANSWER_MAX_LEN};
    int64_t wait_s = pintle__dice_shift(dice, retry_s(report->tries));
    struct pintle_error why = {0};
    enum pintle__sent how = PINTLE__SENT_LATER;
    long http_status = 0;
    enum pintle_status status;

    status = pintle__state_spool_failed(state, report->id, options->now + wait_s, err);
    if (status != PINTLE_OK)
        return status;
    if (pintle__http_post_json(&http_status, report->uri, report->json, strlen(report->json), &http,
                               &why) != PINTLE_OK)
        http_status = 0;
    if (http_status == 0 && options->stop != NULL && atomic_load(options->stop))
        return PINTLE_OK; /* we ended it ourselves */
    how = judge(report, http_status);
    if (how != PINTLE__SENT_LATER)
        status = pintle__state_spool_done(state, report->id, err);
    if (options->sent != NULL)
        options->sent(options->ctx, report, how, http_status, &why);
    return status;
}

enum pintle_status pintle__send_reports(struct pintle__state *state,
                                        const struct pintle__send_options *options,
                                        struct pintle_error *err)
{
    struct pintle__dice dice = pintle__dice_init();
    struct due due = {0};
    enum pintle_status status = pintle__state_list_spool(
        state, options->all ? INT64_MAX : options->now, add_report, &due, err);

    if (status == PINTLE_OK && due.no_memory) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        status = PINTLE_E_NOMEM;
    }
    for (size_t i = 0; status == PINTLE_OK && i < due.count; i++) {
        if (options->stop != NULL && atomic_load(options->stop))
            break;
        status = send_one(state, options, &dice, &due.items[i].report, err);
    }
    clear(&due);
    return status;
}
