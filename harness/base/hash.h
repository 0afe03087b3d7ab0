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

/* Begin with HASH_EMPTY. Four lanes, which a processor mixes side by side. */
enum { HASH_LANES = 4, HASH_BLOCK = 8 * HASH_LANES };
struct hash {
    uint64_t lanes[HASH_LANES];
    uint64_t size;              /* bytes so far */
    uint8_t block[HASH_BLOCK];  /* the last size % HASH_BLOCK of them */
};
#define HASH_EMPTY ((struct hash){.lanes = {HASH_START, ~HASH_START, HASH_START >> 1, ~HASH_START >> 1}})

static inline uint64_t hash_mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    return state ^ state >> 29;
}

static inline uint64_t hash_word(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void hash_blocks(struct hash *h, const uint8_t *at, size_t blocks)
{
    uint64_t a = h->lanes[0], b = h->lanes[1], c = h->lanes[2], d = h->lanes[3];
    for (; blocks > 0; blocks--, at += HASH_BLOCK) {
        a = hash_mix(a, hash_word(at));
        b = hash_mix(b, hash_word(at + 8));
        c = hash_mix(c, hash_word(at + 16));
        d = hash_mix(d, hash_word(at + 24));
    }
    h->lanes[0] = a, h->lanes[1] = b, h->lanes[2] = c, h->lanes[3] = d;
}

static inline void hash_add(struct hash *h, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    size_t held = h->size % HASH_BLOCK;
    h->size += size;
    if (size == 0)
        return;
    if (held != 0) {
        size_t room = HASH_BLOCK - held, n = size < room ? size : room;
        memcpy(h->block + held, at, n);
        if (n < room)
            return;
        hash_blocks(h, h->block, 1);
        at += n;
        size -= n;
    }
    hash_blocks(h, at, size / HASH_BLOCK);
    memcpy(h->block, at + size / HASH_BLOCK * HASH_BLOCK, size % HASH_BLOCK);
}

/* What it is so far; more may be added. */
static inline uint64_t hash_value(const struct hash *h)
{
    struct hash rest = *h;
    memset(rest.block + h->size % HASH_BLOCK, 0, HASH_BLOCK - h->size % HASH_BLOCK);
    hash_blocks(&rest, rest.block, 1);
    uint64_t value = rest.size;
    for (int i = 0; i < HASH_LANES; i++)
        value = hash_mix(value, rest.lanes[i]);
    return value;
}

static inline uint64_t hash_of(const void *bytes, size_t size)
{
    struct hash h = HASH_EMPTY;
    hash_add(&h, bytes, size);
    return hash_value(&h);
}

#endif
