/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DANE: TLSA records (RFC 6698, RFC 7671) as lines of a zone file. 3 1 1 is the server's own key, enough by itself; 2 1 1 that of
 * a CA, to which a path with the server's name is asked for, but no CA of the system. Usages 0 and 1 ask for that as well.
 */
#include "dane_record.h"
#include "lines.h"
#include "pin_text.h"
#include "zone.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 253

/* --- writing -------------------------------------------------------------------------------------- */

static enum pintle_status write_clause(struct text *out, const struct clause *clause,
                                       struct pintle_error *err)
{
    if (strlen(clause->host) + sizeof("_65535._tcp.") - 1 > NAME_MAX_LEN)
        return format_refuse(err, PINTLE_E_HOST, 0, 0,
                             "%.80s…: no room for a port in a name so long", clause->host);
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "_%u._tcp.%s. IN TLSA %d 1 1 %s\n", (unsigned)clause->port, clause->host,
                    clause->pins[i].at == PINTLE_AT_CA ? DANE_TA : DANE_EE,
                    pin_text_format(&clause->pins[i].pin, "hex", pin));
    }
    return PINTLE_OK;
}

static enum pintle_status write_dane(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;

    text_printf(out, "; Made by pintle export from %s.\n", writing->title);
    for (size_t i = 0; status == PINTLE_OK && i < writing->clauses->count; i++)
        status = write_clause(out, &writing->clauses->items[i], err);
    return status;
}

/* --- reading: owners ------------------------------------------------------------------------------ */

/*
 * A record that became a pin.
 *
 * set  the first record of its record set, once they have been sorted
 */
struct kept {
    const char *host;
    uint16_t port;
    unsigned usage;
    struct pintle_pin pin;
    uint32_t line;
    size_t order;
    size_t set;
};

struct dane_reading {
    struct reading *reading;
    struct pintle_error *err;
    struct dane_certificates certificates;
    struct kept *kept;
    size_t count;
    size_t size;
};

