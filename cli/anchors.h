/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --ca, for commands whose connections libcurl makes. */
#ifndef PINTLE_CLI_ANCHORS_H
#define PINTLE_CLI_ANCHORS_H

#include "cli.h"

/*
 * Is it there, and does it hold a certificate? libcurl says of either only that it failed, and no sooner
 * than it needs it. NULL is none. Tells failures itself. What is no plain file is not read here.
 */
enum cli_exit anchors_check(const char *path);

#endif
