/* A second opinion on UTF-8, from the definition and not from a table of byte
 * ranges: a character's bytes can go on as long as some code point that is
 * allowed begins with them (RFC 3629 section 3: shortest form, no surrogates,
 * at most 10FFFF). */
#ifndef PLAIN_UTF8_H
#define PLAIN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plain_utf8 {
    uint32_t code;  /* bits of the character under way */
    unsigned size;  /* its bytes; 0 between characters */
    unsigned seen;  /* of them */
};

static inline bool plain_utf8_byte(struct plain_utf8 *u, uint8_t byte)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (u->size == 0) {
        if (byte < 0x80)
            return true;
        u->size = byte >= 0xf8 ? 0 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
        if (u->size == 0)
            return false;
        u->code = byte & (0x7fu >> u->size);
        u->seen = 1;
    } else if (byte >> 6 == 2) {
        u->code = u->code << 6 | (byte & 0x3f);
        u->seen++;
    } else {
        return false;
    }
    const unsigned open = 6 * (u->size - u->seen);
    const uint32_t low = u->code << open, high = low | ((1u << open) - 1);
    if (high < least[u->size] || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff))
        return false;
    if (u->seen == u->size)
        u->size = 0;
    return true;
}

/* The index of the first byte after which the text can no longer become valid; size when there is none. */
static inline size_t plain_utf8_bad(const uint8_t *bytes, size_t size, bool *complete)
{
    struct plain_utf8 u = {0};
    size_t at = 0;
    while (at < size && plain_utf8_byte(&u, bytes[at]))
        at++;
    *complete = at == size && u.size == 0;
    return at;
}

#endif
