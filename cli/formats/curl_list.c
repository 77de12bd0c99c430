/* SPDX-License-Identifier: Apache-2.0 */
#include "curl_list.h"

#include "pin_text.h"

void curl_list_write(struct text *out, const struct clause *clause)
{
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "%s%s", i > 0 ? ";" : "",
                    pin_text_format(&clause->pins[i].pin, "curl", pin));
    }
}
