/* See baseline.h. */
#include "engine/suite/baseline.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static bool add_row(struct baseline *b, const struct baseline_row *row, struct diag *why)
{
    const struct baseline_row *twice = baseline_find(b, row->id);
    if (twice != NULL)
        return diag_set(why, DIAG_USAGE, "%s:%d: %s stands in line %d already", b->path, row->line, row->id,
                        twice->line);
    if (b->count == b->capacity) {
        size_t capacity = b->capacity == 0 ? 32 : 2 * b->capacity;
        struct baseline_row *rows = reallocarray(b->rows, capacity, sizeof *rows);
        if (rows == NULL)
            return diag_set(why, DIAG_TROUBLE, "out of memory");
        b->rows = rows;
        b->capacity = capacity;
    }
    b->rows[b->count++] = *row;
    return true;
}

/* One line without its end: a row, or one more comment in `above`. */
static bool read_line(struct baseline *b, const char *line, size_t size, int number, struct buf *above,
                      struct diag *why)
{
    size_t blank = 0;
    while (blank < size && (line[blank] == ' ' || line[blank] == '\t'))
        blank++;
    if (blank == size || line[blank] == '#') {
        buf_append(above, line, size);
        buf_append_byte(above, '\n');
        return true;
    }
    char *text = arena_text_n(&b->arena, line + blank, size - blank);
    struct baseline_row row = {.line = number, .above = arena_text(&b->arena, buf_text(above))};
    buf_clear(above);
    if (text == NULL || row.above == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    row.sometimes = *text == '?';
    text += row.sometimes;
    size_t id = strcspn(text, " \t");
    row.id = text;
    row.reason = text + id + strspn(text + id, " \t");
    text[id] = 0;
    if (id == 0)
        return diag_set(why, DIAG_USAGE, "%s:%d: no case behind the ?", b->path, number);
    return add_row(b, &row, why);
}

static bool read_lines(struct baseline *b, const char *text, struct diag *why)
{
    struct buf above;
    buf_init(&above, 0);
    bool fine = true;
    for (int number = 1; fine && *text != 0; number++) {
        size_t size = strcspn(text, "\n");
        size_t shown = size != 0 && text[size - 1] == '\r' ? size - 1 : size;
        fine = read_line(b, text, shown, number, &above, why);
        text += size + (text[size] == '\n');
    }
    b->below = arena_text(&b->arena, buf_text(&above));
    buf_free(&above);
    return fine && (b->below != NULL || diag_set(why, DIAG_TROUBLE, "out of memory"));
}

bool baseline_read(struct baseline *b, const char *path, struct diag *why)
{
    struct buf text;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    arena_init(&b->arena);
    b->path = arena_text(&b->arena, path);
    bool fine = b->path != NULL && file_read(path, &text, why);
    if (fine && memchr(text.data == NULL ? (const uint8_t *)"" : text.data, 0, text.size) != NULL)
        fine = diag_set(why, DIAG_USAGE, "%s is no baseline: it has a NUL byte", path);
    fine = fine && read_lines(b, buf_text(&text), why);
    buf_free(&text);
    return fine;
}

void baseline_free(struct baseline *b)
{
    free(b->rows);
    arena_free(&b->arena);
    *b = (struct baseline){0};
}

const struct baseline_row *baseline_find(const struct baseline *b, const char *id)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->rows[i].id, id) == 0)
            return &b->rows[i];
    return NULL;
}

void baseline_mark(const struct baseline *b, struct run_result *run, struct case_result *result, const char *id)
{
    const struct baseline_row *row = b == NULL ? NULL : baseline_find(b, id);
    result->known = row == NULL ? NULL : arena_text(&run->arena, row->reason);
}

/* ---- a run beside it ---- */

/* What became of a case in all of its rounds. */
struct rounds {
    size_t played, failed;
    const struct case_result *first; /* that failed */
};

static struct rounds rounds_of(const struct run_result *run, const char *id)
{
    struct rounds rounds = {0};
    for (size_t i = 0; i < run->count; i++) {
        const struct case_result *result = run->cases[i];
        if (strcmp(result->id, id) != 0 || result->verdict == VERDICT_ERROR)
            continue;
        rounds.played++;
        if (result->verdict != VERDICT_FAIL)
            continue;
        rounds.failed++;
        if (rounds.first == NULL)
            rounds.first = result;
    }
    return rounds;
}

bool baseline_is_mended(const struct baseline_row *row, const struct run_result *run)
{
    struct rounds rounds = rounds_of(run, row->id);
    return !row->sometimes && rounds.played != 0 && rounds.failed == 0;
}

/* ---- writing ---- */

/* On one line, whatever it holds. */
static void put_words(struct buf *out, const char *before, const char *words)
{
    if (words == NULL || words[0] == 0)
        return;
    buf_append_text(out, before);
    for (; *words != 0; words++)
        buf_append_byte(out, (unsigned char)*words < ' ' ? (uint8_t)' ' : (uint8_t)*words);
}

static void put_fresh(struct buf *out, const struct rounds *rounds)
{
    const struct case_result *result = rounds->first;
    bool said = result->detail[0] != 0, expected = result->expected[0] != 0;
    const char *requirement = result->requirements[0];
    buf_printf(out, "%s%s\tnot reviewed", rounds->failed < rounds->played ? "?" : "", result->id);
    put_words(out, ", ", requirement);
    put_words(out, ": ", result->detail);
    put_words(out, said ? "; expected " : ": expected ", result->expected);
    put_words(out, said || expected ? ", got " : ": got ", result->seen);
    buf_append_byte(out, '\n');
}

static size_t put_all_fresh(struct buf *out, const struct baseline *b, const struct run_result *run)
{
    size_t fresh = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct case_result *result = run->cases[i];
        if (result->verdict != VERDICT_FAIL || baseline_find(b, result->id) != NULL)
            continue;
        struct rounds rounds = rounds_of(run, result->id);
        if (rounds.first != result)
            continue; /* written already */
        put_fresh(out, &rounds);
        fresh++;
    }
    return fresh;
}

bool baseline_write(const struct baseline *b, const struct run_result *run, const char *path, size_t *fresh,
                    struct diag *why)
{
    struct buf text;
    buf_init(&text, 0);
    if (b->count == 0 && (b->below == NULL || b->below[0] == 0)) {
        const struct testee_info *testee = &run->testee;
        const char *place = testee->url[0] != 0 ? testee->url : testee->command;
        buf_append_text(&text, "# Known failures");
        put_words(&text, " of ", testee->agent[0] != 0 ? testee->agent : place);
        buf_append_text(&text, ": the case, a tab, and why it fails. A ? in front: not always.\n");
    }
    for (size_t i = 0; i < b->count; i++) {
        const struct baseline_row *row = &b->rows[i];
        buf_append_text(&text, row->above);
        if (!baseline_is_mended(row, run))
            buf_printf(&text, "%s%s%s%s\n", row->sometimes ? "?" : "", row->id, row->reason[0] == 0 ? "" : "\t",
                       row->reason);
    }
    *fresh = put_all_fresh(&text, b, run);
    buf_append_text(&text, b->below == NULL ? "" : b->below);
    bool fine = !text.failed || diag_set(why, DIAG_TROUBLE, "out of memory");
    fine = fine && file_write(path, buf_text(&text), text.size, why);
    buf_free(&text);
    return fine;
}
