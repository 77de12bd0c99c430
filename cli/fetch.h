/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of `pintle fetch` share. libcurl moves the bytes, pintle/curl.h guards every
 * connection. Redirects are followed here and not by libcurl: each hop is a transfer of its own, so
 * that what was meant for one host (headers, a body) is not sent to another.
 */
#ifndef PINTLE_CLI_FETCH_H
#define PINTLE_CLI_FETCH_H

#include <pintle/curl.h>

#include "guard.h"
#include "learning.h"

struct os_output;

struct fetch_options {
    struct pin_options pins;
    struct living_options living;
    struct learning_options learning;
    const char *ca;
    const char *cert;
    const char *connect;
    const char *data;
    const char *key;
    const char *method;
    const char *out;
    const char *proxy;
    const char *upload;
    struct opt_list headers;
    struct opt_list resolve;
    long connect_timeout;
    long max_redirs;
    long retry;
    long timeout;
    bool compressed;
    bool fail;
    bool http1;
    bool http2;
    bool include;
    bool json;
    bool location;
    bool verbose;
};

extern const struct opt_spec opts_fetch[];

/* --- fetch_url.c ------------------------------------------------------------------------------ */

/* A URL with its host in A-labels. plain: http, not https. text is owned. */
struct fetch_url {
    char *text;
    struct target target;
    bool plain;
};

/*
 * Read an http or https URL; without a scheme it is https. E_HOST for everything that is wrong with
 * it, also for a user name; E_NOMEM. fetch_url_clear() is needed after failures too.
 */
PINTLE_MUST_USE enum pintle_status fetch_url_parse(struct fetch_url *out, const char *text,
                                                   struct pintle_error *err);
void fetch_url_clear(struct fetch_url *url);

/* True if both are the same scheme, host and port (RFC 6454, section 4). */
bool fetch_url_same_origin(const struct fetch_url *a, const struct fetch_url *b);

/* --- fetch_sink.c: where the answer goes -------------------------------------------------------
 */

/*
 * output   the file that is being written, or NULL for standard output
 * written  bytes of the answer that went there, of this try
 * dropped  this answer is not what was asked for (a redirect, a failure that is tried again)
 * broken   writing failed; err tells why, empty if the reader has gone
 */
struct fetch_sink {
    const char *path;
    struct os_output *output;
    bool include;
    bool dropped;
    bool broken;
    char *head;
    size_t head_len;
    uint64_t written;
    struct pintle_error err;
};

/* Begin. E_IO when the file cannot be written. */
PINTLE_MUST_USE enum pintle_status fetch_sink_open(struct fetch_sink *sink, const char *path,
                                                   bool include, struct pintle_error *err);

/* Forget what came, to try again. False if some of it is out already. */
bool fetch_sink_restart(struct fetch_sink *sink);

/* A line of the answer's head. A status line begins a new head. */
bool fetch_sink_head(struct fetch_sink *sink, const char *line, size_t len);

/* The head, if it is asked for and not yet written; called before the body and at the end. */
bool fetch_sink_flush_head(struct fetch_sink *sink);

/* Bytes of the body. */
bool fetch_sink_body(struct fetch_sink *sink, const char *data, size_t len);

/* Put the file in place. */
PINTLE_MUST_USE enum pintle_status fetch_sink_commit(struct fetch_sink *sink,
                                                     struct pintle_error *err);

/* Give up what was not committed; free the rest. */
void fetch_sink_clear(struct fetch_sink *sink);

/* --- fetch_source.c: what is sent --------------------------------------------------------------
 */

/*
 * bytes   of --data, or NULL
 * fd      of --upload, or -1; size is -1 when it cannot be known
 * spent   some of it was read and cannot be read again
 */
struct fetch_source {
    char *bytes;
    size_t len;
    int fd;
    int64_t size;
    bool spent;
    bool broken;
};

