/* See merge.h. */
#include "report/merge.h"

#include "base/limits.h"
#include "engine/fleet/told.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

/* ---- cases by id ---- */

struct entry {
    const struct case_result *result;
    size_t at; /* in the run; the first of several that are alike */
};

struct run_index {
    const struct run_result *run;
    size_t count;
    struct entry entries[];
};

static int compare(const struct case_result *a, const struct case_result *b)
{
    int order = strcmp(a->id, b->id);
    return order != 0 ? order : a->round < b->round ? -1 : a->round > b->round;
}

static int by_id(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = compare(left->result, right->result);
    return order != 0 ? order : left->at < right->at ? -1 : left->at > right->at;
}

struct run_index *run_index_new(const struct run_result *run)
{
    struct run_index *index = malloc(sizeof *index + run->count * sizeof *index->entries);
    if (index == NULL)
        return NULL;
    index->run = run;
    index->count = run->count;
    for (size_t i = 0; i < run->count; i++)
        index->entries[i] = (struct entry){.result = run->cases[i], .at = i};
    qsort(index->entries, index->count, sizeof *index->entries, by_id);
    return index;
}

/* SIZE_MAX for none. */
static size_t position(const struct run_index *index, const struct case_result *like)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(index->entries[middle].result, like) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < index->count && compare(index->entries[low].result, like) == 0;
    return found ? index->entries[low].at : SIZE_MAX;
}

struct case_result *run_index_find(const struct run_index *index, const struct case_result *like)
{
    size_t at = position(index, like);
    return at == SIZE_MAX ? NULL : index->run->cases[at];
}

void run_index_free(struct run_index *index)
{
    free(index);
}

/* ---- comparing ---- */

/* What the testee shows with it: less is better. ERROR says nothing of it. */
static int rank(enum verdict verdict)
{
    static const int ranks[VERDICTS] = {
        [VERDICT_ERROR] = -1, [VERDICT_PASS] = 0,       [VERDICT_INFO] = 0,
        [VERDICT_UNIMPLEMENTED] = 1, [VERDICT_NON_STRICT] = 2, [VERDICT_FAIL] = 3,
    };
    return ranks[verdict];
}

enum change verdict_change(enum verdict before, enum verdict after)
{
    int from = rank(before), to = rank(after);
    if (before == after)
        return CHANGE_NONE;
    if (from < 0 || to < 0 || from == to)
        return CHANGE_OTHER;
    return to < from ? CHANGE_BETTER : CHANGE_WORSE;
}

struct case_change *run_changes(const struct run_result *before, const struct run_result *after, size_t *count)
{
    struct run_index *old = run_index_new(before), *new = run_index_new(after);
    struct case_change *changes = calloc(before->count + after->count + 1, sizeof *changes);
    *count = 0;
    if (old != NULL && new != NULL && changes != NULL) {
        for (size_t i = 0; i < after->count; i++) {
            const struct case_result *now = after->cases[i], *then = run_index_find(old, now);
            changes[(*count)++] = (struct case_change){
                .change = then == NULL ? CHANGE_NEW : verdict_change(then->verdict, now->verdict),
                .before = then,
                .after = now,
            };
        }
        for (size_t i = 0; i < before->count; i++)
            if (run_index_find(new, before->cases[i]) == NULL)
                changes[(*count)++] = (struct case_change){.change = CHANGE_GONE, .before = before->cases[i]};
    } else {
        free(changes);
        changes = NULL;
    }
    run_index_free(old);
    run_index_free(new);
    return changes;
}

/* ---- pictures ---- */

static struct figure *same_figure(struct figure *figures, const struct figure *wanted)
{
    while (figures != NULL && (strcmp(figures->title, wanted->title) != 0 ||
                               strcmp(figures->x_unit, wanted->x_unit) != 0 ||
                               strcmp(figures->y_unit, wanted->y_unit) != 0))
        figures = figures->next;
    return figures;
}

