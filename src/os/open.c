/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <pintle/app.h>

#include "base/error.h"
#include "os/file.h"

enum pintle_status pintle_pinset_load(struct pintle_pinset **out, const char *path,
                                      const struct pintle_pinset_options *options,
                                      struct pintle_error *err)
{
    size_t max_len =
        options != NULL && options->max_len > 0 ? options->max_len : PINTLE_PINSET_MAX_LEN;
    enum pintle_status status;
    size_t len;
    char *text;

    *out = NULL;
    status = pintle__os_read_file(&text, &len, path, max_len, err);
    if (status != PINTLE_OK)
        return status;
    status = pintle_pinset_parse(out, text, len, options, err);
    free(text);
    return status;
}

enum pintle_status pintle_open(struct pintle **out, const char *path,
                               const struct pintle_config *config, struct pintle_error *err)
{
    struct pintle_pinset_options options = {0, config->crypto};
    struct pintle_config complete = *config;
    struct pintle_pinset *set;
    enum pintle_status status;

    *out = NULL;
    if (config->crypto == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "an engine needs a crypto provider");
        return PINTLE_E_ARGUMENT;
    }
    if (complete.clock == NULL)
        complete.clock = pintle_clock_system;
    status = pintle_pinset_load(&set, path, &options, err);
    if (status != PINTLE_OK)
        return status;
    status = pintle_new(out, set, &complete, err);
    if (status != PINTLE_OK)
        pintle_pinset_free(set);
    return status;
}

enum pintle_status pintle_reload(struct pintle *engine, const char *path, struct pintle_error *err)
{
    struct pintle_pinset_options options = {0, pintle_get_crypto(engine)};
    struct pintle_pinset *set;
    enum pintle_status status;

    status = pintle_pinset_load(&set, path, &options, err);
    if (status != PINTLE_OK)
        return status;
    status = pintle_replace(engine, set, err);
    if (status != PINTLE_OK)
        pintle_pinset_free(set);
    return status;
}
