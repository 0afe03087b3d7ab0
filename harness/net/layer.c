/* See layer.h and stage.h: the rules that every layer shares, in one place. */
#include "net/stage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void net_no_memory(void)
{
    fputs("wsgauntlet: out of memory\n", stderr);
    abort();
}

void *net_alloc(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL)
        net_no_memory();
    return memory;
}

void layer_init(struct layer *layer, const struct layer_ops *ops, struct loop *loop,
                const struct layer_sink *sink, void *owner)
{
    *layer = (struct layer){.ops = ops, .loop = loop, .sink = sink, .owner = owner};
}

void layer_stack(struct layer *layer, const struct layer_ops *ops, struct layer *below,
                 const struct layer_sink *ears, const struct layer_sink *sink, void *owner)
{
    layer_init(layer, ops, below->loop, sink, owner);
    layer->below = below;
    layer_listen(below, ears, layer);
}

void layer_enter(struct layer *layer)
{
    layer->calls++;
}

bool layer_leave(struct layer *layer)
{
    assert(layer->calls != 0);
    bool go_on = !layer->over;
    if (--layer->calls == 0 && layer->released)
        free(layer);
    return go_on;
}

bool layer_say_opened(struct layer *layer)
{
    if (layer->over)
        return false;
    layer_enter(layer);
    if (layer->sink->opened != NULL)
        layer->sink->opened(layer->owner);
    return layer_leave(layer);
}

bool layer_say_data(struct layer *layer, uint8_t *bytes, size_t size)
{
    if (layer->over)
        return false;
    layer_enter(layer);
    if (layer->sink->data != NULL)
        layer->sink->data(layer->owner, bytes, size);
    return layer_leave(layer);
}

bool layer_say_ended(struct layer *layer, enum layer_end end, const struct diag *why)
{
    static const struct diag nothing;
    if (layer->over)
        return false;
    layer->over = end == LAYER_RESET || end == LAYER_ERROR;
    layer_enter(layer);
    layer->sink->ended(layer->owner, end, why == NULL ? &nothing : why);
    return layer_leave(layer);
}

bool layer_say_drained(struct layer *layer)
{
    if (layer->over)
        return false;
    layer_enter(layer);
    if (layer->sink->drained != NULL)
        layer->sink->drained(layer->owner);
    return layer_leave(layer);
}

void layer_listen(struct layer *layer, const struct layer_sink *sink, void *owner)
{
    layer->sink = sink;
    layer->owner = owner;
}

void layer_write(struct layer *layer, const void *bytes, size_t size)
{
    if (!layer->over && !layer->finished && size != 0)
        layer->ops->write(layer, bytes, size);
}

void layer_finish(struct layer *layer, enum layer_finish how)
{
    if (layer->over || layer->finished)
        return;
    layer->finished = true;
    layer->ops->finish(layer, how);
}

void layer_reset(struct layer *layer)
{
    if (layer->over)
        return;
    layer->over = true;
    layer->ops->reset(layer);
}

void layer_pause(struct layer *layer, bool paused)
{
    if (layer->over || layer->paused == paused)
        return;
    layer->paused = paused;
    layer->ops->pause(layer, paused);
}

void layer_deafen(struct layer *layer, bool deaf)
{
    while (layer != NULL && layer->ops->deafen == NULL)
        layer = layer->below;
    if (layer != NULL && !layer->over)
        layer->ops->deafen(layer, deaf);
}

size_t layer_queued(const struct layer *layer)
{
    return layer->over ? 0 : layer->ops->queued(layer);
}

void layer_release(struct layer *layer)
{
    if (layer == NULL)
        return;
    assert(!layer->released);
    layer->released = layer->over = true;
    layer->ops->release(layer);
    layer_release(layer->below);
    layer->below = NULL;
    if (layer->calls == 0)
        free(layer);
}
