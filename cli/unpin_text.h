/* SPDX-License-Identifier: Apache-2.0 */
/* What an unpin does, for people and programs. */
#ifndef PINTLE_CLI_UNPIN_TEXT_H
#define PINTLE_CLI_UNPIN_TEXT_H

#include <pintle/bundle.h>

#include "cli.h"

/* True if it softens no rule: it ends what was softened before. */
bool unpin_withdraws(const struct pintle_envelope *unpin);

/* Members for a JSON object that is taken over: "softens" and "reason". NULL without memory. */
json_t *unpin_json(json_t *json, const struct pintle_envelope *unpin);

/* "softens api to report: all keys lost", "withdraws what was softened". */
void unpin_print(FILE *stream, const struct pintle_envelope *unpin);

#endif
