/* See buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->limit);
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = 0;
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more > SIZE_MAX / 2 - b->size || (b->limit != 0 && b->size + more > b->limit)) {
        b->failed = true;
        return false;
    }
    size_t need = b->size + more + 1; /* the NUL */
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity < 64 ? 64 : b->capacity * 2;
    if (capacity < need)
        capacity = need;
    uint8_t *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

bool buf_append(struct buf *b, const void *bytes, size_t size)
{
    if (!buf_reserve(b, size))
        return false;
    if (size != 0)
        memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = 0;
    return true;
}

bool buf_append_byte(struct buf *b, uint8_t byte)
{
    return buf_append(b, &byte, 1);
}

bool buf_append_fill(struct buf *b, uint8_t byte, size_t times)
{
    if (!buf_reserve(b, times))
        return false;
    memset(b->data + b->size, byte, times);
    b->size += times;
    b->data[b->size] = 0;
    return true;
}

bool buf_append_text(struct buf *b, const char *text)
{
    return buf_append(b, text, strlen(text));
}

bool buf_append_encoded(struct buf *b, const char *text, const char *others)
{
    static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *text != 0; text++) {
        if (strchr(unreserved, *text) != NULL || strchr(others, *text) != NULL)
            buf_append_byte(b, (uint8_t)*text);
        else
            buf_printf(b, "%%%02X", (uint8_t)*text);
    }
    return !b->failed;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool ok = n >= 0 && buf_reserve(b, (size_t)n);
    if (ok) {
        vsnprintf((char *)b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
    return ok;
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->size);
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->size - n + 1);
    b->size -= n;
}

const char *buf_text(const struct buf *b)
{
    return b->data == NULL ? "" : (const char *)b->data;
}

uint8_t *buf_steal(struct buf *b, size_t *size)
{
    uint8_t *data = b->data;
    if (size != NULL)
        *size = b->size;
    buf_init(b, b->limit);
    return data;
}
