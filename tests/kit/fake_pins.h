/* SPDX-License-Identifier: Apache-2.0 */
/* A loader of pins for tests of the state machine, which looks at nothing but what it needs. */
#ifndef PINTLE_TESTS_KIT_FAKE_PINS_H
#define PINTLE_TESTS_KIT_FAKE_PINS_H

#include <pintle/bundle.h>

/*
 * Reads app, epoch, version, issued and expires: a document that is no JSON is E_JSON, one that
 * lacks one of them E_SCHEMA. What it calls a pin-set is good for nothing else.
 */
const struct pintle_pins_loader *fake_pins_loader(void);

/* How many pin-sets of this loader are not freed yet; how many were loaded. */
size_t fake_pins_live(void);
size_t fake_pins_loaded(void);

#endif
