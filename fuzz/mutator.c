/* See mutator.h: what can be done with units, whatever they are. */
#include "mutator.h"

#include <stdlib.h>
#include <string.h>

#define UNITS_MAX 256u          /* what lies behind the last is part of it */
#define UNIT_BYTES_MAX 8192u    /* a larger unit is not changed as one */
#define CROSS_FIRST_MAX 64u     /* units looked at before the cut */

static const struct mutator_target targets[] = {
#define TARGET(name, options, grammar) {#name, options, &mutator_##grammar},
#include "targets.def"
};

const struct mutator_target *mutator_find(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (name != NULL && strcmp(targets[i].name, name) == 0)
            return &targets[i];
    return NULL;
}

size_t mutator_put(uint8_t *unit, size_t size, size_t max, size_t at, size_t old, const void *text, size_t length)
{
    if (at > size || old > size - at || size - old > max || length > max - (size - old))
        return size;
    memmove(unit + at + length, unit + at + old, size - at - old);
    if (length != 0)
        memmove(unit + at, text, length);
    return size - old + length;
}

size_t mutator_few_bytes(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7e, 0x7f, 0x80, 0x81, 0xc0, 0xed, 0xf4, 0xfe, 0xff};
    size_t at = size ? prng_below(chance, size) : 0;
    uint8_t byte = chance_of(chance, edges);
    switch (size ? prng_below(chance, 5) : 4) {
    case 0: unit[at] ^= (uint8_t)(1u << prng_below(chance, 8)); return size;
    case 1: unit[at] = byte; return size;
    case 2: unit[at] = (uint8_t)(unit[at] + (chance_one_in(chance, 2) ? 1 : 255)); return size;
    case 3: return mutator_put(unit, size, max, at, 1, NULL, 0);
    default: return mutator_put(unit, size, max, at, 0, &byte, 1);
    }
}

/* ---- units ---- */

struct units {
    size_t count;
    size_t at[UNITS_MAX + 1]; /* where each begins; the last is the end of all */
};

static void units_find(struct units *u, const struct mutator_target *target, const uint8_t *data, size_t size)
{
    size_t at = target->options < size ? target->options : size;
    for (u->count = 0; at < size && u->count < UNITS_MAX; u->count++) {
        u->at[u->count] = at;
        at += target->grammar->first(data + at, size - at);
    }
    u->at[u->count] = size;
}

/* Units first .. first+count-1 as bytes. */
static size_t units_size(const struct units *u, size_t first, size_t count)
{
    return u->at[first + count] - u->at[first];
}

/* A short run of units; all of them now and then. */
static size_t run_of(struct prng *chance, size_t left)
{
    size_t most = chance_one_in(chance, 8) ? left : left < 4 ? left : 4;
    return most ? 1 + prng_below(chance, most) : 0;
}

/* ---- mutating ---- */

static size_t leave_out(struct prng *chance, const struct units *u, uint8_t *data, size_t size, size_t max)
{
    size_t first = prng_below(chance, u->count), run = run_of(chance, u->count - first);
    return mutator_put(data, size, max, u->at[first], units_size(u, first, run), NULL, 0);
}

/* A copy of some units before one of them; `moved`: and not where they were. */
static size_t repeat(struct prng *chance, const struct units *u, uint8_t *data, size_t size, size_t max, bool moved)
{
    static uint8_t copy[UNIT_BYTES_MAX];
    size_t first = prng_below(chance, u->count), run = run_of(chance, u->count - first);
    size_t bytes = units_size(u, first, run), at = u->at[prng_below(chance, u->count + 1)];
    if (bytes > sizeof copy)
        return size;
    memcpy(copy, data + u->at[first], bytes);
    if (!moved)
        return mutator_put(data, size, max, at, 0, copy, bytes);
    size = mutator_put(data, size, max, u->at[first], bytes, NULL, 0);
    if (at > u->at[first])
        at = at < u->at[first] + bytes ? u->at[first] : at - bytes;
    return mutator_put(data, size, max, at, 0, copy, bytes);
}

/* Lets the grammar change one unit, or (`fresh`) make one. */
static size_t tweak(struct prng *chance, const struct units *u, const struct mutator_target *target, uint8_t *data,
                    size_t size, size_t max, bool fresh)
{
    static uint8_t unit[UNIT_BYTES_MAX];
    fresh |= u->count == 0;
    size_t which = prng_below(chance, u->count + fresh), old = fresh ? 0 : units_size(u, which, 1);
    size_t room = max - size + old;
    if (old > sizeof unit)
        return size;
    memcpy(unit, data + u->at[which], old);
    size_t made = target->grammar->tweak(chance, unit, old, room < sizeof unit ? room : sizeof unit);
    return mutator_put(data, size, max, u->at[which], old, unit, made);
}

