/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_PINSET_FINDING_H
#define PINTLE_SRC_PINSET_FINDING_H

/* The index of each kind, for pintle_finding_kind_get(). */
enum pintle__finding {
#define PINTLE_FINDING(name, id, severity, title, explanation, fix) PINTLE__FINDING_##name,
#include "pinset/findings.def"
#undef PINTLE_FINDING
    PINTLE__FINDINGS
};

#endif
