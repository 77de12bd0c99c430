/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A preloaded library that makes one allocation fail: number $FAIL_AT, counted from 1, of those
 * that the program itself or libjansson asks for. It then makes the file $FAIL_MARK, so that a test
 * knows whether there were so many.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own, under the names that preloading does not hide. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static long counted;

static bool find_out(const void *caller)
{
    Dl_info info;

    if (dladdr(caller, &info) == 0 || info.dli_fname == NULL)
        return false;
    return strstr(info.dli_fname, "/pintle") != NULL || strstr(info.dli_fname, "jansson") != NULL;
}

/* Key derivation allocates a million times from one place: each is looked up once. */
static bool is_ours(const void *caller)
{
    static struct {
        const void *caller;
        bool ours;
    } known[4096];
    size_t slot = ((uintptr_t)caller >> 2) % (sizeof(known) / sizeof(known[0]));

    if (known[slot].caller != caller) {
        known[slot].ours = find_out(caller);
        known[slot].caller = caller;
    }
    return known[slot].ours;
}

static bool must_fail(void *caller)
{
    const char *at;
    const char *mark;
    int fd;

    if (!is_ours(caller))
        return false;
    at = getenv("FAIL_AT");
    mark = getenv("FAIL_MARK");
    if (at == NULL || mark == NULL || ++counted != atol(at))
        return false;
    fd = open(mark, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0)
        (void)close(fd);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
