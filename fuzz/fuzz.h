/* What every fuzz target shares: the oracle that speaks before it aborts, bytes
 * whose end a sanitizer guards, and cuts of the input that the input chooses. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "wire/mask.h"

/* Any bytes; 0. Aborts when an oracle is not content. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Which target this is, as the mutator's table (targets.def) knows it. */
extern const char *const fuzz_target;
#define FUZZ_TARGET(name) const char *const fuzz_target = name

/* An oracle: what must hold, and the sentence for when it does not. */
#define must(holds, ...)                                             \
    do {                                                             \
        if (!(holds)) {                                              \
            fprintf(stderr, "%s:%d: ORACLE: ", __FILE__, __LINE__);   \
            fprintf(stderr, __VA_ARGS__);                            \
            fputc('\n', stderr);                                     \
            abort();                                                 \
        }                                                            \
    } while (0)

/* Takes the first byte of the input, 0 where there is none. */
static inline uint8_t fuzz_take(const uint8_t **data, size_t *size)
{
    if (*size == 0)
        return 0;
    --*size;
    return *(*data)++;
}

/* A copy that ends where its allocation ends. free() it. */
static inline uint8_t *fuzz_copy(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    must(copy != NULL, "no memory");
    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* The same with a NUL behind. */
static inline char *fuzz_text(const void *bytes, size_t size)
{
    char *text = malloc(size + 1);
    must(text != NULL, "no memory");
    if (size != 0)
        memcpy(text, bytes, size);
    text[size] = 0;
    return text;
}

/* Takes one of the vector units: the input says which; the best where this machine lacks it. */
static inline void fuzz_unit(unsigned choice)
{
    static const char *const units[] = {NULL, "plain", "sse2", "avx2", "avx512", "neon"};
    if (!ws_simd_force(units[choice % (sizeof units / sizeof *units)]))
        ws_simd_force(NULL);
}

/* How an input is cut: in one piece, in bytes, or as a seed says. */
enum { CUT_WHOLE = 0, CUT_BYTES = 1 };
struct fuzz_cut {
    uint32_t seed;
    uint32_t state;
};
static inline struct fuzz_cut fuzz_cut_by(uint32_t seed) { return (struct fuzz_cut){seed, seed}; }

/* The next piece's size, 1 .. left; 0 when nothing is left. Mostly small. */
static inline size_t fuzz_cut_next(struct fuzz_cut *cut, size_t left)
{
    if (cut->seed <= CUT_BYTES)
        return cut->seed == CUT_BYTES && left > 1 ? 1 : left;
    cut->state = cut->state * 1664525u + 1013904223u;
    size_t most = (size_t)1 << (cut->state >> 29);
    size_t piece = 1 + (cut->state >> 16) % most;
    return piece < left ? piece : left;
}

/* A copy of the input that is handed out in pieces: what has not been handed
 * out yet is hidden from reading, where ASan is there to see it. */
struct fuzz_feed {
    uint8_t *bytes;
    size_t size, at;
    struct fuzz_cut cut;
};
static inline struct fuzz_feed fuzz_feed_begin(const uint8_t *bytes, size_t size, struct fuzz_cut cut)
{
    struct fuzz_feed feed = {fuzz_copy(bytes, size), size, 0, cut};
    ASAN_POISON_MEMORY_REGION(feed.bytes, size);
    return feed;
}

/* The next piece; NULL when all is out, and the copy is freed. */
static inline uint8_t *fuzz_feed_next(struct fuzz_feed *feed, size_t *piece)
{
    *piece = fuzz_cut_next(&feed->cut, feed->size - feed->at);
    if (*piece == 0) {
        free(feed->bytes);
        return NULL;
    }
    feed->at += *piece;
    ASAN_UNPOISON_MEMORY_REGION(feed->bytes, feed->at);
    return feed->bytes + feed->at - *piece;
}

#endif
