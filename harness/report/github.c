/* See github.h. Cases that the program carries have no file in the user's repository: they get a title alone. */
#include "report/github.h"

#include "report/words.h"

static void escaped(struct buf *out, const char *text, bool property)
{
    for (; *text != 0; text++) {
        bool special = *text == '%' || (unsigned char)*text < 0x20 || *text == 0x7f ||
                       (property && (*text == ':' || *text == ','));
        if (special)
            buf_printf(out, "%%%02X", (uint8_t)*text);
        else
            buf_append_byte(out, (uint8_t)*text);
    }
}

static void annotation(struct buf *out, const struct run_result *run, const struct case_result *result, bool several)
{
    struct buf message;
    buf_init(&message, 0);
    words_of_case(&message, result);
    if (result->replay[0] != 0)
        buf_printf(&message, "\nreplay: %s", result->replay);
    buf_printf(out, "::%s ", result->verdict >= VERDICT_FAIL ? "error" : "warning");
    if (result->file[0] != 0) {
        buf_append_text(out, "file=");
        escaped(out, result->file, true);
        buf_printf(out, ",line=%d,", result->step_line > 0 ? result->step_line : result->line);
    }
    buf_printf(out, "title=%s ", verdict_word(result->verdict));
    escaped(out, result->id, true);
    if (several) {
        buf_append_text(out, " (");
        escaped(out, words_of_testee(run), true);
        buf_append_byte(out, ')');
    }
    buf_append_text(out, "::");
    escaped(out, buf_text(&message), false);
    buf_append_byte(out, '\n');
    out->failed |= message.failed;
    buf_free(&message);
}

bool github_report(const struct report *report, struct buf *out, struct diag *why)
{
    for (size_t r = 0; r < report->count; r++)
        for (size_t i = 0; i < report->runs[r]->count; i++) {
            const struct case_result *result = report->runs[r]->cases[i];
            if (case_result_is_bad(result))
                annotation(out, report->runs[r], result, report->count > 1);
        }
    return !out->failed || diag_set(why, DIAG_TROUBLE, "out of memory for the annotations");
}
