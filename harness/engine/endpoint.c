/* See endpoint.h. Bytes come in segments of any size; each stage takes what it
 * can use, the rest is held. An owner may do anything inside a callback: what
 * would pull the floor away is put off until the last call has returned. */
#include "engine/endpoint_state.h"

#include "base/limits.h"
#include "net/pushback.h"

#include <assert.h>
#include <stdlib.h>

/* ---- life ---- */

static void endpoint_destroy(struct endpoint *e)
{
    if (e->later != NULL)
        timer_stop(e->later);
    layer_release(e->layer);
    ws_judge_free(e->judge);
    ws_deflater_free(e->deflater);
    endpoint_forget_packed(e);
    trace_tap_free(&e->tap);
    buf_free(&e->held);
    buf_free(&e->read);
    free(e);
}

/* Around every call that may come back to us. */
static void enter(struct endpoint *e)
{
    e->busy++;
}

/* False: the endpoint is no more. */
static bool leave(struct endpoint *e)
{
    if (--e->busy != 0 || !e->released)
        return true;
    endpoint_destroy(e);
    return false;
}

void endpoint_trace(struct endpoint *e, struct trace_event event)
{
    if (e->config.trace == NULL)
        return;
    event.at_ns = loop_now(e->loop) - e->config.trace->start_ns;
    event.connection = e->config.connection;
    trace_add(e->config.trace, &event);
}

static void trace_incoming(struct endpoint *e, enum trace_kind kind, const uint8_t *bytes, size_t size)
{
    endpoint_trace(e, (struct trace_event){.kind = kind, .bytes = bytes, .size = size, .whole = size});
}

/* ---- the stages: each takes bytes from the front and says how many; 0: not now ---- */

static bool is_final(const struct ws_head *head)
{
    return head->is_response && head->status != 101;
}

static enum endpoint_stage behind(const struct ws_head *head)
{
    if (head->is_response && head->status >= 100 && head->status < 200 && head->status != 101)
        return STAGE_HEAD;
    return is_final(head) ? STAGE_DISCARD : STAGE_HELD;
}

static size_t take_head(struct endpoint *e, uint8_t *bytes, size_t size)
{
    struct ws_head_scan scan = ws_head_parse(&e->head, e->config.role == WS_CLIENT, (const char *)bytes,
                                             size, e->head_seen, 0);
    if (scan.answer == WS_SCAN_MORE) {
        e->head_seen = size;
        return 0;
    }
    e->head_seen = 0;
    if (scan.answer == WS_SCAN_BROKEN) {
        trace_incoming(e, TRACE_RAW, bytes, size);
        e->stage = STAGE_DISCARD;
        e->sink->head(e->owner, NULL, scan);
        return size;
    }
    size_t head_size = e->head.size;
    trace_incoming(e, TRACE_HEAD, bytes, head_size);
    e->stage = behind(&e->head);
    e->sink->head(e->owner, &e->head, scan);
    return head_size;
}

static size_t take_nothing(struct endpoint *e, uint8_t *bytes, size_t size)
{
    (void)e, (void)bytes, (void)size;
    return 0;
}

static void read_carelessly(struct endpoint *e, uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        buf_clear(&e->read);
        at += e->config.reader(e->owner, bytes + at, size - at, &e->read);
        ws_judge_feed(e->judge, e->read.data, e->read.size);
    }
}

static size_t take_frames(struct endpoint *e, uint8_t *bytes, size_t size)
{
    if (e->paused)
        return 0;
    size_t slice = size < ENDPOINT_SLICE ? size : ENDPOINT_SLICE;
    trace_tap_feed(&e->tap, bytes, slice, loop_now(e->loop));
    if (e->config.reader == NULL)
        ws_judge_feed(e->judge, bytes, slice);
    else
        read_carelessly(e, bytes, slice);
    return slice;
}

static size_t take_discard(struct endpoint *e, uint8_t *bytes, size_t size)
{
    trace_incoming(e, TRACE_RAW, bytes, size);
    if (e->sink->behind != NULL)
        e->sink->behind(e->owner, bytes, size);
    return size;
}

/* Returns the bytes used. The caller stands between enter and leave. */
static size_t take(struct endpoint *e, uint8_t *bytes, size_t size)
{
    static size_t (*const stages[STAGES])(struct endpoint *, uint8_t *, size_t) = {
        [STAGE_HEAD] = take_head,
        [STAGE_HELD] = take_nothing,
        [STAGE_FRAMES] = take_frames,
        [STAGE_DISCARD] = take_discard,
    };
    size_t used = 0;

    while (used < size && !e->released) {
        size_t n = stages[e->stage](e, bytes + used, size - used);
        if (n == 0)
            break;
        used += n;
    }
    return used;
}

