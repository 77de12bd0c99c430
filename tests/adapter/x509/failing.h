/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations that fail on demand, ours and OpenSSL's, on the thread that demands it.
 *
 * Programs that use it are linked with --wrap for malloc, calloc and realloc.
 */
#ifndef PINTLE_TESTS_ADAPTER_X509_FAILING_H
#define PINTLE_TESTS_ADAPTER_X509_FAILING_H

#include <stdbool.h>

/* Before anything else: put ourselves between OpenSSL and its memory. */
void fail_install(void);

/* Let `count` allocations be, then fail one. Negative: none fails. */
void fail_after(long count);

/* Let all be. */
void fail_never(void);

/* Did one fail since fail_after()? */
bool has_failed(void);

#endif
