/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of Chromium's --ignore-certificate-errors-spki-list. It excuses: where a certificate that the server sent has one of
 * these keys, errors of its certificate are passed over; no key is refused for not being in it. It holds for every host, and is
 * heeded only beside --user-data-dir (Chromium's ignore_errors_cert_verifier.h).
 */
#include <string.h>

#include "format.h"
#include "lines.h"
#include "pin_text.h"

#define FLAG "--ignore-certificate-errors-spki-list="
#define BASE64_LEN 44
#define BLANKS " \t\r\n\v\f"

static enum pintle_status write_chromium(struct text *out, const struct writing *writing,
                                         struct pintle_error *err)
{
    const struct clause *clause = &writing->clauses->items[0];

    (void)err;
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "%s%s", i > 0 ? "," : "",
                    pin_text_format(&clause->pins[i].pin, "base64", pin));
    }
    text_add(out, "\n");
    return PINTLE_OK;
}

/* Quotes are those of the shell, around the flag or around its value. */
static void strip(struct line *list)
{
    const char *quote = "";

    line_skip(list, BLANKS);
    line_trim_end(list, BLANKS);
    for (int i = 0; i < 2; i++) {
        if (*quote == '\0' && (line_begins(list, "\"") || line_begins(list, "'"))) {
            quote = list->text[0] == '"' ? "\"" : "'";
            line_step(list, 1);
            line_trim_end(list, quote);
        }
        if (line_begins(list, FLAG))
            line_step(list, strlen(FLAG));
    }
}

/* Chromium does not look at the two bits that 32 bytes leave over in base64. */
static bool parse_loosely(struct pintle_pin *out, const struct line *item)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[BASE64_LEN];
    const char *digit;

    if (item->len != BASE64_LEN)
        return false;
    memcpy(text, item->text, BASE64_LEN);
    digit = memchr(digits, text[BASE64_LEN - 2], sizeof(digits) - 1);
    if (digit != NULL)
        text[BASE64_LEN - 2] = digits[(size_t)(digit - digits) / 4 * 4];
    return pintle_pin_parse(out, text, BASE64_LEN, NULL) == PINTLE_OK;
}

/* Base64 of anything but 32 bytes is said to be an "Invalid SPKI" in the log, and passed over. */
static bool read_item(struct reading *reading, struct clause *clause, struct line item,
                      uint32_t number)
{
    struct clause_pin pin = {.at = PINTLE_AT_ANY, .until = PINTLE_NEVER};

    line_skip(&item, BLANKS);
    line_trim_end(&item, BLANKS);
    if (parse_loosely(&pin.pin, &item))
        return clause_add_pin(reading->out, clause, &pin);
    notes_add(reading->notes, NOTE_UNKNOWN, number, "%.*s", (int)(item.len > 80 ? 80 : item.len),
              item.text);
    return true;
}

static uint32_t count_lines(const struct line *text)
{
    uint32_t count = 0;

    for (size_t i = 0; i < text->len; i++)
        count += text->text[i] == '\n';
    return count;
}

static enum pintle_status read_list(struct reading *reading, struct clause *clause,
                                    struct line list, struct pintle_error *err)
{
    uint32_t number = 1;

    while (list.len > 0) {
        struct line item = line_take(&list, ",");

        if (clause->pin_count == CLAUSE_PINS_MAX)
            return format_refuse(err, PINTLE_E_LIMIT, number, 0, "more than %d pins",
                                 CLAUSE_PINS_MAX);
        if (!read_item(reading, clause, item, number))
            return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
        number += count_lines(&item);
        if (list.len > 0)
            line_step(&list, 1);
    }
    if (clause->pin_count == 0)
        return format_refuse(err, PINTLE_E_PIN, 0, 0,
                             "no base64 of a SHA-256 among what commas separate");
    return PINTLE_OK;
}

static enum pintle_status read_chromium(struct reading *reading, const char *text, size_t len,
                                        struct pintle_error *err)
{
    struct line list = {text, len, 1, text};
    struct clause *clause = clauses_add(reading->out);

    if (clause != NULL)
        clause->host = clauses_text(reading->out, reading->host->text, reading->host->len);
    if (clause == NULL || clause->host == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    clause->port = reading->port;
    clause->key_alone = true;
    notes_add(reading->notes, NOTE_EXCUSES, 0, "%s", "");
    strip(&list);
    return read_list(reading, clause, list, err);
}

const struct format format_chromium = {
    .name = "chromium",
    .title = "Chromium SPKI list",
    .place = "chromium --user-data-dir=DIR " FLAG "\"$(cat FILE)\"",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .per_host = true,
                  .addresses = true,
                  .served_chain = true,
                  .refuses_nothing = true,
                  .path = PATH_NEVER,
                  .min_pins = 1},
    .write = write_chromium,
    .read = read_chromium,
};
