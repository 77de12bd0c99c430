/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine is made of. */
#ifndef PINTLE_SRC_ENGINE_STATE_H
#define PINTLE_SRC_ENGINE_STATE_H

#include "engine/live.h"
#include "engine/reports.h"

struct pintle {
    atomic_size_t owners;
    struct pintle_config config;
    struct pintle__live live;
    struct pintle__reports reports;
};

#endif
