/* SPDX-License-Identifier: Apache-2.0 */
/* Counts allocations: those of pintle, whose calls of malloc the linker wraps, and OpenSSL's. */
#ifndef PINTLE_BENCH_COUNT_H
#define PINTLE_BENCH_COUNT_H

#include <stdbool.h>
#include <stddef.h>

/* Allocations since the program began. */
extern size_t count_pintle;
extern size_t count_openssl;

/* Call it before OpenSSL allocates anything; false if it was too late. */
bool count_begin(void);

#endif
