/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader must not own a pin-set that its last owner just freed. Between reading the pointer and
 * owning what it points to, a reader is counted in `readers`. A replaced pin-set goes on the list
 * of retired ones, and whoever takes that list frees what is on it only if `readers` is then zero:
 *
 *   - everything on a taken list was out of force before it was put there;
 *   - so a reader that still saw it in force had counted itself before the list was taken;
 *   - so if such a reader does not own it yet, the count cannot be zero.
 *
 * Readers that come later find the new pin-set. All operations are sequentially consistent: the
 * argument needs one order of the exchange of `set`, the count and the list. If readers are about,
 * the list is put back and the next replacement, or the end of the engine, tries again.
 */
#include "engine/live.h"

#include <stdlib.h>

#include "base/error.h"

struct pintle__retired {
    struct pintle__retired *next;
    const struct pintle_pinset *set;
};

void pintle__live_init(struct pintle__live *live, const struct pintle_pinset *set)
{
    atomic_init(&live->set, set);
    atomic_init(&live->readers, 0);
    atomic_init(&live->retired, NULL);
}

const struct pintle_pinset *pintle__live_get(struct pintle__live *live)
{
    const struct pintle_pinset *set;

    atomic_fetch_add(&live->readers, 1);
    set = pintle_pinset_retain(atomic_load(&live->set));
    atomic_fetch_sub(&live->readers, 1);
    return set;
}

/* Only whole lists are taken off, so a changed head is all a push has to look out for. */
static void push_list(struct pintle__live *live, struct pintle__retired *first,
                      struct pintle__retired *last)
{
    struct pintle__retired *head = atomic_load(&live->retired);

    do {
        last->next = head;
    } while (!atomic_compare_exchange_weak(&live->retired, &head, first));
}

static void free_list(struct pintle__retired *node)
{
    while (node != NULL) {
        struct pintle__retired *next = node->next;

        pintle_pinset_free(node->set);
        free(node);
        node = next;
    }
}

static void collect(struct pintle__live *live)
{
    struct pintle__retired *taken = atomic_exchange(&live->retired, NULL);
    struct pintle__retired *last = taken;

    if (taken == NULL)
        return;
    if (atomic_load(&live->readers) == 0) {
        free_list(taken);
        return;
    }
    while (last->next != NULL)
        last = last->next;
    push_list(live, taken, last);
}

enum pintle_status pintle__live_replace(struct pintle__live *live, const struct pintle_pinset *set,
                                        struct pintle_error *err)
{
    struct pintle__retired *node = malloc(sizeof(*node)); /* first: a failure changes nothing */

    if (node == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    node->next = NULL;
    node->set = atomic_exchange(&live->set, set);
    push_list(live, node, node);
    collect(live);
    return PINTLE_OK;
}

void pintle__live_clear(struct pintle__live *live)
{
    free_list(atomic_exchange(&live->retired, NULL));
    pintle_pinset_free(atomic_exchange(&live->set, NULL));
}
