/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Istio. verifyCertificateSpki of its own API (ServerTLSSettings) is about clients of a gateway; for connections of the mesh
 * to a host there is only Envoy's context, merged in by an EnvoyFilter.
 */
#include "envoy_context.h"

#define NAME_HOST_LEN 40 /* a label has 63 */

/* FNV-1a, to tell hosts apart whose names become one: another file of the same name would replace this one. */
static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261U;

    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 16777619U;
    return value;
}

/* A Kubernetes name (RFC 1123 label): lower case, '-' for what else a host holds. */
static void write_name(struct text *out, const char *host, uint16_t port)
{
    text_add(out, "pins-");
    for (size_t i = 0; i < NAME_HOST_LEN && host[i] != '\0'; i++) {
        bool plain = (host[i] >= 'a' && host[i] <= 'z') || (host[i] >= '0' && host[i] <= '9');

        text_add_bytes(out, plain ? &host[i] : "-", 1);
    }
    text_printf(out, "-%u-%08x", (unsigned)port, (unsigned)hash(host));
}

static enum pintle_status write_istio(struct text *out, const struct writing *writing,
                                      struct pintle_error *err)
{
    (void)err;
    text_printf(out, "# Made by pintle export from %s.\n", writing->title);
    text_add(out,
             "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata:\n  name: ");
    write_name(out, writing->host->text, writing->port);
    text_printf(out,
                "\nspec:\n  configPatches:\n  - applyTo: CLUSTER\n    match:\n"
                "      context: SIDECAR_OUTBOUND\n      cluster:\n        service: \"%s\"\n"
                "        portNumber: %u\n    patch:\n      operation: MERGE\n      value:\n"
                "        transport_socket:\n",
                writing->host->text, (unsigned)writing->port);
    envoy_write_context(out, writing, 10);
    return PINTLE_OK;
}

const struct format format_istio = {
    .name = "istio",
    .title = "Istio EnvoyFilter for a host outside the mesh",
    .place = "kubectl apply -f FILE, in the namespace of the clients",
    .made_by = "# Made by pintle export from ",
    .semantics = ENVOY_SEMANTICS,
    .write = write_istio,
};
