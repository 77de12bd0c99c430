/* SPDX-License-Identifier: Apache-2.0 */
/* The pin-set in force: taken by any number of readers, replaced by any number of writers. */
#ifndef PINTLE_SRC_ENGINE_LIVE_H
#define PINTLE_SRC_ENGINE_LIVE_H

#include <stdatomic.h>

#include <pintle/pinset.h>

struct pintle__retired;

/*
 * set      what is in force; owned
 * readers  threads between reading `set` and owning what they read
 * retired  pin-sets no longer in force that such a thread may still be about to own
 */
struct pintle__live {
    _Atomic(const struct pintle_pinset *) set;
    atomic_size_t readers;
    _Atomic(struct pintle__retired *) retired;
};

/* Takes over one ownership of `set`. */
void pintle__live_init(struct pintle__live *live, const struct pintle_pinset *set);

/* The pin-set in force, with an ownership of its own. Wait-free. */
const struct pintle_pinset *pintle__live_get(struct pintle__live *live);

/* Put `set` in force; takes over one ownership on success only. Lock-free. E_NOMEM. */
PINTLE_MUST_USE enum pintle_status pintle__live_replace(struct pintle__live *live,
                                                        const struct pintle_pinset *set,
                                                        struct pintle_error *err);

/* Let go of everything; nobody may use `live` any more. */
void pintle__live_clear(struct pintle__live *live);

#endif
