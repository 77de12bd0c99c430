/* SPDX-License-Identifier: Apache-2.0 */
/* From what a platform's file says to what a pin-set says: the counterpart of lower.h. */
#ifndef PINTLE_CLI_FORMATS_RAISE_H
#define PINTLE_CLI_FORMATS_RAISE_H

#include "format.h"

/*
 * Where every clause that covers a host counts, a pin-set takes the most specific one alone. A host of
 * a clause that others cover as well gets the pins of all of them, and what is below it keeps its own; with
 * a note. Pins of other positions are left out where the platform asks for one of each. What other
 * platforms' files say stays as it is.
 *
 * False without memory.
 */
bool raise_clauses(struct clauses *clauses, struct notes *notes, const struct semantics *semantics);

#endif
