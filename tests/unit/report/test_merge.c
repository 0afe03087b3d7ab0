/* Shards become one run, testees stand side by side, and a comparison says what got worse. */
#include "report/merge.h"

#include "engine/fleet/told.h"

#include "sample.h"

static struct run_result *run_of(const char *agent, size_t planned)
{
    struct run_result *run = sample_run();
    run->testee.agent = arena_text(&run->arena, agent); /* so that nothing outlives its run unseen */
    run->planned = planned;
    return run;
}

static struct case_result *add(struct run_result *run, const char *id, const char *section, enum verdict verdict)
{
    struct case_result *result = run_result_add(run);
    ck_assert_ptr_nonnull(result);
    result->id = arena_text(&run->arena, id);
    result->section = arena_text(&run->arena, section);
    result->verdict = verdict;
    return result;
}

static void ck_assert_cases(const struct run_result *run, const char *wanted)
{
    struct buf got;
    buf_init(&got, 0);
    for (size_t i = 0; i < run->count; i++)
        buf_printf(&got, "%s%s %s", i == 0 ? "" : ", ", run->cases[i]->id, verdict_word(run->cases[i]->verdict));
    ck_assert_str_eq(buf_text(&got), wanted);
    buf_free(&got);
}

START_TEST(shards_become_one)
{
    struct result_set set = {0};
    struct run_result *first = run_of("a", 3), *second = run_of("a", 2), *other = run_of("b", 1);
    add(first, "one", "x", VERDICT_PASS);
    add(first, "three", "y", VERDICT_FAIL);
    add(second, "two", "x", VERDICT_NON_STRICT);
    add(second, "four", "y", VERDICT_PASS);
    add(other, "one", "x", VERDICT_FAIL);
    second->started = "2026-01-31T11:00:00Z";
    second->duration_ns = 9000000000;
    ck_assert(result_set_add(&set, first) && result_set_add(&set, other) && result_set_add(&set, second));
    ck_assert(result_merge(&set, NULL));
    ck_assert_uint_eq(set.count, 2);
    ck_assert_cases(set.runs[0], "one PASS, two NON_STRICT, three FAIL, four PASS");
    ck_assert_cases(set.runs[1], "one FAIL");
    ck_assert_uint_eq(set.runs[0]->planned, 5); /* one of the first shard's three did not run */
    ck_assert_uint_eq(set.runs[0]->duration_ns, 9000000000);
    ck_assert_str_eq(set.runs[0]->started, "2026-01-31T11:00:00Z");
    result_set_free(&set);
}
END_TEST

