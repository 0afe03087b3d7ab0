/* See text.h. */
#include "report/text.h"

#include "report/clean.h"
#include "report/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS_SHOWN 64u
#define BAR 20u

static const struct {
    const char *word;   /* in the summary */
    const char *column; /* in the table */
    const char *color;  /* SGR parameters */
} looks[VERDICTS] = {
    [VERDICT_PASS] = {"passed", "pass", "32"},
    [VERDICT_NON_STRICT] = {"non-strict", "non-strict", "33"},
    [VERDICT_INFO] = {"info", "info", "36"},
    [VERDICT_UNIMPLEMENTED] = {"unimplemented", "unimpl.", "2"},
    [VERDICT_FAIL] = {"failed", "fail", "1;31"},
    [VERDICT_ERROR] = {"in error", "error", "35"},
};

static void colored(struct buf *out, const struct text_report *report, enum verdict verdict, const char *text)
{
    if (report->options.color)
        buf_printf(out, "\033[%sm%s\033[0m", looks[verdict].color, text);
    else
        buf_append_text(out, text);
}

static void duration(struct buf *out, uint64_t ns)
{
    double seconds = (double)ns / 1e9;
    if (seconds < 0.9995)
        buf_printf(out, "%.0f ms", seconds * 1e3);
    else if (seconds < 99.95)
        buf_printf(out, "%.1f s", seconds);
    else
        buf_printf(out, "%.0f min %.0f s", floor(seconds / 60), fmod(seconds, 60));
}

/* Lines that stay, above the progress line. Frees them. */
static void flush(struct text_report *report, struct buf *lines)
{
    if (report->progress_shown)
        fputs("\r\033[K", report->options.out);
    report->progress_shown = false;
    fwrite(buf_text(lines), 1, lines->size, report->options.out);
    fflush(report->options.out);
    report->failed |= lines->failed;
    buf_free(lines);
}

void text_begin(struct text_report *report, const struct text_options *options,
                const struct run_result *run, const char *against)
{
    *report = (struct text_report){.options = *options};
    struct buf line;
    buf_init(&line, 0);
    buf_printf(&line, "%zu case%s against ", run->planned, run->planned == 1 ? "" : "s");
    clean_line(&line, against);
    buf_printf(&line, "; seed 0x%" PRIx64 "\n", run->seed);
    flush(report, &line);
}

static void explanation(struct buf *line, const struct case_result *result)
{
    struct buf words;
    buf_init(&words, 0);
    words_of_case(&words, result);
    if (words.size != 0)
        buf_append_text(line, ": ");
    clean_line(line, buf_text(&words));
    line->failed |= words.failed;
    buf_free(&words);
}

static void shown_case(struct buf *lines, const struct text_report *report, const struct run_result *run,
                       const struct case_result *result)
{
    bool known = case_result_is_known(result);
    colored(lines, report, known || result->not_played ? VERDICT_UNIMPLEMENTED : result->verdict,
            result->not_played ? "NO RESULT" : verdict_word(result->verdict));
    buf_append_text(lines, known ? "  (known)  " : "  ");
    if (report->options.agents) {
        clean_line(lines, run->testee.agent);
        buf_append_text(lines, ": ");
    }
    clean_line(lines, result->id);
    if (result->round != 0)
        buf_printf(lines, " (round %u)", result->round);
    if (result->verdict == VERDICT_PASS) {
        buf_append_text(lines, ": ");
        clean_line(lines, result->title);
        buf_append_text(lines, " (");
        duration(lines, result->duration_ns);
        buf_append_byte(lines, ')');
    }
    explanation(lines, result);
    if (known && result->known[0] != 0) {
        buf_append_text(lines, "; known: ");
        clean_line(lines, result->known);
    }
    buf_append_byte(lines, '\n');
    if (result->verdict != VERDICT_PASS && result->replay[0] != 0) {
        buf_append_text(lines, "      replay: ");
        clean_line(lines, result->replay);
        buf_append_byte(lines, '\n');
    }
    if (result->stderr_tail[0] != 0) {
        buf_append_text(lines, "      the testee's last words:\n");
        clean_block(lines, "      | ", result->stderr_tail);
    }
    if (report->options.trace)
        clean_block(lines, "      ", result->trace);
}

