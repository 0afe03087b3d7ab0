/* See show.h. */
#include "modes/resilience/show.h"

#include "report/clean.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#define DRAWING_MOST 60u
#define GAPS_SHOWN 8u

static const struct {
    const char *word, *summary, *color;
} looks[VERDICTS] = {
    [VERDICT_PASS] = {"PASS", "passed", "32"},
    [VERDICT_NON_STRICT] = {"WARN", "non-strict", "33"},
    [VERDICT_INFO] = {"INFO", "info", "36"},
    [VERDICT_UNIMPLEMENTED] = {"n/a ", "not applicable", "2"},
    [VERDICT_FAIL] = {"FAIL", "failed", "1;31"},
    [VERDICT_ERROR] = {"ERR ", "in error", "35"},
};

/* How a moment of a check is drawn. */
enum mark { MARK_NOTHING, MARK_OPEN, MARK_LOST, MARK_CAME, MARK_TRIED, MARKS };
static const struct {
    const char *unicode;
    char ascii;
    const char *meaning;
} marks[MARKS] = {
    [MARK_NOTHING] = {"·", '.', "no connection"},
    [MARK_OPEN] = {"━", '=', "open"},
    [MARK_LOST] = {"╌", '-', "lost, not yet left"},
    [MARK_CAME] = {"●", 'o', "connected"},
    [MARK_TRIED] = {"○", 'x', "not let in"},
};

