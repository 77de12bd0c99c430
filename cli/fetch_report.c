/* SPDX-License-Identifier: Apache-2.0 */
/* What a fetch tells: verdicts, progress, the account in JSON. */
#include <string.h>

#include "fetch.h"
#include "json_build.h"
#include "verdict.h"

#define BAR_WIDTH 24

static void print_verdict(const struct fetch *f, const struct pintle_verdict *verdict)
{
    const struct pintle_pinset *set = pintle_get_pinset(f->engine);

    verdict_print(stderr, verdict, set);
    pintle_pinset_free(set);
}

void fetch_report_hop(const struct fetch *f, bool refused)
{
    const struct fetch_hop *hop = &f->hops[f->hop_count];
    bool loud = refused || hop->verdict.softened || hop->verdict.stale || hop->verdict.unpinned ||
                hop->verdict.reason == PINTLE_REASON_FIRST_USE;

    if (f->options->verbose)
        (void)fprintf(stderr, "> %s %s\n", f->method, cli_safe(f->url.text));
    if (loud || (f->options->verbose && hop->verdict.decision == PINTLE_ACCEPT))
        print_verdict(f, &hop->verdict);
    living_note_postponed(&f->learning.living, &hop->verdict);
    if (f->options->verbose && hop->status > 0)
        (void)fprintf(stderr, "< %ld\n", hop->status);
}

/* --- progress -------------------------------------------------------------------------------- */

/* "12.3 MB". */
static void print_size(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;

    while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1000;
        unit++;
    }
    (void)fprintf(stderr, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static void print_bar(curl_off_t done, curl_off_t total)
{
    int filled = total > 0 ? (int)((double)done / (double)total * BAR_WIDTH) : 0;

    (void)fputc('[', stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        (void)fputc(i < filled ? '#' : ' ', stderr);
    (void)fprintf(stderr, "] %3d%%  ", total > 0 ? (int)((double)done / (double)total * 100) : 0);
}

static bool shows_progress(const struct fetch *f)
{
    /* Standard output may be the same terminal. */
    return f->sink.path != NULL && cli_progress();
}

int fetch_progress(void *clientp, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                   curl_off_t up)
{
    struct fetch *f = clientp;
    bool sends = up_total > 0 && up < up_total;
    curl_off_t total = sends ? up_total : down_total;
    curl_off_t done = sends ? up : down;

    if (cli_interrupted != 0)
        return 1;
    if (done == 0 || !shows_progress(f))
        return 0;
    f->progress = true;
    (void)fputs("\r\033[K", stderr);
    if (total > 0)
        print_bar(done, total);
    print_size((double)done);
    (void)fflush(stderr);
    return 0;
}

void fetch_progress_end(struct fetch *f)
{
    if (f->progress)
        (void)fputs("\r\033[K", stderr);
    f->progress = false;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *hops_json(const struct fetch *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->hop_count; i++) {
        const struct fetch_hop *hop = &f->hops[i];
        bool noted = hop->hpkp.action != NULL;
        json_t *json = json_pack("{s:o, s:I, s:o}", "url", cli_json_text(hop->url), "status",
                                 (json_int_t)hop->status, "verdict", verdict_json(&hop->verdict));

        json = json_build_member(json, noted, "hpkp", noted ? fetch_note_json(&hop->hpkp) : NULL);
        list = json_build_item(list, json);
    }
    return list;
}

static const char *http_version(CURL *easy)
{
    long version = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (version == (long)CURL_HTTP_VERSION_2_0)
        return "2";
    return version == (long)CURL_HTTP_VERSION_1_0 ? "1.0" : "1.1";
}

enum cli_exit fetch_report_json(struct fetch *f)
{
    bool living = f->learning.living.updater != NULL;
    curl_off_t sent = 0;
    curl_off_t received = 0;
    json_t *json;

    (void)curl_easy_getinfo(f->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    (void)curl_easy_getinfo(f->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    json =
        json_pack("{s:o, s:s, s:s, s:o, s:I, s:I, s:I, s:o}", "url", cli_json_text(f->first.text),
                  "method", f->method, "http_version", http_version(f->easy), "file",
                  cli_json_text(f->options->out), "sent", (json_int_t)sent, "received",
                  (json_int_t)received, "retried", (json_int_t)f->retried, "hops", hops_json(f));
    json =
        json_build_member(json, living, "living", living ? living_json(&f->learning.living) : NULL);
    return cli_print_json("fetch", json);
}
