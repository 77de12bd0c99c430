/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "anchors.h"
#include "fetch.h"

#define ROW(name_, letter_, type_, metavar_, help_, member)                                        \
    {                                                                                              \
        .name = (name_), .letter = (letter_), .type = (type_), .metavar = (metavar_),              \
        .help = (help_), .offset = offsetof(struct fetch_options, member)                          \
    }

/* What may carry credentials: the environment is no place for it. */
#define SECRET(name_, letter_, type_, metavar_, help_, member)                                     \
    {                                                                                              \
        .name = (name_), .letter = (letter_), .type = (type_), .metavar = (metavar_),              \
        .help = (help_), .secret = true, .offset = offsetof(struct fetch_options, member)          \
    }

#define COUNT(name_, metavar_, help_, member, min_, max_)                                          \
    {                                                                                              \
        .name = (name_), .type = OPT_COUNT, .metavar = (metavar_), .help = (help_),                \
        .offset = offsetof(struct fetch_options, member), .min = (min_), .max = (max_)             \
    }

const struct opt_spec opts_fetch[] = {
    PIN_OPTIONS(struct fetch_options, pins),
    LIVING_OPTIONS(struct fetch_options, living),
    LEARNING_OPTIONS(struct fetch_options, learning),
    ROW("method", 'X', OPT_STRING, "METHOD", "GET, or POST with -d, or PUT with --upload", method),
    SECRET("header", 'H', OPT_LIST, "LINE",
           "send this header to the URL's host; may be given again", headers),
    SECRET("data", 'd', OPT_STRING, "DATA",
           "send this body; @FILE for a file's bytes, @- for stdin", data),
    ROW("upload", 'T', OPT_FILE, "FILE", "send this file as body; - for standard input", upload),
    ROW("out", 'o', OPT_FILE, "FILE", "write the answer there when it is complete", out),
    ROW("include", 'i', OPT_FLAG, NULL, "write the head of the answer too", include),
    ROW("fail", 0, OPT_FLAG, NULL, "write nothing and exit 1 for a status of 400 and above", fail),
    ROW("location", 'L', OPT_FLAG, NULL, "follow redirects, each by the rule of its host",
        location),
    COUNT("max-redirs", "COUNT", "follow at most so many (10)", max_redirs, 0, FETCH_HOPS_MAX - 2),
    COUNT("retry", "COUNT", "try again so often when a failure may pass (0)", retry, 0, 100),
    COUNT("connect-timeout", "SECONDS", "give up a connection that takes longer (10)",
          connect_timeout, 1, 3600),
    COUNT("timeout", "SECONDS", "give up a transfer that takes longer (no limit)", timeout, 1,
          86400),
    ROW("resolve", 0, OPT_LIST, "HOST:PORT:ADDR", "the address of a host; may be given again",
        resolve),
    ROW("connect", 0, OPT_STRING, "ADDR:PORT", "dial this address instead, keep the name", connect),
    ROW("proxy", 'x', OPT_STRING, "URL", "go through this proxy", proxy),
    ROW("ca", 0, OPT_FILE, "FILE", "trust the certificates in FILE instead of the system's", ca),
    ROW("cert", 0, OPT_FILE, "FILE", "show this client certificate (PEM chain); needs --key", cert),
    ROW("key", 0, OPT_FILE, "FILE", "the client certificate's key (PEM)", key),
    ROW("http1", 0, OPT_FLAG, NULL, "speak HTTP/1.1 only", http1),
    ROW("http2", 0, OPT_FLAG, NULL, "speak HTTP/2 if the server does", http2),
    ROW("compressed", 0, OPT_FLAG, NULL, "let the server compress the answer", compressed),
    ROW("json", 0, OPT_FLAG, NULL, "print an account of the transfer as JSON; needs -o", json),
    ROW("verbose", 'v', OPT_FLAG, NULL, "tell every request, verdict and status on stderr",
        verbose),
    {.type = OPT_END},
};

/* --- what was asked for ----------------------------------------------------------------------- */

/* A token (RFC 9110, section 5.6.2), of letters only: more is a mistake. */
static bool is_method(const char *text)
{
    return text[0] != '\0' && strlen(text) <= 32 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == strlen(text);
}

/* "Name: value", and nothing that could begin another line or message. */
static bool is_header(const char *text)
{
    const char *colon = strchr(text, ':');

    return colon != NULL && colon != text && text[strcspn(text, "\r\n")] == '\0' &&
           memchr(text, ' ', (size_t)(colon - text)) == NULL;
}

