/* SPDX-License-Identifier: Apache-2.0 */
/* What a platform that reads the Public Suffix List makes of a name. */
#ifndef PINTLE_CLI_FORMATS_PUBLIC_NAME_H
#define PINTLE_CLI_FORMATS_PUBLIC_NAME_H

#include "clause.h"

/*
 * True if the last label of a normalised name is registered in the list, and the name is no public suffix
 * itself where names below it are meant. True for every name if no list is at hand.
 */
bool public_name_fits(const char *name, enum reach reach);

/*
 * True if a normalised name has two labels or more, all of letters, digits and hyphens, and the last one
 * is registered.
 */
bool public_name_is_plain(const char *name);

#endif
