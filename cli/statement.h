/* SPDX-License-Identifier: Apache-2.0 */
/* From a document to an envelope that clients believe: what `publish` and `unpin` share. */
#ifndef PINTLE_CLI_STATEMENT_H
#define PINTLE_CLI_STATEMENT_H

#include "envelope_file.h"
#include "signers.h"

/* Every failure is told here. */

/* An envelope of a JSON document, which is taken over and may be NULL without memory. */
enum cli_exit statement_wrap(struct pintle_envelope **out, enum pintle_role role, json_t *json);

/* Sign with those of the keys that the current root names for the role; at least one. */
enum cli_exit statement_sign(struct pintle_envelope *envelope, enum pintle_role role,
                             const struct signers *signers, const struct pintle_trusted *trusted);

/*
 * Judge it as a client does, who then believes it. `what` names it in errors; too few signatures get
 * a word of advice.
 */
enum cli_exit statement_apply(struct pintle_trusted *trusted, enum pintle_role role,
                              const struct pintle_envelope *envelope, int64_t now,
                              const char *what);

#endif
