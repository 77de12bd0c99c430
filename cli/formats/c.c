/* SPDX-License-Identifier: Apache-2.0 */
/* C for libpintle: the document whole, and the calls that open it. */
#include <string.h>

#include "code.h"
#include "code_templates.h"

/* A line of the source ends behind a blank when it is this long, and anywhere a little later. */
#define LINE_LEN 70
#define LINE_MAX_LEN 88
#define C11_STRING_MAX 4095

/* A byte in a string: no trigraph begins, and other than ASCII is in octal, whatever the compiler's charset. */
static size_t add_byte(struct text *out, const char *byte)
{
    unsigned char c = (unsigned char)*byte;
    size_t before = out->len;

    if (c == '\n')
        text_add(out, "\\n");
    else if (c == '"' || c == '\\' || c == '?')
        text_printf(out, "\\%c", c);
    else if (c < ' ' || c > '~')
        text_printf(out, "\\%03o", (unsigned)c);
    else
        text_add_bytes(out, byte, 1);
    return out->len - before;
}

/* One string, a line of it for each line of the document, or more if that is long. */
static void add_string(struct text *out, const char *document)
{
    size_t len = 0;

    text_add(out, "static const char pinset[] =\n    \"");
    for (const char *c = document; *c != '\0'; c++) {
        len += add_byte(out, c);
        if (c[1] != '\0' && (*c == '\n' || (*c == ' ' && len >= LINE_LEN) || len >= LINE_MAX_LEN)) {
            text_add(out, "\"\n    \"");
            len = 0;
        }
    }
    text_add(out, "\";\n");
}

static enum pintle_status write_c(struct text *out, const struct writing *writing,
                                  struct pintle_error *err)
{
    const char *rest = code_add_until(out, code_begin(code_template_pins_c), "made_by");

    (void)err;
    code_add_made_by(out, "//", writing->title);
    rest = code_add_if(out, rest, "if_long", strlen(writing->json) > C11_STRING_MAX);
    rest = code_add_until(out, rest, "rules");
    add_string(out, writing->json);
    text_add(out, rest);
    return PINTLE_OK;
}

const struct format format_c = {
    .name = "c",
    .title = "C source for libpintle",
    .place = "pins.c among the program's sources",
    .made_by = "// Made by pintle export from ",
    .semantics = {.whole = true},
    .write = write_c,
};
