/* SPDX-License-Identifier: Apache-2.0 */
#include "format_kit.h"

extern const struct format format_hpkp;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    format_kit_run(&format_hpkp, NULL, data, size);
    return 0;
}
