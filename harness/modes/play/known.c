/* See known.h. */
#include "modes/play/known.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

static bool has_case(const struct suite *suite, const char *id)
{
    for (size_t i = 0; i < suite->case_count; i++)
        if (strcmp(suite->cases[i].test->id, id) == 0)
            return true;
    return false;
}

static void tell_strangers(const struct baseline *known, const struct suite *suite, FILE *errors)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct baseline_row *row = &known->rows[i];
        if (!has_case(suite, row->id))
            fprintf(errors, "note: %s:%d: there is no case %s\n", known->path, row->line, row->id);
    }
}

bool known_read(struct baseline *known, const struct suite *suite, const struct play_options *options,
                struct diag *why)
{
    const char *out = options->baseline_out, *file = options->baseline_file;
    if (out != NULL && !file_writable(out, why))
        return false;
    if (file == NULL && out != NULL && access(out, F_OK) == 0)
        file = out;
    if (file == NULL)
        return true;
    if (!baseline_read(known, file, why))
        return false;
    tell_strangers(known, suite, options->tell.errors);
    return true;
}

void known_tell(const struct baseline *known, const struct run_result *run, struct text_report *text)
{
    struct buf line;
    buf_init(&line, 0);
    for (size_t i = 0; i < known->count; i++) {
        const struct baseline_row *row = &known->rows[i];
        if (!baseline_is_mended(row, run))
            continue;
        buf_clear(&line);
        buf_printf(&line, "%s no longer fails: line %d of %s can go", row->id, row->line, known->path);
        text_note(text, buf_text(&line));
    }
    buf_free(&line);
}

bool known_write(const struct baseline *known, struct run_result *run, const struct play_options *options,
                 struct text_report *text, struct diag *why)
{
    size_t fresh;
    if (options->baseline_out == NULL)
        return true;
    if (!baseline_write(known, run, options->baseline_out, &fresh, why))
        return false;
    for (size_t i = 0; i < run->count; i++)
        if (run->cases[i]->verdict == VERDICT_FAIL && run->cases[i]->known == NULL)
            run->cases[i]->known = "not reviewed";
    struct buf line;
    buf_init(&line, 0);
    buf_printf(&line, "%s is written, %zu failure%s new in it%s", options->baseline_out, fresh, fresh == 1 ? "" : "s",
               fresh == 0 ? "" : ": put a reason behind each");
    text_note(text, buf_text(&line));
    buf_free(&line);
    return true;
}