/* ---- what is held, and the end behind it ---- */

static void tell_end(struct endpoint *e)
{
    static const enum trace_kind kinds[] = {
        [LAYER_EOF] = TRACE_EOF,
        [LAYER_CUT] = TRACE_EOF,
        [LAYER_RESET] = TRACE_RESET,
        [LAYER_ERROR] = TRACE_NOTE,
    };

    e->end_waits = false;
    trace_tap_end(&e->tap, loop_now(e->loop));
    endpoint_trace(e, (struct trace_event){.kind = kinds[e->end], .text = e->end_why.text});
    enter(e);
    e->sink->ended(e->owner, e->end, &e->end_why);
    leave(e);
}

/* Reading stops at the layer when the owner wants it, or when too much waits for endpoint_begin. */
static void settle(struct endpoint *e)
{
    bool pause = e->paused || (e->stage == STAGE_HELD && e->held.size >= WS_HEAD_BYTES_MAX);

    if (pause != e->layer_paused) {
        e->layer_paused = pause;
        layer_pause(e->layer, pause);
    }
    if (e->end_waits && (e->held.size == 0 || e->stage == STAGE_HEAD))
        tell_end(e);
}

/* Nothing more comes, and what was not used is lost. */
static void broke(struct endpoint *e)
{
    buf_free(&e->held);
    e->stage = STAGE_DISCARD;
    e->end_waits = true;
}

/* Keeps `rest` in front of what came meanwhile; takes its memory over. */
static void keep(struct endpoint *e, struct buf *rest)
{
    buf_append(rest, e->held.data, e->held.size);
    rest->failed |= e->held.failed;
    buf_free(&e->held);
    e->held = *rest;
    if (e->held.failed) {
        layer_reset(e->layer);
        e->end = LAYER_ERROR;
        diag_set(&e->end_why, DIAG_TROUBLE, "no memory for what the peer sends");
        broke(e);
    }
    settle(e);
}

static void go_on(struct endpoint *e)
{
    struct buf work = e->held;

    buf_init(&e->held, 0);
    enter(e);
    size_t used = take(e, work.data, work.size);
    if (leave(e)) {
        buf_consume(&work, used);
        keep(e, &work);
    } else {
        buf_free(&work);
    }
}

static void go_on_later(void *arg)
{
    struct endpoint *e = arg;

    e->later = NULL;
    go_on(e);
}

/* Called by the owner, perhaps from within a callback: what follows must not come before he returns. */
static void wake(struct endpoint *e)
{
    bool due = e->held.size != 0 || e->layer_paused || e->end_waits;

    if (due && e->busy == 0 && e->later == NULL)
        e->later = timer_start(e->loop, 0, go_on_later, e);
}

/* Leaves a callback that is not part of reading: the owner may have wanted it to go on. */
static void leave_and_wake(struct endpoint *e)
{
    if (leave(e))
        wake(e);
}

/* ---- what the layer says ---- */

static void on_opened(void *owner)
{
    struct endpoint *e = owner;

    endpoint_trace(e, (struct trace_event){.kind = TRACE_CONNECT});
    enter(e);
    e->sink->opened(e->owner);
    leave_and_wake(e);
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct endpoint *e = owner;
    struct buf rest;

    if (e->released)
        return;
    if (e->busy != 0 || e->held.size != 0) {
        buf_append(&e->held, bytes, size);
        if (e->busy == 0)
            go_on(e);
        return;
    }
    enter(e);
    size_t used = take(e, bytes, size);
    if (!leave(e))
        return;
    buf_init(&rest, 0);
    buf_append(&rest, bytes + used, size - used);
    keep(e, &rest);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct endpoint *e = owner;

    if (e->released)
        return;
    e->end = end;
    e->end_why = why != NULL ? *why : (struct diag){0};
    e->end_waits = true;
    if (end == LAYER_RESET || end == LAYER_ERROR)
        broke(e);
    if (e->busy == 0)
        settle(e);
}

static void on_drained(void *owner)
{
    struct endpoint *e = owner;

    if (e->released || e->sink->drained == NULL)
        return;
    enter(e);
    e->sink->drained(e->owner);
    leave_and_wake(e);
}