size_t mutator_mutate(const struct mutator_target *target, uint8_t *data, size_t size, size_t max, uint64_t seed,
                      mutator_bytes_fn *bytes)
{
    static struct units units;
    struct prng chance = prng_stream(seed, "mutate");
    size_t option = size < target->options ? size : target->options;
    if (bytes != NULL && (size < target->options || max < target->options || chance_one_in(&chance, 3)))
        return bytes(data, size, max);
    if (option != 0 && chance_one_in(&chance, 16)) {
        data[prng_below(&chance, option)] ^= (uint8_t)(1u << prng_below(&chance, 8));
        return size;
    }
    for (unsigned changes = 1 + (unsigned)prng_below(&chance, 3); changes > 0; changes--) {
        units_find(&units, target, data, size);
        uint64_t way = units.count ? prng_below(&chance, 8) : 7;
        if (way == 0)
            size = leave_out(&chance, &units, data, size, max);
        else if (way <= 2)
            size = repeat(&chance, &units, data, size, max, way == 2);
        else
            size = tweak(&chance, &units, target, data, size, max, way == 7);
    }
    return size;
}

size_t mutator_cross(const struct mutator_target *target, const uint8_t *a, size_t a_size, const uint8_t *b,
                     size_t b_size, uint8_t *out, size_t max, uint64_t seed)
{
    static struct units ours, theirs;
    struct prng chance = prng_stream(seed, "cross");
    units_find(&ours, target, a, a_size);
    units_find(&theirs, target, b, b_size);
    size_t first = prng_below(&chance, (ours.count < CROSS_FIRST_MAX ? ours.count : CROSS_FIRST_MAX) + 1);
    size_t head = ours.at[first], tail = theirs.at[prng_below(&chance, theirs.count + 1)];
    head = head < max ? head : max;
    size_t rest = b_size - tail < max - head ? b_size - tail : max - head;
    if (head != 0)
        memcpy(out, a, head);
    if (rest != 0)
        memcpy(out + head, b + tail, rest);
    return head + rest;
}

/* ---- trimming ---- */

bool trimmer_start(struct trimmer *t, const struct mutator_target *target, const uint8_t *data, size_t size)
{
    struct units units;
    *t = (struct trimmer){.target = target, .size = size};
    t->best = malloc(size + 1);
    t->candidate = malloc(size + 1);
    if (t->best == NULL || t->candidate == NULL) {
        trimmer_end(t);
        return false;
    }
    if (size != 0)
        memcpy(t->best, data, size);
    units_find(&units, target, data, size);
    t->run = (units.count + 1) / 2;
    return true;
}

/* The candidate is the best without bytes[at .. at+old), with the unit there shrunk when `shrunk`. */
static bool candidate(struct trimmer *t, size_t at, size_t old, bool shrunk)
{
    size_t kept = 0;
    memcpy(t->candidate, t->best, at + old);
    if (shrunk) {
        kept = t->target->grammar->shrink(t->candidate + at, old);
        if (kept >= old)
            return false;
    }
    memcpy(t->candidate + at + kept, t->best + at + old, t->size - at - old);
    t->candidate_size = t->size - old + kept;
    return true;
}

bool trimmer_next(struct trimmer *t)
{
    struct units units;
    units_find(&units, t->target, t->best, t->size);
    while (t->run != 0) {
        if (t->at < units.count) {
            size_t run = t->run < units.count - t->at ? t->run : units.count - t->at;
            return candidate(t, units.at[t->at], units_size(&units, t->at, run), false);
        }
        t->run /= 2;
        t->at = 0;
    }
    for (; t->target->grammar->shrink != NULL && t->at < units.count; t->at++)
        if (candidate(t, units.at[t->at], units_size(&units, t->at, 1), true))
            return true;
    return false;
}

void trimmer_tell(struct trimmer *t, bool does)
{
    if (does) {
        uint8_t *other = t->best;
        t->best = t->candidate;
        t->size = t->candidate_size;
        t->candidate = other;
    } else {
        t->at += t->run ? t->run : 1;
    }
}

void trimmer_end(struct trimmer *t)
{
    free(t->best);
    free(t->candidate);
    t->best = t->candidate = NULL;
}
