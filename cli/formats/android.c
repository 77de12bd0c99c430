/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Android's network security configuration (API 24 and later). Grammar and what is refused: XmlConfigSource.java, how hosts
 * match: ApplicationConfig.getConfigForHostname(), when pins count: NetworkSecurityTrustManager.checkPins(), all in
 * android.security.net.config of the platform.
 */
#include "android_xml.h"

/* --- writing -------------------------------------------------------------------------------------- */

static void write_clause(struct text *out, const struct clause *clause)
{
    text_add(out, "    <domain-config>\n");
    android_write_domain(out, clause);
    android_write_pins(out, clause);
    text_add(out, "    </domain-config>\n");
}

static enum pintle_status write_android(struct text *out, const struct writing *writing,
                                        struct pintle_error *err)
{
    (void)err;
    android_write_start(out, writing->title);
    for (size_t i = 0; i < writing->clauses->count; i++)
        write_clause(out, &writing->clauses->items[i]);
    android_write_end(out);
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

static enum pintle_status read_android(struct reading *reading, const char *text, size_t len,
                                       struct pintle_error *err)
{
    static const struct android_reader alone = {.enforces = true};

    return android_read(reading, &alone, NULL, text, len, err);
}

const struct format format_android = {
    .name = "android",
    .title = "Android network security configuration",
    .place = "app/src/main/res/xml/network_security_config.xml, named in AndroidManifest.xml by "
             "android:networkSecurityConfig",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .one_per_host = true,
                  .addresses = true,
                  .exempt = true,
                  .end = END_DAY_LOCAL,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_android,
    .read = read_android,
};
