/* SPDX-License-Identifier: Apache-2.0 */
#include "format_kit.h"

extern const struct format format_trustkit_android;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    format_kit_run(&format_trustkit_android, NULL, data, size);
    return 0;
}