static struct figure_series *same_series(struct figure_series *series, const struct figure_series *wanted)
{
    while (series != NULL && (series->kind != wanted->kind || strcmp(series->name, wanted->name) != 0))
        series = series->next;
    return series;
}

/* A column is added to the one that begins at the same x, whichever is nearest behind the last one. */
static void add_bar(struct arena *arena, struct figure_series *series, const struct figure_point *bar, size_t *from)
{
    for (size_t tried = 0; tried < series->count; tried++) {
        size_t at = (*from + tried) % series->count;
        if (series->points[at].x >= bar->x && series->points[at].x <= bar->x) {
            series->points[at].y += bar->y;
            *from = at;
            return;
        }
    }
    figure_point(arena, series, bar);
}

static int by_x(const void *a, const void *b)
{
    const struct figure_point *left = a, *right = b;
    return left->x < right->x ? -1 : left->x > right->x;
}

/* Into `steps`: where the curve rises or falls, and by how much. It is 0 before its first point. */
static size_t put_steps(struct figure_point *steps, const struct figure_series *series)
{
    if (series->count != 0)
        memcpy(steps, series->points, series->count * sizeof *steps);
    qsort(steps, series->count, sizeof *steps, by_x);
    double before = 0;
    for (size_t i = 0; i < series->count; i++) {
        double y = steps[i].y;
        steps[i].y -= before;
        before = y;
    }
    return series->count;
}

/* The sum of both curves at every x that one of them has; of too many points every second, third ... */
static void add_curve(struct arena *arena, struct figure_series *series, const struct figure_series *more)
{
    struct figure_point *steps = malloc((series->count + more->count + 1) * sizeof *steps);
    if (steps == NULL)
        return;
    size_t count = put_steps(steps, series);
    count += put_steps(steps + count, more);
    qsort(steps, count, sizeof *steps, by_x);
    size_t stride = count / LIMIT_FIGURE_POINTS + 1;
    double sum = 0;
    series->count = 0;
    for (size_t i = 0; i < count; i++) {
        sum += steps[i].y;
        bool last = i + 1 == count || steps[i + 1].x > steps[i].x;
        if (i + 1 == count || (last && i % stride == 0))
            figure_point(arena, series, &(struct figure_point){.x = steps[i].x, .y = sum});
    }
    free(steps);
}

static void merge_series(struct arena *arena, struct figure_series *series, const struct figure_series *more)
{
    size_t from = 0;
    if (series->kind == FIGURE_LINE)
        add_curve(arena, series, more);
    for (size_t i = 0; series->kind != FIGURE_LINE && i < more->count; i++)
        if (series->kind == FIGURE_BARS)
            add_bar(arena, series, &more->points[i], &from);
        else
            figure_point(arena, series, &more->points[i]);
    series->left_out += more->left_out;
}

static void merge_figures(struct arena *arena, struct figure **figures, const struct figure *more)
{
    for (; more != NULL; more = more->next) {
        struct figure *figure = same_figure(*figures, more);
        if (figure == NULL)
            figure = figure_add(arena, figures, more->title, more->x_unit, more->y_unit);
        for (const struct figure_series *add = more->series; figure != NULL && add != NULL; add = add->next) {
            struct figure_series *series = same_series(figure->series, add);
            if (series == NULL)
                series = figure_series(arena, figure, add->kind, add->name);
            if (series != NULL)
                merge_series(arena, series, add);
        }
    }
}

/* Do they add up? Marks and spans are of one play of a case. */
static bool adds_up(const struct figure *figure)
{
    for (; figure != NULL; figure = figure->next)
        for (const struct figure_series *series = figure->series; series != NULL; series = series->next)
            if (series->kind != FIGURE_BARS && series->kind != FIGURE_LINE)
                return false;
    return true;
}

/* ---- merging ---- */

