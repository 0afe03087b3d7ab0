/* See figure.h. Points double their room in the arena: what is left behind is at most as much again. */
#include "engine/figure.h"

#include "base/limits.h"

#include <math.h>
#include <string.h>

const char *figure_kind_word(enum figure_kind kind)
{
    static const char *const words[FIGURE_KINDS] = {
        [FIGURE_LINE] = "line", [FIGURE_BARS] = "bars", [FIGURE_MARKS] = "marks", [FIGURE_SPANS] = "spans",
    };
    return (unsigned)kind < FIGURE_KINDS ? words[kind] : "?";
}

static const char *copy(struct arena *arena, const char *text)
{
    const char *kept = text == NULL ? "" : arena_text(arena, text);
    return kept == NULL ? "" : kept;
}

struct figure *figure_add(struct arena *arena, struct figure **first, const char *title, const char *x_unit,
                          const char *y_unit)
{
    struct figure *figure = arena_alloc(arena, sizeof *figure);
    if (figure == NULL)
        return NULL;
    figure->title = copy(arena, title);
    figure->x_unit = copy(arena, x_unit);
    figure->y_unit = copy(arena, y_unit);
    while (*first != NULL)
        first = &(*first)->next;
    *first = figure;
    return figure;
}

struct figure_series *figure_series(struct arena *arena, struct figure *figure, enum figure_kind kind,
                                    const char *name)
{
    struct figure_series *series = figure == NULL ? NULL : arena_alloc(arena, sizeof *series);
    if (series == NULL)
        return NULL;
    series->kind = kind;
    series->name = copy(arena, name);
    struct figure_series **end = &figure->series;
    while (*end != NULL)
        end = &(*end)->next;
    *end = series;
    return series;
}

static bool make_room(struct arena *arena, struct figure_series *series)
{
    if (series->count < series->capacity)
        return true;
    size_t capacity = series->capacity == 0 ? 16 : 2 * series->capacity;
    capacity = capacity < LIMIT_FIGURE_POINTS ? capacity : LIMIT_FIGURE_POINTS;
    struct figure_point *points =
        capacity == series->count ? NULL : arena_alloc(arena, capacity * sizeof *points);
    if (points == NULL)
        return false;
    if (series->count != 0)
        memcpy(points, series->points, series->count * sizeof *points);
    series->points = points;
    series->capacity = capacity;
    return true;
}

void figure_point(struct arena *arena, struct figure_series *series, const struct figure_point *point)
{
    if (series == NULL)
        return;
    if (!isfinite(point->x) || !isfinite(point->y) || !isfinite(point->until) || !make_room(arena, series)) {
        series->left_out++;
        return;
    }
    series->points[series->count] = *point;
    series->points[series->count++].label = copy(arena, point->label);
}
