/* SPDX-License-Identifier: Apache-2.0 */
/* What is worth knowing of a file that was imported: kinds with stable ids, and the list. */
#ifndef PINTLE_CLI_FORMATS_NOTE_H
#define PINTLE_CLI_FORMATS_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum note_kind {
#define IMPORT_NOTE(name, id, title, text) NOTE_##name,
#include "notes.def"
#undef IMPORT_NOTE
    NOTE_KINDS
};

struct note_text {
    const char *id;
    const char *title;
    const char *text;
};
extern const struct note_text note_texts[NOTE_KINDS];

#define NOTE_DETAIL_SIZE 320

/* line: where in the file, from 1; 0 unknown. detail: the element, host or date it is about. */
struct note {
    enum note_kind kind;
    uint32_t line;
    char detail[NOTE_DETAIL_SIZE];
};

/* Begins zeroed. A file full of oddities is told of so many times at most; `more` counts the rest. */
#define NOTES_MAX 1000
struct notes {
    struct note *items;
    size_t count;
    size_t size;
    size_t more;
    bool failed; /* memory was wanting */
};

void notes_clear(struct notes *notes);

/* Tell of something. */
void notes_add(struct notes *notes, enum note_kind kind, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
