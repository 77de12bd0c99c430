/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `pintle inspect` share. */
#ifndef PINTLE_CLI_INSPECT_H
#define PINTLE_CLI_INSPECT_H

#include "certificate.h"
#include "guard.h"
#include "survey.h"

struct inspect_options {
    struct net_options net;
    struct pin_options pins;
    bool json;
    bool pem;
};

/* may_be_file: the operand could have been meant as the name of a file */
struct inspection {
    const struct inspect_options *options;
    bool may_be_file;
    struct target target;
    struct pintle *engine;
    const struct pintle_pinset *set;
    int64_t now;
    struct survey survey;
};

/* --- problems of a chain as it was served ----------------------------------------------------- */

#define INSPECT_PROBLEMS_MAX 16

struct inspect_problems {
    size_t count;
    char texts[INSPECT_PROBLEMS_MAX][320];
};

void inspect_find_problems(struct inspect_problems *out, const struct sighting *s);

/* --- output ---------------------------------------------------------------------------------- */

void inspect_print(const struct inspection *inspection);
enum cli_exit inspect_print_json(const struct inspection *inspection);

/* The certificates as served, of all chains, each once. */
enum cli_exit inspect_print_pem(const struct inspection *inspection);

/* Show a file's objects. */
enum cli_exit inspect_file(const char *path, const struct inspect_options *options);

#endif
