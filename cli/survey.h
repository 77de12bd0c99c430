/* SPDX-License-Identifier: Apache-2.0 */
/* What a server shows: at each of its addresses, with each kind of key it has. */
#ifndef PINTLE_CLI_SURVEY_H
#define PINTLE_CLI_SURVEY_H

#include "dial.h"

/*
 * One handshake, or why there was none.
 *
 * status, err   PINTLE_OK or E_REFUSED: the rest is filled in. Otherwise only `address` is
 * no_route      this machine has no way to the address's network
 * served        certificates as they came, leaf first
 * path          how path validation for the host ended; path_detail says why not
 * verified      the path that validation built; nothing unless the path is valid
 * judged        there is a verdict: the survey was guarded
 */
struct sighting {
    char address[OS_ADDR_TEXT_SIZE];
    enum pintle_status status;
    struct pintle_error err;
    bool no_route;
    char protocol[32];
    char cipher[64];
    struct pintle_view *served;
    size_t served_count;
    enum pintle_path path;
    char path_detail[160];
    struct pintle_view *verified;
    size_t verified_count;
    bool judged;
    struct pintle_verdict verdict;
};

struct survey {
    struct sighting *items;
    size_t count;
};

/*
 * engine         guards the connections; NULL looks only
 * every_address  of the name; else the first that answers
 */
struct survey_how {
    struct pintle *engine;
    bool every_address;
};

/*
 * Look at a server. A server has RSA and ECDSA certificates if it says so when asked for them: that
 * it has none of a kind is no failure. Every connection has a deadline of its own.
 *
 * PINTLE_OK with at least one sighting. Errors of dial_find(); of dial_open() when the fault is on
 * this side: memory, files, an interruption (E_IO). survey_clear() is needed after failures too.
 */
PINTLE_MUST_USE enum pintle_status survey_run(struct survey *out, const struct target *target,
                                              const struct net_options *options,
                                              const struct survey_how *how,
                                              struct pintle_error *err);

void survey_clear(struct survey *survey);

/* True if a handshake was seen. */
bool sighting_seen(const struct sighting *sighting);

#endif
