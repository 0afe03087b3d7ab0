/* See tap.h. Several runs are subtests of one stream. */
#include "report/tap.h"

#include "report/clean.h"
#include "report/words.h"

/* One line, a backslash before it and before `sign`. */
static void escaped(struct buf *out, const char *text, char sign)
{
    struct buf line;
    buf_init(&line, 0);
    clean_line(&line, text);
    for (const char *at = buf_text(&line); *at != 0; at++) {
        if (*at == sign || *at == '\\')
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)*at);
    }
    out->failed |= line.failed;
    buf_free(&line);
}

/* What would begin a directive is told apart. */
static void description(struct buf *out, const char *text)
{
    escaped(out, text, '#');
}

/* YAML, double-quoted. */
static void field(struct buf *out, const char *indent, const char *name, const char *text)
{
    if (text[0] == 0)
        return;
    buf_printf(out, "%s  %s: \"", indent, name);
    escaped(out, text, '"');
    buf_append_text(out, "\"\n");
}

static void test_point(struct buf *out, const char *indent, size_t number, const struct case_result *result)
{
    bool good = result->verdict < VERDICT_FAIL;
    buf_printf(out, "%s%s %zu - ", indent, good ? "ok" : "not ok", number);
    description(out, result->id);
    if (result->verdict == VERDICT_UNIMPLEMENTED) {
        buf_append_text(out, " # SKIP ");
        description(out, result->detail);
    }
    if (case_result_is_known(result)) { /* TAP's word for a failure that is known */
        buf_append_text(out, " # TO" "DO ");
        description(out, result->known[0] == 0 ? "known" : result->known);
    }
    buf_append_byte(out, '\n');
    if (result->verdict == VERDICT_PASS || result->verdict == VERDICT_UNIMPLEMENTED)
        return;
    buf_printf(out, "%s  ---\n", indent);
    field(out, indent, "verdict", verdict_word(result->verdict));
    field(out, indent, "title", result->title);
    field(out, indent, "message", result->detail);
    field(out, indent, "expected", result->expected);
    field(out, indent, "seen", result->seen);
    field(out, indent, "replay", result->replay);
    field(out, indent, "stderr", result->stderr_tail);
    buf_printf(out, "%s  duration_ms: %.3f\n%s  ...\n", indent, (double)result->duration_ns / 1e6, indent);
}

/* The plan is what was meant to be played: a run that was cut short is seen to be. */
static void points(struct buf *out, const char *indent, const struct run_result *run)
{
    size_t planned = run->planned > run->count ? run->planned : run->count;
    buf_printf(out, "%s1..%zu\n", indent, planned);
    for (size_t i = 0; i < run->count; i++)
        test_point(out, indent, i + 1, run->cases[i]);
}

static bool cut_short(const struct run_result *run)
{
    return run->planned > run->count;
}

static void subtest(struct buf *out, size_t number, const struct run_result *run)
{
    buf_append_text(out, "# Subtest: ");
    description(out, words_of_testee(run));
    buf_append_byte(out, '\n');
    points(out, "    ", run);
    buf_printf(out, "%s %zu - ", run_exit_status(run) == 0 && !cut_short(run) ? "ok" : "not ok", number);
    description(out, words_of_testee(run));
    buf_append_byte(out, '\n');
}

bool tap_report(const struct report *report, struct buf *out, struct diag *why)
{
    buf_append_text(out, "TAP version 14\n");
    if (report->count == 1) {
        points(out, "", report->runs[0]);
        if (cut_short(report->runs[0]))
            buf_printf(out, "Bail out! %zu cases did not run\n", report->runs[0]->planned - report->runs[0]->count);
    } else {
        buf_printf(out, "1..%zu\n", report->count);
        for (size_t i = 0; i < report->count; i++)
            subtest(out, i + 1, report->runs[i]);
    }
    return !out->failed || diag_set(why, DIAG_TROUBLE, "out of memory for the TAP report");
}