/* Open what the options name. Tells failures itself. fetch_source_clear() is needed then too. */
enum cli_exit fetch_source_open(struct fetch_source *source, const struct fetch_options *options);

/* Back to the beginning. False if that cannot be. */
bool fetch_source_rewind(struct fetch_source *source);

bool fetch_source_is_empty(const struct fetch_source *source);

/* Make it the body of a request. */
bool fetch_source_attach(struct fetch_source *source, CURL *easy);

void fetch_source_clear(struct fetch_source *source);

/* --- fetch_setup.c: the handle ------------------------------------------------------------------
 */

/* What became of a Public-Key-Pins header: "note", "forget", "report" or "ignore"; NULL: none came. */
struct fetch_note {
    const char *action;
    int64_t expires;
    char why[PINTLE_ERROR_TEXT_SIZE];
};

/* One transfer of several: where to, what came of it. */
struct fetch_hop {
    char *url;
    long status;
    struct pintle_verdict verdict;
    struct fetch_note hpkp;
};

/* The first Public-Key-Pins headers of the answer under way. in_head: before its body; last: the one
 * that the line before was, or NULL. */
struct fetch_hpkp {
    bool in_head;
    char *header;
    char *report_only;
    char *last;
};

#define FETCH_HOPS_MAX 64

/*
 * url      of the hop under way
 * method   of the hop under way
 * located  the answer under way has a Location
 * own      the hop is at the first URL's origin: it may see headers and body
 * tries    left for transient failures
 * progress something is drawn on the terminal's line
 */
struct fetch {
    const struct fetch_options *options;
    struct fetch_url first;
    struct fetch_url url;
    const char *method;
    bool own;
    bool located;
    long tries;
    struct pintle *engine;
    struct learning learning;
    struct fetch_hpkp hpkp;
    CURL *easy;
    struct pintle_curl *guard;
    struct curl_slist *headers;
    struct curl_slist *resolve;
    struct curl_slist *connect;
    struct fetch_sink sink;
    struct fetch_source source;
    struct fetch_hop hops[FETCH_HOPS_MAX];
    size_t hop_count;
    uint64_t retried;
    bool progress;
    char reason[CURL_ERROR_SIZE];
};

/* What stays the same for all hops. Tells failures itself. */
enum cli_exit fetch_setup(struct fetch *f);

/* URL, method, headers and body of the hop that comes. False without memory. */
bool fetch_setup_hop(struct fetch *f);

/* True if the answer under way is not what was asked for: a redirect to follow, a try to repeat. */
bool fetch_drops(const struct fetch *f, long status);

/* --- fetch_hpkp.c ------------------------------------------------------------------------------ */

/* A line of the answer's head, or of what stands behind its body. */
void fetch_hpkp_line(struct fetch_hpkp *hpkp, const char *line, size_t len);
void fetch_hpkp_clear(struct fetch_hpkp *hpkp);

/* With --hpkp: do what the answer of the hop that is over says. Tells failures itself. */
enum cli_exit fetch_hpkp_obey(struct fetch *f);

/* With --hpkp: spool reports about pins that hosts announced. */
void fetch_hpkp_report(struct fetch *f);

/* NULL without memory. */
json_t *fetch_note_json(const struct fetch_note *note);

/* --- fetch_run.c ------------------------------------------------------------------------------ */

/* All hops and tries. Tells failures itself. */
enum cli_exit fetch_run(struct fetch *f);

/* --- fetch_report.c ----------------------------------------------------------------------------
 */

/* The verdict and the answer of the hop that is over, on stderr. */
void fetch_report_hop(const struct fetch *f, bool refused);

/* An account of the whole, on stdout. */
enum cli_exit fetch_report_json(struct fetch *f);

/* libcurl's progress callback; clientp is the fetch. Also ends the transfer when interrupted. */
int fetch_progress(void *clientp, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                   curl_off_t up);

/* Wipe the progress from the line. */
void fetch_progress_end(struct fetch *f);

#endif
