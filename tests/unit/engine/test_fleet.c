/* Policies, what a storm is measured by, and the storm on paper. */
#include "engine/fleet/paper.h"
#include "engine/fleet/told.h"
#include "net/loop.h"

#include "unit.h"

static struct backoff policy(const char *text)
{
    struct backoff backoff;
    struct diag why = {0};
    ck_assert_msg(backoff_parse(text, &backoff, &why), "%s", why.text);
    return backoff;
}

START_TEST(policies_are_the_options_of_reconnect)
{
    struct prng random = prng_stream(1, "backoff");
    struct backoff b = policy("after 1s backoff 2s..30s factor 3");
    static const uint64_t waits[] = {1000, 2000, 6000, 18000, 30000, 30000};
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(backoff_wait(&b, i + 1, &random), waits[i] * NS_PER_MS);
    b = policy("");
    ck_assert_uint_eq(backoff_wait(&b, 1, &random), 0);
    ck_assert_uint_eq(backoff_wait(&b, 2, &random), 0);
    b = policy("backoff 1s");
    ck_assert_uint_eq(backoff_wait(&b, 1, &random), 0);
    ck_assert_uint_eq(backoff_wait(&b, 9, &random), NS_PER_S);
    b = policy("after 1s jitter 25%");
    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t wait = backoff_wait(&b, 1, &random);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    ck_assert(least >= 750 * NS_PER_MS && least < 760 * NS_PER_MS);
    ck_assert(most <= 1250 * NS_PER_MS && most > 1240 * NS_PER_MS);
    b = policy("backoff 1s..24h factor 1000");
    ck_assert_uint_eq(backoff_wait(&b, 4000000000u, &random), 86400 * NS_PER_S);
}
END_TEST

