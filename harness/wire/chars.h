/* Classes of bytes in HTTP and WebSocket header fields: one table look-up
 * answers "may this byte stand here". Inside wire/ only. */
#ifndef WS_CHARS_H
#define WS_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_char_class {
    WS_CHAR_TOKEN = 1u << 0,  /* tchar, RFC 9110 section 5.6.2 */
    WS_CHAR_BASE64 = 1u << 1, /* RFC 4648 section 4, without '=' */
    WS_CHAR_HOST = 1u << 2,   /* reg-name with '%', RFC 3986 section 3.2.2 */
    WS_CHAR_TARGET = 1u << 3, /* neither a control character nor white space */
    WS_CHAR_DIGIT = 1u << 4,
    WS_CHAR_LITERAL = 1u << 5, /* between the brackets of an IP literal */
    WS_CHAR_QUOTED = 1u << 6,  /* in a quoted string, also behind its backslash; RFC 9110 section 5.6.4 */
};

extern const uint8_t ws_char_classes[256];

static inline bool ws_char_is(char c, unsigned char_class)
{
    return (ws_char_classes[(unsigned char)c] & char_class) != 0;
}

/* Are all of them of that one class? True when there are none. */
static inline bool ws_chars_are(const char *at, size_t size, unsigned char_class)
{
    const unsigned char *b = (const unsigned char *)at;
    unsigned all = char_class;
    for (; size >= 4; b += 4, size -= 4)
        all &= (unsigned)ws_char_classes[b[0]] & ws_char_classes[b[1]] & ws_char_classes[b[2]] & ws_char_classes[b[3]];
    for (; size; b++, size--)
        all &= ws_char_classes[*b];
    return all != 0;
}

static inline bool ws_char_is_blank(char c) { return c == ' ' || c == '\t'; }

#endif
