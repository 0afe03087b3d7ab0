/* UTF-8 alone: against memcpy, and against the usual automaton with a table of
 * classes and one of transitions, a byte at a time. */
#include "bench.h"

#include "wire/mask.h"
#include "wire/utf8.h"

enum { BATCH = 64 };

struct work {
    uint8_t *text, *target;
    size_t size; /* of a text */
    size_t step; /* from one text to the next */
};

static void run_ours(void *context)
{
    const struct work *w = context;
    for (size_t i = 0; i < BATCH; i++) {
        struct ws_utf8 u = {0};
        if (ws_utf8_feed(&u, w->text + i * w->step, w->size) != w->size || !ws_utf8_complete(&u))
            abort();
    }
}

static void run_memcpy(void *context)
{
    const struct work *w = context;
    for (size_t i = 0; i < BATCH; i++)
        memcpy(w->target + i * w->step, w->text + i * w->step, w->size);
    bench_sink += w->target[w->size / 2];
}

/* ---- the table automaton ---- */

enum { CLASSES = 12, STATES = 9, DEAD = 8 };
static uint8_t class_of[256];
static uint8_t next_of[STATES * CLASSES];

/* first, last, class */
static const uint8_t ranges[][3] = {
    {0x00, 0x7f, 0}, {0x80, 0x8f, 1}, {0x90, 0x9f, 2}, {0xa0, 0xbf, 3},  {0xc0, 0xc1, 11}, {0xc2, 0xdf, 4},
    {0xe0, 0xe0, 5}, {0xe1, 0xec, 6}, {0xed, 0xed, 7}, {0xee, 0xef, 6},  {0xf0, 0xf0, 8},  {0xf1, 0xf3, 9},
    {0xf4, 0xf4, 10}, {0xf5, 0xff, 11},
};
/* state, class, next; the rest leads to DEAD */
static const uint8_t edges[][3] = {
    {0, 0, 0}, {0, 4, 1}, {0, 5, 4}, {0, 6, 2}, {0, 7, 5}, {0, 8, 6}, {0, 9, 3}, {0, 10, 7},
    {1, 1, 0}, {1, 2, 0}, {1, 3, 0}, {2, 1, 1}, {2, 2, 1}, {2, 3, 1}, {3, 1, 2}, {3, 2, 2}, {3, 3, 2},
    {4, 3, 1}, {5, 1, 1}, {5, 2, 1}, {6, 2, 2}, {6, 3, 2}, {7, 1, 2},
};

static void automaton_make(void)
{
    memset(next_of, DEAD, sizeof next_of);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        memset(class_of + ranges[i][0], ranges[i][2], (size_t)(ranges[i][1] - ranges[i][0] + 1));
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        next_of[edges[i][0] * CLASSES + edges[i][1]] = edges[i][2];
}

static void run_automaton(void *context)
{
    const struct work *w = context;
    for (size_t i = 0; i < BATCH; i++) {
        const uint8_t *text = w->text + i * w->step;
        unsigned state = 0;
        for (size_t at = 0; at < w->size; at++) {
            state = next_of[state * CLASSES + class_of[text[at]]];
            if (state == DEAD)
                abort();
        }
        bench_sink += state;
    }
}

/* ---- rows ---- */

static const struct row {
    const char *name, *letters;
    size_t size;
    double goal_memcpy, goal_automaton;
} rows[] = {
    {"ASCII 16", "plain", 16, 0, 0},
    {"ASCII 125", "plain", 125, 0, 0},
    {"ASCII 1 KiB", "plain", 1024, 0, 0},
    {"ASCII 64 KiB", "plain", 65536, 1.9, 5},
    {"Chinese 16", "\xe4\xb8\xad\xe6\x96\x87", 16, 0, 0},
    {"Chinese 125", "\xe4\xb8\xad\xe6\x96\x87", 125, 0, 0},
    {"Chinese 1 KiB", "\xe4\xb8\xad\xe6\x96\x87", 1024, 0, 0},
    {"Chinese 64 KiB", "\xe4\xb8\xad\xe6\x96\x87", 65536, 0.28, 5},
    {"emoji 64 KiB", "\xf0\x9f\x98\x80 \xf0\x9f\x8e\x89 ok ", 65536, 0.28, 5},
    {"mixed 64 KiB",
     "Gr\xc3\xbc\xc3\x9f Gott, \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80 and a good deal of plain text. ", 65536,
     0.28, 5},
};

/* Whole letters, and 'x' for what is left. */
static void fill(uint8_t *out, size_t size, const char *letters)
{
    size_t width = strlen(letters), at = 0;
    for (; at + width <= size; at += width)
        memcpy(out + at, letters, width);
    memset(out + at, 'x', size - at);
}

static void measure(const struct row *row)
{
    struct work w = {.size = row->size, .step = row->size >= 65536 ? 0 : row->size};
    struct bench_subject s[] = {
        {"wsgauntlet", NULL, run_ours, &w, 0},
        {"table automaton", NULL, run_automaton, &w, 0},
        {"memcpy", NULL, run_memcpy, &w, 0},
    };

    w.text = bench_memory(BATCH * w.step + w.size);
    w.target = bench_memory(BATCH * w.step + w.size);
    for (size_t i = 0; i < BATCH; i++)
        fill(w.text + i * w.step, w.size, row->letters);
    bench_run(s, sizeof s / sizeof *s);
    printf("%-30s %9.2f ns a text, %.1f GB/s\n", row->name, s[0].best / BATCH,
           (double)w.size * BATCH / s[0].best);
    bool plain = strcmp(ws_simd_name(), "plain") == 0; /* memcpy's goals are for vector units */
    bench_line("", s[0].best, s[2].best, "memcpy", plain ? 0 : row->goal_memcpy);
    bench_line("", s[0].best, s[1].best, "table automaton", plain ? row->goal_automaton : 0);
    free(w.text);
    free(w.target);
}

/* With the best unit and with none, or with the named one. */
int main(int argc, char **argv)
{
    static const char *const both[] = {NULL, "plain"};

    automaton_make();
    for (size_t i = 0; i < (argc > 1 ? 1 : 2); i++) {
        if (!ws_simd_force(argc > 1 ? argv[1] : both[i])) {
            fprintf(stderr, "%s: this machine has no %s\n", argv[0], argv[1]);
            return 2;
        }
        printf("UTF-8, %s\n", ws_simd_name());
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            measure(&rows[r]);
    }
    return 0;
}
