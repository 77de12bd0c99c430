/* SPDX-License-Identifier: Apache-2.0 */
/* Pins: what is accepted is written in one way that reads back as the same pin. */
#include <stdlib.h>
#include <string.h>

#include <pintle/pin.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pintle_pin zero = {{0}};
    struct pintle_pin pin, again;
    struct pintle_error err;
    char text[PINTLE_PIN_TEXT_SIZE];

    if (pintle_pin_parse(&pin, (const char *)data, size, &err) != PINTLE_OK) {
        require(err.status == PINTLE_E_PIN && err.offset <= size && err.text[0] != '\0');
        require(pintle_pin_equal(&pin, &zero));
        return 0;
    }
    require(size >= 44 && size <= 102);
    (void)pintle_pin_format(&pin, text);
    require(strlen(text) == PINTLE_PIN_TEXT_SIZE - 1);
    require(pintle_pin_parse(&again, text, strlen(text), NULL) == PINTLE_OK);
    require(pintle_pin_equal(&pin, &again));
    return 0;
}
