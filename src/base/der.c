/* SPDX-License-Identifier: Apache-2.0 */
#include "base/der.h"

#include "base/error.h"

/* Four length bytes reach 4 GiB, far above every limit of ours. */
#define MAX_LENGTH_BYTES 4

size_t pintle__der_long_length(const uint8_t *at, size_t left)
{
    size_t count = at[0] & 0x7fu;
    uint32_t value = 0;

    if (at[0] < 0x80 || count < 3 || count > MAX_LENGTH_BYTES || left <= count || at[1] == 0)
        return SIZE_MAX;
    for (size_t i = 1; i <= count; i++)
        value = value << 8 | at[i];
    return value;
}

static const char *why_length(const uint8_t *at, size_t left)
{
    size_t count;

    if (left == 0)
        return "input ends before a length";
    count = at[0] & 0x7fu;
    if (at[0] < 0x80)
        return "length leaves its parent";
    if (count == 0)
        return "indefinite length";
    if (count > MAX_LENGTH_BYTES)
        return "length of more than 4 bytes";
    if (left <= count)
        return "input ends inside a length";
    if (at[1] == 0 || (count == 1 && at[1] < 0x80))
        return "length is not in its shortest form";
    return "length leaves its parent";
}

void pintle__der_explain(struct pintle__der der, uint8_t tag, const char *what,
                         struct pintle_error *err)
{
    size_t offset = pintle__der_offset(&der);

    if (!pintle__der_peek(&der, tag))
        pintle__error_at(err, PINTLE_E_DER, offset, "%s is missing", what);
    else
        pintle__error_at(err, PINTLE_E_DER, offset + 1, "%s: %s", what,
                         why_length(der.next + 1, (size_t)(der.end - der.next) - 1));
}

void pintle__der_explain_tag(struct pintle__der der, const char *what, struct pintle_error *err)
{
    pintle__error_at(err, PINTLE_E_DER, pintle__der_offset(&der), "%s: tag 0x%02x is not allowed",
                     what, *der.next);
}

void pintle__der_explain_surplus(struct pintle__der der, const char *what, struct pintle_error *err)
{
    pintle__error_at(err, PINTLE_E_DER, pintle__der_offset(&der), "bytes after the end of %s",
                     what);
}
