/* SPDX-License-Identifier: Apache-2.0 */
/* A client that believes pin-sets of any version, to be kept and taken back by the state. */
#ifndef PINTLE_TESTS_UNIT_OS_BELIEVER_H
#define PINTLE_TESTS_UNIT_OS_BELIEVER_H

#include <pintle/bundle.h>

/* One that has only its anchor. */
struct pintle_trusted *believer_new(void);

/* Have it believe the pin-set of this version, or the next root. Fails the test if it does not. */
void believer_learn(struct pintle_trusted *trusted, int64_t version);
void believer_learn_root(struct pintle_trusted *trusted, int64_t version);

/* One of another app, or with another first root, issued that much after the usual one. */
struct pintle_trusted *believer_of_app(const char *app);
struct pintle_trusted *believer_with_other_root(int64_t later_s);

/* One whose anchor is the root of this version. */
struct pintle_trusted *believer_from_root(int64_t version);

/* One that believes a version already. */
struct pintle_trusted *believer_of(int64_t version);

/* The version of the pins in force; 0 without any. */
int64_t believer_version(const struct pintle_trusted *trusted);

/* Its seed; the caller frees it. */
char *believer_seed(const struct pintle_trusted *trusted, size_t *len);

#endif
