/* The table behind chars.h. */
#include "chars.h"

#define TOKEN WS_CHAR_TOKEN
#define WORD (WS_CHAR_TOKEN | WS_CHAR_BASE64 | WS_CHAR_HOST | WS_CHAR_LITERAL | WS_CHAR_TARGET | WS_CHAR_QUOTED)
#define SEEN (WS_CHAR_TARGET | WS_CHAR_QUOTED)
#define SUB_DELIM (SEEN | WS_CHAR_HOST | WS_CHAR_LITERAL)

const uint8_t ws_char_classes[256] = {
    ['\t'] = WS_CHAR_QUOTED,
    [' '] = WS_CHAR_QUOTED,
    ['!'] = SUB_DELIM | TOKEN,
    ['"'] = SEEN,
    ['#'] = SEEN | TOKEN,
    ['$'] = SUB_DELIM | TOKEN,
    ['%'] = SEEN | TOKEN | WS_CHAR_HOST,
    ['&'] = SUB_DELIM | TOKEN,
    ['\''] = SUB_DELIM | TOKEN,
    ['('] = SUB_DELIM,
    [')'] = SUB_DELIM,
    ['*'] = SUB_DELIM | TOKEN,
    ['+'] = SUB_DELIM | TOKEN | WS_CHAR_BASE64,
    [','] = SUB_DELIM,
    ['-'] = SUB_DELIM | TOKEN,
    ['.'] = SUB_DELIM | TOKEN,
    ['/'] = SEEN | WS_CHAR_BASE64,
    ['0' ... '9'] = WORD | WS_CHAR_DIGIT,
    [':'] = SEEN | WS_CHAR_LITERAL,
    [';'] = SUB_DELIM,
    ['<'] = SEEN,
    ['='] = SUB_DELIM,
    ['>'] = SEEN,
    ['?'] = SEEN,
    ['@'] = SEEN,
    ['A' ... 'Z'] = WORD,
    ['['] = SEEN,
    ['\\'] = SEEN,
    [']'] = SEEN,
    ['^'] = SEEN | TOKEN,
    ['_'] = SUB_DELIM | TOKEN,
    ['`'] = SEEN | TOKEN,
    ['a' ... 'z'] = WORD,
    ['{'] = SEEN,
    ['|'] = SEEN | TOKEN,
    ['}'] = SEEN,
    ['~'] = SUB_DELIM | TOKEN,
    [0x80 ... 0xff] = SEEN,
};
