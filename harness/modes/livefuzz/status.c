/* What a campaign tells: on a terminal one line that is written over, in a pipe a
 * line now and then, and each finding as it comes. On a terminal only what is to be
 * copied may take more than a line: paths and commands. */
#include "modes/livefuzz/campaign.h"

#include "base/hash.h"
#include "report/clean.h"

#include <string.h>

#define LIVE_NS (200 * NS_PER_MS)
#define SHOWN_COLUMNS 100u /* of what was due, and what came */
#define LABEL_COLUMNS 15u  /* "      expected " */
#define LINE_NS (10 * NS_PER_S)

static void duration(uint64_t ns, struct buf *out)
{
    uint64_t s = ns / NS_PER_S;
    if (s < 60)
        buf_printf(out, "%llu.%llu s", (unsigned long long)s, (unsigned long long)(ns % NS_PER_S / (100 * NS_PER_MS)));
    else
        buf_printf(out, "%llu:%02llu min", (unsigned long long)(s / 60), (unsigned long long)(s % 60));
}

static void summary(const struct campaign *c, struct buf *out)
{
    uint64_t now = c->options->clock() - c->began, played = c->sessions - c->first_session - c->waiting;
    double rate = now == 0 ? 0 : (double)played / ((double)now / 1e9);
    duration(campaign_spent(c), out);
    unsigned long long sessions = c->sessions - c->waiting;
    buf_printf(out, "  %llu sessions, %.0f/s  pool %zu, %zu shapes", sessions, rate, c->pool->count, c->pool->shapes);
    if (c->edges != NULL)
        buf_printf(out, ", %zu edges", edge_map_count(c->edges));
    size_t found = campaign_found(c);
    buf_printf(out, "  %zu finding%s", found, found == 1 ? "" : "s");
    if (c->found_before != 0)
        buf_printf(out, ", %zu of them known before", c->found_before);
}

static void wipe(struct campaign *c)
{
    if (c->status_shown)
        fputs("\r\033[K", c->options->tell.out);
    c->status_shown = false;
}

static void print_line(struct campaign *c, const struct buf *text)
{
    struct buf line;
    buf_init(&line, 0);
    clean_cut(&line, buf_text(text), c->terminal.live ? c->terminal.columns - 1 : 4096);
    fprintf(c->options->tell.out, "%s%s", buf_text(&line), c->terminal.live ? "" : "\n");
    fflush(c->options->tell.out);
    buf_free(&line);
}

void status_begin(struct campaign *c)
{
    struct buf text;
    buf_init(&text, 0);
    buf_append_text(&text, "fuzzing ");
    clean_line(&text, buf_text(&c->target.whom.against));
    buf_printf(&text, "; seed %#llx; findings go to %s/findings", (unsigned long long)c->seed,
               buf_text(&c->store.folder));
    if (c->first_session != 0)
        buf_printf(&text, "; going on behind session %llu", (unsigned long long)c->first_session);
    fprintf(c->options->tell.out, "%s\n", buf_text(&text));
    fflush(c->options->tell.out);
    buf_free(&text);
    c->told_at = c->options->clock();
}

void status_tick(struct campaign *c)
{
    uint64_t now = c->options->clock();
    if (now - c->told_at < (c->terminal.live ? LIVE_NS : LINE_NS))
        return;
    struct buf text;
    buf_init(&text, 0);
    summary(c, &text);
    wipe(c);
    print_line(c, &text);
    c->status_shown = c->terminal.live;
    c->told_at = now;
    buf_free(&text);
}

void status_note(struct campaign *c, const char *note)
{
    struct buf text;
    uint64_t hash = hash_bytes(HASH_START, note, strlen(note));
    if (hash == c->last_note)
        return;
    c->last_note = hash;
    buf_init(&text, 0);
    clean_line(&text, note);
    wipe(c);
    fprintf(c->options->tell.out, "note: %s\n", buf_text(&text));
    fflush(c->options->tell.out);
    buf_free(&text);
}

/* A payload may be long: its beginning tells enough, the file has all of it. */
static void in_short(const struct campaign *c, struct buf *out, const char *label, const char *text)
{
    size_t columns = c->terminal.columns;
    size_t room = columns < 2 * LABEL_COLUMNS ? LABEL_COLUMNS : columns - 1 - LABEL_COLUMNS;
    struct buf clean;
    buf_init(&clean, 0);
    clean_line(&clean, text == NULL ? "" : text);
    buf_printf(out, "\n      %-8s ", label);
    clean_cut(out, buf_text(&clean), c->terminal.live && room < SHOWN_COLUMNS ? room : SHOWN_COLUMNS);
    buf_free(&clean);
}

void status_finding(struct campaign *c, const struct finding *finding, const struct case_result *shown, size_t steps)
{
    struct buf text;
    bool sure = finding->again && !finding->ours, counts = campaign_counts(c, finding);
    bool red = c->terminal.color && counts;
    buf_init(&text, 0);
    buf_printf(&text, "%s%s%s  ", red ? "\033[31m" : "", counts ? "FINDING" : sure ? "NON-STRICT" : "DOUBT",
               red ? "\033[0m" : "");
    clean_line(&text, finding->signature);
    if (finding->verdict == VERDICT_NON_STRICT) {
        buf_append_text(&text, "\n      the text allows it and advises against it:");
        in_short(c, &text, "", shown->detail);
    } else {
        in_short(c, &text, "expected", shown->expected);
        in_short(c, &text, "got", shown->seen);
    }
    if (!finding->again)
        buf_append_text(&text, "\n      it did not show again when played alone");
    else if (finding->ours)
        buf_append_text(&text, "\n      the reference peer fails it too: a mistake of wsgauntlet's, please report it");
    buf_append_text(&text, "\n      after ");
    duration(campaign_spent(c), &text);
    buf_printf(&text, ", %zu move%s: ", steps, steps == 1 ? "" : "s");
    clean_line(&text, finding->path);
    wipe(c);
    fprintf(c->options->tell.out, "%s\n", buf_text(&text));
    fflush(c->options->tell.out);
    buf_free(&text);
}

void status_known(struct campaign *c, const struct finding *finding, const char *how)
{
    struct buf text;
    buf_init(&text, 0);
    buf_append_text(&text, finding->verdict == VERDICT_PASS ? "GONE  " : "KNOWN  ");
    clean_line(&text, finding->signature);
    buf_printf(&text, "\n      %s: ", how);
    clean_line(&text, finding->path);
    wipe(c);
    fprintf(c->options->tell.out, "%s\n", buf_text(&text));
    fflush(c->options->tell.out);
    buf_free(&text);
}

void status_end(struct campaign *c)
{
    struct buf text;
    buf_init(&text, 0);
    wipe(c);
    summary(c, &text);
    fprintf(c->options->tell.out, "%s%s\n", buf_text(&text), c->end == PLAY_INTERRUPTED ? "; interrupted" : "");
    for (size_t i = 0; i < c->report->count; i++)
        if (c->report->cases[i]->verdict == VERDICT_FAIL)
            fprintf(c->options->tell.out, "      replay: %s\n", c->report->cases[i]->replay);
    if (c->unplayable != 0)
        fprintf(c->options->tell.out, "note: %llu sessions could not be played\n", (unsigned long long)c->unplayable);
    if (c->edges != NULL && edge_map_count(c->edges) == 0)
        fputs("note: the testee told of no edges: is it built with afl-clang-fast, or linked with fuzz/guard.c?\n",
              c->options->tell.out);
    fflush(c->options->tell.out);
    buf_free(&text);
}
