/* For tests of endpoint and peer: a layer whose bytes the test hands in and
 * takes out itself, and frames in one line. */
#ifndef TEST_WIRELOG_H
#define TEST_WIRELOG_H

#include "base/buf.h"
#include "net/stage.h"
#include "unit.h"
#include "wire/frame.h"
#include "wire/mask.h"

struct fake_layer {
    struct layer layer; /* first */
    struct buf *out;    /* what was written; the test's, it outlives the layer */
    unsigned writes;
    bool *gone;
};

static inline void fake_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    struct fake_layer *f = (struct fake_layer *)layer;
    f->writes++;
    ck_assert(buf_append(f->out, bytes, size));
}
static inline void fake_finish(struct layer *layer, enum layer_finish how)
{
    (void)how;
    ck_assert(buf_append_text(((struct fake_layer *)layer)->out, "<fin>"));
}
static inline void fake_reset(struct layer *layer)
{
    ck_assert(buf_append_text(((struct fake_layer *)layer)->out, "<rst>"));
}
static inline void fake_pause(struct layer *layer, bool paused)
{
    (void)layer, (void)paused;
}
static inline size_t fake_queued(const struct layer *layer)
{
    (void)layer;
    return 0;
}
static inline void fake_release(struct layer *layer)
{
    *((struct fake_layer *)layer)->gone = true;
}

static const struct layer_ops fake_ops = {
    .name = "fake",
    .write = fake_write,
    .finish = fake_finish,
    .reset = fake_reset,
    .pause = fake_pause,
    .queued = fake_queued,
    .release = fake_release,
};

static inline struct fake_layer *fake_layer_new(struct loop *loop, struct buf *out, bool *gone)
{
    struct fake_layer *f = net_alloc(sizeof *f);
    layer_init(&f->layer, &fake_ops, loop, NULL, NULL);
    f->out = out;
    f->gone = gone;
    *gone = false;
    return f;
}

/* Appends a frame as a client sends it, with a fixed key. first_byte: FIN, RSV and opcode. */
static inline void put_frame(struct buf *out, uint8_t first_byte, const void *payload, size_t size)
{
    static const uint8_t key[4] = {0x11, 0x22, 0x33, 0x44};
    struct ws_frame_head head = ws_frame_head_make((enum ws_opcode)(first_byte & 15u), size, key);
    uint8_t bytes[WS_FRAME_HEAD_MAX];

    head.fin = first_byte >> 7;
    head.rsv = first_byte >> 4 & 7u;
    buf_append(out, bytes, ws_frame_head_write(&head, bytes));
    buf_append(out, payload, size);
    ws_mask(out->data + out->size - size, size, key, 0);
}
#define PUT(out, first_byte, text) put_frame(out, first_byte, text, sizeof text - 1)

#endif
