/* SPDX-License-Identifier: Apache-2.0 */
#include "os/thread.h"

#include <signal.h>
#include <stddef.h>

int pintle__thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx)
{
    static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    sigset_t all, old;
    int failed;

    sigfillset(&all);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&all, faults[i]);
    failed = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (failed != 0)
        return failed;
    failed = pthread_create(thread, NULL, run, ctx);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed;
}