static bool check_request(const struct fetch_options *o)
{
    if (o->method != NULL && !is_method(o->method)) {
        opt_mistake("fetch", "option --method: not a method: '%s'", cli_safe(o->method));
        return false;
    }
    for (size_t i = 0; i < o->headers.count; i++)
        if (!is_header(o->headers.items[i])) {
            opt_mistake("fetch", "option --header: not 'Name: value': '%s'",
                        cli_safe(o->headers.items[i]));
            return false;
        }
    if (o->data != NULL && o->upload != NULL) {
        opt_mistake("fetch", "options --data and --upload exclude each other");
        return false;
    }
    if ((o->data != NULL || o->upload != NULL) && o->method != NULL &&
        strcmp(o->method, "HEAD") == 0) {
        opt_mistake("fetch", "a HEAD request has no body");
        return false;
    }
    return true;
}

static bool check_route(const struct fetch_options *o)
{
    struct target target;

    if (o->connect != NULL && (target_parse_server(&target, o->connect, 0, NULL) != PINTLE_OK ||
                               target.port == 0 || strstr(o->connect, "://") != NULL)) {
        opt_mistake("fetch", "option --connect: not ADDR:PORT: '%s'", cli_safe(o->connect));
        return false;
    }
    for (size_t i = 0; i < o->resolve.count; i++) {
        const char *colon = strchr(o->resolve.items[i], ':');

        if (colon == NULL || strchr(colon + 1, ':') == NULL) {
            opt_mistake("fetch", "option --resolve: not HOST:PORT:ADDR: '%s'",
                        cli_safe(o->resolve.items[i]));
            return false;
        }
    }
    return true;
}

static bool fits_together(const struct fetch_options *o)
{
    if ((o->cert == NULL) != (o->key == NULL))
        opt_mistake("fetch", "options --cert and --key go together");
    else if (o->http1 && o->http2)
        opt_mistake("fetch", "options --http1 and --http2 exclude each other");
    else if (o->json && (o->out == NULL || strcmp(o->out, "-") == 0))
        opt_mistake("fetch", "option --json needs --out FILE: standard output is for the account");
    else
        return pin_options_check("fetch", &o->pins) && check_request(o) && check_route(o);
    return false;
}

static const char *choose_method(const struct fetch_options *o)
{
    if (o->method != NULL)
        return o->method;
    if (o->data != NULL)
        return "POST";
    return o->upload != NULL ? "PUT" : "GET";
}

/* --- all of it ------------------------------------------------------------------------------- */

static enum cli_exit prepare(struct fetch *f)
{
    const struct fetch_options *o = f->options;
    struct learning_how how = {&o->learning, &o->living, &o->pins, o->ca};
    struct pintle_error err = {0};
    enum cli_exit code = learning_guard_open(&f->engine, &f->learning, &how, &f->first.target);

    if (code == CLI_OK)
        code = fetch_source_open(&f->source, f->options);
    if (code == CLI_OK &&
        fetch_sink_open(&f->sink, f->options->out, f->options->include, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    return code == CLI_OK ? fetch_setup(f) : code;
}

static void clear(struct fetch *f)
{
    fetch_sink_clear(&f->sink);
    fetch_source_clear(&f->source);
    curl_easy_cleanup(f->easy);
    pintle_curl_free(f->guard);
    curl_slist_free_all(f->headers);
    curl_slist_free_all(f->resolve);
    curl_slist_free_all(f->connect);
    for (size_t i = 0; i < FETCH_HOPS_MAX; i++)
        free(f->hops[i].url);
    fetch_url_clear(&f->url);
    fetch_url_clear(&f->first);
    pintle_free(f->engine);
    learning_close(&f->learning);
    fetch_hpkp_clear(&f->hpkp);
}

static enum cli_exit run(struct fetch *f, const char *operand)
{
    struct pintle_error err = {0};
    enum cli_exit code;

    if (fetch_url_parse(&f->first, operand, &err) != PINTLE_OK ||
        fetch_url_parse(&f->url, operand, &err) != PINTLE_OK)
        return cli_fail(operand, &err);
    f->method = choose_method(f->options);
    f->tries = f->options->retry;
    f->own = true;
    code = anchors_check(f->options->ca);
    if (code == CLI_OK)
        code = prepare(f);
    if (code == CLI_OK)
        code = fetch_run(f);
    if (code == CLI_OK && f->options->json)
        code = fetch_report_json(f);
    return code;
}

static enum cli_exit fetch(struct fetch_options *options, const char *operand)
{
    struct fetch *f;
    enum cli_exit code;

    if (!learning_options_check("fetch", &options->learning, &options->living, &options->pins) ||
        !fits_together(options))
        return CLI_USAGE;
    f = calloc(1, sizeof(*f));
    if (f == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        cli_no_memory();
    f->options = options;
    f->source.fd = -1;
    code = run(f, operand);
    clear(f);
    free(f);
    curl_global_cleanup();
    return code;
}

enum cli_exit cmd_fetch(int argc, char **argv)
{
    struct fetch_options options = {
        .connect_timeout = 10, .max_redirs = 10, .living.update_wait = LIVING_WAIT_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("fetch", opts_fetch, &options, argc, argv, &operands))
        code = fetch(&options, operands.items[0]);
    opt_clear(opts_fetch, &options, &operands);
    return code;
}
