/* SPDX-License-Identifier: Apache-2.0 */
/* Asking whoever sits at the terminal. In pintle_os alone, for programs: one question at a time. */
#ifndef PINTLE_SRC_OS_TERMINAL_H
#define PINTLE_SRC_OS_TERMINAL_H

#include <pintle/status.h>

/*
 * Ask for a line that is not shown while it is typed. It goes through the terminal itself, whatever
 * standard input and output are. out gets what was typed without the end of the line,
 * NUL-terminated. A signal that would end or stop the program has its effect, or the caller's handler
 * runs, when the terminal shows what is typed again; whoever was stopped is asked once more after.
 *
 * E_IO without a terminal, at its end, or when interrupted; E_LIMIT if it is longer than size - 1.
 */
PINTLE_MUST_USE enum pintle_status os_terminal_ask(char *out, size_t size, const char *prompt,
                                                   struct pintle_error *err);

#endif