static void on_event(void *context, const struct ws_event *event)
{
    struct endpoint *e = context;

    if (e->released || e->stage != STAGE_FRAMES)
        return;
    if (event->kind == WS_EVENT_VIOLATION)
        endpoint_trace(e, (struct trace_event){
                              .kind = TRACE_VIOLATION,
                              .text = ws_violation_get(event->violation)->sentence,
                          });
    e->sink->event(e->owner, event);
}

static void on_frame(void *context, const struct ws_frame_head *head, const uint8_t *payload, size_t kept)
{
    struct endpoint *e = context;

    if (!e->released && e->stage == STAGE_FRAMES && e->sink->frame != NULL)
        e->sink->frame(e->owner, head, payload, kept);
}

/* ---- what the owner wants ---- */

struct endpoint *endpoint_new(struct layer *layer, const struct endpoint_config *config,
                              const struct endpoint_sink *sink, void *owner)
{
    static const struct layer_sink layer_sink = {on_opened, on_data, on_ended, on_drained};
    struct endpoint *e = calloc(1, sizeof *e);

    if (e == NULL) {
        layer_release(layer);
        return NULL;
    }
    e->config = *config;
    e->layer = layer;
    e->loop = layer->loop;
    e->sink = sink;
    e->owner = owner;
    buf_init(&e->held, 0);
    buf_init(&e->read, 0);
    e->mask = prng_stream_n(config->seed, "mask", config->connection);
    trace_tap_init(&e->tap, config->trace, config->connection, config->role);
    e->tap.whole = on_frame;
    e->tap.whole_arg = e;
    layer_listen(layer, &layer_sink, e);
    return e;
}

void endpoint_listen(struct endpoint *e, const struct endpoint_sink *sink, void *owner)
{
    e->sink = sink;
    e->owner = owner;
}

void endpoint_release(struct endpoint *e)
{
    if (e == NULL || e->released)
        return;
    e->released = true;
    if (e->busy == 0)
        endpoint_destroy(e);
}

struct layer *endpoint_take_layer(struct endpoint *e)
{
    assert(e->busy == 0);
    layer_pause(e->layer, false);
    struct layer *layer = pushback_layer(e->layer, e->held.data, e->held.size, NULL, NULL);
    e->layer = NULL;
    endpoint_release(e);
    return layer;
}

bool endpoint_begin(struct endpoint *e, const struct ws_deflate_params *params)
{
    bool server = e->config.role == WS_SERVER;
    struct ws_judge_config judge = {
        .receiver = e->config.role,
        .message_max = e->config.message_max != 0 ? e->config.message_max : LIMIT_MESSAGE_BYTES,
        .event = on_event,
        .context = e,
    };

    assert(e->judge == NULL);
    if (params != NULL) {
        judge.deflate = true;
        judge.context_takeover = server ? !params->client_no_context_takeover
                                        : !params->server_no_context_takeover;
        judge.window_bits = server ? params->client_max_window_bits : params->server_max_window_bits;
        unsigned bits = server ? params->server_max_window_bits : params->client_max_window_bits;
        bool takeover = server ? !params->server_no_context_takeover
                               : !params->client_no_context_takeover;
        e->takeover = takeover;
        e->deflater = ws_deflater_new(bits != 0 ? (int)bits : 15, takeover,
                                      e->config.deflate_level != 0 ? e->config.deflate_level : 6);
    }
    e->judge = ws_judge_new(&judge);
    if (e->judge == NULL || (params != NULL && e->deflater == NULL))
        return false;
    e->stage = STAGE_FRAMES;
    wake(e);
    return true;
}

void endpoint_finish(struct endpoint *e, enum layer_finish how)
{
    endpoint_trace(e, (struct trace_event){.kind = TRACE_EOF, .ours = true});
    layer_finish(e->layer, how);
}

void endpoint_reset(struct endpoint *e)
{
    endpoint_trace(e, (struct trace_event){.kind = TRACE_RESET, .ours = true});
    layer_reset(e->layer);
}

void endpoint_discard(struct endpoint *e)
{
    e->stage = STAGE_DISCARD;
    wake(e);
}

void endpoint_pause(struct endpoint *e, bool paused)
{
    e->paused = paused;
    if (paused && e->busy == 0)
        settle(e);
    else
        wake(e);
}

size_t endpoint_held(const struct endpoint *e)
{
    return e->stage == STAGE_HELD ? e->held.size : 0;
}

struct layer *endpoint_layer(struct endpoint *e)
{
    return e->layer;
}

bool endpoint_deflate(const struct endpoint *e)
{
    return e->deflater != NULL;
}
