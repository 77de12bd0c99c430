/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input to a server, and its answer to standard output, both at once. */
#ifndef PINTLE_CLI_PUMP_H
#define PINTLE_CLI_PUMP_H

#include "dial.h"

/*
 * Carry bytes both ways until the server ends the connection. The end of standard input is told to
 * the server (close_notify); from then on it may be silent for at most idle_ms. Tells failures
 * itself; `name` is the server's in them.
 */
enum cli_exit pump(struct dial *dial, int64_t idle_ms, const char *name);

#endif
