/* SPDX-License-Identifier: Apache-2.0 */
#include "android_xml.h"
#include "pin_text.h"

void android_write_start(struct text *out, const char *title)
{
    text_add(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Made by pintle export from ");
    text_add_xml_comment(out, title);
    text_add(out, ". -->\n<network-security-config>\n");
}

void android_write_domain(struct text *out, const struct clause *clause)
{
    text_printf(out, "        <domain includeSubdomains=\"%s\">%s</domain>\n",
                clause->reach == REACH_ANY ? "true" : "false", clause->host);
}

static void write_pin(struct text *out, const struct clause_pin *pin)
{
    char text[PIN_TEXT_SIZE];

    text_printf(out, "            <pin digest=\"SHA-256\">%s</pin>",
                pin_text_format(&pin->pin, "base64", text));
    if (pin->label != NULL && pin->label[0] != '\0') {
        text_add(out, " <!-- ");
        text_add_xml_comment(out, pin->label);
        text_add(out, " -->");
    }
    text_add(out, "\n");
}

void android_write_pins(struct text *out, const struct clause *clause)
{
    char day[FORMAT_DAY_SIZE];

    if (clause->exempt)
        return;
    text_add(out, "        <pin-set");
    if (clause->until != PINTLE_NEVER)
        text_printf(out, " expiration=\"%s\"", format_day(clause->until, day));
    text_add(out, ">\n");
    for (size_t i = 0; i < clause->pin_count; i++)
        write_pin(out, &clause->pins[i]);
    text_add(out, "        </pin-set>\n");
}

void android_write_end(struct text *out)
{
    text_add(out, "</network-security-config>\n");
}
