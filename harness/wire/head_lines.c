/* The scanner under http1.c: the choice of its kernel, and the search for the
 * end of a head that comes in pieces. */
#include "head_lines.h"

#include "simd.h"

#include <assert.h>
#include <string.h>

void ws_head_lines_find(struct ws_head_lines *lines, const char *bytes, size_t size)
{
    assert(size <= WS_HEAD_BYTES_MAX);
    ws_simd()->head_lines(lines, bytes, size);
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
