/* The scanner under http1.c: 64 bytes at a time become bit maps of line feeds,
 * colons and control characters, and the bits become indexes. */
#include "head_lines.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK 64u

/* One bit per byte of a block; bit 0 is its first byte. */
struct marks {
    uint64_t feed;
    uint64_t colon;
    uint64_t control; /* below 0x20, with the line feeds; DEL; 0x80 and above */
};

#ifdef __SSE2__

static inline struct marks mark_block(const char *bytes)
{
    struct marks m = {0, 0, 0};
    for (unsigned i = 0; i < BLOCK; i += 16) {
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        /* Signed: bytes from 0x80 on are below 0x20 too. */
        const __m128i low = _mm_cmplt_epi8(b, _mm_set1_epi8(0x20));
        const __m128i del = _mm_cmpeq_epi8(b, _mm_set1_epi8(0x7f));
        const __m128i feed = _mm_cmpeq_epi8(b, _mm_set1_epi8('\n'));
        const __m128i colon = _mm_cmpeq_epi8(b, _mm_set1_epi8(':'));
        m.feed |= (uint64_t)(unsigned)_mm_movemask_epi8(feed) << i;
        m.colon |= (uint64_t)(unsigned)_mm_movemask_epi8(colon) << i;
        m.control |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(low, del)) << i;
    }
    return m;
}

#else

static inline struct marks mark_block(const char *bytes)
{
    struct marks m = {0, 0, 0};
    for (unsigned i = 0; i < BLOCK; i++) {
        const unsigned char b = (unsigned char)bytes[i];
        m.feed |= (uint64_t)(b == '\n') << i;
        m.colon |= (uint64_t)(b == ':') << i;
        m.control |= (uint64_t)(b < 0x20 || b >= 0x7f) << i;
    }
    return m;
}

#endif

/* The block at bytes[at], of which only size - at bytes may be there. */
static inline struct marks mark_at(const char *bytes, size_t size, size_t at)
{
    const size_t left = size - at;
    if (left >= BLOCK)
        return mark_block(bytes + at);
    if (size >= BLOCK) { /* look back instead of beyond the end */
        struct marks m = mark_block(bytes + size - BLOCK);
        const unsigned before = BLOCK - (unsigned)left;
        return (struct marks){m.feed >> before, m.colon >> before, m.control >> before};
    }
    char padded[BLOCK];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, bytes + at, left);
    return mark_block(padded);
}

void ws_head_lines_find(struct ws_head_lines *lines, const char *bytes, size_t size)
{
    size_t count = 0;
    size_t line = 0;      /* where the line under way begins */
    size_t colon = 0;     /* its first colon, plus 1 */
    uint64_t carry = 0;   /* did the last block end in a control character? */
    uint64_t dirt = 0;    /* control characters that are not the CR of a CR LF, and feeds without one */

    lines->whole = lines->too_many = false;
    for (size_t at = 0; at < size && !lines->whole; at += BLOCK) {
        const struct marks m = mark_at(bytes, size, at);
        const uint64_t others = m.control & ~m.feed;
        uint64_t within = ~UINT64_C(0);
        uint64_t colons = m.colon;
        for (uint64_t feeds = m.feed; feeds; feeds &= feeds - 1) {
            const uint64_t upto = feeds ^ (feeds - 1);
            const size_t feed = at + (unsigned)__builtin_ctzll(feeds);
            const uint64_t mine = colons & upto;
            if (!colon)
                colon = mine ? at + (unsigned)__builtin_ctzll(mine) + 1 : feed + 1;
            if (count == WS_HEAD_LINES_MAX) {
                lines->too_many = true;
                return;
            }
            const bool returned = feed > line && bytes[feed - 1] == '\r';
            lines->feed[count] = (uint32_t)feed;
            lines->colon[count++] = (uint32_t)(colon - 1);
            dirt |= !returned;
            if (feed == line + returned) {
                lines->whole = true;
                within = upto;
                break;
            }
            colons &= ~upto;
            colon = 0;
            line = feed + 1;
        }
        if (!colon && colons)
            colon = at + (unsigned)__builtin_ctzll(colons) + 1;
        dirt |= ((others << 1 | carry) ^ m.feed) & within;
        carry = others >> 63;
    }
    lines->count = count;
    lines->clean = dirt == 0;
}

size_t ws_head_end(const char *bytes, size_t size, size_t from)
{
    /* An empty line ends two or three bytes behind the feed before it. */
    for (const char *at = bytes + (from < 3 ? 0 : from - 3), *end = bytes + size; at != end; at++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            break;
        const size_t left = (size_t)(end - at);
        if (left > 1 && at[1] == '\n')
            return (size_t)(at - bytes) + 2;
        if (left > 2 && at[1] == '\r' && at[2] == '\n')
            return (size_t)(at - bytes) + 3;
    }
    return 0;
}
