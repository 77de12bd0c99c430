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

/* The pin-set that a seed stands for, with an ownership for the caller. */
static enum pintle_status load_seed(const struct pintle_pinset **out, struct pintle_view seed,
                                    const struct pintle_crypto *crypto, struct pintle_error *err)
{
    struct pintle_trusted_options options = {.crypto = crypto, .loader = pintle_pinset_loader()};
    struct pintle_trusted *trusted;
    enum pintle_status status;

    status = pintle_trusted_new_from_seed(&trusted, seed, &options, err);
    if (status != PINTLE_OK)
        return status;
    status = pintle_pinset_from_trusted(out, trusted, err);
    pintle_trusted_free(trusted);
    return status;
}

enum pintle_status pintle_open_seed(struct pintle **out, struct pintle_view seed,
                                    const struct pintle_config *config, struct pintle_error *err)
{
    struct pintle_config complete = *config;
    const struct pintle_pinset *set;
    enum pintle_status status;

    *out = NULL;
    if (config->crypto == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "an engine needs a crypto provider");
        return PINTLE_E_ARGUMENT;
    }
    if (complete.clock == NULL)
        complete.clock = pintle_clock_system;
    status = load_seed(&set, seed, config->crypto, err);
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