/* The worse of two results of one case, in the place of `kept`; with what both have in their figures. */
static void merge_case(struct arena *arena, struct case_result *kept, const struct case_result *other)
{
    struct figure *figures = kept->figures, *more = other->figures;
    bool worse = rank(other->verdict) > rank(kept->verdict);
    if (worse)
        *kept = *other;
    if (!adds_up(figures) || !adds_up(more))
        return;
    merge_figures(arena, &figures, more);
    kept->figures = figures;
    storm_retell(arena, kept);
}

/* And measured alike. */
static bool same_testee(const struct run_result *a, const struct run_result *b)
{
    const struct testee_info *x = &a->testee, *y = &b->testee;
    bool alike = strcmp(a->mode, b->mode) == 0 && x->role == y->role && x->tls == y->tls &&
                 x->builtin == y->builtin && words_alike(x->fault, y->fault) && words_alike(a->profile, b->profile) &&
                 strcmp(x->agent, y->agent) == 0;
    if (!alike || x->builtin)
        return alike;
    if (x->command[0] != 0 || y->command[0] != 0)
        return strcmp(x->command, y->command) == 0;
    return strcmp(x->url, y->url) == 0;
}

/* In a stable order: sections by their first case. */
static bool sort_by_section(struct run_result *run)
{
    struct case_result **sorted = malloc((run->count + 1) * sizeof(struct case_result *));
    bool *taken = calloc(run->count + 1, sizeof *taken);
    size_t count = 0;
    for (size_t i = 0; sorted != NULL && taken != NULL && i < run->count; i++) {
        for (size_t k = i; !taken[i] && k < run->count; k++) {
            if (taken[k] || (k != i && strcmp(run->cases[k]->section, run->cases[i]->section) != 0))
                continue;
            sorted[count++] = run->cases[k];
            taken[k] = k != i;
        }
        taken[i] = true;
    }
    bool fine = sorted != NULL && taken != NULL;
    if (fine && count != 0)
        memcpy(run->cases, sorted, count * sizeof(struct case_result *));
    free(sorted);
    free(taken);
    return fine;
}

/* `from` into `to`; its strings come along. */
static bool merge_run(struct run_result *to, struct run_result *from)
{
    struct run_index *index = run_index_new(to);
    size_t missing = to->planned > to->count ? to->planned - to->count : 0;
    missing += from->planned > from->count ? from->planned - from->count : 0;
    bool fine = index != NULL;
    for (size_t i = 0; fine && i < from->count; i++) {
        size_t at = position(index, from->cases[i]);
        struct case_result *added = at == SIZE_MAX ? run_result_add(to) : NULL;
        fine = at != SIZE_MAX || added != NULL;
        if (at != SIZE_MAX)
            merge_case(&to->arena, to->cases[at], from->cases[i]);
        else if (fine)
            *added = *from->cases[i];
    }
    run_index_free(index);
    merge_figures(&to->arena, &to->figures, from->figures);
    to->ended = to->count;
    to->planned = to->count + missing;
    to->interrupted |= from->interrupted;
    to->rounds = 0; /* they do not stand together any more */
    to->duration_ns = from->duration_ns > to->duration_ns ? from->duration_ns : to->duration_ns;
    if (from->started[0] != 0 && (to->started[0] == 0 || strcmp(from->started, to->started) < 0))
        to->started = from->started;
    arena_adopt(&to->arena, &from->arena);
    return fine;
}

bool result_merge(struct result_set *set, struct diag *why)
{
    size_t kept = 0;
    bool fine = true;
    for (size_t i = 0; i < set->count; i++) {
        size_t same = 0;
        while (same < kept && !same_testee(set->runs[same], set->runs[i]))
            same++;
        if (same == kept) {
            set->runs[kept++] = set->runs[i];
            continue;
        }
        fine &= merge_run(set->runs[same], set->runs[i]);
        run_result_free(set->runs[i]);
    }
    set->count = kept;
    for (size_t i = 0; i < kept; i++)
        fine &= sort_by_section(set->runs[i]);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory");
}