START_TEST(a_case_that_was_played_again_counts_as_it_went_worst)
{
    static const struct { enum verdict first, second, kept; } rows[] = {
        {VERDICT_PASS, VERDICT_FAIL, VERDICT_FAIL},       {VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL},
        {VERDICT_ERROR, VERDICT_PASS, VERDICT_PASS},      {VERDICT_PASS, VERDICT_ERROR, VERDICT_PASS},
        {VERDICT_NON_STRICT, VERDICT_UNIMPLEMENTED, VERDICT_NON_STRICT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result_set set = {0};
        struct run_result *first = run_of("a", 1), *second = run_of("a", 1);
        add(first, "one", "x", rows[i].first);
        add(second, "one", "x", rows[i].second);
        ck_assert(result_set_add(&set, first) && result_set_add(&set, second) && result_merge(&set, NULL));
        ck_assert_uint_eq(set.count, 1);
        ck_assert_uint_eq(set.runs[0]->count, 1);
        ck_assert_uint_eq(set.runs[0]->cases[0]->verdict, rows[i].kept);
        result_set_free(&set);
    }
}
END_TEST

START_TEST(who_is_another_testee)
{
    for (int what = 0; what < 8; what++) {
        struct result_set set = {0};
        struct run_result *first = run_of("a", 1), *second = run_of(what == 0 ? "b" : "a", 1);
        second->testee.tls = what == 1;
        second->testee.url = what == 2 ? "ws://other/" : first->testee.url;
        second->testee.role = what == 3 ? ROLE_CLIENT : ROLE_SERVER;
        second->mode = what == 4 ? "run" : first->mode;
        first->testee.builtin = second->testee.builtin = what == 5;
        second->testee.fault = what == 5 ? "pong-cut" : NULL;
        second->profile = what == 6 ? "strict" : NULL;
        ck_assert(result_set_add(&set, first) && result_set_add(&set, second) && result_merge(&set, NULL));
        ck_assert_uint_eq(set.count, what < 7 ? 2 : 1);
        result_set_free(&set);
    }
    struct result_set set = {0}; /* one that we start has another port each time */
    struct run_result *first = run_of("a", 1), *second = run_of("a", 1);
    first->testee.command = second->testee.command = "node x.js {port}";
    second->testee.url = "ws://127.0.0.1:2/";
    ck_assert(result_set_add(&set, first) && result_set_add(&set, second) && result_merge(&set, NULL));
    ck_assert_uint_eq(set.count, 1);
    result_set_free(&set);
}
END_TEST

static void bars(struct run_result *run, double x, double y)
{
    struct figure *figure = figure_add(&run->arena, &run->figures, "arrivals", "s", "connections");
    struct figure_series *series = figure_series(&run->arena, figure, FIGURE_BARS, "clients");
    figure_point(&run->arena, series, &(struct figure_point){.x = 0, .y = 10});
    figure_point(&run->arena, series, &(struct figure_point){.x = x, .y = y});
}

START_TEST(columns_are_added_up)
{
    struct result_set set = {0};
    struct run_result *first = run_of("a", 1), *second = run_of("a", 1);
    first->figures = second->figures = NULL;
    bars(first, 0.1, 5);
    bars(second, 0.2, 7);
    ck_assert(result_set_add(&set, first) && result_set_add(&set, second) && result_merge(&set, NULL));
    const struct figure_series *series = set.runs[0]->figures->series;
    ck_assert_ptr_null(set.runs[0]->figures->next);
    ck_assert_ptr_null(series->next);
    ck_assert_uint_eq(series->count, 3);
    ck_assert(series->points[0].y == 20 && series->points[1].y == 5 && series->points[2].y == 7);
    result_set_free(&set);
}
END_TEST

static void curve(struct run_result *run, struct case_result *result, const double (*points)[2], size_t count)
{
    struct figure *figure = figure_add(&run->arena, &result->figures, "back", "s", "clients");
    struct figure_series *series = figure_series(&run->arena, figure, FIGURE_LINE, "back");
    for (size_t i = 0; i < count; i++)
        figure_point(&run->arena, series, &(struct figure_point){.x = points[i][0], .y = points[i][1]});
}

/* Of a case in two shards: at each time as many as in both together. */
START_TEST(curves_are_added_up)
{
    static const double one[][2] = {{1, 1}, {2, 2}, {4, 3}}, two[][2] = {{0.5, 10}, {2, 20}};
    static const double wanted[][2] = {{0.5, 10}, {1, 11}, {2, 22}, {4, 23}};
    struct result_set set = {0};
    struct run_result *first = run_of("a", 1), *second = run_of("a", 1);
    curve(first, add(first, "storm", "x", VERDICT_PASS), one, 3);
    curve(second, add(second, "storm", "x", VERDICT_FAIL), two, 2);
    ck_assert(result_set_add(&set, first) && result_set_add(&set, second) && result_merge(&set, NULL));
    ck_assert_cases(set.runs[0], "storm FAIL");
    const struct figure_series *series = set.runs[0]->cases[0]->figures->series;
    ck_assert_uint_eq(series->count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert(series->points[i].x == wanted[i][0] && series->points[i].y == wanted[i][1]);
    result_set_free(&set);
}
END_TEST

/* What is said of a storm in two shards is of all clients. */
START_TEST(a_storm_in_shards_is_told_as_one)
{
    static const uint64_t back[2][3] = {{100, 200, 300}, {150, 250, 60000}};
    struct result_set set = {0};
    for (int i = 0; i < 2; i++) {
        struct run_result *run = run_of("a", 1);
        struct case_result *result = add(run, "storm/x", "storm", i == 0 ? VERDICT_PASS : VERDICT_FAIL);
        struct measure measure;
        ck_assert(measure_init(&measure, 3));
        for (int k = 0; k < 3 - i; k++) { /* one of the second shard's never comes */
            measure_try(&measure, 50 * 1000000);
            measure_answered(&measure, 60 * 1000000);
            measure_back(&measure, back[i][k] * 1000000, (uint64_t)(10 + i) * 1000000);
        }
        struct storm_numbers numbers = storm_numbers_of(&measure);
        result->title = "3 clients come back: reconnect x";
        result->seen = storm_sentence(&run->arena, &numbers);
        storm_draw(run, result, &measure);
        measure_free(&measure);
        ck_assert(result_set_add(&set, run));
    }
    ck_assert(result_merge(&set, NULL));
    const struct case_result *all = set.runs[0]->cases[0];
    ck_assert_int_eq(all->verdict, VERDICT_FAIL);
    ck_assert_str_eq(all->title, "6 clients come back: reconnect x");
    ck_assert_str_eq(all->expected, "all 6 clients are back");
    ck_assert_str_eq(all->seen, "5 of 6 are back: half after 0.20 s, 99% after never, all after never");
    ck_assert_ptr_nonnull(strstr(all->detail, "5 tries, 0 failed; 5 began in the fullest 100 ms"));
    ck_assert_ptr_nonnull(strstr(all->detail, "half of them were answered within 10.0 ms, 99% within 11.0 ms"));
    result_set_free(&set);
}
END_TEST

START_TEST(changes)
{
    struct run_result *before = run_of("a", 1), *after = run_of("a", 1);
    static const struct { const char *id; int before, after; enum change change; } rows[] = {
        {"same", VERDICT_FAIL, VERDICT_FAIL, CHANGE_NONE},
        {"worse", VERDICT_PASS, VERDICT_FAIL, CHANGE_WORSE},
        {"lost", VERDICT_PASS, VERDICT_UNIMPLEMENTED, CHANGE_WORSE},
        {"stricter", VERDICT_NON_STRICT, VERDICT_PASS, CHANGE_BETTER},
        {"choice", VERDICT_PASS, VERDICT_INFO, CHANGE_OTHER},
        {"trouble", VERDICT_PASS, VERDICT_ERROR, CHANGE_OTHER},
        {"new", -1, VERDICT_FAIL, CHANGE_NEW},
        {"gone", VERDICT_PASS, -1, CHANGE_GONE},
    };
    for (size_t i = 0; i < 8; i++) {
        if (rows[i].before >= 0)
            add(before, rows[i].id, "x", (enum verdict)rows[i].before);
        if (rows[7 - i].after >= 0) /* in another order */
            add(after, rows[7 - i].id, "x", (enum verdict)rows[7 - i].after);
    }
    size_t count;
    struct case_change *list = run_changes(before, after, &count);
    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(count, 8);
    for (size_t i = 0; i < count; i++) {
        const char *id = list[i].after == NULL ? list[i].before->id : list[i].after->id;
        size_t row = 0;
        while (strcmp(rows[row].id, id) != 0)
            row++;
        ck_assert_msg(list[i].change == rows[row].change, "%s", id);
    }
    ck_assert_str_eq(list[7].before->id, "gone");
    free(list);
    run_result_free(before);
    run_result_free(after);
}
END_TEST

UNIT_MAIN("merge", shards_become_one, a_case_that_was_played_again_counts_as_it_went_worst, who_is_another_testee,
          columns_are_added_up, curves_are_added_up, a_storm_in_shards_is_told_as_one, changes)
