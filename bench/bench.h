/* Timing for the benchmarks: every subject of a row works on the same data in
 * the same run. A pass prepares its data outside the clock; the figure is the
 * best round's median pass, the same rule for all, which other work on the
 * machine disturbs least. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_subject {
    const char *name;
    void (*prepare)(void *context); /* outside the clock; may be NULL */
    void (*run)(void *context);
    void *context;
    double best; /* nanoseconds of a pass */
};

enum { BENCH_ROUNDS = 9, BENCH_PASSES = 400 };
#define BENCH_ROUND_NS 6e6 /* of one subject, when its passes take longer than that */

/* Keeps a result alive. */
static volatile uint64_t bench_sink __attribute__((unused));

static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double bench_median(struct bench_subject *s)
{
    static double passes[BENCH_PASSES];
    size_t n = 0;
    double total = 0;

    while (n < BENCH_PASSES && (n < 5 || total < BENCH_ROUND_NS)) {
        if (s->prepare)
            s->prepare(s->context);
        double begin = bench_now();
        s->run(s->context);
        passes[n] = bench_now() - begin;
        total += passes[n++];
    }
    qsort(passes, n, sizeof *passes, bench_compare);
    return passes[n / 2];
}

/* Subjects take turns, so that a slow moment hits all. */
static inline void bench_run(struct bench_subject *subjects, size_t count)
{
    for (size_t i = 0; i < count; i++)
        subjects[i].best = 1e300;
    for (int round = 0; round < BENCH_ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            double median = bench_median(&subjects[i]);
            if (median < subjects[i].best)
                subjects[i].best = median;
        }
}

/* A line of the table: how many times as fast as the peer, and the goal (0: none). */
static inline void bench_line(const char *what, double ours, double theirs, const char *peer, double goal)
{
    double ratio = theirs / ours;

    printf("  %-34s %9.2f x %-22s", what, ratio, peer);
    if (goal > 0)
        printf(" goal %7.2f  %s", goal, ratio >= goal ? "met" : "MISSED");
    printf("\n");
}

static inline void *bench_memory(size_t size)
{
    void *memory = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
    if (!memory) {
        perror("memory");
        exit(1);
    }
    memset(memory, 0, size);
    return memory;
}

#endif
