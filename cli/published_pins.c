/* SPDX-License-Identifier: Apache-2.0 */
#include "published_pins.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "published.h"
#include "published_each.h"
#include "published_place.h"

static enum cli_exit take(void *to, const struct pintle_envelope *envelope,
                          const struct envelope_facts *facts)
{
    struct published_pins *pins = to;
    struct pintle_pins_facts unused;
    const struct pintle_pinset **sets;
    const struct pintle_pinset *set = NULL;
    enum pintle_status status;

    (void)facts;
    status = pintle_pinset_loader()->load(&set, &unused, pintle_envelope_get_payload(envelope),
                                          pintle_openssl_crypto(), NULL);
    if (status == PINTLE_E_NOMEM)
        cli_no_memory();
    if (status != PINTLE_OK)
        return CLI_OK; /* no client has it either */
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pin-sets are opaque, so these are pointers */
    sets = realloc(pins->sets, (pins->count + 1) * sizeof(*sets));
    if (sets == NULL)
        cli_no_memory();
    sets[pins->count++] = set;
    pins->sets = sets;
    return CLI_OK;
}

static int compare(const void *a, const void *b)
{
    const struct pintle_pinset *const *x = a;
    const struct pintle_pinset *const *y = b;
    int64_t epochs = pintle_pinset_get_epoch(*x) - pintle_pinset_get_epoch(*y);
    int64_t versions = pintle_pinset_get_version(*x) - pintle_pinset_get_version(*y);
    int64_t difference = epochs != 0 ? epochs : versions;

    return (difference > 0) - (difference < 0);
}

/* What lies there beyond the version that latest.json names, nobody was told of. */
static void drop_newer(struct published_pins *pins, const struct pintle_pinset *newest)
{
    while (pins->count > 0 && compare(&pins->sets[pins->count - 1], &newest) > 0)
        pintle_pinset_free(pins->sets[--pins->count]);
}

enum cli_exit published_pins_open(struct published_pins *out, const char *dir)
{
    static const struct opt_list none = {NULL, 0};
    struct pintle_trusted *trusted = NULL;
    struct pintle_trusted_pins newest;
    enum cli_exit code = published_must_exist(dir);

    *out = (struct published_pins){0};
    if (code == CLI_OK)
        code = published_open(&trusted, dir, NULL, &none, 0);
    if (code == CLI_OK && !pintle_trusted_get_pins(trusted, &newest)) {
        cli_error("%s: no pins are published", cli_safe(dir));
        code = CLI_INPUT;
    }
    if (code == CLI_OK)
        code = published_each(trusted, dir, PINTLE_ROLE_PINS, take, out);
    if (code == CLI_OK) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): as above */
        qsort(out->sets, out->count, sizeof(*out->sets), compare);
        drop_newer(out, newest.set);
    }
    if (code == CLI_OK && out->count == 0) {
        cli_error("%s: its pins are gone", cli_safe(dir)); /* never: they were read just now */
        code = CLI_INPUT;
    }
    pintle_trusted_free(trusted);
    return code;
}

void published_pins_clear(struct published_pins *pins)
{
    for (size_t i = 0; i < pins->count; i++)
        pintle_pinset_free(pins->sets[i]);
    free(pins->sets);
    *pins = (struct published_pins){0};
}

const struct pintle_pinset *published_pins_newest(const struct published_pins *pins)
{
    return pins->sets[pins->count - 1];
}

static bool has_pin(const struct pintle_pinset *set, const char *id, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);

        if (strcmp(rule->id, id) != 0)
            continue;
        for (uint32_t k = 0; k < rule->pin_count; k++)
            if (pintle_pin_equal(&rule->pins[k].pin, pin))
                return true;
    }
    return false;
}

struct published_run published_pins_run(const struct published_pins *pins, const char *rule,
                                        const struct pintle_pin *pin)
{
    struct published_run run = {.since = PINTLE_NEVER};

    for (size_t i = pins->count; i-- > 0;) {
        if (!has_pin(pins->sets[i], rule, pin)) {
            run.before = pins->sets[i];
            break;
        }
        run.since = pintle_pinset_get_issued(pins->sets[i]);
    }
    return run;
}
