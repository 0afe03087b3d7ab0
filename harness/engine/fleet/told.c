/* See told.h. */
#include "engine/fleet/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS 500u /* of a curve, beside the exact ones */
#define TRIES_TITLE "tries to connect"
#define UNDER_WAY_TITLE "handshakes under way"
#define BACK_TITLE "clients that are back"
#define HANDSHAKES_TITLE "how long an opening handshake took"

/* ---- to figures ---- */

/* values[i] is where the curve comes to i + 1. Every so many points, and the ranks that sentences name. */
static void draw_curve(struct arena *arena, struct figure_series *series, const uint64_t *values, size_t count,
                       size_t whole, double unit)
{
    size_t every = count / POINTS + 1, half = (whole + 1) / 2, most = (whole * 99 + 99) / 100;
    for (size_t rank = 1; rank <= count; rank++)
        if ((rank - 1) % every == 0 || rank == half || rank == most || rank == count)
            figure_point(arena, series,
                         &(struct figure_point){.x = (double)values[rank - 1] / unit, .y = (double)rank});
}

static void draw_bins(struct run_result *run, struct case_result *result, const struct measure *m)
{
    struct figure *tries = figure_add(&run->arena, &result->figures, TRIES_TITLE, "s", "in 100 ms");
    struct figure_series *began = figure_series(&run->arena, tries, FIGURE_BARS, "arrivals");
    struct figure_series *failed = figure_series(&run->arena, tries, FIGURE_BARS, "failed");
    struct figure *under_way =
        figure_add(&run->arena, &result->figures, UNDER_WAY_TITLE, "s", "most at once in 100 ms");
    struct figure_series *at_once = figure_series(&run->arena, under_way, FIGURE_BARS, "at once");
    for (size_t i = 0; i < m->bin_count; i++) {
        double x = (double)i * MEASURE_BIN_NS / 1e9;
        figure_point(&run->arena, began, &(struct figure_point){.x = x, .y = m->bins[i].arrivals});
        if (m->bins[i].failed != 0)
            figure_point(&run->arena, failed, &(struct figure_point){.x = x, .y = m->bins[i].failed});
        figure_point(&run->arena, at_once, &(struct figure_point){.x = x, .y = m->bins[i].under_way});
    }
}

void storm_draw(struct run_result *run, struct case_result *result, const struct measure *m)
{
    struct arena *arena = &run->arena;
    uint64_t *handshakes = measure_handshakes(m);
    draw_bins(run, result, m);
    struct figure *back = figure_add(arena, &result->figures, BACK_TITLE, "s", "clients");
    draw_curve(arena, figure_series(arena, back, FIGURE_LINE, "back"), m->back_ns, m->back, m->clients, 1e9);
    figure_point(arena, figure_series(arena, back, FIGURE_LINE, "all"),
                 &(struct figure_point){.y = (double)m->clients});
    struct figure *answered = figure_add(arena, &result->figures, HANDSHAKES_TITLE, "ms", "clients");
    struct figure_series *within = figure_series(arena, answered, FIGURE_LINE, "answered within");
    if (handshakes != NULL)
        draw_curve(arena, within, handshakes, m->back, m->back, 1e6);
    free(handshakes);
}

/* ---- from figures ---- */

static const struct figure_series *find(const struct case_result *result, const char *title, const char *name)
{
    const struct figure *figure = result->figures;
    while (figure != NULL && strcmp(figure->title, title) != 0)
        figure = figure->next;
    const struct figure_series *series = figure == NULL ? NULL : figure->series;
    while (series != NULL && strcmp(series->name, name) != 0)
        series = series->next;
    return series;
}

static uint64_t highest(const struct figure_series *series)
{
    double most = 0;
    for (size_t i = 0; series != NULL && i < series->count; i++)
        most = series->points[i].y > most ? series->points[i].y : most;
    return most < 1e15 ? (uint64_t)(most + 0.5) : 0;
}

static uint64_t sum(const struct figure_series *series)
{
    double all = 0;
    for (size_t i = 0; series != NULL && i < series->count; i++)
        all += series->points[i].y > 0 ? series->points[i].y : 0;
    return all < 1e15 ? (uint64_t)(all + 0.5) : 0;
}

/* Where the curve, which rises, has come to so many percent of `whole`; `otherwise`: it never has. */
static uint64_t reached(const struct figure_series *series, uint64_t whole, unsigned percent, double unit,
                        uint64_t otherwise)
{
    double wanted = (double)((whole * percent + 99) / 100);
    for (size_t i = 0; series != NULL && i < series->count; i++)
        if (series->points[i].y >= wanted && series->points[i].x >= 0 && series->points[i].x < 1e9)
            return (uint64_t)(series->points[i].x * unit + 0.5);
    return otherwise;
}

