/* SPDX-License-Identifier: Apache-2.0 */
#include "format_kit.h"

extern const struct format format_wultra;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No certificate is at hand: then every fingerprint is refused, and all that is read before it is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    format_kit_run(&format_wultra, NULL, data, size);
    return 0;
}
