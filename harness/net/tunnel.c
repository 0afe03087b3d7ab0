/* See tunnel.h. */
#include "net/tunnel.h"

#include "base/buf.h"
#include "net/stage.h"

#include <string.h>

#define ANSWER_MAX 8192u

struct tunnel {
    struct layer layer;
    struct buf request;
    struct buf answer; /* until its head is whole */
    struct buf early;  /* written before the tunnel is open */
    bool any_status;
    bool open;
};

/* False: the layer may be gone. */
static bool fail(struct tunnel *t, const char *what)
{
    struct diag why = {0};
    diag_set(&why, DIAG_TROUBLE, "the proxy %s", what);
    layer_reset(t->layer.below);
    layer_say_ended(&t->layer, LAYER_ERROR, &why);
    return false;
}

static bool is_good(const char *head)
{
    const char *status = strchr(head, ' ');
    return strncmp(head, "HTTP/1.", 7) == 0 && status != NULL && status[1] == '2';
}

/* ---- from below ---- */

static void on_opened(void *owner)
{
    struct tunnel *t = owner;
    layer_write(t->layer.below, t->request.data, t->request.size);
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct tunnel *t = owner;
    if (t->open) {
        layer_say_data(&t->layer, bytes, size);
        return;
    }
    if (!buf_append(&t->answer, bytes, size) || t->answer.size > ANSWER_MAX) {
        fail(t, "answers without an end");
        return;
    }
    const char *head = buf_text(&t->answer), *end = strstr(head, "\r\n\r\n");
    if (end == NULL)
        return;
    if (!t->any_status && !is_good(head)) {
        fail(t, "does not open a tunnel");
        return;
    }
    struct buf rest = t->answer;
    size_t used = (size_t)(end + 4 - head);
    buf_init(&t->answer, 0);
    t->open = true;
    layer_write(t->layer.below, t->early.data, t->early.size);
    buf_free(&t->early);
    if (layer_say_opened(&t->layer) && rest.size > used)
        layer_say_data(&t->layer, rest.data + used, rest.size - used);
    buf_free(&rest);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct tunnel *t = owner;
    if (t->open || end == LAYER_RESET || end == LAYER_ERROR)
        layer_say_ended(&t->layer, end, why);
    else
        fail(t, "ends the connection");
}

static void on_drained(void *owner)
{
    struct tunnel *t = owner;
    if (t->open)
        layer_say_drained(&t->layer);
}

static const struct layer_sink ears = {
    .opened = on_opened, .data = on_data, .ended = on_ended, .drained = on_drained};

/* ---- from above ---- */

static void tunnel_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    struct tunnel *t = (struct tunnel *)layer;
    if (t->open)
        layer_write(layer->below, bytes, size);
    else if (!buf_append(&t->early, bytes, size))
        net_no_memory();
}

static void tunnel_finish(struct layer *layer, enum layer_finish how) { layer_finish(layer->below, how); }

static void tunnel_reset(struct layer *layer) { layer_reset(layer->below); }

static void tunnel_pause(struct layer *layer, bool paused) { layer_pause(layer->below, paused); }

static size_t tunnel_queued(const struct layer *layer) { return layer_queued(layer->below); }

static void tunnel_release(struct layer *layer)
{
    struct tunnel *t = (struct tunnel *)layer;
    buf_free(&t->request);
    buf_free(&t->answer);
    buf_free(&t->early);
}

static const struct layer_ops ops = {
    .name = "tunnel",
    .write = tunnel_write,
    .finish = tunnel_finish,
    .reset = tunnel_reset,
    .pause = tunnel_pause,
    .queued = tunnel_queued,
    .release = tunnel_release,
};

struct layer *tunnel_layer(struct layer *below, const char *request, bool any_status, const struct layer_sink *sink,
                           void *owner)
{
    struct tunnel *t = net_alloc(sizeof *t);
    layer_stack(&t->layer, &ops, below, &ears, sink, owner);
    t->any_status = any_status;
    buf_init(&t->request, 0);
    buf_init(&t->answer, 2 * ANSWER_MAX);
    buf_init(&t->early, 0);
    if (!buf_append_text(&t->request, request))
        net_no_memory();
    return &t->layer;
}
