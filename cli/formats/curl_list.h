/* SPDX-License-Identifier: Apache-2.0 */
/* The list of pins that curl and wget take: "sha256//…;sha256//…". */
#ifndef PINTLE_CLI_FORMATS_CURL_LIST_H
#define PINTLE_CLI_FORMATS_CURL_LIST_H

#include "clause.h"
#include "text.h"

#define CURL_LIST_PREFIX "sha256//"

void curl_list_write(struct text *out, const struct clause *clause);

#endif
