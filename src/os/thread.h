/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of our own. In libpintle and in libpintle-update. */
#ifndef PINTLE_SRC_OS_THREAD_H
#define PINTLE_SRC_OS_THREAD_H

#include <pthread.h>

/*
 * Start a thread that takes none of the program's signals, but for those of its own faults. Returns
 * what pthread_create() does: 0, or the reason.
 */
int pintle__thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx);

#endif
