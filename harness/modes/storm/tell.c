/* See tell.h. */
#include "modes/storm/tell.h"

#include "base/buf.h"

#include <string.h>

static void milliseconds(char *out, size_t size, uint64_t ns)
{
    snprintf(out, size, ns < 10000000ull ? "%.1f ms" : "%.0f ms", (double)ns / 1e6);
}

void tell_header(FILE *out)
{
    fprintf(out, "%-38s %8s %8s %8s %9s %10s %8s %9s %9s\n", "policy", "half", "99%", "all back", "tries",
            "in 100 ms", "at once", "handshake", "99%");
}

/* The columns of the result's picture: so many tries began in each 100 ms. */
static const struct figure_series *arrivals(const struct case_result *result)
{
    const struct figure_series *series = result->figures == NULL ? NULL : result->figures->series;
    return series;
}

/* As high as the highest; several of 100 ms in one column where there are more than columns. */
static void draw(struct buf *out, const struct figure_series *bars, unsigned columns)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t count = bars == NULL ? 0 : bars->count, wide = count / columns + 1;
    double highest = 1;
    for (int drawing = 0; drawing < 2; drawing++)
        for (size_t at = 0; at < count; at += wide) {
            double sum = 0;
            for (size_t i = at; i < at + wide && i < count; i++)
                sum += bars->points[i].y;
            if (drawing == 0)
                highest = sum > highest ? sum : highest;
            else
                buf_append_text(out, blocks[sum < 1 ? 0 : 1 + (int)(sum * 7 / highest)]);
        }
    char length[24];
    buf_printf(out, "| %s", storm_seconds(length, count * MEASURE_BIN_NS));
}

void tell_storm(FILE *out, const struct terminal *terminal, const char *policy, const struct case_result *result)
{
    char half[24], most[24], all[24], middle[24], slow[24];
    struct storm_numbers n;
    struct buf curve;
    if (!storm_read(result, &n))
        return;
    milliseconds(middle, sizeof middle, n.handshake_ns);
    milliseconds(slow, sizeof slow, n.handshakes_ns);
    bool red = terminal->color && n.back < n.clients;
    fprintf(out, "%-38s %8s %8s %s%8s%s %9llu %10llu %8llu %9s %9s\n", policy, storm_seconds(half, n.half_ns),
            storm_seconds(most, n.most_ns), red ? "\033[31m" : "", storm_seconds(all, n.all_ns), red ? "\033[0m" : "",
            (unsigned long long)n.tries, (unsigned long long)n.peak, (unsigned long long)n.at_once, middle, slow);
    buf_init(&curve, 0);
    draw(&curve, arrivals(result), terminal->columns > 24 ? terminal->columns - 16 : 64);
    fprintf(out, "  %s\n", buf_text(&curve));
    fflush(out);
    buf_free(&curve);
}

struct case_result *report_storm(struct run_result *run, const char *policy, const struct measure *measure,
                                 const char *source)
{
    struct case_result *result = run_result_add(run);
    struct storm_numbers numbers = storm_numbers_of(measure);
    if (result == NULL)
        return NULL;
    result->id = arena_printf(&run->arena, "storm/%s", policy);
    result->title = arena_printf(&run->arena, "%zu clients come back: reconnect %s", measure->clients, policy);
    result->section = "storm";
    result->verdict = measure->back < measure->clients ? VERDICT_FAIL : VERDICT_PASS;
    result->duration_ns = measure->bin_count * MEASURE_BIN_NS;
    result->expected = arena_printf(&run->arena, "all %zu clients are back", measure->clients);
    result->seen = storm_sentence(&run->arena, &numbers);
    result->detail = storm_details(&run->arena, &numbers);
    result->source = arena_text(&run->arena, source);
    result->replay = "";
    storm_draw(run, result, measure);
    run->ended++;
    return result;
}
