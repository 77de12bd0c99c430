/* SPDX-License-Identifier: Apache-2.0 */
/* Which pin-set a command means. */
#ifndef PINTLE_CLI_PINSET_PATH_H
#define PINTLE_CLI_PINSET_PATH_H

#define PINSET_PATH_SIZE 4096

/*
 * The file of -p if `given` is not NULL; else pintle.json here, or the one in the configuration
 * directory ($XDG_CONFIG_HOME/pintle, ~/.config/pintle) if only that is there. Whether it can be
 * read shows when it is. Returns `given` or out.
 */
const char *pinset_path(const char *given, char out[PINSET_PATH_SIZE]);

#endif
