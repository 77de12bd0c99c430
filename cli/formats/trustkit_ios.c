/* SPDX-License-Identifier: Apache-2.0 */
#include "trustkit_ios.h"

#include "pin_text.h"
#include "plist.h"

static void write_pins(struct plist_writer *writer, const struct clause *clause)
{
    plist_open(writer, TSK_HASHES, "array");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        plist_string(writer, NULL, pin_text_format(&clause->pins[i].pin, "base64", pin),
                     clause->pins[i].label);
    }
    plist_close(writer, "array");
}

/* TrustKit wants two digests here as well. */
static void write_no_pins(struct plist_writer *writer)
{
    plist_string(writer, TSK_EXPIRES, TSK_NEVER_IN_FORCE, "not pinned: never in force");
    plist_open(writer, TSK_HASHES, "array");
    plist_string(writer, NULL, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "no key");
    plist_string(writer, NULL, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=", "no key");
    plist_close(writer, "array");
}

static void write_reports(struct plist_writer *writer, const struct clause *clause)
{
    if (clause->report_count == 0)
        return;
    plist_open(writer, TSK_REPORTS, "array");
    for (size_t i = 0; i < clause->report_count; i++)
        plist_string(writer, NULL, clause->report[i], NULL);
    plist_close(writer, "array");
}

/* Nothing goes to the makers of TrustKit, which it does by default. */
static void write_clause(struct plist_writer *writer, const struct clause *clause)
{
    char day[FORMAT_DAY_SIZE];

    plist_open(writer, clause->host, "dict");
    plist_bool(writer, TSK_SUBDOMAINS, clause->reach == REACH_ANY);
    if (clause->exempt)
        write_no_pins(writer);
    else {
        plist_bool(writer, TSK_ENFORCE, clause->enforce);
        if (clause->until != PINTLE_NEVER)
            plist_string(writer, TSK_EXPIRES, format_day(clause->until, day), NULL);
        write_pins(writer, clause);
        write_reports(writer, clause);
    }
    plist_bool(writer, TSK_NO_DEFAULT_REPORT, true);
    plist_close(writer, "dict");
}

static enum pintle_status write_trustkit(struct text *out, const struct writing *writing,
                                         struct pintle_error *err)
{
    struct plist_writer writer;

    if (writing->clauses->count == 0)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "no rule of the pin-set can be written");
    plist_begin(&writer, out, writing->title);
    plist_open(&writer, NULL, "dict");
    plist_open(&writer, TSK_OUTER, "dict");
    plist_open(&writer, TSK_INNER, "dict");
    for (size_t i = 0; i < writing->clauses->count; i++)
        write_clause(&writer, &writing->clauses->items[i]);
    plist_close(&writer, "dict");
    plist_close(&writer, "dict");
    plist_close(&writer, "dict");
    plist_end(&writer);
    return PINTLE_OK;
}

const struct format format_trustkit_ios = {
    .name = "trustkit-ios",
    .title = "TrustKit for iOS and macOS",
    .place = "the Info.plist of the app's target in Xcode",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .one_per_host = true,
                  .public_names = true,
                  .report_mode = true,
                  .exempt = true,
                  .reports = true,
                  .end = END_DAY_UTC,
                  .path = PATH_ALWAYS,
                  .min_pins = 2,
                  .min_pins_report = 1},
    .write = write_trustkit,
    .read = trustkit_ios_read,
};
