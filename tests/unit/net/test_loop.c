/* Time and order: timers on both loops, and the simulation as a function of its seed. */
#include "pair.h"

#include <signal.h>

struct note {
    struct loop *loop;
    struct buf *log;
    char name;
    struct timer *other;
};

static void log_name(void *arg)
{
    struct note *n = arg;
    buf_append_byte(n->log, (uint8_t)n->name);
}

static void log_and_stop_other(void *arg)
{
    struct note *n = arg;
    log_name(n);
    timer_stop(n->other);
}

static struct note notes[8];

/* Within a callback time stands still: equal delays are equal times. */
static void start_many(void *arg)
{
    static const struct {
        char name;
        uint64_t ms;
    } rows[8] = {{'e', 3}, {'b', 1}, {'f', 3}, {'a', 0}, {'c', 1}, {'d', 2}, {'h', 3}, {'g', 3}};
    const struct note *n = arg;
    struct timer *timers[8];
    for (int i = 0; i < 8; i++) {
        notes[i] = (struct note){n->loop, n->log, rows[i].name, NULL};
        timers[i] = timer_start(n->loop, rows[i].ms * NS_PER_MS, i == 5 ? log_and_stop_other : log_name, &notes[i]);
    }
    notes[5].other = timers[6]; /* d ends h */
    timer_stop(timer_start(n->loop, 0, log_name, &notes[6]));
    timer_stop(NULL);
}

START_TEST(timers_fire_in_order_of_time_then_of_start)
{
    for (int backend = 0; backend < BACKENDS; backend++) {
        struct loop *loop = backends[backend]();
        struct buf log;
        buf_init(&log, 0);
        uint64_t before = loop_now(loop);
        struct note begin = {loop, &log, '!', NULL};
        timer_start(loop, 0, start_many, &begin);
        loop_run(loop);
        ck_assert_str_eq(buf_text(&log), "abcdefg");
        ck_assert_uint_ge(loop_now(loop) - before, 3 * NS_PER_MS);
        buf_free(&log);
        loop_free(loop);
    }
}
END_TEST

START_TEST(a_thousand_timers_stay_sorted)
{
    struct loop *loop = loop_sim_new(1, NULL);
    struct prng random = prng_stream(3, "test");
    struct buf log;
    buf_init(&log, 0);
    struct note n = {loop, &log, '.', NULL};
    struct timer *timers[1000];
    for (int i = 0; i < 1000; i++)
        timers[i] = timer_start(loop, prng_below(&random, 100), log_name, &n);
    for (int i = 0; i < 1000; i += 3)
        timer_stop(timers[i]);
    uint64_t last = 0;
    while (log.size < 666) {
        loop_run(loop);
        ck_assert_uint_ge(loop_now(loop), last);
        last = loop_now(loop);
    }
    ck_assert_uint_eq(log.size, 666);
    buf_free(&log);
    loop_free(loop);
}
END_TEST

START_TEST(a_day_costs_nothing)
{
    struct loop *loop = loop_sim_new(1, NULL);
    ck_assert(loop_is_simulated(loop));
    for (int day = 1; day <= 1000; day++) {
        timer_start(loop, 86400 * NS_PER_S, stop_loop, loop);
        loop_run(loop);
        ck_assert_uint_eq(loop_now(loop), (uint64_t)day * 86400 * NS_PER_S);
    }
    loop_free(loop);
}
END_TEST

START_TEST(a_loop_with_nothing_ends)
{
    for (int backend = 0; backend < BACKENDS; backend++) {
        struct loop *loop = backends[backend]();
        loop_run(loop);
        loop_stop(loop); /* holds for the next run */
        timer_start(loop, 0, stop_loop, loop);
        loop_run(loop);
        loop_run(loop);
        loop_free(loop);
    }
    loop_free(NULL);
}
END_TEST

static void raise_now(void *arg)
{
    (void)arg;
    raise(SIGINT);
}

START_TEST(an_interrupt_is_heard)
{
    struct sigaction before, behind;
    for (int backend = 0; backend < BACKENDS; backend++) {
        struct loop *loop = backends[backend]();
        sigaction(SIGINT, NULL, &before);
        loop_on_interrupt(loop, stop_loop, loop);
        loop_run(loop); /* an interrupt alone keeps no loop alive */
        struct timer *never = timer_start(loop, 3600 * NS_PER_S, stop_loop, loop);
        timer_start(loop, 0, raise_now, NULL);
        loop_run(loop);
        ck_assert_uint_lt(loop_now(loop), 60 * NS_PER_S);
        timer_stop(never);
        loop_on_interrupt(loop, NULL, NULL);
        sigaction(SIGINT, NULL, &behind);
        ck_assert(!loop_is_simulated(loop) || before.sa_handler == behind.sa_handler);
        loop_free(loop);
    }
}
END_TEST

/* A conversation with its times, as text. */
static void converse(uint64_t seed, struct buf *log)
{
    struct sim_options options = {.latency_ns = 3 * NS_PER_MS, .jitter_ns = 5 * NS_PER_MS, .segment_max = 64};
    struct pair p;
    uint8_t *bytes = pattern(5000);
    pair_begin(&p, loop_sim_new(seed, &options));
    pair_open(&p);
    layer_write(p.a.layer, bytes, 5000);
    layer_write(p.b.layer, bytes, 3000);
    layer_finish(p.a.layer, FINISH_CLEAN);
    while (p.b.ends[LAYER_EOF] == 0 || p.a.got.size < 3000) {
        loop_run(p.loop);
        buf_printf(log, "%llu a%zu b%zu\n", (unsigned long long)loop_now(p.loop), p.a.got.size, p.b.got.size);
    }
    ck_assert(memcmp(p.b.got.data, bytes, 5000) == 0);
    free(bytes);
    pair_end(&p);
}

START_TEST(one_seed_one_run)
{
    struct buf first, again, other;
    buf_init(&first, 0);
    buf_init(&again, 0);
    buf_init(&other, 0);
    converse(42, &first);
    converse(42, &again);
    converse(43, &other);
    ck_assert_uint_gt(first.size, 1000);
    ck_assert_str_eq(buf_text(&first), buf_text(&again));
    ck_assert_str_ne(buf_text(&first), buf_text(&other));
    buf_free(&first);
    buf_free(&again);
    buf_free(&other);
}
END_TEST

UNIT_MAIN("net/loop", timers_fire_in_order_of_time_then_of_start,
          a_thousand_timers_stay_sorted, a_day_costs_nothing, a_loop_with_nothing_ends,
          an_interrupt_is_heard, one_seed_one_run)
