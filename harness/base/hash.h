/* Hashes for telling contents apart, and for digests; not for tables that a
 * stranger fills. hash_bytes is FNV-1a, for names. struct hash takes eight
 * bytes at a time, for contents: however they come in pieces, it is the same. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START 0xcbf29ce484222325u

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

/* Begin with HASH_EMPTY. */
struct hash {
    uint64_t state;
    uint64_t size;   /* bytes so far */
    uint8_t word[8]; /* the last size % 8 of them */
};
#define HASH_EMPTY ((struct hash){.state = HASH_START})

static inline uint64_t hash_mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    return state ^ state >> 29;
}

static inline uint64_t hash_word(const uint8_t bytes[8])
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void hash_add(struct hash *h, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    size_t held = h->size % 8;
    h->size += size;
    if (size == 0)
        return;
    if (held != 0) {
        size_t room = 8 - held, n = size < room ? size : room;
        memcpy(h->word + held, at, n);
        if (n < room)
            return;
        h->state = hash_mix(h->state, hash_word(h->word));
        at += n;
        size -= n;
    }
    uint64_t state = h->state;
    for (; size >= 8; size -= 8, at += 8)
        state = hash_mix(state, hash_word(at));
    h->state = state;
    memcpy(h->word, at, size);
}

/* What it is so far; more may be added. */
static inline uint64_t hash_value(const struct hash *h)
{
    uint8_t rest[8] = {0};
    memcpy(rest, h->word, h->size % 8);
    return hash_mix(hash_mix(h->state, hash_word(rest)), h->size);
}

static inline uint64_t hash_of(const void *bytes, size_t size)
{
    struct hash h = HASH_EMPTY;
    hash_add(&h, bytes, size);
    return hash_value(&h);
}

#endif
