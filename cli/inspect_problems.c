/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a chain, or needless in it, beyond the verdict of path validation. */
#include <stdarg.h>
#include <string.h>

#include "inspect.h"

/* Certificates that are compared: no sane server sends more. */
#define SERVED_MAX 16

static void add(struct inspect_problems *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct inspect_problems *out, const char *format, ...)
{
    va_list args;

    if (out->count == INSPECT_PROBLEMS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(out->texts[out->count], sizeof(out->texts[0]), format, args);
    va_end(args);
    out->count++;
}

/* Names are compared as they are shown, cut ones too: good enough to point at a mistake. */
static bool issued_by(const struct certificate *child, const struct certificate *parent)
{
    return child->described && parent->described &&
           strcmp(child->info.issuer, parent->info.subject) == 0;
}

static void find_disorder(struct inspect_problems *out, const struct certificate *served,
                          size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (!issued_by(&served[i], &served[i + 1])) {
            add(out, "served out of order: certificate %zu does not issue certificate %zu", i + 1,
                i);
            return;
        }
}

/* Climb from the leaf as far as the served certificates go. */
static void find_gap(struct inspect_problems *out, const struct certificate *served, size_t count)
{
    size_t at = 0;

    for (size_t climbed = 0; climbed < count; climbed++) {
        size_t next = 0;

        if (!served[at].described || served[at].info.self_signed)
            return;
        while (next < count && (next == at || !issued_by(&served[at], &served[next])))
            next++;
        if (next == count) {
            add(out,
                "'%s' is neither served nor trusted: a missing intermediate, or a CA of your own "
                "(--ca)",
                served[at].info.issuer);
            return;
        }
        at = next;
    }
}

static void find_surplus(struct inspect_problems *out, const struct sighting *s)
{
    for (size_t i = 0; i < s->served_count; i++)
        if (!certificate_in(s->served[i], s->verified, s->verified_count))
            add(out, "certificate %zu as served is not part of the path", i);
    if (s->verified_count > 1 &&
        certificate_in(s->verified[s->verified_count - 1], s->served, s->served_count))
        add(out, "the trust anchor is served too: clients have it, the bytes are wasted");
}

static void find_weak(struct inspect_problems *out, const struct certificate *served, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!served[i].described)
            add(out, "certificate %zu as served is malformed", i);
        else if (served[i].info.weak_key)
            add(out, "certificate %zu as served has a weak key or signature", i);
    }
}

void inspect_find_problems(struct inspect_problems *out, const struct sighting *s)
{
    struct certificate served[SERVED_MAX];
    size_t count = s->served_count < SERVED_MAX ? s->served_count : SERVED_MAX;

    out->count = 0;
    for (size_t i = 0; i < count; i++)
        certificate_read(&served[i], s->served[i]);
    if (s->served_count > SERVED_MAX)
        add(out, "%zu certificates served", s->served_count);
    find_disorder(out, served, count);
    /* OpenSSL's words for an issuer that it did not find. */
    if (count > 0 && strncmp(s->path_detail, "unable to", 9) == 0)
        find_gap(out, served, count);
    if (s->verified_count > 0)
        find_surplus(out, s);
    find_weak(out, served, count);
}