bool storm_read(const struct case_result *result, struct storm_numbers *n)
{
    const struct figure_series *all = find(result, BACK_TITLE, "all"), *back = find(result, BACK_TITLE, "back");
    const struct figure_series *within = find(result, HANDSHAKES_TITLE, "answered within");
    *n = (struct storm_numbers){0};
    if (all == NULL || all->count == 0)
        return false;
    n->clients = highest(all);
    n->back = highest(back);
    n->tries = sum(find(result, TRIES_TITLE, "arrivals"));
    n->failures = sum(find(result, TRIES_TITLE, "failed"));
    n->peak = highest(find(result, TRIES_TITLE, "arrivals"));
    n->at_once = highest(find(result, UNDER_WAY_TITLE, "at once"));
    n->half_ns = reached(back, n->clients, 50, 1e9, UINT64_MAX);
    n->most_ns = reached(back, n->clients, 99, 1e9, UINT64_MAX);
    n->all_ns = reached(back, n->clients, 100, 1e9, UINT64_MAX);
    n->handshake_ns = reached(within, n->back, 50, 1e6, 0);
    n->handshakes_ns = reached(within, n->back, 99, 1e6, 0);
    return true;
}

struct storm_numbers storm_numbers_of(const struct measure *m)
{
    uint64_t *handshakes = measure_handshakes(m);
    struct storm_numbers numbers = {
        .clients = m->clients, .back = m->back, .tries = m->tries, .failures = m->failures, .peak = measure_peak(m),
        .at_once = m->peak_under_way, .half_ns = measure_back_at(m, 50), .most_ns = measure_back_at(m, 99),
        .all_ns = measure_back_at(m, 100), .handshake_ns = measure_percentile(handshakes, m->back, 50),
        .handshakes_ns = measure_percentile(handshakes, m->back, 99),
    };
    free(handshakes);
    return numbers;
}

/* ---- in words ---- */

const char *storm_seconds(char text[24], uint64_t ns)
{
    if (ns == UINT64_MAX)
        snprintf(text, 24, "never");
    else
        snprintf(text, 24, ns < 10000000000ull ? "%.2f s" : "%.1f s", (double)ns / 1e9);
    return text;
}

const char *storm_sentence(struct arena *arena, const struct storm_numbers *n)
{
    char half[24], most[24], all[24];
    const char *text = arena_printf(arena, "%llu of %llu are back: half after %s, 99%% after %s, all after %s",
                                    (unsigned long long)n->back, (unsigned long long)n->clients,
                                    storm_seconds(half, n->half_ns), storm_seconds(most, n->most_ns),
                                    storm_seconds(all, n->all_ns));
    return text == NULL ? "" : text;
}

const char *storm_details(struct arena *arena, const struct storm_numbers *n)
{
    const char *text = arena_printf(
        arena,
        "%llu tries, %llu failed; %llu began in the fullest 100 ms, at most %llu handshakes were under way at once; "
        "half of them were answered within %.1f ms, 99%% within %.1f ms",
        (unsigned long long)n->tries, (unsigned long long)n->failures, (unsigned long long)n->peak,
        (unsigned long long)n->at_once, (double)n->handshake_ns / 1e6, (double)n->handshakes_ns / 1e6);
    return text == NULL ? "" : text;
}

const char *storm_story(struct arena *arena, const struct storm_numbers *n)
{
    const char *text = arena_printf(arena, "%s; %s", storm_sentence(arena, n), storm_details(arena, n));
    return text == NULL ? "" : text;
}

void storm_retell(struct arena *arena, struct case_result *result)
{
    static const char told[] = " are back: half after ";
    struct storm_numbers numbers;
    if (!storm_read(result, &numbers))
        return;
    if (strstr(result->detail, told) != NULL)
        result->detail = storm_story(arena, &numbers);
    if (strstr(result->seen, told) == NULL)
        return; /* or it has failed by something else */
    result->seen = storm_sentence(arena, &numbers);
    result->detail = storm_details(arena, &numbers);
    const char *tail = strstr(result->title, " clients come back: ");
    if (strcmp(result->section, "storm") != 0 || tail == NULL)
        return;
    const char *title = arena_printf(arena, "%llu%s", (unsigned long long)numbers.clients, tail);
    const char *expected = arena_printf(arena, "all %llu clients are back", (unsigned long long)numbers.clients);
    result->title = title == NULL ? result->title : title;
    result->expected = expected == NULL ? result->expected : expected;
}