struct show show_new(FILE *out, enum color_choice color)
{
    setlocale(LC_CTYPE, "");
    return (struct show){
        .out = out,
        .terminal = terminal_of(out, color),
        .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
}

static void flush(struct show *show, struct buf *lines)
{
    if (show->progress_shown)
        fputs("\r\033[K", show->out);
    show->progress_shown = false;
    fwrite(buf_text(lines), 1, lines->size, show->out);
    fflush(show->out);
    buf_free(lines);
}

static void colored(const struct show *show, struct buf *out, enum verdict verdict, const char *text)
{
    if (show->terminal.color)
        buf_printf(out, "\033[%sm%s\033[0m", looks[verdict].color, text);
    else
        buf_append_text(out, text);
}

static void legend(const struct show *show, struct buf *out)
{
    for (int i = 0; i < MARKS; i++)
        if (show->unicode)
            buf_printf(out, "%s%s %s", i ? "  " : "", marks[i].unicode, marks[i].meaning);
        else
            buf_printf(out, "%s%c %s", i ? "  " : "", marks[i].ascii, marks[i].meaning);
    buf_append_byte(out, '\n');
}

void show_begin(struct show *show, const struct run_result *run, const char *who, const char *profile, double pace)
{
    struct buf lines;
    buf_init(&lines, 0);
    buf_printf(&lines, "%zu check%s of ", run->planned, run->planned == 1 ? "" : "s");
    clean_line(&lines, who);
    buf_append_text(&lines, "; profile ");
    clean_line(&lines, profile);
    if (pace != 1)
        buf_printf(&lines, "; times x %g", pace);
    buf_printf(&lines, "; seed 0x%" PRIx64 "\n", run->seed);
    legend(show, &lines);
    flush(show, &lines);
}

/* ---- one check ---- */

/* "waits 1.0 1.0 s" */
static void waits(struct buf *out, const struct case_result *result)
{
    if (result->attempt_count < 2)
        return;
    buf_append_text(out, "waits");
    for (size_t i = 1; i < result->attempt_count && i <= GAPS_SHOWN; i++)
        buf_printf(out, " %.2f", (double)attempt_gap(result->attempts, i) / 1e9);
    buf_printf(out, "%s s", result->attempt_count > GAPS_SHOWN + 1 ? " ..." : "");
}

static void mark(uint8_t *cells, unsigned width, double ns_per_cell, uint64_t from, uint64_t to, enum mark what)
{
    unsigned first = (unsigned)((double)from / ns_per_cell);
    for (unsigned cell = first; cell < width && (double)cell * ns_per_cell <= (double)to; cell++)
        if (cells[cell] < (uint8_t)what)
            cells[cell] = (uint8_t)what;
}

static void drawing(const struct show *show, struct buf *out, const struct case_result *result)
{
    uint8_t cells[DRAWING_MOST] = {MARK_NOTHING};
    unsigned room = show->terminal.columns < 50 ? 50 : show->terminal.columns;
    unsigned width = room - 30 < DRAWING_MOST ? room - 30 : DRAWING_MOST;
    double each = (double)(result->duration_ns + 1) / width;
    if (result->attempt_count == 0)
        return;
    for (size_t i = 0; i < result->attempt_count; i++) {
        const struct attempt *a = &result->attempts[i];
        uint64_t lost = a->failed_ns ? a->failed_ns : result->duration_ns;
        mark(cells, width, each, a->came_ns, a->came_ns, a->open_ns ? MARK_CAME : MARK_TRIED);
        if (a->open_ns)
            mark(cells, width, each, a->open_ns, lost, MARK_OPEN);
        mark(cells, width, each, lost, a->ended_ns ? a->ended_ns : lost, MARK_LOST);
    }
    buf_append_text(out, "      [");
    for (unsigned i = 0; i < width; i++)
        if (show->unicode)
            buf_append_text(out, marks[cells[i]].unicode);
        else
            buf_append_byte(out, (uint8_t)marks[cells[i]].ascii);
    buf_printf(out, "] %.1f s\n", (double)result->duration_ns / 1e9);
}

static void reason(struct buf *out, const struct case_result *result)
{
    bool needs = result->verdict == VERDICT_UNIMPLEMENTED;
    clean_line(out, result->detail);
    if (needs)
        return;
    if (result->expected[0] != 0) {
        buf_append_text(out, result->detail[0] != 0 ? "; expected " : "expected ");
        clean_line(out, result->expected);
    }
    bool said = strstr(result->detail, result->seen) != NULL || strcmp(result->seen, "no connection") == 0;
    if (result->seen[0] != 0 && !said) {
        buf_append_text(out, ", got ");
        clean_line(out, result->seen);
    }
}

void show_check(struct show *show, const struct case_result *result)
{
    bool well = result->verdict == VERDICT_PASS || result->verdict == VERDICT_INFO;
    struct buf lines, head;
    if (result->verdict == VERDICT_UNIMPLEMENTED && !show->verbose)
        return;
    buf_init(&lines, 0);
    buf_init(&head, 0);
    colored(show, &lines, result->verdict, looks[result->verdict].word);
    buf_printf(&lines, "  %-*s  ", show->id_width, result->id);
    if (well && result->attempt_count > 1)
        waits(&lines, result);
    else if (well)
        clean_line(&lines, result->title);
    else
        reason(&lines, result);
    buf_append_byte(&lines, '\n');
    drawing(show, &lines, result);
    if (!well && result->attempt_count > 1) {
        buf_append_text(&lines, "      ");
        waits(&lines, result);
        buf_append_byte(&lines, '\n');
    }
    if (!well && result->verdict != VERDICT_UNIMPLEMENTED) {
        buf_append_text(&lines, "      alone: ");
        clean_line(&lines, result->replay);
        buf_append_byte(&lines, '\n');
    }
    if (result->stderr_tail[0] != 0)
        clean_block(&lines, "      | ", result->stderr_tail);
    if (show->trace)
        clean_block(&lines, "      ", result->trace);
    buf_free(&head);
    flush(show, &lines);
}

/* ---- what goes on ---- */

void show_progress(struct show *show, const struct show_state *state)
{
    struct buf line, cut;
    if (!show->terminal.live || show->terminal.columns < 2)
        return;
    buf_init(&line, 0);
    buf_init(&cut, 0);
    if (state->waiting != NULL)
        buf_printf(&line, "%zu/%zu checks; waiting at %s; start the client if it has stopped", state->done,
                   state->all, state->waiting);
    else
        buf_printf(&line, "%zu/%zu checks, %zu under way, at most %.0f s left", state->done, state->all,
                   state->under_way, ceil((double)state->left_ns / 1e9));
    if (state->failed != 0)
        buf_printf(&line, ", %zu failed", state->failed);
    clean_cut(&cut, buf_text(&line), show->terminal.columns - 1);
    fprintf(show->out, "\r%s\033[K", buf_text(&cut));
    fflush(show->out);
    show->progress_shown = true;
    buf_free(&line);
    buf_free(&cut);
}

void show_note(struct show *show, const char *text)
{
    struct buf line;
    buf_init(&line, 0);
    clean_line(&line, text);
    buf_append_byte(&line, '\n');
    flush(show, &line);
}

void show_end(struct show *show, const struct run_result *run, const char *stopped)
{
    struct run_summary summary = run_summary(run);
    struct buf out;
    buf_init(&out, 0);
    if (run->interrupted)
        buf_printf(&out, "stopped early, %zu of %zu checks have not ended: %s\n", run->planned - run->ended,
                   run->planned, stopped);
    buf_printf(&out, "%zu check%s:", summary.total, summary.total == 1 ? "" : "s");
    bool first = true;
    for (int v = 0; v < VERDICTS; v++) {
        char part[64];
        if (summary.by[v] == 0)
            continue;
        snprintf(part, sizeof part, "%zu %s", summary.by[v], looks[v].summary);
        buf_append_text(&out, first ? " " : ", ");
        colored(show, &out, (enum verdict)v, part);
        first = false;
    }
    buf_printf(&out, "%s in %.1f s\n", first ? " nothing was played" : "", (double)run->duration_ns / 1e9);
    flush(show, &out);
}
