/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envoy/extensions/transport_sockets/tls/v3/common.proto, CertificateValidationContext: verify_certificate_spki is compared with the
 * presented certificate alone; with trusted_ca that must be valid too, without it the key is enough. A name is not
 * asked for unless match_typed_subject_alt_names does.
 */
#include "envoy_context.h"

#include "pin_text.h"

#define ROOTS "/etc/ssl/certs/ca-certificates.crt" /* where Debian and Envoy's images have them */

static void line(struct text *out, int indent, const char *text)
{
    text_printf(out, "%*s%s\n", indent, "", text);
}

static void write_path(struct text *out, const struct writing *writing, int indent)
{
    line(out, indent, "trusted_ca:");
    line(out, indent + 2, "filename: " ROOTS);
    line(out, indent, "match_typed_subject_alt_names:");
    text_printf(out, "%*s- san_type: %s\n", indent, "",
                writing->host->is_ip ? "IP_ADDRESS" : "DNS");
    line(out, indent + 2, "matcher:");
    text_printf(out, "%*sexact: \"%s\"\n", indent + 4, "", writing->host->text);
}

void envoy_write_context(struct text *out, const struct writing *writing, int indent)
{
    const struct clause *clause = &writing->clauses->items[0];

    line(out, indent, "name: envoy.transport_sockets.tls");
    line(out, indent, "typed_config:");
    line(out, indent + 2,
         "\"@type\": type.googleapis.com/"
         "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext");
    if (!writing->host->is_ip)
        text_printf(out, "%*ssni: \"%s\"\n", indent + 2, "", writing->host->text);
    line(out, indent + 2, "common_tls_context:");
    line(out, indent + 4, "validation_context:");
    if (!clause->key_alone)
        write_path(out, writing, indent + 6);
    line(out, indent + 6, "verify_certificate_spki:");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "%*s- \"%s\"\n", indent + 6, "",
                    pin_text_format(&clause->pins[i].pin, "base64", pin));
    }
}