static enum pintle_status no_memory(const struct dane_reading *dane)
{
    return format_refuse(dane->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

/* "_443." or "*.", RFC 6698 section 3. Steps behind it. */
static bool take_port(const char **name, uint16_t *port)
{
    const char *c = *name;
    unsigned number = 0;

    if (strncmp(c, "*.", 2) == 0) {
        *name += 2;
        *port = 0;
        return true;
    }
    if (*c++ != '_')
        return false;
    for (; *c >= '0' && *c <= '9' && number <= UINT16_MAX; c++)
        number = number * 10 + (unsigned)(*c - '0');
    if (*c != '.' || number == 0 || number > UINT16_MAX)
        return false;
    *name = c + 1;
    *port = (uint16_t)number;
    return true;
}

/* *host is NULL where the record is of a name that no rule can have. */
static enum pintle_status read_owner(const struct dane_reading *dane,
                                     const struct zone_record *record, const char **host,
                                     uint16_t *port)
{
    const struct zone_word *word = &record->owner_word;
    const char *name = record->owner;
    struct pintle_host parsed;
    struct pintle_error why = {0};

    *host = NULL;
    if (name[0] == '\0')
        return format_refuse(dane->err, PINTLE_E_HOST, word->line, word->column,
                             "a relative name, and no $ORIGIN before it");
    if (!take_port(&name, port) || strlen(name) < 6 || !line_same_nocase(name, "_tcp.", 5) ||
        name[5] == '*') {
        notes_add(dane->reading->notes, NOTE_UNKNOWN, word->line, "%.250s", record->owner);
        return PINTLE_OK;
    }
    name += 5;
    if (pintle_host_parse(&parsed, name, strlen(name), &why) != PINTLE_OK || parsed.is_ip)
        return format_refuse(dane->err, PINTLE_E_HOST, word->line, word->column, "%.100s: %.80s",
                             name, why.text[0] != '\0' ? why.text : "an address");
    *host = clauses_text(dane->reading->out, parsed.text, parsed.len);
    return *host != NULL ? PINTLE_OK : no_memory(dane);
}

/* --- reading: records ----------------------------------------------------------------------------- */

static bool keep(struct dane_reading *dane, const struct kept *kept)
{
    if (dane->count == dane->size) {
        size_t size = dane->size == 0 ? 64 : dane->size * 2;
        struct kept *all = realloc(dane->kept, size * sizeof(*all));

        if (all == NULL)
            return false;
        dane->kept = all;
        dane->size = size;
    }
    dane->kept[dane->count] = *kept;
    dane->kept[dane->count].order = dane->count;
    dane->count++;
    return true;
}

static enum pintle_status read_record(struct dane_reading *dane, const struct zone_record *record)
{
    struct kept kept = {.line = record->type.line};
    struct dane_record data = {0};
    enum pintle_status status;

    if (!zone_word_is(&record->type, "TLSA") && !zone_word_is(&record->type, "TYPE52"))
        return PINTLE_OK;
    if (!zone_word_is(&record->class, "IN")) {
        notes_add(dane->reading->notes, NOTE_UNKNOWN, record->class.line, "class %.*s",
                  (int)(record->class.len > 20 ? 20 : record->class.len), record->class.text);
        return PINTLE_OK;
    }
    status = read_owner(dane, record, &kept.host, &kept.port);
    if (status != PINTLE_OK || kept.host == NULL)
        return status;
    status = dane_record_parse(&data, record, dane->err);
    if (status == PINTLE_OK &&
        dane_record_to_pin(&kept.pin, &data, dane->reading, &dane->certificates)) {
        kept.usage = data.usage;
        if (!keep(dane, &kept))
            status = no_memory(dane);
    }
    dane_record_clear(&data);
    return status;
}

/* --- reading: record sets ------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct kept *one = a;
    const struct kept *other = b;
    int order = strcmp(one->host, other->host);

    if (order == 0)
        order = (int)one->port - (int)other->port;
    if (order == 0)
        order = one->order < other->order ? -1 : one->order > other->order;
    return order;
}

static int compare_sets(const void *a, const void *b)
{
    const struct kept *one = a;
    const struct kept *other = b;

    if (one->set != other->set)
        return one->set < other->set ? -1 : 1;
    return one->order < other->order ? -1 : one->order > other->order;
}

/* Records of one name need not be neighbours. Sets come in the order of their first records. */
static void sort_sets(struct dane_reading *dane)
{
    if (dane->count == 0)
        return;
    qsort(dane->kept, dane->count, sizeof(*dane->kept), compare_names);
    for (size_t i = 0; i < dane->count; i++) {
        struct kept *kept = &dane->kept[i];
        bool first =
            i == 0 || kept->port != kept[-1].port || strcmp(kept->host, kept[-1].host) != 0;

        kept->set = first ? kept->order : kept[-1].set;
    }
    qsort(dane->kept, dane->count, sizeof(*dane->kept), compare_sets);
}

/* Usage 3 alone trusts the key; beside others, what a rule says of all its pins is that a path is asked for. */
static void judge_path(const struct dane_reading *dane, struct clause *clause, size_t first,
                       size_t count)
{
    size_t alone = 0;

    for (size_t i = first; i < first + count; i++)
        alone += dane->kept[i].usage == DANE_EE;
    clause->key_alone = alone == count;
    if (alone > 0 && alone < count)
        notes_add(dane->reading->notes, NOTE_ASKS_LESS, clause->line, "%.250s", clause->host);
}

static enum pintle_status add_set(const struct dane_reading *dane, size_t first, size_t count)
{
    struct clause *clause = clauses_add(dane->reading->out);

    if (clause == NULL)
        return no_memory(dane);
    clause->host = dane->kept[first].host;
    clause->port = dane->kept[first].port;
    clause->line = dane->kept[first].line;
    clause->group = dane->kept[first].set;
    judge_path(dane, clause, first, count);
    for (size_t i = first; i < first + count; i++) {
        unsigned usage = dane->kept[i].usage;
        struct clause_pin pin = {.pin = dane->kept[i].pin,
                                 .at = usage == PKIX_TA || usage == DANE_TA ? PINTLE_AT_CA
                                                                            : PINTLE_AT_LEAF,
                                 .until = PINTLE_NEVER};

        if (clause->pin_count == CLAUSE_PINS_MAX)
            return format_refuse(dane->err, PINTLE_E_LIMIT, dane->kept[i].line, 0,
                                 "more than %d pins", CLAUSE_PINS_MAX);
        if (!clause_add_pin(dane->reading->out, clause, &pin))
            return no_memory(dane);
    }
    return PINTLE_OK;
}

static enum pintle_status add_sets(const struct dane_reading *dane)
{
    enum pintle_status status = PINTLE_OK;

    for (size_t i = 0; status == PINTLE_OK && i < dane->count;) {
        size_t count = 1;

        while (i + count < dane->count && dane->kept[i + count].set == dane->kept[i].set)
            count++;
        status = add_set(dane, i, count);
        i += count;
    }
    if (status == PINTLE_OK && dane->count == 0)
        return format_refuse(dane->err, PINTLE_E_SCHEMA, 0, 0, "no TLSA record that can be kept");
    return status;
}

/* Once: most files are of usage 3 from the first record to the last. */
static void tell_path(const struct dane_reading *dane)
{
    const struct clauses *clauses = dane->reading->out;

    for (size_t i = 0; i < clauses->count; i++)
        if (clauses->items[i].key_alone) {
            notes_add(dane->reading->notes, NOTE_NO_PATH, clauses->items[i].line,
                      "records of usage 3");
            return;
        }
}

static enum pintle_status read_dane(struct reading *reading, const char *text, size_t len,
                                    struct pintle_error *err)
{
    struct dane_reading dane = {.reading = reading, .err = err};
    struct zone zone = {.text = text, .len = len};
    struct zone_record record;
    enum pintle_status status;

    do {
        status = zone_next(&zone, &record, reading->notes, err);
        if (status == PINTLE_OK && record.type.len > 0)
            status = read_record(&dane, &record);
    } while (status == PINTLE_OK && record.type.len > 0);
    sort_sets(&dane);
    if (status == PINTLE_OK)
        status = add_sets(&dane);
    if (status == PINTLE_OK)
        tell_path(&dane);
    free(dane.kept);
    dane_certificates_clear(&dane.certificates);
    zone_clear(&zone);
    return status;
}

const struct format format_dane = {
    .name = "dane",
    .title = "DANE TLSA records",
    .place = "the signed zone of the hosts",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_LEAF) | AT_BIT(PINTLE_AT_CA),
                  .one_per_host = true,
                  .ports = true,
                  .port_needed = true,
                  .path = PATH_FOR_CAS,
                  .min_pins = 1},
    .write = write_dane,
    .read = read_dane,
};
