/* SPDX-License-Identifier: Apache-2.0 */
/* Members that are not known, which are ignored. */
#include <stdio.h>
#include <string.h>

#include "pinset/lint.h"
#include "pinset/unknown.h"

/* Longer names are cut. */
#define NAME_SIZE 160

/* A name as part of a JSON pointer (RFC 6901, section 3), in the string form of section 5. */
static void write_name(char out[NAME_SIZE], const struct pintle__name *name)
{
    static const char cut[] = "...";
    size_t len = 0;
    size_t i = 0;

    for (; i < name->len && len + 2 + sizeof(cut) <= NAME_SIZE; i++) {
        char c = name->text[i];
        out[len++] = (char)(c == '/' ? '~' : c);
        if (c == '~' || c == '/')
            out[len++] = c == '~' ? '0' : '1';
    }
    if (i < name->len) {
        /* Not inside a character: bytes 10xxxxxx go on with one. */
        for (; len > 0 && ((unsigned char)name->text[i] & 0xC0U) == 0x80U; i--)
            len--;
        memcpy(out + len, cut, sizeof(cut) - 1);
        len += sizeof(cut) - 1;
    }
    out[len] = '\0';
}

/* `where` is the pointer to the object, and `names` are the members it knows. */
static void check_members(struct pintle__lint *lint, const char *unknown, const char *where,
                          const char *const *names, size_t pin_index)
{
    struct pintle__name name;
    char text[NAME_SIZE];

    while (pintle__unknown_next(&unknown, &name)) {
        const char *meant = pintle__unknown_nearest(&name, names);
        if (pintle__unknown_is_deliberate(&name))
            continue;
        write_name(text, &name);
        pintle__lint_tell(lint, PINTLE__FINDING_UNKNOWN_MEMBER, pin_index, "%s/%s%s%s%s", where,
                          text, meant == NULL ? "" : ", did you mean \"",
                          meant == NULL ? "" : meant, meant == NULL ? "" : "\"?");
    }
}

/* Those of the document itself, or of a rule and its pins. */
void pintle__lint_members(struct pintle__lint *lint, uint32_t rule)
{
    const struct pintle_pinset *set = lint->set;
    char where[64] = "";

    for (; lint->extras_done < set->extra_count; lint->extras_done++) {
        const struct pintle__extra *extra = &set->extras[lint->extras_done];
        const char *const *names = pintle__root_members;
        size_t pin = SIZE_MAX;
        if (extra->rule != rule)
            return;
        if (extra->pin != PINTLE__NO_INDEX) {
            names = pintle__pin_members;
            pin = extra->pin;
            (void)snprintf(where, sizeof(where), "/rules/%lu/pins/%lu", (unsigned long)rule,
                           (unsigned long)extra->pin);
        } else if (rule != PINTLE__NO_INDEX) {
            names = pintle__rule_members;
            (void)snprintf(where, sizeof(where), "/rules/%lu", (unsigned long)rule);
        }
        if (extra->unknown != NULL)
            check_members(lint, extra->unknown, where, names, pin);
    }
}
