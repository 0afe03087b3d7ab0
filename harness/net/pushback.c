/* See pushback.h. What was put back goes up in a turn of the loop of its own;
 * what comes from below meanwhile waits behind it. */
#include "net/pushback.h"

#include "base/buf.h"
#include "net/loop.h"
#include "net/stage.h"

struct pushback {
    struct layer layer;
    struct buf held;   /* to be said first */
    bool opened;       /* was said */
    bool ends;         /* the end waits behind `held` */
    enum layer_end end;
    struct diag why;
    struct timer *turn;
};

static void turn(void *arg);

static void turn_soon(struct pushback *p)
{
    if (p->turn == NULL)
        p->turn = timer_start(p->layer.loop, 0, turn, p);
}

static bool say_held(struct pushback *p)
{
    struct buf bytes = p->held;
    buf_init(&p->held, 0);
    bool alive = bytes.size == 0 || layer_say_data(&p->layer, bytes.data, bytes.size);
    buf_free(&bytes);
    return alive;
}

/* Each saying may end us, or pause us. */
static void turn(void *arg)
{
    struct pushback *p = arg;
    p->turn = NULL;
    if (!p->opened) {
        p->opened = true;
        if (!layer_say_opened(&p->layer))
            return;
    }
    if (p->layer.paused || !say_held(p) || p->layer.paused)
        return;
    if (!p->ends)
        return;
    p->ends = false;
    layer_say_ended(&p->layer, p->end, &p->why);
}

/* ---- from below ---- */

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct pushback *p = owner;
    if (p->opened && p->held.size == 0 && !p->layer.paused) {
        layer_say_data(&p->layer, bytes, size);
        return;
    }
    if (!buf_append(&p->held, bytes, size))
        net_no_memory();
    turn_soon(p);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct pushback *p = owner;
    p->end = end;
    p->why = *why;
    p->ends = true;
    turn_soon(p);
}

static void on_drained(void *owner)
{
    struct pushback *p = owner;
    layer_say_drained(&p->layer);
}

static const struct layer_sink ears = {.data = on_data, .ended = on_ended, .drained = on_drained};

/* ---- from above ---- */

static void pushback_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    layer_write(layer->below, bytes, size);
}

static void pushback_finish(struct layer *layer, enum layer_finish how) { layer_finish(layer->below, how); }

static void pushback_reset(struct layer *layer) { layer_reset(layer->below); }

static void pushback_pause(struct layer *layer, bool paused)
{
    struct pushback *p = (struct pushback *)layer;
    layer_pause(layer->below, paused);
    if (!paused && (p->held.size != 0 || p->ends))
        turn_soon(p);
}

static size_t pushback_queued(const struct layer *layer) { return layer_queued(layer->below); }

static void pushback_release(struct layer *layer)
{
    struct pushback *p = (struct pushback *)layer;
    timer_stop(p->turn);
    p->turn = NULL;
    buf_free(&p->held);
}

static const struct layer_ops ops = {
    .name = "pushback",
    .write = pushback_write,
    .finish = pushback_finish,
    .reset = pushback_reset,
    .pause = pushback_pause,
    .queued = pushback_queued,
    .release = pushback_release,
};

struct layer *pushback_layer(struct layer *below, const void *bytes, size_t size, const struct layer_sink *sink,
                             void *owner)
{
    struct pushback *p = net_alloc(sizeof *p);
    layer_stack(&p->layer, &ops, below, &ears, sink, owner);
    buf_init(&p->held, 0);
    if (!buf_append(&p->held, bytes, size))
        net_no_memory();
    turn_soon(p);
    return &p->layer;
}
