/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "json_build.h"

#define DAY_S 86400

/* Names shown before "and N more". */
#define NAMES_SHOWN 4

void certificate_read(struct certificate *out, struct pintle_view der)
{
    memset(out, 0, sizeof(*out));
    out->der = der;
    out->described = pintle_certificate_describe(&out->info, der, NULL) == PINTLE_OK;
    out->pinned = pintle_pin_from_certificate(&out->pin, der, guard_crypto(), NULL) == PINTLE_OK;
}

bool certificate_equal(struct pintle_view a, struct pintle_view b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

bool certificate_in(struct pintle_view der, const struct pintle_view *views, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (certificate_equal(der, views[i]))
            return true;
    return false;
}

int64_t certificate_days_left(int64_t time, int64_t now)
{
    int64_t left = time - now;

    return left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
}

const char *certificate_key_text(const struct pintle_certificate_info *info, char out[64])
{
    bool bits = info->key_bits > 0 && strncmp(info->key_type, "EC", 2) != 0 &&
                strncmp(info->key_type, "Ed", 2) != 0;

    if (bits)
        (void)snprintf(out, 64, "%s %u", info->key_type, info->key_bits);
    else
        (void)snprintf(out, 64, "%s", info->key_type);
    return out;
}

/* --- text ------------------------------------------------------------------------------------ */

static void print_names(const struct pintle_certificate_info *info)
{
    const char *end = info->alt_names;

    if (info->alt_name_count == 0)
        return;
    for (int shown = 0; shown < NAMES_SHOWN && end != NULL; shown++) {
        end = strstr(end, ", ");
        if (end != NULL && shown + 1 < NAMES_SHOWN)
            end += 2;
    }
    if (end == NULL)
        (void)printf("     names   %s\n", cli_safe(info->alt_names));
    else
        (void)printf("     names   %.*s and %zu more\n", (int)(end - info->alt_names),
                     cli_safe(info->alt_names), info->alt_name_count - NAMES_SHOWN);
}

static void print_validity(const struct pintle_certificate_info *info, int64_t now)
{
    char from[PINTLE_TIME_TEXT_SIZE];
    char until[PINTLE_TIME_TEXT_SIZE];
    int64_t left = certificate_days_left(info->not_after, now);
    enum cli_style style = left < 0                       ? CLI_RED
                           : left < CERTIFICATE_SOON_DAYS ? CLI_YELLOW
                                                          : CLI_GREEN;

    (void)pintle_time_format(info->not_before, from);
    (void)pintle_time_format(info->not_after, until);
    (void)printf("     valid   %.10s to %.10s, ", from, until);
    if (info->not_before > now)
        (void)printf("%snot yet valid%s\n", cli_on(stdout, CLI_RED), cli_off(stdout));
    else if (left < 0)
        (void)printf("%sexpired %lld day%s ago%s\n", cli_on(stdout, style),
                     (long long)((now - info->not_after) / DAY_S),
                     (now - info->not_after) / DAY_S == 1 ? "" : "s", cli_off(stdout));
    else
        (void)printf("%s%lld day%s left%s\n", cli_on(stdout, style), (long long)left,
                     left == 1 ? "" : "s", cli_off(stdout));
}

static void print_pin(const struct certificate *certificate)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    if (certificate->pinned)
        (void)printf("     pin     %s%s%s\n", cli_on(stdout, CLI_BOLD),
                     pintle_pin_format(&certificate->pin, pin), cli_off(stdout));
    else
        (void)printf("     pin     %snone: its key cannot be read%s\n", cli_on(stdout, CLI_RED),
                     cli_off(stdout));
}

void certificate_print(const struct certificate *certificate, size_t index, const char *label,
                       int64_t now)
{
    const struct pintle_certificate_info *info = &certificate->info;
    char key[64];

    (void)printf("  %zu  %s%s%s", index, cli_on(stdout, CLI_BOLD),
                 certificate->described ? cli_safe(info->subject) : "(cannot be read)",
                 cli_off(stdout));
    if (label != NULL)
        (void)printf("  %s(%s)%s", cli_on(stdout, CLI_DIM), label, cli_off(stdout));
    (void)putchar('\n');
    if (certificate->described) {
        print_names(info);
        (void)printf("     issuer  %s\n", cli_safe(info->issuer));
        (void)printf("     key     %s%s, signed with %s\n",
                     cli_safe(certificate_key_text(info, key)), info->weak_key ? " (weak)" : "",
                     cli_safe(info->signature));
        print_validity(info, now);
    }
    print_pin(certificate);
}

bool certificate_print_pem(const struct certificate *certificate)
{
    char pin[PINTLE_PIN_TEXT_SIZE];
    char *pem = NULL;

    if (pintle_certificate_to_pem(&pem, certificate->der, NULL) != PINTLE_OK)
        return false;
    if (certificate->described)
        (void)printf("# %s\n", cli_safe(certificate->info.subject));
    if (certificate->pinned)
        (void)printf("# %s\n", pintle_pin_format(&certificate->pin, pin));
    (void)fputs(pem, stdout);
    free(pem);
    return true;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *described_json(const struct pintle_certificate_info *info, int64_t now)
{
    char from[PINTLE_TIME_TEXT_SIZE];
    char until[PINTLE_TIME_TEXT_SIZE];

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:s, s:s, s:I, s:b, s:b, s:b}", "subject",
        cli_json_text(info->subject), "issuer", cli_json_text(info->issuer), "serial",
        cli_json_text(info->serial), "key_type", cli_json_text(info->key_type), "alt_names",
        cli_json_text(info->alt_names), "alt_name_count", (json_int_t)info->alt_name_count,
        "key_bits", (json_int_t)info->key_bits, "signature", cli_json_text(info->signature),
        "not_before", pintle_time_format(info->not_before, from), "not_after",
        pintle_time_format(info->not_after, until), "days_left",
        (json_int_t)certificate_days_left(info->not_after, now), "ca", (int)info->is_ca,
        "self_signed", (int)info->self_signed, "weak", (int)info->weak_key);
}

static json_t *pem_json(struct pintle_view der)
{
    json_t *json = NULL;
    char *pem = NULL;

    if (pintle_certificate_to_pem(&pem, der, NULL) == PINTLE_OK)
        json = json_string(pem);
    free(pem);
    return json;
}

json_t *certificate_json(const struct certificate *certificate, int64_t now, bool with_pem)
{
    char pin[PINTLE_PIN_TEXT_SIZE];
    json_t *json = certificate->described ? described_json(&certificate->info, now) : json_object();

    json = json_build_member(json, certificate->pinned, "pin",
                             json_string(pintle_pin_format(&certificate->pin, pin)));
    return json_build_member(json, with_pem, "pem", with_pem ? pem_json(certificate->der) : NULL);
}
