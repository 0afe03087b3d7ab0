/* Where wslay's frame interface reads from: bytes in memory, all at once. */
#ifndef WSLAY_SOURCE_H
#define WSLAY_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wslay/wslay.h>

struct wslay_source {
    const uint8_t *at;
    size_t left;
};

/* A wslay_frame_recv_callback; arg: the source. At its end it would block. */
static inline ssize_t wslay_source_give(uint8_t *out, size_t size, int flags, void *arg)
{
    struct wslay_source *source = arg;
    size_t now = size < source->left ? size : source->left;
    (void)flags;
    if (now == 0)
        return -1;
    memcpy(out, source->at, now);
    source->at += now;
    source->left -= now;
    return (ssize_t)now;
}

#endif
