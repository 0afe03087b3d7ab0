/* Cuts a head into lines: where each line feeds, where its first colon is, and
 * whether the head is clean. Inside wire/ only; http1.c reads the lines. */
#ifndef WS_HEAD_LINES_H
#define WS_HEAD_LINES_H

#include "http1.h"

#define WS_HEAD_LINES_MAX (WS_HEADERS_MAX + 2u) /* with the start line and the empty line */

struct ws_head_lines {
    size_t count;  /* with the empty line, when `whole` */
    bool whole;    /* the empty line is there */
    bool too_many; /* stopped at more lines than a head may have */
    bool clean;    /* control characters are only at line ends: one each, before the line feed */
    uint32_t feed[WS_HEAD_LINES_MAX];  /* index of the line feed */
    uint32_t colon[WS_HEAD_LINES_MAX]; /* index of the first colon, or of the line feed when there is none */
};

/* bytes[0] begins the start line; at most WS_HEAD_BYTES_MAX. */
void ws_head_lines_find(struct ws_head_lines *lines, const char *bytes, size_t size);

/* Index behind the empty line that ends the head at bytes[0 .. size), where
 * none ends before `from`; 0 when there is none. */
size_t ws_head_end(const char *bytes, size_t size, size_t from);

#endif
