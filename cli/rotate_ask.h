/* SPDX-License-Identifier: Apache-2.0 */
/* What rotation is asked for: the options that `rotate plan` and `rotate simulate` share. */
#ifndef PINTLE_CLI_ROTATE_ASK_H
#define PINTLE_CLI_ROTATE_ASK_H

#include "dial.h"
#include "pinset_path.h"
#include "published_pins.h"
#include "rotate_plan.h"

/* offline: nothing is asked of the servers. `net` is for rotate plan alone. */
struct rotate_options {
    struct net_options net;
    const char *pinset;
    const char *dir;
    const char *rule;
    struct opt_list hosts;
    const char *from;
    const char *to;
    const char *new_backup;
    const char *deploy;
    const char *cert_expires;
    const char *since;
    const char *start;
    const char *lag_share;
    const char *emergency;
    const char *order;
    long lag;
    long margin;
    bool to_backup;
    bool offline;
};

#define ROTATE_LAG_DEFAULT 14
#define ROTATE_LAG_SHARE_DEFAULT "99%"
#define ROTATE_MARGIN_DEFAULT 7

extern const char *const rotate_emergencies[];
extern const char *const rotate_orders[];

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
#define ROTATE_ROW(name_, type_, metavar_, help_, offset_)                                         \
    {.name = (name_), .type = (type_), .metavar = (metavar_), .help = (help_), .offset = (offset_)}

/* Rows of opt_specs for a `struct rotate_options` that is `member` of `owner`. */
#define ROTATE_OPTIONS(owner, member)                                                               \
    {.name = "pinset", .letter = 'p', .type = OPT_FILE, .metavar = "FILE",                         \
     .help = "the pin-set (pintle.json)", .offset = offsetof(owner, member.pinset)},                \
    {.name = "dir", .type = OPT_FILE, .metavar = "DIR", .rivals = "pinset",                        \
     .help = "the directory that clients update from: what is published there counts",             \
     .offset = offsetof(owner, member.dir)},                                                        \
    ROTATE_ROW("rule", OPT_STRING, "ID", "the rule whose key changes",                             \
               offsetof(owner, member.rule)),                                                       \
    ROTATE_ROW("host", OPT_LIST, "HOST[:PORT]",                                                    \
               "the rule that is for this server, and the server itself; may be given again",      \
               offsetof(owner, member.hosts)),                                                      \
    ROTATE_ROW("from", OPT_STRING, "PIN|FILE", "the key in use that is replaced",                  \
               offsetof(owner, member.from)),                                                       \
    ROTATE_ROW("to", OPT_STRING, "PIN|FILE",                                                       \
               "the new key: its pin, certificate, request or public key",                         \
               offsetof(owner, member.to)),                                                         \
    ROTATE_ROW("to-backup", OPT_FLAG, NULL, "the new key is the rule's backup pin",                \
               offsetof(owner, member.to_backup)),                                                  \
    ROTATE_ROW("new-backup", OPT_STRING, "PIN|FILE", "the key that is the backup afterwards",      \
               offsetof(owner, member.new_backup)),                                                 \
    ROTATE_ROW("deploy", OPT_STRING, "DATE",                                                       \
               "when the servers are to change (as soon as it is safe)",                           \
               offsetof(owner, member.deploy)),                                                     \
    ROTATE_ROW("cert-expires", OPT_STRING, "DATE",                                                 \
               "when the certificate in use ends (the servers are asked)",                         \
               offsetof(owner, member.cert_expires)),                                               \
    ROTATE_ROW("since", OPT_STRING, "DATE",                                                        \
               "since when the rule has been published as it is (\"issued\" of the pin-set)",      \
               offsetof(owner, member.since)),                                                      \
    ROTATE_ROW("start", OPT_STRING, "DATE", "when the first step may begin (now)",                 \
               offsetof(owner, member.start)),                                                      \
    {.name = "lag", .type = OPT_COUNT, .metavar = "DAYS", .min = 0, .max = ROTATE_DAYS_MAX,        \
     .help = "in so many days a new pin-set reaches --lag-share of the clients (14)",              \
     .offset = offsetof(owner, member.lag)},                                                        \
    ROTATE_ROW("lag-share", OPT_STRING, "SHARE", "as 0.99 or 99% (99%)",                           \
               offsetof(owner, member.lag_share)),                                                  \
    {.name = "margin", .type = OPT_COUNT, .metavar = "DAYS", .min = 0, .max = ROTATE_DAYS_MAX,     \
     .help = "wait longer by so many days, and watch for so many (7)",                             \
     .offset = offsetof(owner, member.margin)},                                                     \
    {.name = "emergency", .type = OPT_CHOICE, .metavar = "WHAT", .choices = rotate_emergencies,    \
     .help = "the key in use is lost, or in other hands",                                          \
     .offset = offsetof(owner, member.emergency)},                                                  \
    {.name = "order", .type = OPT_CHOICE, .metavar = "ORDER", .choices = rotate_orders,            \
     .help = "for a stolen key: what comes first (what costs less)",                               \
     .offset = offsetof(owner, member.order)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* The defaults of the options above. */
struct rotate_options rotate_options_default(void);

/*
 * path       of the pin-set, or of the directory with --dir
 * published  with --dir: all versions
 * set        owned; rule is in it
 * proven     the new key was seen in a file: it exists
 */
struct rotate_asked {
    char path[PINSET_PATH_SIZE];
    struct published_pins published;
    const struct pintle_pinset *set;
    const struct pintle_rule *rule;
    size_t rule_index;
    int64_t now;
    bool proven;
};

/* True if a change of keys is asked for. */
bool rotate_is_asked(const struct rotate_options *options);

/*
 * Load the pin-set of -p or the published ones of --dir; `set` is the newest, owned, and `path` has
 * PINSET_PATH_SIZE bytes. Tells failures itself; published_pins_clear() is needed after them too.
 */
enum cli_exit rotate_load(struct published_pins *published, const struct pintle_pinset **set,
                          char *path, const char *command, const char *pinset, const char *dir);

/*
 * Load the pin-set and find the rule. Tells failures itself; rotate_asked_clear() is needed after
 * them too.
 */
enum cli_exit rotate_ask(struct rotate_asked *out, const char *command,
                         const struct rotate_options *options);

/* Read the options of a change of keys, ask the servers unless `offline`, and make the plan. */
enum cli_exit rotate_ask_plan(struct rotate_plan *out, struct rotate_asked *asked,
                              const char *command, const struct rotate_options *options);

void rotate_asked_clear(struct rotate_asked *asked);

/* --- rotate_idle.c ---------------------------------------------------------------------------- */

/* The same without a lag, its share, or a margin; rotate_idle_check() puts the defaults there. */
struct rotate_options rotate_options_unset(void);

/*
 * CLI_USAGE, told, for an option that would change nothing: any that makes a plan if a file is one
 * already, and those about a change of keys if none is asked for. `plan` is the file or NULL.
 */
enum cli_exit rotate_idle_check(struct rotate_options *ask, const char *plan);

/* --- rotate_live.c ---------------------------------------------------------------------------- */

/*
 * Ask the servers of the rule which of its keys they show (`request->from`, unless has_from) and
 * when the certificate for it ends. Without a server to ask, neither is found. Tells failures itself.
 */
enum cli_exit rotate_ask_servers(struct rotate_request *request, bool *has_from,
                                 const struct rotate_asked *asked,
                                 const struct rotate_options *options);

/* A date option: as given, or `fallback` without one. False after telling the mistake. */
bool rotate_option_date(int64_t *out, const char *command, const char *option, const char *text,
                        int64_t fallback);

#endif
