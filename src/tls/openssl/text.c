/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/text.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

char *pintle__text_from_bio(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = len >= 0 ? malloc((size_t)len + 1) : NULL;

    if (text == NULL) {
        ERR_raise(ERR_LIB_BIO, ERR_R_MALLOC_FAILURE); /* so that the caller can tell why */
        return NULL;
    }
    if (len > 0)
        memcpy(text, data, (size_t)len);
    text[len] = '\0';
    return text;
}
