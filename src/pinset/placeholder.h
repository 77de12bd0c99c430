/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_PINSET_PLACEHOLDER_H
#define PINTLE_SRC_PINSET_PLACEHOLDER_H

#include <pintle/pin.h>

/* Why a pin can be no real key's, in a few words; NULL if it may be one. */
const char *pintle__placeholder(const struct pintle_pin *pin);

#endif
