/* Pictures of a run: data with names and units, which the HTML report draws and
 * the JSON carries. Whoever fills one says what it means, not how it looks:
 *
 *   struct figure *figure = figure_add(&run->arena, &run->figures, "attempts to connect", "s", "attempt");
 *   struct figure_series *series = figure_series(&run->arena, figure, FIGURE_MARKS, "refused");
 *   figure_point(&run->arena, series, &(struct figure_point){.x = 1.25, .y = 3, .label = "RST"});
 *
 * A run has figures, and so has each of its cases (result->figures). All memory
 * is of the arena; without memory, calls do nothing and may be chained on. */
#ifndef ENGINE_FIGURE_H
#define ENGINE_FIGURE_H

#include "base/arena.h"

#include <stdbool.h>

enum figure_kind {
    FIGURE_LINE,  /* a curve through (x, y) in the order of x */
    FIGURE_BARS,  /* a column of height y that begins at x; merged runs add them up */
    FIGURE_MARKS, /* something happened at x, in row y */
    FIGURE_SPANS, /* something lasted from x until `until`, in row y */
    FIGURE_KINDS
};
const char *figure_kind_word(enum figure_kind kind); /* "line", "bars" ... */

struct figure_point {
    double x, y;
    double until;      /* SPANS */
    const char *label; /* told where one points at it; NULL: "" */
};

struct figure_series {
    enum figure_kind kind;
    const char *name;  /* for the legend */
    struct figure_point *points;
    size_t count, capacity;
    size_t left_out;   /* beyond LIMIT_FIGURE_POINTS */
    struct figure_series *next;
};

struct figure {
    const char *title;
    const char *x_unit; /* "s", "ms" ...; "" for none */
    const char *y_unit; /* "arrivals per 100 ms"; MARKS and SPANS: what a row is, "connection" */
    struct figure_series *series; /* in the order in which they were added */
    struct figure *next;
};

/* At the end of the list *first; strings are copied. NULL without memory. */
struct figure *figure_add(struct arena *arena, struct figure **first, const char *title, const char *x_unit,
                          const char *y_unit);
/* At its end; `figure` may be NULL. */
struct figure_series *figure_series(struct arena *arena, struct figure *figure, enum figure_kind kind,
                                    const char *name);
/* Not finite, or beyond the limit: counted, not kept. `series` may be NULL. */
void figure_point(struct arena *arena, struct figure_series *series, const struct figure_point *point);

#endif
