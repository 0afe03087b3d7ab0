/* Cuts a stream of frames into heads and pieces of payload without touching a
 * byte: what the proxy hands on is what it was given. */
#ifndef ENGINE_PROXY_CUTTER_H
#define ENGINE_PROXY_CUTTER_H

#include "wire/frame.h"

struct frame_cutter {
    struct ws_frame_head head; /* of the frame under way */
    uint64_t left;             /* bytes of its payload still to come */
    uint8_t pending[WS_FRAME_HEAD_MAX];
    uint8_t pending_size;      /* bytes of an unfinished head */
    bool in_payload;
};

/* A head (begins) or a piece of payload; `ends` with the frame's last byte. */
struct frame_bit {
    const uint8_t *bytes; /* into the input, or into the cutter when the head came in parts */
    size_t size;          /* 0: the head is not complete, what there was is kept */
    bool begins, ends;
    uint64_t offset;      /* of these bytes within the payload */
};

/* Takes one bit off bytes[0 .. size), size >= 1; returns the bytes consumed. */
size_t frame_cutter_next(struct frame_cutter *cutter, const uint8_t *bytes, size_t size, struct frame_bit *bit);
/* True between frames. */
static inline bool frame_cutter_idle(const struct frame_cutter *cutter)
{
    return cutter->pending_size == 0 && !cutter->in_payload;
}

#endif
