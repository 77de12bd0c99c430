/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of DER (X.690, sections 8 and 10): a cursor over borrowed bytes that moves
 * forward only. Low tag numbers, definite minimal lengths, values inside their parent. Nothing is
 * copied.
 *
 * Functions that can fail return false and set E_DER with err->offset: of the tag if that is at
 * fault or missing, of the first length byte if the length is. Reading is inline, because every
 * handshake walks through some sixty elements; saying what is wrong is not.
 */
#ifndef PINTLE_SRC_BASE_DER_H
#define PINTLE_SRC_BASE_DER_H

#include <stdbool.h>

#include <pintle/status.h>

enum pintle__der_tag {
    PINTLE__DER_BOOLEAN = 0x01,
    PINTLE__DER_INTEGER = 0x02,
    PINTLE__DER_BIT_STRING = 0x03,
    PINTLE__DER_OCTET_STRING = 0x04,
    PINTLE__DER_NULL = 0x05,
    PINTLE__DER_OID = 0x06,
    PINTLE__DER_SEQUENCE = 0x30,
    PINTLE__DER_SET = 0x31
};

/* base is the first byte of the whole input, so that errors can say where. */
struct pintle__der {
    const uint8_t *base;
    const uint8_t *next;
    const uint8_t *end;
};

/* One element: `all` with tag and length, `value` without. */
struct pintle__der_element {
    struct pintle_view all;
    struct pintle_view value;
};

/* A cursor over a whole input. */
static inline struct pintle__der pintle__der_init(struct pintle_view bytes)
{
    struct pintle__der der = {bytes.data, bytes.data, bytes.data};

    if (bytes.len > 0)
        der.end += bytes.len;
    return der;
}

/* A cursor over the value of an element of the input that begins at `base`. */
static inline struct pintle__der pintle__der_inside(const uint8_t *base, struct pintle_view value)
{
    struct pintle__der der = {base, value.data, value.data + value.len};

    return der;
}

static inline bool pintle__der_at_end(const struct pintle__der *der)
{
    return der->next == der->end;
}

static inline size_t pintle__der_offset(const struct pintle__der *der)
{
    return der->next == der->base ? 0 : (size_t)(der->next - der->base);
}

/* True if an element with this tag comes next. */
static inline bool pintle__der_peek(const struct pintle__der *der, uint8_t tag)
{
    return der->next != der->end && *der->next == tag;
}

/* Worth it: a walk through a certificate takes half the time. */
#define PINTLE__DER_INLINE static inline __attribute__((always_inline))
#define PINTLE__DER_COLD __attribute__((cold))

/* Lengths of three and four bytes, which are rare: SIZE_MAX if that is not what stands at `at`. */
size_t pintle__der_long_length(const uint8_t *at, size_t left);

/* Why there is no element with this tag; `what` names it. */
PINTLE__DER_COLD void pintle__der_explain(struct pintle__der der, uint8_t tag, const char *what,
                                          struct pintle_error *err);
PINTLE__DER_COLD void pintle__der_explain_tag(struct pintle__der der, const char *what,
                                              struct pintle_error *err);
PINTLE__DER_COLD void pintle__der_explain_surplus(struct pintle__der der, const char *what,
                                                  struct pintle_error *err);

/*
 * The value of the element with this tag that lies between `at` and `end` (X.690 sections 8.1.3 and
 * 10.1). Its data is NULL if there is none in strict DER.
 */
PINTLE__DER_INLINE struct pintle_view pintle__der_value(const uint8_t *at, const uint8_t *end,
                                                        uint8_t tag)
{
    struct pintle_view none = {NULL, 0};
    struct pintle_view value;
    size_t left = (size_t)(end - at);
    size_t header = 2;

    if (left < 2 || at[0] != tag)
        return none;
    value.len = at[1];
    if (at[1] >= 0x80) {
        header = 2 + (at[1] & 0x7fu);
        if (header == 4 && left >= 4)
            value.len = at[2] != 0 ? (size_t)at[2] << 8 | at[3] : SIZE_MAX;
        else if (header == 3 && left >= 3)
            value.len = at[2] >= 0x80 ? at[2] : SIZE_MAX;
        else
            value.len = pintle__der_long_length(at + 1, left - 1);
    }
    if (header > left || value.len > left - header)
        return none;
    value.data = at + header;
    return value;
}

/* Read the next element, which must have this tag; `what` names it in the error. */
PINTLE__DER_INLINE bool pintle__der_expect(struct pintle__der *der, uint8_t tag, const char *what,
                                           struct pintle__der_element *out,
                                           struct pintle_error *err)
{
    struct pintle_view value = pintle__der_value(der->next, der->end, tag);

    if (value.data == NULL) {
        pintle__der_explain(*der, tag, what, err);
        return false;
    }
    out->all.data = der->next;
    out->value = value;
    der->next = value.data + value.len;
    out->all.len = (size_t)(der->next - out->all.data);
    return true;
}

/*
 * Read the next element whatever its tag, as long as that has a low number and is not the
 * end-of-contents, which only indefinite forms have.
 */
PINTLE__DER_INLINE bool pintle__der_next(struct pintle__der *der, const char *what,
                                         struct pintle__der_element *out, struct pintle_error *err)
{
    uint8_t tag = der->next == der->end ? PINTLE__DER_NULL : *der->next;

    if (tag == 0 || (tag & 0x1f) == 0x1f) {
        pintle__der_explain_tag(*der, what, err);
        return false;
    }
    return pintle__der_expect(der, tag, what, out, err);
}

/* False if anything is left of `what`. */
PINTLE__DER_INLINE bool pintle__der_finish(const struct pintle__der *der, const char *what,
                                           struct pintle_error *err)
{
    if (der->next == der->end)
        return true;
    pintle__der_explain_surplus(*der, what, err);
    return false;
}

#endif
