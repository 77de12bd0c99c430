/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, requests and keys: whatever the bytes, what is found lies inside them and reads
 * back. */
#include <stdlib.h>

#include <pintle/pin.h>

typedef enum pintle_status extract_fn(struct pintle_view *out, struct pintle_view der,
                                      struct pintle_error *err);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(extract_fn *extract, struct pintle_view der)
{
    struct pintle_view spki = {der.data, der.len}, again;
    struct pintle_error err;
    enum pintle_status status = extract(&spki, der, &err);

    if (status != PINTLE_OK) {
        require(err.status == status && err.offset <= der.len && err.text[0] != '\0');
        require(spki.data == NULL && spki.len == 0);
        return;
    }
    require(spki.data >= der.data && spki.len <= der.len &&
            (size_t)(spki.data - der.data) <= der.len - spki.len);
    require(spki.len <= PINTLE_SPKI_MAX_LEN && spki.data[0] == 0x30);
    require(pintle_spki_from_public_key(&again, spki, NULL) == PINTLE_OK);
    require(again.data == spki.data && again.len == spki.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pintle_view der = {data, size};

    check(pintle_spki_from_certificate, der);
    check(pintle_spki_from_request, der);
    check(pintle_spki_from_public_key, der);
    return 0;
}
