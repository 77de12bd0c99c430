/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of the pin-set's tables. It reads text from its end, so that one pass over a host gives
 * the hashes of all its suffixes.
 */
#ifndef PINTLE_SRC_PINSET_HASH_H
#define PINTLE_SRC_PINSET_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Multiplication by an odd constant moves each byte to the high bits; the tables use those. */
#define PINTLE__HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

/* The hash of text with one more byte in front. */
static inline uint64_t pintle__hash_step(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * PINTLE__HASH_FACTOR;
}

static inline uint64_t pintle__hash(uint64_t seed, const char *text, size_t len)
{
    uint64_t hash = seed;

    while (len > 0)
        hash = pintle__hash_step(hash, text[--len]);
    return hash;
}

/* Mix in what else belongs to a key, and keep the well-mixed half. */
static inline uint32_t pintle__hash_tag(uint64_t hash, uint32_t extra)
{
    hash = (hash ^ (hash >> 32) ^ extra) * PINTLE__HASH_FACTOR;
    return (uint32_t)(hash >> 32);
}

#endif
