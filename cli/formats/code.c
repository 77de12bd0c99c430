/* SPDX-License-Identifier: Apache-2.0 */
#include "code.h"

#include <stdio.h>
#include <string.h>

bool code_next_rule(struct code_rule *out, const struct clauses *clauses, size_t *next)
{
    const struct clause *first = &clauses->items[*next];
    size_t count = 0;

    if (*next >= clauses->count)
        return false;
    *out = (struct code_rule){.clauses = first};
    while (*next + count < clauses->count && first[count].group == first->group) {
        if (first[count].port == first->port)
            out->match_count++;
        count++;
    }
    out->count = count;
    *next += count;
    return true;
}

bool code_has_ports(const struct code_rule *rule)
{
    return rule->clauses[0].port != 0;
}

const char *code_pattern(const struct clause *clause, char out[CODE_PATTERN_SIZE])
{
    static const char *const stars[] = {
        [REACH_EXACT] = "", [REACH_ONE] = "*.", [REACH_EXACT_OR_ONE] = "", [REACH_ANY] = "**."};

    (void)snprintf(out, CODE_PATTERN_SIZE, "%s%s", stars[clause->reach], clause->host);
    return out;
}

void code_add_made_by(struct text *out, const char *comment, const char *title)
{
    text_printf(out, "%s Made by pintle export from %s.\n", comment, title);
}

void code_add_label(struct text *out, const char *indent, const char *comment,
                    const struct clause_pin *pin)
{
    if (pin->label == NULL || pin->label[0] == '\0')
        return;
    text_printf(out, "%s%s ", indent, comment);
    text_add_comment(out, pin->label);
    text_add(out, "\n");
}

const char *code_position(enum pintle_position at)
{
    static const char *const names[] = {
        [PINTLE_AT_ANY] = "any", [PINTLE_AT_LEAF] = "leaf", [PINTLE_AT_CA] = "ca"};

    return names[at];
}

/* Where a mark's line begins. Templates are ours: the mark is there. */
static const char *find_mark(const char *template, const char *mark)
{
    char line[32];
    const char *found;

    (void)snprintf(line, sizeof(line), "@%s@\n", mark);
    found = strstr(template, line);
    return found != NULL ? found : template + strlen(template);
}

static const char *behind_line(const char *line)
{
    return line + strcspn(line, "\n") + (*line != '\0');
}

const char *code_begin(const char *template)
{
    return behind_line(find_mark(template, "begin"));
}

const char *code_add_until(struct text *out, const char *template, const char *mark)
{
    const char *found = find_mark(template, mark);

    text_add_bytes(out, template, (size_t)(found - template));
    return behind_line(found);
}

const char *code_add_if(struct text *out, const char *template, const char *mark, bool wanted)
{
    const char *inside = code_add_until(out, template, mark);

    return wanted ? code_add_until(out, inside, "end") : behind_line(find_mark(inside, "end"));
}
