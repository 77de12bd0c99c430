/* SPDX-License-Identifier: Apache-2.0 */
/* Android's network security configuration as XML: what the platform itself and TrustKit make of it. */
#ifndef PINTLE_CLI_FORMATS_ANDROID_XML_H
#define PINTLE_CLI_FORMATS_ANDROID_XML_H

#include "xml.h"

/* --- writing -------------------------------------------------------------------------------------- */

void android_write_start(struct text *out, const char *title);
void android_write_domain(struct text *out, const struct clause *clause);
void android_write_pins(struct text *out, const struct clause *clause);
void android_write_end(struct text *out);

/* --- reading -------------------------------------------------------------------------------------- */

/*
 * trustkit  told of each domain-config after its clause template was filled, to read what TrustKit adds; NULL for
 *           the platform alone
 */
struct android_rules {
    struct reading *reading;
    enum pintle_status (*trustkit)(struct reading *reading, const struct xml_node *domain_config,
                                   struct clause *demands, struct pintle_error *err);
};

/* Read a whole file. */
PINTLE_MUST_USE enum pintle_status android_read(const struct android_rules *rules, const char *text,
                                                size_t len, struct pintle_error *err);

#endif
