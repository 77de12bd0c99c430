/* SPDX-License-Identifier: Apache-2.0 */
/* What an option's text means; for opt.c alone. */
#ifndef PINTLE_CLI_OPT_VALUE_H
#define PINTLE_CLI_OPT_VALUE_H

#include "opt.h"

/*
 * Put a value from the command line into its field of `values`; text is NULL for a flag. False
 * after telling what is wrong with it.
 */
bool opt_value_set(const char *command, const struct opt_spec *spec, void *values,
                   const char *text);

/* The same from the option's variable, if that is set. */
bool opt_value_set_from_environment(const char *command, const struct opt_spec *spec, void *values);

/* One more item. Ends the program without memory. */
void opt_list_append(struct opt_list *list, const char *item);

#endif
