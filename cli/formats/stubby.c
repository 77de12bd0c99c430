/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stubby's tls_pubkey_pinset, for the entry of one server in upstream_recursive_servers. getdns hands each pin to OpenSSL as
 * DANE records 3 1 1 and 2 1 1: the server's own key or that of a CA it sends counts, and no CA of the system is asked for.
 */
#include "format.h"
#include "pin_text.h"

static enum pintle_status write_stubby(struct text *out, const struct writing *writing,
                                       struct pintle_error *err)
{
    const struct clause *clause = &writing->clauses->items[0];

    (void)err;
    text_printf(out,
                "    # Made by pintle export from %s.\n    # For the entry of %s in "
                "upstream_recursive_servers.\n    tls_pubkey_pinset:\n",
                writing->title, writing->host->text);
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "      - digest: \"sha256\"\n        value: %s\n",
                    pin_text_format(&clause->pins[i].pin, "base64", pin));
    }
    return PINTLE_OK;
}

const struct format format_stubby = {
    .name = "stubby",
    .title = "Stubby server entry (YAML)",
    .place = "stubby.yml, in the server's entry in upstream_recursive_servers",
    .made_by = "    # Made by pintle export from ",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .per_host = true,
                  .addresses = true,
                  .served_chain = true,
                  .path = PATH_NEVER,
                  .min_pins = 1},
    .write = write_stubby,
};
