/* See tell.h. */
#include "modes/storm/tell.h"

#include "base/buf.h"
#include "engine/figure.h"

#include <string.h>

static void seconds(char *out, size_t size, uint64_t ns)
{
    if (ns == UINT64_MAX)
        snprintf(out, size, "never");
    else if (ns < 10000000000ull)
        snprintf(out, size, "%.2f s", (double)ns / 1e9);
    else
        snprintf(out, size, "%.1f s", (double)ns / 1e9);
}

static void milliseconds(char *out, size_t size, uint64_t ns)
{
    snprintf(out, size, ns < 10000000ull ? "%.1f ms" : "%.0f ms", (double)ns / 1e6);
}

void tell_header(FILE *out)
{
    fprintf(out, "%-38s %8s %8s %8s %9s %10s %8s %9s %9s\n", "policy", "half", "99%", "all back", "tries",
            "in 100 ms", "at once", "handshake", "99%");
}

/* Arrivals, as high as the highest; several bins in one column where there are more than columns. */
static void draw(struct buf *out, const struct measure *m, unsigned columns)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t wide = m->bins / columns + 1;
    uint64_t highest = 1;
    for (int drawing = 0; drawing < 2; drawing++)
        for (size_t at = 0; at < m->bins; at += wide) {
            uint64_t sum = 0;
            for (size_t i = at; i < at + wide && i < m->bins; i++)
                sum += m->arrivals[i];
            if (drawing == 0)
                highest = sum > highest ? sum : highest;
            else
                buf_append_text(out, blocks[sum == 0 ? 0 : 1 + sum * 7 / highest]);
        }
    char length[24];
    seconds(length, sizeof length, m->bins * MEASURE_BIN_NS);
    buf_printf(out, "| %s", length);
}

void tell_storm(FILE *out, const struct terminal *terminal, const char *policy, const struct measure *m)
{
    char half[24], most[24], all[24], middle[24], slow[24];
    struct buf curve;
    seconds(half, sizeof half, measure_back_at(m, 50));
    seconds(most, sizeof most, measure_back_at(m, 99));
    seconds(all, sizeof all, measure_back_at(m, 100));
    milliseconds(middle, sizeof middle, measure_handshake(m, 50));
    milliseconds(slow, sizeof slow, measure_handshake(m, 99));
    bool red = terminal->color && m->back < m->clients;
    fprintf(out, "%-38s %8s %8s %s%8s%s %9llu %10u %8zu %9s %9s\n", policy, half, most, red ? "\033[31m" : "", all,
            red ? "\033[0m" : "", (unsigned long long)m->tries, measure_peak(m), m->peak_under_way, middle, slow);
    buf_init(&curve, 0);
    draw(&curve, m, terminal->columns > 24 ? terminal->columns - 16 : 64);
    fprintf(out, "  %s\n", buf_text(&curve));
    fflush(out);
    buf_free(&curve);
}

static void add_figures(struct run_result *run, struct case_result *result, const struct measure *m)
{
    struct figure *figure =
        figure_add(&run->arena, &result->figures, "tries to connect", "s", "tries that begin in 100 ms");
    struct figure_series *bars = figure_series(&run->arena, figure, FIGURE_BARS, "arrivals");
    for (size_t i = 0; i < m->bins; i++)
        figure_point(&run->arena, bars,
                     &(struct figure_point){.x = (double)i * MEASURE_BIN_NS / 1e9, .y = m->arrivals[i]});
    figure = figure_add(&run->arena, &result->figures, "clients that are back", "s", "clients");
    struct figure_series *line = figure_series(&run->arena, figure, FIGURE_LINE, "back");
    size_t every = m->back / 500 + 1;
    for (size_t i = 0; i < m->back; i += every)
        figure_point(&run->arena, line,
                     &(struct figure_point){.x = (double)m->back_ns[i] / 1e9, .y = (double)i + 1});
}

void report_storm(struct run_result *run, const char *policy, const struct measure *m, const char *replay)
{
    struct case_result *result = run_result_add(run);
    char half[24], most[24], all[24];
    if (result == NULL)
        return;
    seconds(half, sizeof half, measure_back_at(m, 50));
    seconds(most, sizeof most, measure_back_at(m, 99));
    seconds(all, sizeof all, measure_back_at(m, 100));
    result->id = arena_printf(&run->arena, "storm/%s", policy);
    result->title = arena_printf(&run->arena, "%zu clients come back: reconnect %s", m->clients, policy);
    result->section = "storm";
    result->verdict = m->back < m->clients ? VERDICT_FAIL : VERDICT_PASS;
    result->duration_ns = m->bins * MEASURE_BIN_NS;
    result->expected = arena_printf(&run->arena, "all %zu clients are back", m->clients);
    result->seen = arena_printf(&run->arena, "%zu are back: half after %s, 99%% after %s, all after %s", m->back, half,
                                most, all);
    result->detail = arena_printf(&run->arena,
                                  "%llu tries, %llu failed; %u began in the fullest 100 ms, %zu were under way at "
                                  "once; a handshake took %.1f ms, 99%% at most %.1f ms",
                                  (unsigned long long)m->tries, (unsigned long long)m->failures, measure_peak(m),
                                  m->peak_under_way, (double)measure_handshake(m, 50) / 1e6,
                                  (double)measure_handshake(m, 99) / 1e6);
    result->replay = arena_text(&run->arena, replay);
    add_figures(run, result, m);
    run->ended++;
}
