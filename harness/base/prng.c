/* See prng.h. */
#include "base/prng.h"

#include <string.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct prng prng_stream_n(uint64_t seed, const char *name, uint64_t n)
{
    uint64_t x = seed;
    for (const char *c = name; *c != 0; c++)
        x = splitmix64(&x) ^ (uint64_t)(unsigned char)*c;
    x ^= splitmix64(&x) + n;
    struct prng p;
    for (int i = 0; i < 4; i++)
        p.state[i] = splitmix64(&x);
    return p;
}

struct prng prng_stream(uint64_t seed, const char *name)
{
    return prng_stream_n(seed, name, 0);
}

static uint64_t rotate_left(uint64_t x, unsigned k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t prng_next(struct prng *p)
{
    uint64_t *s = p->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *p, uint64_t below)
{
    /* Draws under the largest multiple of `below` are taken, so none is favoured. */
    uint64_t skip = (0 - below) % below, x;
    do
        x = prng_next(p);
    while (x < skip);
    return x % below;
}

double prng_unit(struct prng *p)
{
    return (double)(prng_next(p) >> 11) * 0x1p-53;
}

void prng_fill(struct prng *p, void *bytes, size_t size)
{
    uint8_t *out = bytes;
    while (size != 0) {
        uint64_t x = prng_next(p);
        size_t n = size < 8 ? size : 8;
        memcpy(out, &x, n);
        out += n;
        size -= n;
    }
}
