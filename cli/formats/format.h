/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platforms that pins are exported to and imported from. One file each implements
 * `struct format`; formats.def lists them. What a platform can say is data (`struct semantics`), so
 * losses, explanations and docs/formats.md come from one place.
 */
#ifndef PINTLE_CLI_FORMATS_FORMAT_H
#define PINTLE_CLI_FORMATS_FORMAT_H

#include "clause.h"
#include "loss.h"
#include "note.h"
#include "text.h"

#include <pintle/x509.h>

/* How exactly a platform can say when enforcement ends. After it, no platform looks at pins. */
enum end_unit {
    END_NEVER = 0,     /* not at all */
    END_DAY_LOCAL = 1, /* a date in the device's time zone */
    END_DAY_UTC = 2,
    END_SECOND = 3
};

/* Whether a platform asks for a valid certificate path and name beside the pin. */
enum path_demand {
    PATH_ALWAYS = 0,  /* also where a rule trusts the key alone */
    PATH_AS_TOLD = 1, /* as the rule says */
    PATH_NEVER = 2,
    PATH_FOR_CAS = 3 /* only to a pinned CA: a pinned leaf key is enough by itself */
};

#define REACH_BIT(reach) (1U << (reach))
#define AT_BIT(at) (1U << (at))

/*
 * What a platform can say and how it is read there. Zero is the poorest platform.
 *
 * whole          it carries the document itself: nothing is lost, and the rest does not count
 * reaches        REACH_BIT() of each reach that a clause can have. A pattern gets the narrowest one
 *                that covers it, or else the widest there is
 * positions      AT_BIT() of each position that a pin can be given
 * one_position   all pins of a clause stand in one position
 * one_per_host   a host stands in the file once: rules that meet there are merged
 * every_match    all clauses that cover a host count, not the most specific alone
 * per_host       the file is for one host, chosen with --for
 * host_kept      and: the platform keeps it for that host, whichever the port, and perhaps for all below it
 * ports          a clause can name a port; port_needed: it must (443 where the rule names none)
 * addresses      hosts can be IP addresses
 * public_names   hosts must have a public suffix that is registered, and may reach below them only if
 *                they are none themselves: the platform looks at the Public Suffix List
 * plain_names    hosts must be names of two labels or more, without '_', under a registered top-level
 *                domain
 * deny, report_mode, exempt, pin_until, reports
 *                it can say what the rule says of this
 * one_report     it can name one place that reports go to
 * report_inside  a library softens mismatches on its own connections; on others the platform enforces
 * served_chain   pins match in what the server sent, not in a path that was validated. Where only
 *                leaf keys match this is no loss
 * refuses_nothing  the file excuses keys from checks, and refuses none
 * min_pins       fewer pins are refused by the platform; min_pins_report: where a rule only reports, if
 *                not 0
 */
struct semantics {
    bool whole;
    unsigned reaches;
    unsigned positions;
    bool one_position;
    bool one_per_host;
    bool every_match;
    bool per_host;
    bool host_kept;
    bool ports;
    bool port_needed;
    bool addresses;
    bool public_names;
    bool plain_names;
    bool deny;
    bool report_mode;
    bool report_inside;
    bool exempt;
    bool pin_until;
    bool reports;
    bool one_report;
    bool served_chain;
    bool refuses_nothing;
    enum end_unit end;
    enum path_demand path;
    unsigned min_pins;
    unsigned min_pins_report;
};

/*
 * What a writer is given.
 *
 * clauses  of the platform's own vocabulary: nothing that its semantics do not have
 * title    "com.example.shop, version 42": what the file is made of; printable ASCII
 * json     the pin-set's document, for formats that carry it whole
 * set      the pin-set; NULL in tests without one
 * host     of a per_host format: whom it is for; else NULL
 * port     of it
 * certificates  of --certificate, for formats that carry certificates; NULL without
 */
struct writing {
    const struct clauses *clauses;
    const char *title;
    const char *json;
    const struct pintle_pinset *set;
    const struct pintle_host *host;
    uint16_t port;
    const struct pintle_objects *certificates;
};

/*
 * What a reader is given, and where it puts what it found.
 *
 * out           clauses, in the order of the file
 * notes         what the platform does that a reader of the file may not expect
 * host, port    of --for, for formats that name none; NULL without
 * certificates  of --certificate, for formats that name certificates; NULL without
 * crypto        hashes certificates
 */
struct reading {
    struct clauses *out;
    struct notes *notes;
    const struct pintle_host *host;
    uint16_t port;
    const struct pintle_objects *certificates;
    const struct pintle_crypto *crypto;
};

/*
 * name      as on the command line
 * title     the platform and its file, a few words
 * place     where the file goes in that platform's project
 * made_by   what begins the line that says what the file is made of, if it is compared as text: that
 *           line does not count then. NULL if the format can be read, and clauses are compared
 * may_add   what begins lines that users add themselves ("package "); NULL if there are none
 * write     NULL if it is import only. Appends to `out`; want of memory is remembered there. E_…
 *           with err->text where the pin-set cannot be written at all
 * read      NULL if it is export only. `text` is NUL-terminated behind `len` bytes. What the platform
 *           itself refuses is refused: E_SCHEMA, E_PIN, E_HOST, E_TIME, E_CONFLICT, E_LIMIT, …, with
 *           err->line and err->column
 */
struct format {
    const char *name;
    const char *title;
    const char *place;
    const char *made_by;
    const char *may_add;
    struct semantics semantics;
    enum pintle_status (*write)(struct text *out, const struct writing *writing,
                                struct pintle_error *err);
    enum pintle_status (*read)(struct reading *reading, const char *text, size_t len,
                               struct pintle_error *err);
};

/* Formats in the order of formats.def; NULL beyond the last. By name; NULL if there is none. */
const struct format *format_get(size_t index);
const struct format *format_find(const char *name);

/* Names of those that can be written and of those that can be read, and "list" behind them;
 * NULL-terminated. */
extern const char *const format_export_names[];
extern const char *const format_import_names[];

/* True if a format can lose something of this kind. */
bool format_loses(const struct format *format, enum loss_kind kind);

/* Refuse input: sets err and returns `status`. line 0 where there is none. */
enum pintle_status format_refuse(struct pintle_error *err, enum pintle_status status, uint32_t line,
                                 uint32_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A date "2027-05-01" as the second it begins in UTC. Days that exist only. */
bool format_parse_day(int64_t *out, const char *text, size_t len);

/* The day that a time lies in, in UTC. Returns out. */
#define FORMAT_DAY_SIZE 11
char *format_day(int64_t time, char out[FORMAT_DAY_SIZE]);

#endif
