/* SPDX-License-Identifier: Apache-2.0 */
#include "count.h"

#include <openssl/crypto.h>

#include <stdlib.h>

size_t count_pintle;
size_t count_openssl;

/* Names that ld's --wrap gives; see bench/CMakeLists.txt. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    count_pintle++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    count_pintle++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    count_pintle++;
    return __real_realloc(old, size);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    count_openssl++;
    return __real_malloc(size);
}

static void *openssl_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    count_openssl++;
    return __real_realloc(old, size);
}

static void openssl_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

bool count_begin(void)
{
    return CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}
