/* SPDX-License-Identifier: Apache-2.0 */
/* Making roots: what `root init` and `root rotate` share. */
#ifndef PINTLE_CLI_ROOT_DOCUMENT_H
#define PINTLE_CLI_ROOT_DOCUMENT_H

#include "envelope_file.h"

/*
 * keys        for each role public key files; none: as before
 * thresholds  for each role; 0: as before, or else 1 (unpin: 2)
 * dropped     the next root has no such role
 */
struct root_options {
    struct opt_list keys[PINTLE_ROLES];
    long thresholds[PINTLE_ROLES];
    bool dropped[PINTLE_ROLES];
    long days;
    const char *out;
    bool json;
};

#define ROOT_DAYS_DEFAULT 365

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
#define ROOT_ROLE_OPTIONS(owner, member, role, index, usual)                                          \
    {.name = role "-key", .type = OPT_LIST, .metavar = "PUB",                                      \
     .help = "a public key that signs for role " role "; may be given again",                      \
     .offset = offsetof(owner, member.keys[index])},                                                \
    {.name = role "-threshold", .type = OPT_COUNT, .metavar = "N",                                 \
     .help = "how many keys have to sign for role " role " (" usual ")",                           \
     .offset = offsetof(owner, member.thresholds[index]), .min = 1, .max = PINTLE_ROLE_KEYS_MAX}
/* Rows of opt_specs for a `struct root_options` that is `member` of `owner`. */
#define ROOT_OPTIONS(owner, member)                                                                 \
    ROOT_ROLE_OPTIONS(owner, member, "root", PINTLE_ROLE_ROOT, "as before, or 1"),                                     \
    ROOT_ROLE_OPTIONS(owner, member, "pins", PINTLE_ROLE_PINS, "as before, or 1"),                                     \
    ROOT_ROLE_OPTIONS(owner, member, "fresh", PINTLE_ROLE_FRESH, "as before, or 1"),                                   \
    ROOT_ROLE_OPTIONS(owner, member, "unpin", PINTLE_ROLE_UNPIN, "as before, or 2"),                                   \
    {.name = "days", .type = OPT_COUNT, .metavar = "DAYS",                                         \
     .help = "how long the root is good (365)",                                                    \
     .offset = offsetof(owner, member.days), .min = 1, .max = 3650},                                \
    {.name = "out", .letter = 'o', .type = OPT_FILE, .metavar = "FILE",                            \
     .help = "write the envelope to FILE (root-VERSION.json)",                                     \
     .offset = offsetof(owner, member.out)},                                                        \
    {.name = "json", .type = OPT_FLAG, .help = "print as JSON",                                    \
     .offset = offsetof(owner, member.json)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/*
 * Make the next root, write it as an envelope without signatures, and show what it says and who has
 * to sign it. `before` is the current one, NULL for the first. Tells failures itself.
 */
enum cli_exit root_document_make(const char *app, const struct pintle_root *before, int64_t epoch,
                                 const struct root_options *options);

#endif
