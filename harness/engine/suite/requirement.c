/* See requirement.h. Tab-separated columns, one header line, no quoting. */
#include "engine/suite/requirement.h"

#include "engine/suite/embedded.h"

#include <fnmatch.h>
#include <string.h>

enum column { ID, DOCUMENT, SECTION, LEVEL, ROLE, SERVER, CLIENT, TEXT, STIMULUS, EXPECTED, AUTOBAHN, BASIS, COLUMNS };
enum excuse_column { EXCUSED_ID, EXCUSED_ROLE, EXCUSE, EXCUSE_COLUMNS };

const char *tested_role_word(enum tested_role role)
{
    static const char *const words[ROLES] = {[ROLE_SERVER] = "server", [ROLE_CLIENT] = "client"};
    return words[role];
}

static enum testable testable_of(const char *word)
{
    return *word == 'y' ? TESTABLE_YES : *word == 'p' ? TESTABLE_PARTIAL : TESTABLE_NO;
}

/* Cuts one line, which it may write to; what it lacks is "". */
static void cut(char *line, const char **columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *column = line == NULL ? "" : strsep(&line, "\t");
        columns[i] = column;
    }
}

static struct requirement row_of(char *line)
{
    const char *columns[COLUMNS];
    cut(line, columns, COLUMNS);
    return (struct requirement){
        .id = columns[ID], .document = columns[DOCUMENT], .section = columns[SECTION],
        .level = columns[LEVEL], .role = columns[ROLE],
        .testable = {[ROLE_SERVER] = testable_of(columns[SERVER]), [ROLE_CLIENT] = testable_of(columns[CLIENT])},
        .basis = *columns[BASIS] == 'd' ? BASIS_DERIVED : BASIS_EXPLICIT, .text = columns[TEXT],
    };
}

/* The embedded file behind its header line, to be cut up; NULL without memory, or when there is none. */
static char *table_text(struct arena *arena, const char *path)
{
    const struct embedded_file *file = embedded_files;
    while (file->path != NULL && strcmp(file->path, path) != 0)
        file++;
    char *text = file->path == NULL ? NULL : arena_text(arena, file->text);
    if (text != NULL)
        strsep(&text, "\n");
    return text;
}

/* One line of uncovered.tsv; its id may be a pattern ("8441-*"). */
static void excuse(struct requirements *requirements, char *line)
{
    const char *columns[EXCUSE_COLUMNS];
    cut(line, columns, EXCUSE_COLUMNS);
    for (size_t i = 0; i < requirements->count; i++) {
        struct requirement *row = &requirements->rows[i];
        bool both = strcmp(columns[EXCUSED_ROLE], "both") == 0;
        for (enum tested_role role = 0; fnmatch(columns[EXCUSED_ID], row->id, 0) == 0 && role < ROLES; role++)
            if (both || strcmp(columns[EXCUSED_ROLE], tested_role_word(role)) == 0)
                row->without[role] = columns[EXCUSE];
    }
}

bool requirements_read(struct requirements *requirements)
{
    *requirements = (struct requirements){0};
    arena_init(&requirements->arena);
    char *text = table_text(&requirements->arena, "requirements.tsv");
    char *excuses = table_text(&requirements->arena, "uncovered.tsv");
    size_t lines = 0;
    for (const char *c = text; c != NULL && *c != 0; c++)
        lines += *c == '\n';
    requirements->rows = arena_alloc(&requirements->arena, (lines + 1) * sizeof *requirements->rows);
    requirements->ids = arena_alloc(&requirements->arena, (lines + 2) * sizeof *requirements->ids);
    if (text == NULL || excuses == NULL || requirements->rows == NULL || requirements->ids == NULL) {
        requirements_free(requirements);
        return false;
    }
    while (text != NULL && *text != 0) {
        struct requirement row = row_of(strsep(&text, "\n"));
        requirements->ids[requirements->count] = row.id;
        requirements->rows[requirements->count++] = row;
    }
    while (excuses != NULL && *excuses != 0)
        excuse(requirements, strsep(&excuses, "\n"));
    return true;
}

void requirements_free(struct requirements *requirements)
{
    arena_free(&requirements->arena);
    *requirements = (struct requirements){0};
}
