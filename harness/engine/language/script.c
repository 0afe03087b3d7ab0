/* Scripts as things in memory: loading, freeing, reading a step, making one. */
#include "engine/language/verbs.h"

#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file; false with a diag. A byte more than the limit is read, so that the parser reports it. */
static bool read_file(const char *path, struct buf *text, struct diag *why)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return diag_set(why, DIAG_USAGE, "%s: %s", path, strerror(errno));
    char piece[16384];
    size_t n;
    bool fits = true;
    while (fits && text->size <= LIMIT_SCRIPT_BYTES && (n = fread(piece, 1, sizeof piece, file)) > 0)
        fits = buf_append(text, piece, n);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error != 0)
        return diag_set(why, DIAG_USAGE, "%s: %s", path, strerror(error));
    return fits || diag_set(why, DIAG_TROUBLE, "%s: out of memory", path);
}

struct script *script_load(const char *path, struct buf *errors, struct diag *why)
{
    struct buf text;
    buf_init(&text, 0);
    struct script *script = NULL;
    if (read_file(path, &text, why)) {
        unsigned mistakes = 0;
        script = script_parse(path, buf_text(&text), text.size, errors, &mistakes);
        if (script == NULL) {
            diag_set(why, DIAG_TROUBLE, "%s: out of memory", path);
        } else if (mistakes > 0) {
            diag_set(why, DIAG_USAGE, "%s: %u mistake%s", path, mistakes, mistakes == 1 ? "" : "s");
            script_free(script);
            script = NULL;
        }
    }
    buf_free(&text);
    return script;
}

void script_free(struct script *script)
{
    if (script == NULL)
        return;
    arena_free(&script->arena);
    free(script);
}

/* ---- reading a step ---- */

const struct setting *step_setting(const struct step *step, enum slot slot)
{
    const struct setting *s = step->settings;
    while (s != NULL && s->slot != slot)
        s = s->next;
    return s;
}

const struct setting *step_next_setting(const struct setting *setting)
{
    const struct setting *s = setting->next;
    while (s != NULL && s->slot != setting->slot)
        s = s->next;
    return s;
}

uint64_t step_number(const struct step *step, enum slot slot, uint64_t otherwise)
{
    const struct setting *s = step_setting(step, slot);
    return s == NULL ? otherwise : s->value.number;
}

bool step_flag(const struct step *step, enum slot slot)
{
    return step_setting(step, slot) != NULL;
}

bool value_has_code(const struct value *value, uint32_t code)
{
    for (size_t i = 0; i < value->code_count; i++)
        if (code >= value->codes[i].from && code <= value->codes[i].to)
            return true;
    return false;
}

const char *family_value(const struct test_case *test_case, const char *name)
{
    for (size_t i = 0; i < test_case->each_count; i++)
        if (strcmp(test_case->each[i].name, name) == 0)
            return test_case->each[i].value;
    return NULL;
}

/* ---- made by hand ---- */

struct step *step_new(struct arena *arena, enum form form)
{
    struct step *step = arena_alloc(arena, sizeof *step);
    if (step != NULL) {
        step->form = form;
        step->verb = form_rows[form].verb;
    }
    return step;
}

struct value *step_add(struct arena *arena, struct step *step, enum slot slot)
{
    struct setting *setting = arena_alloc(arena, sizeof *setting), **tail = &step->settings;
    if (setting == NULL)
        return NULL;
    while (*tail != NULL)
        tail = &(*tail)->next;
    *tail = setting;
    setting->slot = slot;
    setting->value.kind = form_value_kind(step->form, slot);
    return &setting->value;
}

struct payload *payload_of(struct arena *arena, const void *bytes, size_t size)
{
    struct payload *payload = arena_alloc(arena, sizeof *payload);
    struct piece *piece = arena_alloc(arena, sizeof *piece);
    uint8_t *copy = arena_copy(arena, bytes, size);
    if (payload == NULL || piece == NULL || copy == NULL)
        return NULL;
    *piece = (struct piece){.kind = PIECE_QUOTED, .bytes = copy, .size = size};
    payload->pieces = piece;
    return payload;
}
