/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/pem.h"

#include <string.h>

#include "base/error.h"

static const char begin_mark[] = "-----BEGIN";
static const char end_mark[] = "-----END";
static const char dashes[] = "-----";

struct line {
    const uint8_t *start; /* without blanks before it */
    size_t len;           /* without blanks and line end behind it */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool read_line(struct pintle__pem *pem, struct line *line)
{
    const uint8_t *end;
    size_t left = (size_t)(pem->end - pem->next);

    if (left == 0)
        return false;
    line->start = pem->next;
    end = memchr(pem->next, '\n', left);
    pem->next = end != NULL ? end + 1 : pem->end;
    if (end == NULL)
        end = pem->end;
    while (line->start < end && is_blank(*line->start))
        line->start++;
    while (line->start < end && is_blank(end[-1]))
        end--;
    line->len = (size_t)(end - line->start);
    return true;
}

static bool starts_with(const struct line *line, const char *mark)
{
    size_t len = strlen(mark);

    return line->len >= len && memcmp(line->start, mark, len) == 0;
}

/* The label between `mark` and the closing dashes; false if the line is not of that form. */
static bool read_label(const struct line *line, const char *mark,
                       char label[PINTLE__PEM_LABEL_SIZE])
{
    size_t before = strlen(mark) + 1;
    size_t after = strlen(dashes);
    size_t len;

    if (line->len < before + after || line->start[before - 1] != ' ' ||
        memcmp(line->start + line->len - after, dashes, after) != 0)
        return false;
    len = line->len - before - after;
    if (len == 0 || len >= PINTLE__PEM_LABEL_SIZE ||
        memchr(line->start + before, '\0', len) != NULL)
        return false;
    memcpy(label, line->start + before, len);
    label[len] = '\0';
    return true;
}

struct pintle__pem pintle__pem_init(struct pintle_view text)
{
    static const uint8_t bom[] = {0xef, 0xbb, 0xbf};
    struct pintle__pem pem = {text.data, text.data, text.data + text.len};

    if (text.len >= sizeof(bom) && memcmp(text.data, bom, sizeof(bom)) == 0)
        pem.next += sizeof(bom);
    return pem;
}

/* Read on to the END line of the block that `first` begins. */
static enum pintle_status finish_block(struct pintle__pem *pem, const struct line *first,
                                       struct pintle__pem_block *block, struct pintle_error *err)
{
    char end_label[PINTLE__PEM_LABEL_SIZE];
    struct line line;

    while (read_line(pem, &line)) {
        size_t offset = (size_t)(line.start - pem->base);
        if (starts_with(&line, begin_mark))
            break;
        if (memchr(line.start, '\0', line.len) != NULL) {
            pintle__error_at(err, PINTLE_E_PEM, offset, "a NUL byte inside the block %s",
                             block->label);
            return PINTLE_E_PEM;
        }
        if (!starts_with(&line, end_mark))
            continue;
        if (!read_label(&line, end_mark, end_label) || strcmp(end_label, block->label) != 0) {
            pintle__error_at(err, PINTLE_E_PEM, offset, "this END line does not end the block %s",
                             block->label);
            return PINTLE_E_PEM;
        }
        block->text.data = first->start;
        block->text.len = (size_t)(line.start + line.len - first->start);
        return PINTLE_OK;
    }
    pintle__error_at(err, PINTLE_E_PEM, block->offset, "the block %s has no END line",
                     block->label);
    return PINTLE_E_PEM;
}

enum pintle_status pintle__pem_next(struct pintle__pem *pem, struct pintle__pem_block *block,
                                    bool *found, struct pintle_error *err)
{
    struct line line;

    *found = false;
    while (read_line(pem, &line)) {
        block->offset = (size_t)(line.start - pem->base);
        if (starts_with(&line, end_mark)) {
            pintle__error_at(err, PINTLE_E_PEM, block->offset,
                             "an END line without the BEGIN line of its block");
            return PINTLE_E_PEM;
        }
        if (!starts_with(&line, begin_mark))
            continue;
        if (!read_label(&line, begin_mark, block->label)) {
            pintle__error_at(err, PINTLE_E_PEM, block->offset, "a malformed BEGIN line");
            return PINTLE_E_PEM;
        }
        *found = true;
        return finish_block(pem, &line, block, err);
    }
    return PINTLE_OK;
}
