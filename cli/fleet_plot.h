/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_CLI_FLEET_PLOT_H
#define PINTLE_CLI_FLEET_PLOT_H

#include "fleet.h"

/* The shares over time as SVG, which the caller frees. `start` in seconds since 1970. */
char *fleet_plot(const struct fleet_result *result, long clients, int64_t start);

#endif
