/* See serve.h. The door: connections come in, and are read as far as their
 * request's head, which says who they are for. */
#include "engine/serve/parts.h"

#include "net/pushback.h"

#include <stdlib.h>
#include <string.h>

static void call_unlink(struct call *call)
{
    *call->at = call->next;
    if (call->next != NULL)
        call->next->at = call->at;
    call->serve->call_count--;
}

void call_free(struct call *call)
{
    agent_forget(call);
    call_unlink(call);
    timer_stop(call->patience);
    endpoint_release(call->endpoint);
    layer_release(call->layer);
    buf_free(&call->head);
    free(call);
}

struct layer *call_take_layer(struct call *call)
{
    struct layer *layer = pushback_layer(call->layer, call->head.data, call->head.size, NULL, NULL);
    call->layer = NULL;
    return layer;
}

/* ---- the head ---- */

static void head_broken(struct call *call, enum ws_head_break broken)
{
    static const struct { int status; const char *text; } answers[] = {
        [WS_HEAD_TOO_LARGE] = {431, "the request's head is too large"},
        [WS_HEAD_LINE_TOO_LONG] = {414, "the request line is too long"},
        [WS_HEAD_TOO_MANY] = {431, "the request has too many header lines"},
        [WS_HEAD_NOT_HTTP] = {400, "this is not HTTP; is it TLS to a port without?"},
    };
    web_refuse(call, answers[broken].status, "%s", answers[broken].text);
}

static void read_head(struct call *call)
{
    struct ws_head *head = &call->serve->head;
    struct ws_head_scan scan =
        ws_head_parse(head, false, buf_text(&call->head), call->head.size, call->seen, 0);
    call->seen = call->head.size;
    if (scan.answer == WS_SCAN_BROKEN)
        head_broken(call, scan.broken);
    else if (scan.answer == WS_SCAN_DONE)
        desk_call(call, head);
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct call *call = owner;
    if (!buf_append(&call->head, bytes, size))
        call_free(call);
    else if (call->waits == NULL)
        read_head(call);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end, (void)why;
    call_free(owner); /* in the middle of a head: nobody's */
}

static void too_slow(void *arg)
{
    struct call *call = arg;
    call->patience = NULL;
    web_refuse(call, 408, "the request took more than %llu s",
               (unsigned long long)(HEAD_PATIENCE_NS / NS_PER_S));
}

static void accepted(void *arg, struct layer *fresh)
{
    static const struct layer_sink sink = {.data = on_data, .ended = on_ended};
    struct serve *serve = arg;
    struct call *call = serve->call_count < CALLS_MAX ? calloc(1, sizeof *call) : NULL;
    if (call == NULL) {
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    if (serve->config.tls != NULL)
        fresh = tls_layer(serve->config.tls, fresh, NULL, NULL, NULL);
    *call = (struct call){.serve = serve, .layer = fresh, .next = serve->calls, .at = &serve->calls};
    buf_init(&call->head, 2 * WS_HEAD_BYTES_MAX);
    if (call->next != NULL)
        call->next->at = &call->next;
    serve->calls = call;
    serve->call_count++;
    call->patience = timer_start(serve->config.loop, HEAD_PATIENCE_NS, too_slow, call);
    layer_listen(fresh, &sink, call);
}

/* ---- the whole ---- */

struct serve *serve_start(const struct serve_config *config, struct diag *why)
{
    struct serve *serve = calloc(1, sizeof *serve);
    if (serve == NULL) {
        diag_set(why, DIAG_TROUBLE, "no memory");
        return NULL;
    }
    serve->config = *config;
    serve->testee = (struct testee){.loop = config->loop};
    if (numbering_make(&serve->numbering, config->suite, config->autobahn, why))
        serve->listener = loop_listen(config->loop, &config->at, accepted, serve, why);
    if (serve->listener != NULL)
        return serve;
    serve_stop(serve);
    return NULL;
}

uint16_t serve_port(const struct serve *serve) { return listener_port(serve->listener); }

size_t serve_numbers(const struct serve *serve) { return serve->numbering.numbers; }

size_t serve_cases(const struct serve *serve) { return serve->numbering.count; }

bool serve_is_idle(const struct serve *serve) { return serve->under_way == 0; }

const struct run_result *serve_run(struct serve *serve, size_t i)
{
    struct agent *agent = serve->agents;
    while (agent != NULL && i-- != 0)
        agent = agent->next;
    return agent == NULL ? NULL : agent_run(agent);
}

void serve_stop(struct serve *serve)
{
    if (serve == NULL)
        return;
    if (serve->listener != NULL)
        listener_close(serve->listener);
    timer_stop(serve->idle);
    timer_stop(serve->shutdown);
    while (serve->calls != NULL)
        call_free(serve->calls);
    agents_free(serve);
    numbering_free(&serve->numbering);
    free(serve);
}
