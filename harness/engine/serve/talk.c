/* Short conversations with a driver: its handshake is accepted if it can be,
 * then one text message at most, then a Close, then the end of TCP by us, with
 * FIN, when the driver's Close has come or its time is up. */
#include "engine/serve/parts.h"

#include <string.h>

static void time_is_up(void *arg)
{
    struct call *call = arg;
    call->patience = NULL;
    call_free(call);
}

static void say(struct call *call)
{
    if (call->says)
        endpoint_send_message(call->endpoint, WS_TEXT, call->head.data, call->head.size, false);
    endpoint_send_close(call->endpoint, 0, NULL);
    call->patience = timer_start(call->serve->config.loop, TALK_PATIENCE_NS, time_is_up, call);
}

static void on_opened(void *owner) { (void)owner; }

/* Who asks need not be right in everything: it is in its cases that a client is judged. */
static void on_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct call *call = owner;
    struct ws_server_answer answer = {.accept = true, .status = 101};
    char out[1024];
    size_t from = 0;
    (void)scan;
    const struct ws_header *key = head == NULL ? NULL : ws_head_next(head, WS_HEADER_KEY, &from);
    ws_accept_key(key == NULL ? "" : key->value.at, key == NULL ? 0 : key->value.size, answer.accept_key);
    endpoint_write(call->endpoint, out, ws_response_write(&answer, NULL, out, sizeof out));
    if (!endpoint_begin(call->endpoint, NULL)) {
        call_free(call);
        return;
    }
    call->talks = true;
    if (call->asks == NULL)
        say(call);
}

static void on_event(void *owner, const struct ws_event *event)
{
    struct call *call = owner;
    if (event->kind == WS_EVENT_PING)
        endpoint_send_control(call->endpoint, WS_PONG, event->data, event->size);
    if (event->kind == WS_EVENT_CLOSE && call->asks != NULL)
        endpoint_send_close(call->endpoint, 0, NULL);
    if (event->kind == WS_EVENT_CLOSE || event->kind == WS_EVENT_VIOLATION)
        endpoint_finish(call->endpoint, FINISH_CLEAN);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end, (void)why;
    call_free(owner);
}

static const struct endpoint_sink sink = {.opened = on_opened, .head = on_head, .event = on_event, .ended = on_ended};

static bool begin(struct call *call)
{
    struct endpoint_config config = {.role = WS_SERVER, .seed = call->serve->config.seed, .message_max = 1024};
    call->endpoint = endpoint_new(call_take_layer(call), &config, &sink, call);
    if (call->endpoint == NULL)
        call_free(call);
    return call->endpoint != NULL;
}

/* The text is kept where the head was, which has gone with the layer. */
static void keep_text(struct call *call, const char *text)
{
    buf_clear(&call->head);
    call->says = text != NULL && buf_append_text(&call->head, text);
}

void talk(struct call *call, const char *text)
{
    if (begin(call))
        keep_text(call, text);
}

void talk_later(struct call *call) { begin(call); }

void talk_say(struct call *call, const char *text)
{
    call->asks = NULL;
    keep_text(call, text);
    if (call->talks)
        say(call);
}