/* [######              ]  23/80  1 failed  5.5.2/payload-125 */
static void progress(struct text_report *report, const struct run_result *run, const struct case_result *last)
{
    struct run_summary summary = run_summary(run);
    size_t bad = summary.by[VERDICT_FAIL] + summary.by[VERDICT_ERROR] - summary.known - summary.not_played;
    size_t filled = run->planned == 0 ? 0 : BAR * run->ended / run->planned;
    struct buf line, cut;
    buf_init(&line, 0);
    buf_init(&cut, 0);
    buf_append_byte(&line, '[');
    buf_append_fill(&line, '#', filled);
    buf_append_fill(&line, ' ', BAR - filled);
    buf_printf(&line, "] %zu/%zu", run->ended, run->planned);
    if (bad != 0)
        buf_printf(&line, "  %zu failed", bad);
    buf_append_text(&line, "  ");
    clean_line(&line, last->id);
    buf_append_text(&line, "  ");
    clean_line(&line, last->title);
    clean_cut(&cut, buf_text(&line), report->options.columns - 1); /* the last column would wrap on some */
    fprintf(report->options.out, "\r%s\033[K", buf_text(&cut));
    fflush(report->options.out);
    report->progress_shown = true;
    buf_free(&line);
    buf_free(&cut);
}

void text_case(struct text_report *report, const struct run_result *run, const struct case_result *result)
{
    bool silent = result->verdict == VERDICT_PASS || result->verdict == VERDICT_INFO ||
                  result->verdict == VERDICT_UNIMPLEMENTED || case_result_is_known(result);
    if (report->options.verbose || !silent) {
        struct buf lines;
        buf_init(&lines, 0);
        shown_case(&lines, report, run, result);
        flush(report, &lines);
    }
    if (report->options.live && report->options.columns > 1)
        progress(report, run, result);
}

void text_note(struct text_report *report, const char *note)
{
    struct buf line;
    buf_init(&line, 0);
    buf_append_text(&line, "note: ");
    clean_line(&line, note);
    buf_append_byte(&line, '\n');
    flush(report, &line);
}

/* ---- the end ---- */

struct section {
    const char *name;
    size_t by[VERDICTS];
};

/* In the order of their first cases; what is over the limit goes to the last one, "others". */
static size_t count_sections(const struct run_result *run, struct section sections[SECTIONS_SHOWN])
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct case_result *result = run->cases[i];
        const char *name = result->section == NULL || result->section[0] == 0 ? "." : result->section;
        size_t at = 0;
        while (at < count && strcmp(sections[at].name, name) != 0)
            at++;
        if (at == SECTIONS_SHOWN) {
            at--;
            sections[at].name = "others";
        } else if (at == count) {
            sections[count++] = (struct section){.name = name};
        }
        sections[at].by[result->verdict] += !result->not_played;
    }
    return count;
}

static void table_row(struct buf *out, const struct text_report *report, const struct section *section, size_t width)
{
    struct buf name;
    buf_init(&name, 0);
    clean_line(&name, section->name);
    size_t used = clean_columns(buf_text(&name));
    buf_append_text(out, buf_text(&name));
    buf_append_fill(out, ' ', used < width ? width - used : 0);
    out->failed |= name.failed;
    buf_free(&name);
    for (int v = 0; v < VERDICTS; v++) {
        char cell[32];
        snprintf(cell, sizeof cell, "%zu", section->by[v]);
        size_t room = strlen(looks[v].column) + 2, size = section->by[v] == 0 ? 1 : strlen(cell);
        buf_append_fill(out, ' ', room > size ? room - size : 1);
        if (section->by[v] == 0)
            buf_append_byte(out, '.');
        else
            colored(out, report, (enum verdict)v, cell);
    }
    buf_append_byte(out, '\n');
}

static void table(struct buf *out, const struct text_report *report, const struct run_result *run)
{
    struct section sections[SECTIONS_SHOWN];
    size_t count = count_sections(run, sections), width = 0;
    if (count < 2)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t size = clean_columns(sections[i].name);
        width = size > width ? size : width;
    }
    buf_append_byte(out, '\n');
    buf_append_fill(out, ' ', width);
    for (int v = 0; v < VERDICTS; v++)
        buf_printf(out, "  %s", looks[v].column);
    buf_append_byte(out, '\n');
    for (size_t i = 0; i < count; i++)
        table_row(out, report, &sections[i], width);
    buf_append_byte(out, '\n');
}

