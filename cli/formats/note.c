/* SPDX-License-Identifier: Apache-2.0 */
#include "note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct note_text note_texts[NOTE_KINDS] = {
#define IMPORT_NOTE(name, id, title, text) {id, title, text},
#include "notes.def"
#undef IMPORT_NOTE
};

void notes_clear(struct notes *notes)
{
    free(notes->items);
    *notes = (struct notes){0};
}

static struct note *append(struct notes *notes)
{
    if (notes->count == NOTES_MAX) {
        notes->more++;
        return NULL;
    }
    if (notes->count == notes->size) {
        size_t size = notes->size == 0 ? 16 : notes->size * 2;
        struct note *items = realloc(notes->items, size * sizeof(*items));

        if (items == NULL) {
            notes->failed = true;
            return NULL;
        }
        notes->items = items;
        notes->size = size;
    }
    return &notes->items[notes->count++];
}

void notes_add(struct notes *notes, enum note_kind kind, uint32_t line, const char *format, ...)
{
    struct note *note = append(notes);
    va_list args;

    if (note == NULL)
        return;
    *note = (struct note){.kind = kind, .line = line};
    va_start(args, format);
    (void)vsnprintf(note->detail, sizeof(note->detail), format, args);
    va_end(args);
}
