/* Masking alone: against memcpy, a byte loop and an aligned loop in place. */
#include "bench.h"
#include "in_place.h"

#include "wire/mask.h"

struct work {
    uint8_t *bytes, *target;
    size_t size, times, step; /* so many payloads of that size, one every step */
};

static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

static void run_ours(void *context)
{
    const struct work *w = context;
    for (size_t i = 0; i < w->times; i++)
        ws_mask(w->bytes + i * w->step, w->size, key, 0);
}

static void run_memcpy(void *context)
{
    const struct work *w = context;
    for (size_t i = 0; i < w->times; i++)
        memcpy(w->target + i * w->step, w->bytes + i * w->step, w->size);
    bench_sink += w->target[w->size / 2];
}

static void run_in_place(void *context)
{
    const struct work *w = context;
    in_place_change(w->bytes, w->times * w->step);
}

static void run_bytewise(void *context)
{
    const struct work *w = context;
    for (size_t i = 0; i < w->times; i++)
        for (size_t at = 0; at < w->size; at++)
            w->bytes[i * w->step + at] ^= key[at % 4];
}

static const struct row {
    const char *name;
    size_t size, times;
    double goal_memcpy, goal_in_place;
} rows[] = {
    {"16", 16, 256, 1.6, 0},
    {"125", 125, 64, 1.1, 0},
    {"4 KiB", 4096, 4, 1.15, 0},
    {"1 MiB", 1 << 20, 1, 1.9, 0.95},
    {"64 MiB", 64 << 20, 1, 2.1, 0.95},
};

static void measure(const struct row *row)
{
    struct work w = {.size = row->size, .times = row->times, .step = row->size};
    size_t room = w.times * w.step;
    struct bench_subject s[] = {
        {"wsgauntlet", NULL, run_ours, &w, 0},
        {"memcpy", NULL, run_memcpy, &w, 0},
        {"in place", NULL, run_in_place, &w, 0},
        {"byte loop", NULL, run_bytewise, &w, 0},
    };

    w.bytes = bench_memory(room);
    w.target = bench_memory(room);
    bench_run(s, sizeof s / sizeof *s);
    double bytes = (double)room;
    printf("%-30s %9.1f GB/s (memcpy %.1f, in place %.1f, byte loop %.1f)\n", row->name, bytes / s[0].best,
           bytes / s[1].best, bytes / s[2].best, bytes / s[3].best);
    bench_line("", s[0].best, s[1].best, "memcpy", row->goal_memcpy);
    bench_line("", s[0].best, s[2].best, "in place", row->goal_in_place);
    free(w.bytes);
    free(w.target);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !ws_simd_force(argv[1])) {
        fprintf(stderr, "%s: this machine has no %s\n", argv[0], argv[1]);
        return 2;
    }
    printf("masking, %s\n", ws_simd_name());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        measure(&rows[i]);
    return 0;
}
