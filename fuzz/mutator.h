/* A mutator and trimmer that know what the inputs are made of: frames, header
 * lines, list elements, characters, scenario steps. One for libFuzzer
 * (mutator_libfuzzer.c) and AFL++ (mutator_afl.c). Everything follows from the
 * seed, and nothing grows beyond the room that it is given. */
#ifndef FUZZ_MUTATOR_H
#define FUZZ_MUTATOR_H

#include "base/prng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An input is a row of units, one behind the other without a gap. */
struct mutator_grammar {
    /* Bytes of the first unit of bytes[0 .. size), 1 .. size; size >= 1. */
    size_t (*first)(const uint8_t *bytes, size_t size);
    /* Changes one unit in place; returns its new size, at most max. size 0: makes one. */
    size_t (*tweak)(struct prng *chance, uint8_t *unit, size_t size, size_t max);
    /* Makes a unit smaller that is to stay one of its kind; returns the new size, or
     * the old one when it can do no more. NULL: units are only left out. */
    size_t (*shrink)(uint8_t *unit, size_t size);
};
extern const struct mutator_grammar mutator_FRAMES; /* RFC 6455 section 5.2 */
extern const struct mutator_grammar mutator_HEAD;   /* lines of an HTTP/1.1 head */
extern const struct mutator_grammar mutator_LIST;   /* elements and parameters of an extensions header */
extern const struct mutator_grammar mutator_TEXT;   /* characters of UTF-8 */
extern const struct mutator_grammar mutator_SCRIPT; /* lines of a scenario */
extern const struct mutator_grammar mutator_BYTES;  /* no structure: pieces of eight bytes */

/* A row of targets.def. */
struct mutator_target {
    const char *name;
    size_t options; /* bytes in front of what the grammar describes */
    const struct mutator_grammar *grammar;
};
/* NULL when there is none of that name. */
const struct mutator_target *mutator_find(const char *name);

/* The engine's own way to change bytes without structure; returns the new size, at most max. */
typedef size_t mutator_bytes_fn(uint8_t *data, size_t size, size_t max);

/* Changes data[0 .. size) in place; returns the new size, at most max (size <= max).
 * `bytes` may be NULL: then only units are changed. */
size_t mutator_mutate(const struct mutator_target *target, uint8_t *data, size_t size, size_t max, uint64_t seed,
                      mutator_bytes_fn *bytes);

/* The first units of one input with the last of another; returns the bytes written to out, at most max. */
size_t mutator_cross(const struct mutator_target *target, const uint8_t *a, size_t a_size, const uint8_t *b,
                     size_t b_size, uint8_t *out, size_t max, uint64_t seed);

/* Trimming: leaves out runs of units, from half of them down to single ones, then
 * shrinks each that is left. Ask for a candidate, look whether it still does
 * what it has to do, tell; until there is none. */
struct trimmer {
    const struct mutator_target *target;
    uint8_t *best; /* the smallest so far; of size bytes */
    size_t size;
    uint8_t *candidate;
    size_t candidate_size;
    size_t run;    /* units to leave out at once; 0: shrinking */
    size_t at;     /* the unit it begins with */
};
/* Copies the input. False: no memory. */
bool trimmer_start(struct trimmer *t, const struct mutator_target *target, const uint8_t *data, size_t size);
/* Makes t->candidate; false when nothing is left to try. */
bool trimmer_next(struct trimmer *t);
/* Does the last candidate do? Then it is the best. */
void trimmer_tell(struct trimmer *t, bool does);
void trimmer_end(struct trimmer *t);

/* What grammars share: one of an array's elements, and yes one time in n. */
#define chance_of(chance, array) (array)[prng_below(chance, sizeof(array) / sizeof *(array))]
static inline bool chance_one_in(struct prng *chance, uint64_t n) { return prng_below(chance, n) == 0; }
/* Writes text at unit[at], for the `old` bytes there; what does not fit changes nothing. Returns the new size. */
size_t mutator_put(uint8_t *unit, size_t size, size_t max, size_t at, size_t old, const void *text, size_t length);
/* A change of one or a few bytes. */
size_t mutator_few_bytes(struct prng *chance, uint8_t *unit, size_t size, size_t max);

#endif
