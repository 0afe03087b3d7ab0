/* See requirement.h. Tab-separated columns, one header line, no quoting. */
#include "engine/suite/requirement.h"

#include "engine/suite/embedded.h"

#include <string.h>

enum column { ID, DOCUMENT, SECTION, LEVEL, ROLE, SERVER, CLIENT, TEXT, COLUMNS_READ };

static enum testable testable_of(const char *word)
{
    return *word == 'y' ? TESTABLE_YES : *word == 'p' ? TESTABLE_PARTIAL : TESTABLE_NO;
}

/* Cuts one line, which it may write to, into the columns that we read. */
static struct requirement row_of(char *line)
{
    const char *columns[COLUMNS_READ];
    for (int i = 0; i < COLUMNS_READ; i++) {
        const char *column = line == NULL ? "" : strsep(&line, "\t");
        columns[i] = column;
    }
    return (struct requirement){
        .id = columns[ID], .document = columns[DOCUMENT], .section = columns[SECTION],
        .level = columns[LEVEL], .role = columns[ROLE], .server = testable_of(columns[SERVER]),
        .client = testable_of(columns[CLIENT]), .text = columns[TEXT],
    };
}

bool requirements_read(struct requirements *requirements)
{
    *requirements = (struct requirements){0};
    const struct embedded_file *file = embedded_files;
    while (file->path != NULL && strcmp(file->path, "requirements.tsv") != 0)
        file++;
    if (file->path == NULL)
        return false;
    size_t lines = 0;
    for (size_t i = 0; i < file->size; i++)
        lines += file->text[i] == '\n';
    arena_init(&requirements->arena);
    char *text = arena_text(&requirements->arena, file->text);
    requirements->rows = arena_alloc(&requirements->arena, (lines + 1) * sizeof *requirements->rows);
    requirements->ids = arena_alloc(&requirements->arena, (lines + 2) * sizeof *requirements->ids);
    if (text == NULL || requirements->rows == NULL || requirements->ids == NULL) {
        requirements_free(requirements);
        return false;
    }
    strsep(&text, "\n"); /* the header */
    while (text != NULL && *text != 0) {
        struct requirement row = row_of(strsep(&text, "\n"));
        requirements->ids[requirements->count] = row.id;
        requirements->rows[requirements->count++] = row;
    }
    return true;
}

void requirements_free(struct requirements *requirements)
{
    arena_free(&requirements->arena);
    *requirements = (struct requirements){0};
}