static void summary_part(struct buf *out, const struct text_report *report, enum verdict look, size_t count,
                         const char *word)
{
    char part[64];
    snprintf(part, sizeof part, "%zu %s", count, word);
    if (count == 0)
        return;
    buf_append_byte(out, ' ');
    colored(out, report, look, part);
    buf_append_byte(out, ',');
}

/* Cases that did not end alike in all rounds: "ping/3 is flaky: 7 passed, 3 failed". */
static void flaky_lines(struct buf *out, const struct text_report *report, const struct run_result *run)
{
    size_t cases = run->rounds < 2 ? 0 : run->planned / run->rounds, by[VERDICTS], flaky = 0;
    for (size_t i = 0; i < cases && i < run->count; i++) {
        if (!run_is_flaky(run, i, by))
            continue;
        flaky++;
        colored(out, report, VERDICT_NON_STRICT, "FLAKY");
        buf_append_text(out, "  ");
        clean_line(out, run->cases[i]->id);
        buf_append_byte(out, ':');
        for (int v = 0; v < VERDICTS; v++)
            summary_part(out, report, (enum verdict)v, by[v], looks[v].word);
        out->data[out->size - 1] = '\n';
    }
    if (cases == 0)
        return;
    struct run_rounds played = run_rounds(run);
    buf_printf(out, "%zu case%s, ", cases, cases == 1 ? "" : "s");
    if (played.whole == run->rounds)
        buf_printf(out, "%u rounds: ", run->rounds);
    else
        buf_printf(out, "%u of %u rounds whole, %u cut short: ", played.whole, run->rounds,
                   played.begun - played.whole);
    if (played.begun < 2)
        buf_append_text(out, "nothing to compare\n");
    else
        buf_printf(out, "%zu flaky\n", flaky);
}

static void summary_line(struct buf *out, const struct text_report *report, const struct run_result *run)
{
    struct run_summary summary = run_summary(run);
    size_t played = summary.total - summary.not_played;
    buf_printf(out, "%zu case%s:", played, played == 1 ? "" : "s");
    summary.by[VERDICT_FAIL] -= summary.known;
    summary.by[VERDICT_ERROR] -= summary.not_played;
    for (int v = 0; v < VERDICTS; v++)
        summary_part(out, report, (enum verdict)v, summary.by[v], looks[v].word);
    summary_part(out, report, VERDICT_UNIMPLEMENTED, summary.known, "known to fail");
    if (out->size != 0 && out->data[out->size - 1] == ',')
        out->size--;
    buf_append_text(out, played == 0 ? " nothing was played" : "");
    buf_append_text(out, " in ");
    duration(out, run->duration_ns);
    buf_printf(out, "; seed 0x%" PRIx64, run->seed);
    if (run->testee.agent != NULL && run->testee.agent[0] != 0) {
        buf_append_text(out, "; ");
        clean_line(out, run->testee.agent);
    }
    buf_append_byte(out, '\n');
}

void text_end(struct text_report *report, const struct run_result *run, const char *stopped)
{
    struct buf out;
    buf_init(&out, 0);
    table(&out, report, run);
    if (run->interrupted) {
        size_t left = run->planned - run->count + run_summary(run).not_played;
        buf_printf(&out, "stopped early, %zu of %zu cases did not run to their end", left, run->planned);
        buf_append_text(&out, stopped[0] == 0 ? "" : ": ");
        clean_line(&out, stopped);
        buf_append_byte(&out, '\n');
    }
    flaky_lines(&out, report, run);
    summary_line(&out, report, run);
    flush(report, &out);
}

bool text_render(const struct report *report, struct buf *out, struct diag *why)
{
    char *text = NULL;
    size_t size = 0;
    bool fine = true;
    FILE *memory = open_memstream(&text, &size);
    for (size_t r = 0; memory != NULL && r < report->count; r++) {
        const struct run_result *run = report->runs[r];
        struct text_report lines;
        text_begin(&lines, &(struct text_options){.out = memory, .columns = 80}, run, words_of_testee(run));
        for (size_t i = 0; i < run->count; i++)
            text_case(&lines, run, run->cases[i]);
        text_end(&lines, run, "");
        fine &= !lines.failed;
    }
    fine = memory != NULL && fine && !ferror(memory);
    fine = memory != NULL && fclose(memory) == 0 && fine && buf_append(out, text, size);
    free(text);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory for the text report");
}
