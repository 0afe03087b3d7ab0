/* See report.h. */
#include "modes/report.h"

#include "base/nearest.h"
#include "report/clean.h"
#include "report/merge.h"
#include "report/sinks.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

/* ---- diff ---- */

static const struct {
    const char *word, *color;
} changes[CHANGES] = {
    [CHANGE_WORSE] = {"worse", "1;31"}, [CHANGE_BETTER] = {"better", "32"}, [CHANGE_OTHER] = {"other", "36"},
    [CHANGE_NEW] = {"new", "36"},       [CHANGE_GONE] = {"gone", "33"},
};

static void change_line(struct buf *out, const struct case_change *change, bool color)
{
    const struct case_result *now = change->after, *then = change->before;
    buf_printf(out, color ? "\033[%sm%-6s\033[0m  " : "%.0s%-6s  ", changes[change->change].color,
               changes[change->change].word);
    clean_line(out, now == NULL ? then->id : now->id);
    buf_printf(out, ": %s%s%s", then == NULL ? "" : verdict_word(then->verdict),
               then != NULL && now != NULL ? " -> " : "", now == NULL ? "" : verdict_word(now->verdict));
    if (now != NULL && now->verdict != VERDICT_PASS) {
        struct buf words;
        buf_init(&words, 0);
        words_of_case(&words, now);
        buf_append_text(out, words.size == 0 ? "" : ": ");
        clean_line(out, buf_text(&words));
        buf_free(&words);
    }
    buf_append_byte(out, '\n');
}

static void run_line(struct buf *out, const char *what, const struct run_result *run)
{
    buf_printf(out, "%s: ", what);
    clean_line(out, words_of_testee(run));
    buf_printf(out, ", %zu case%s", run->count, run->count == 1 ? "" : "s");
    if (run->started[0] != 0) {
        buf_append_text(out, ", ");
        clean_line(out, run->started);
    }
    if (run->planned > run->count)
        buf_printf(out, ", stopped early: %zu did not run", run->planned - run->count);
    buf_append_byte(out, '\n');
}

/* Worst news first. False without memory. */
static bool diff_runs(const struct run_result *old, const struct run_result *new, bool color, struct buf *out,
                      size_t counts[CHANGES])
{
    static const enum change order[] = {CHANGE_WORSE, CHANGE_GONE, CHANGE_NEW, CHANGE_OTHER, CHANGE_BETTER};
    size_t count = 0;
    struct case_change *list = run_changes(old, new, &count);
    if (list == NULL)
        return false;
    run_line(out, "old", old);
    run_line(out, "new", new);
    for (size_t i = 0; i < count; i++)
        counts[list[i].change]++;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < count; i++)
            if (list[i].change == order[k])
                change_line(out, &list[i], color);
    free(list);
    return true;
}

static int diff(const struct report_options *options, struct result_set sets[2], struct diag *why)
{
    size_t counts[CHANGES] = {0};
    bool color = terminal_of(options->out, options->color).color;
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < sets[1].count; i++) {
        const struct run_result *new = sets[1].runs[i], *old = NULL;
        for (size_t k = 0; k < sets[0].count; k++)
            if (sets[0].count == 1 || strcmp(words_of_testee(sets[0].runs[k]), words_of_testee(new)) == 0)
                old = sets[0].runs[k];
        if (old == NULL)
            run_line(&out, "new, with nothing to compare it to", new);
        else if (!diff_runs(old, new, color, &out, counts))
            out.failed = true;
    }
    buf_printf(&out, "%zu worse, %zu better, %zu other, %zu new, %zu gone, %zu as before\n", counts[CHANGE_WORSE],
               counts[CHANGE_BETTER], counts[CHANGE_OTHER], counts[CHANGE_NEW], counts[CHANGE_GONE],
               counts[CHANGE_NONE]);
    if (out.failed)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    fputs(buf_text(&out), options->out);
    buf_free(&out);
    return out.failed ? DIAG_TROUBLE : counts[CHANGE_WORSE] != 0;
}

static int diff_files(const struct report_options *options, struct diag *why)
{
    const char *const *files = options->files;
    struct result_set sets[2] = {{0}};
    int status = DIAG_USAGE;
    if (files[1] == NULL || files[2] != NULL)
        diag_set(why, DIAG_USAGE, "diff compares two files: wsgauntlet report diff OLD.json NEW.json");
    else if (options->place != NULL || options->reports != NULL)
        diag_set(why, DIAG_USAGE, "diff prints what it finds; `wsgauntlet report html OLD.json NEW.json` draws it");
    else if (result_read_file(&sets[0], files[0], why) && result_read_file(&sets[1], files[1], why) &&
             result_merge(&sets[0], why) && result_merge(&sets[1], why))
        status = diff(options, sets, why);
    result_set_free(&sets[0]);
    result_set_free(&sets[1]);
    return status;
}

/* ---- formats ---- */

static const struct report_format *format_of(const char *what, struct diag *why)
{
    if (strcmp(what, "merge") == 0)
        return report_format_find("json", why);
    const struct report_format *format = report_format_find(what, why);
    struct nearest nearest = {0};
    nearest_offer(&nearest, what, "merge");
    nearest_offer(&nearest, what, "diff");
    if (format == NULL && nearest.word != NULL)
        diag_set(why, DIAG_USAGE, "no report '%s'; did you mean '%s'?", what, nearest.word);
    return format;
}

static bool write_all(const struct report_options *options, const struct report_format *format,
                      const struct result_set *set, const struct sinks *sinks, struct diag *why)
{
    const struct report report = {.runs = set->runs, .count = set->count, .trace = options->trace};
    bool asked = options->place == NULL && options->reports != NULL; /* then those are what is wanted */
    const struct sink printed = {.format = format, .path = ""};
    bool fine = options->place != NULL || asked || sink_write(&printed, &report, options->out, why);
    return sinks_write(sinks, &report, why) && fine;
}

static bool read_all(const struct report_options *options, struct result_set *set, struct diag *why)
{
    for (const char *const *file = options->files; *file != NULL; file++)
        if (!result_read_file(set, *file, why))
            return false;
    return strcmp(options->what, "merge") != 0 || result_merge(set, why);
}

int report_main(const struct report_options *options, struct diag *why)
{
    if (strcmp(options->what, "diff") == 0)
        return diff_files(options, why);
    const struct report_format *format = format_of(options->what, why);
    struct result_set set = {0};
    struct sinks sinks = {0};
    if (format == NULL)
        return DIAG_USAGE;
    if (format->render == NULL && options->place == NULL && options->reports == NULL)
        diag_set(why, DIAG_USAGE, "%s is a folder of files: name it with --out DIR", format->word);
    else if (read_all(options, &set, why) && sinks_open(&sinks, options->reports, NULL, why) &&
             (options->place == NULL || sinks_add(&sinks, format, options->place, why)))
        write_all(options, format, &set, &sinks, why);
    sinks_free(&sinks);
    result_set_free(&set);
    return (int)why->kind;
}