START_TEST(what_is_no_policy)
{
    static const char *const rows[][2] = {
        {"after", "wants"}, {"after 1", "unit"}, {"sometimes", "sometimes"}, {"after 1s\nsend text", "is no policy"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct backoff backoff;
        struct diag why = {0};
        ck_assert_msg(!backoff_parse(rows[i][0], &backoff, &why), "%s", rows[i][0]);
        ck_assert_int_eq(why.kind, DIAG_USAGE);
        ck_assert_ptr_null(strchr(why.text, '\n'));
        ck_assert_msg(strstr(why.text, "is no policy") != NULL, "%s", why.text);
    }
}
END_TEST

START_TEST(a_storm_in_numbers)
{
    struct measure m;
    ck_assert(measure_init(&m, 4));
    ck_assert_uint_eq(measure_handshake(&m, 50), 0);
    for (uint64_t i = 0; i < 4; i++)
        measure_try(&m, 50 * NS_PER_MS);
    measure_try(&m, 250 * NS_PER_MS);
    ck_assert_uint_eq(m.peak_under_way, 5);
    for (uint64_t i = 1; i <= 3; i++) {
        measure_answered(&m, (250 + 10 * i) * NS_PER_MS);
        measure_back(&m, (50 + 10 * i) * NS_PER_MS, 10 * i * NS_PER_MS);
    }
    measure_answered(&m, 290 * NS_PER_MS);
    measure_failed(&m, 90 * NS_PER_MS);
    ck_assert_uint_eq(measure_peak(&m), 4);
    ck_assert_uint_eq(m.bin_count, 3);
    ck_assert_uint_eq(m.bins[0].under_way, 4);
    ck_assert_uint_eq(m.bins[1].under_way, 4); /* nothing happened, and they were still under way */
    ck_assert_uint_eq(m.bins[2].under_way, 5);
    ck_assert_uint_eq(m.bins[0].failed, 1);
    ck_assert_uint_eq(measure_back_at(&m, 50), 70 * NS_PER_MS);
    ck_assert_uint_eq(measure_back_at(&m, 75), 80 * NS_PER_MS);
    ck_assert_uint_eq(measure_back_at(&m, 100), UINT64_MAX);
    ck_assert_uint_eq(measure_handshake(&m, 50), 20 * NS_PER_MS);
    ck_assert_uint_eq(measure_handshake(&m, 99), 30 * NS_PER_MS);
    ck_assert_uint_eq(m.failures, 1);
    measure_try(&m, UINT64_MAX / 2); /* an hour is enough */
    ck_assert_uint_eq(m.bin_count, MEASURE_BINS_MAX);
    measure_clear(&m);
    ck_assert_uint_eq(m.back + m.bin_count + m.tries + m.failures + m.under_way + measure_peak(&m), 0);
    measure_try(&m, 0);
    ck_assert_uint_eq(m.bins[0].arrivals, 1);
    ck_assert_uint_eq(m.bins[0].failed, 0);
    measure_free(&m);
}
END_TEST

static struct measure on_paper(const struct paper *paper)
{
    struct measure m;
    ck_assert(measure_init(&m, paper->clients));
    ck_assert(paper_play(paper, &m));
    return m;
}

/* The server does so many handshakes a second and no more; nobody is back while nobody listens. */
START_TEST(paper_keeps_to_the_servers_rate)
{
    struct paper paper = {.clients = 5000, .policy = policy("after 1s backoff 1s..10s jitter 100%"), .seed = 3,
                          .outage_ns = 2 * NS_PER_S, .handshake_ns = NS_PER_S / 1000, .queue = 128,
                          .patience_ns = 10 * NS_PER_S, .most_ns = 600 * NS_PER_S};
    struct measure m = on_paper(&paper), again = on_paper(&paper);
    ck_assert_uint_eq(m.back, 5000);
    ck_assert_uint_ge(m.tries, 5000);
    ck_assert_uint_ge(m.back_ns[0], 2 * NS_PER_S);
    for (size_t i = 1000; i < m.back; i++)
        ck_assert_uint_ge(m.back_ns[i] - m.back_ns[i - 1000], 999 * NS_PER_MS);
    ck_assert_uint_le(measure_handshake(&m, 100), 129 * NS_PER_MS);
    ck_assert_mem_eq(m.back_ns, again.back_ns, m.back * sizeof *m.back_ns);
    measure_free(&m);
    measure_free(&again);
}
END_TEST

/* All at once, and the queue is short: who is not heard times out and is back in the next wave. */
START_TEST(paper_waves)
{
    struct paper paper = {.clients = 1000, .policy = policy("after 1s backoff 1s"), .seed = 3,
                          .handshake_ns = NS_PER_MS, .queue = 100, .patience_ns = 3 * NS_PER_S,
                          .most_ns = 60 * NS_PER_S};
    struct measure m = on_paper(&paper);
    ck_assert_uint_eq(m.back, 1000);
    ck_assert_uint_eq(measure_peak(&m), 1000);
    ck_assert_uint_eq(measure_back_at(&m, 10), NS_PER_S + 100 * NS_PER_MS);
    ck_assert_uint_eq(measure_back_at(&m, 11), 5 * NS_PER_S + 10 * NS_PER_MS);
    measure_free(&m);
}
END_TEST

/* What a result says of a storm is read from its pictures, and is what was measured. */
START_TEST(pictures_tell_what_was_measured)
{
    struct paper paper = {.clients = 3000, .policy = policy("after 1s backoff 1s..10s jitter 100%"), .seed = 5,
                          .outage_ns = NS_PER_S, .handshake_ns = NS_PER_MS, .queue = 64,
                          .patience_ns = 2 * NS_PER_S, .most_ns = 600 * NS_PER_S};
    struct measure m = on_paper(&paper);
    struct run_result *run = run_result_new();
    struct case_result *result = run_result_add(run);
    struct storm_numbers told, measured = storm_numbers_of(&m);
    ck_assert(!storm_read(result, &told));
    storm_draw(run, result, &m);
    ck_assert(storm_read(result, &told));
    ck_assert_uint_eq(told.clients, 3000);
    ck_assert_uint_eq(told.back, measured.back);
    ck_assert_uint_eq(told.tries, measured.tries);
    ck_assert_uint_eq(told.failures, measured.failures);
    ck_assert_uint_gt(told.failures, 0);
    ck_assert_uint_eq(told.peak, measured.peak);
    ck_assert_uint_eq(told.at_once, measured.at_once);
    ck_assert_str_eq(storm_sentence(&run->arena, &told), storm_sentence(&run->arena, &measured));
    ck_assert_str_eq(storm_details(&run->arena, &told), storm_details(&run->arena, &measured));
    result->detail = "the testee died";
    result->seen = "nothing";
    storm_retell(&run->arena, result);
    ck_assert_str_eq(result->detail, "the testee died");
    result->detail = storm_story(&run->arena, &(struct storm_numbers){.clients = 1});
    storm_retell(&run->arena, result);
    ck_assert_str_eq(result->detail, storm_story(&run->arena, &measured));
    run_result_free(run);
    measure_free(&m);
}
END_TEST

UNIT_MAIN("fleet", policies_are_the_options_of_reconnect, what_is_no_policy, a_storm_in_numbers,
          paper_keeps_to_the_servers_rate, paper_waves, pictures_tell_what_was_measured)
