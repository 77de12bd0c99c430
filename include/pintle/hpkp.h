/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/hpkp.h: Public-Key-Pins headers (RFC 7469), the user agent's side.
 *
 * Browsers withdrew HPKP, for it lets whoever holds a server for an hour pin its users to his own
 * key, and lets its owner lock himself out. What is noted here is therefore bounded: see
 * PINTLE_HPKP_MAX_AGE_S and pintle_hpkp_note(). Signed rules always come first.
 *
 * Nothing here allocates, locks or does I/O. All functions are thread-safe.
 */
#ifndef PINTLE_HPKP_H
#define PINTLE_HPKP_H

#include <pintle/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A longer header is refused unread. */
#define PINTLE_HPKP_HEADER_MAX_LEN ((size_t)8192)

/* A longer max-age is cut to this: 60 days, as RFC 7469 section 4.1 suggests. */
#define PINTLE_HPKP_MAX_AGE_S ((int64_t)60 * 24 * 3600)

/*
 * What a header says.
 *
 * max_age_s           as written, at most INT64_MAX; 0 asks to forget. -1: absent (report-only)
 * pins, pin_count     of known algorithms, each once
 * report_uri          "" if absent
 */
struct pintle_hpkp {
    int64_t max_age_s;
    bool include_subdomains;
    uint32_t pin_count;
    struct pintle_pin pins[PINTLE_LEARNED_PINS_MAX];
    char report_uri[256];
};

/*
 * Parse the value of a Public-Key-Pins header, or with report_only of Public-Key-Pins-Report-Only
 * (RFC 7469 section 2.1).
 *
 * Directive names are case-insensitive, values tokens or quoted strings; unknown directives and
 * pins of unknown algorithms are passed over. E_HPKP with err->offset for what makes the whole
 * header void: bad syntax, a directive twice (other than pins), max-age absent (it is optional with
 * report_only, where it is passed over) or no number, a value with includeSubDomains, a sha256 pin
 * that is not 44 characters of canonical base64, no pin at all, more than PINTLE_LEARNED_PINS_MAX,
 * a report-uri that is no absolute http or https URL of at most 255 bytes, more than 32 unknown
 * directives. E_LIMIT. *out is then all zero.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_hpkp_parse(struct pintle_hpkp *out,
                                                                const char *header, size_t len,
                                                                bool report_only,
                                                                struct pintle_error *err);

/* What to do with a header that came over a connection. */
enum pintle_hpkp_action {
    PINTLE_HPKP_IGNORE = 0, /* `why` says for what reason */
    PINTLE_HPKP_NOTE = 1,   /* keep *entry in place of what was held */
    PINTLE_HPKP_FORGET = 2, /* max-age=0: forget what is held for the host itself */
    PINTLE_HPKP_REPORT = 3  /* report-only: report that the path violates *entry; keep nothing */
};

/*
 * Judge a header by the connection it came over (RFC 7469 sections 2.3.1, 2.5, 2.6). Of several
 * headers of one name in an answer only the first counts (section 2.3.1): give only that one.
 *
 * entry    filled for NOTE: expires is now + the max-age, cut to PINTLE_HPKP_MAX_AGE_S; for FORGET
 *          and REPORT the same, but it has expired already. Else all zero
 * why      set to a text for IGNORE; static storage; may be NULL
 * verdict  of that connection. Ignored unless it was accepted for a valid path without softening or
 *          unpin, on a full handshake whose path was hashed whole (in resumed sessions there is no
 *          path to compare with); for a host that is an IP address; for one that a signed rule
 *          covers; if no pin is in that path; if all pins are in it (no backup). A report-only
 *          header is instead ignored if a pin is in that path, and a REPORT if none is: nothing of
 *          it is kept (section 2.1.2)
 */
PINTLE_API enum pintle_hpkp_action pintle_hpkp_judge(struct pintle_learned *entry, const char **why,
                                                     const struct pintle_hpkp *header,
                                                     bool report_only,
                                                     const struct pintle_verdict *verdict,
                                                     int64_t now);

#ifdef __cplusplus
}
#endif
#endif
