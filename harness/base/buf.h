/* A growing byte buffer with a hard limit. The bytes are always followed by a
 * NUL that is not counted, so text may be used as a C string. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;   /* NULL while nothing was ever added */
    size_t size;
    size_t capacity;
    size_t limit;    /* 0: no limit but memory */
    bool failed;     /* sticky: an append hit the limit or found no memory; contents are what fitted before */
};

void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b);              /* leaves an empty, usable buffer with the same limit */
void buf_clear(struct buf *b);             /* size 0, memory kept, `failed` reset */
bool buf_reserve(struct buf *b, size_t more);
bool buf_append(struct buf *b, const void *bytes, size_t size);
bool buf_append_byte(struct buf *b, uint8_t byte);
bool buf_append_fill(struct buf *b, uint8_t byte, size_t times);
bool buf_append_text(struct buf *b, const char *text);
/* For a URI: %XX for each byte that is neither unreserved (RFC 3986 section 2.3) nor one of `others`. */
bool buf_append_encoded(struct buf *b, const char *text, const char *others);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *b, size_t n); /* drops the first n bytes (n <= size) */
const char *buf_text(const struct buf *b); /* "" when empty, never NULL */
/* Gives the memory to the caller (free() it) and leaves b empty. NULL when nothing was added. */
uint8_t *buf_steal(struct buf *b, size_t *size);

#endif
