/* A stage for runner tests: the simulated loop, and on it a small echo server
 * made from an endpoint, which behaves as the test says. */
#ifndef STAGE_H
#define STAGE_H

#include "unit.h"

#include "engine/endpoint.h"
#include "engine/runner/runner.h"

#include <string.h>

/* ---- the peer ---- */

struct stage;
struct actor {
    struct stage *stage;
    struct endpoint *endpoint;
    bool opened, closed;
    uint8_t opcode;
    struct buf message;
    struct actor *next;
};

/* How the peer behaves; NULL members: correctly. */
struct behaviour {
    void (*head)(struct actor *a, const struct ws_head *head);
    void (*opened)(struct actor *a);
    void (*message)(struct actor *a);
    void (*ping)(struct actor *a, const struct ws_event *event);
    void (*close)(struct actor *a, const struct ws_event *event);
    bool deflate;
    bool floods;
};

struct stage {
    struct loop *loop;
    struct listener *listener;
    const struct behaviour *behaviour;
    struct actor *actors;
    unsigned connections;
    struct ws_handshake_scratch *scratch;
    struct run_result *run;
    struct case_result *result;
    uint64_t digest;
    size_t sent_events;
    struct testee testee;
    struct timer *outage; /* until the listener comes back */
};

static inline void actor_answer(struct actor *a, const struct ws_head *head, int status, const char *key)
{
    struct ws_server_policy policy = {.deflate = {.enabled = a->stage->behaviour->deflate}};
    struct ws_server_answer answer;
    char out[2048];
    ws_request_validate(head, &policy, a->stage->scratch, &answer);
    if (status != 101)
        answer = (struct ws_server_answer){.status = status};
    if (key)
        memcpy(answer.accept_key, key, strlen(key));
    size_t size = ws_response_write(&answer, NULL, out, sizeof out);
    endpoint_write(a->endpoint, out, size);
    if (!answer.accept) {
        layer_finish(endpoint_layer(a->endpoint), FINISH_CLEAN);
        return;
    }
    a->opened = endpoint_begin(a->endpoint, answer.deflate ? &answer.deflate_params : NULL);
    if (a->stage->behaviour->opened)
        a->stage->behaviour->opened(a);
}

static inline void actor_head(void *owner, const struct ws_head *head, struct ws_head_scan scan)
{
    struct actor *a = owner;
    (void)scan;
    if (a->stage->behaviour->head)
        a->stage->behaviour->head(a, head);
    else if (head)
        actor_answer(a, head, 101, NULL);
    else
        layer_finish(endpoint_layer(a->endpoint), FINISH_CLEAN);
}

static inline void actor_fail(struct actor *a, uint16_t code)
{
    if (a->closed)
        return;
    endpoint_send_close(a->endpoint, code, code == 1002 ? "bad frame" : NULL);
    layer_finish(endpoint_layer(a->endpoint), FINISH_CLEAN);
    a->closed = true;
}

static inline void actor_echo(struct actor *a)
{
    endpoint_send_message(a->endpoint, a->opcode, a->message.data, a->message.size, endpoint_deflate(a->endpoint));
}

static inline void actor_message(struct actor *a, const struct ws_event *event)
{
    if (event->first)
        buf_clear(&a->message);
    buf_append(&a->message, event->data, event->size);
    a->opcode = event->opcode;
    if (!event->last)
        return;
    if (a->stage->behaviour->message)
        a->stage->behaviour->message(a);
    else
        actor_echo(a);
}

static inline void actor_event(void *owner, const struct ws_event *event)
{
    struct actor *a = owner;
    const struct behaviour *b = a->stage->behaviour;
    if (a->closed)
        return;
    if (event->kind == WS_EVENT_MESSAGE)
        actor_message(a, event);
    else if (event->kind == WS_EVENT_PING && b->ping)
        b->ping(a, event);
    else if (event->kind == WS_EVENT_PING)
        endpoint_send_control(a->endpoint, WS_PONG, event->data, event->size);
    else if (event->kind == WS_EVENT_CLOSE && b->close)
        b->close(a, event);
    else if (event->kind == WS_EVENT_CLOSE)
        actor_fail(a, event->code == 1005 ? 0 : event->code);
    else if (event->kind == WS_EVENT_VIOLATION && ws_violation_get(event->violation)->reaction == WS_REACT_FAIL)
        actor_fail(a, ws_violation_get(event->violation)->codes[0]);
}

static inline void actor_opened(void *owner) { (void)owner; }

static inline void actor_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct actor *a = owner;
    (void)why;
    if (end == LAYER_EOF)
        layer_finish(endpoint_layer(a->endpoint), FINISH_CLEAN);
}

static inline void actor_flood(struct actor *a)
{
    static const uint8_t payload[16384];
    while (layer_queued(endpoint_layer(a->endpoint)) < 4 * sizeof payload)
        endpoint_send_message(a->endpoint, WS_BINARY, payload, sizeof payload, false);
}

static inline void actor_drained(void *owner)
{
    struct actor *a = owner;
    if (a->stage->behaviour->floods && a->opened && !a->closed)
        actor_flood(a);
}

static inline void stage_accept(void *arg, struct layer *fresh)
{
    static const struct endpoint_sink sink = {
        .opened = actor_opened, .head = actor_head, .event = actor_event, .ended = actor_ended,
        .drained = actor_drained};
    struct stage *s = arg;
    struct actor *a = calloc(1, sizeof *a);
    struct endpoint_config config = {.role = WS_SERVER, .seed = 7, .connection = ++s->connections};
    a->stage = s;
    a->next = s->actors;
    s->actors = a;
    buf_init(&a->message, 0);
    a->endpoint = endpoint_new(fresh, &config, &sink, a);
}

/* ---- playing a case ---- */

static inline void stage_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct stage *s = arg;
    s->result = result;
    s->digest = hash_value(&trace->sent);
    s->sent_events = trace->count;
    loop_stop(s->loop);
}

/* "; " ends a line. */
static inline struct script *stage_parse(const char *steps)
{
    struct buf text, errors;
    unsigned count = 0;
    buf_init(&text, 0);
    buf_init(&errors, 0);
    buf_append_text(&text, "case test/it \"a case\"\n");
    for (const char *end; (end = strstr(steps, "; ")) != NULL; steps = end + 2) {
        buf_append(&text, steps, (size_t)(end - steps));
        buf_append_byte(&text, '\n');
    }
    buf_printf(&text, "%s\n", steps);
    struct script *script = script_parse("test.wsg", buf_text(&text), text.size, &errors, &count);
    ck_assert_msg(count == 0, "%s", buf_text(&errors));
    ck_assert_uint_eq(script->case_count, 1);
    buf_free(&text);
    buf_free(&errors);
    return script;
}

static inline void stage_open(struct stage *s, const struct behaviour *behaviour)
{
    struct net_address any = {.port = 0};
    struct sim_options options = {.latency_ns = NS_PER_MS};
    char url[64];
    const char *reason;
    *s = (struct stage){.behaviour = behaviour};
    s->loop = loop_sim_new(1, &options);
    s->listener = loop_listen(s->loop, &any, stage_accept, s, NULL);
    s->scratch = calloc(1, sizeof *s->scratch);
    s->run = run_result_new();
    snprintf(url, sizeof url, "ws://127.0.0.1:%u/echo?x=1", listener_port(s->listener));
    ck_assert(ws_url_parse(&s->testee.url, url, false, &reason));
    s->testee.loop = s->loop;
}

static inline void stage_close(struct stage *s)
{
    for (struct actor *a = s->actors, *next; a; a = next) {
        next = a->next;
        endpoint_release(a->endpoint);
        buf_free(&a->message);
        free(a);
    }
    if (s->listener)
        listener_close(s->listener);
    if (s->outage)
        timer_stop(s->outage);
    loop_free(s->loop);
    free(s->scratch);
    run_result_free(s->run);
}

static inline struct case_result *stage_play_case(struct stage *s, const struct test_case *test, uint64_t seed)
{
    struct runner_config config = {.loop = s->loop, .testee = &s->testee, .role = WS_CLIENT, .seed = seed,
                                   .replay_prefix = "wsgauntlet run"};
    s->result = NULL;
    ck_assert_ptr_nonnull(runner_start(&config, test, s->run, run_result_add(s->run), stage_done, s));
    loop_run(s->loop);
    ck_assert_msg(s->result != NULL, "the loop ran out before the case ended");
    return s->result;
}

static inline struct case_result *stage_play(struct stage *s, const struct script *script, uint64_t seed)
{
    return stage_play_case(s, &script->cases[0], seed);
}

struct row {
    const char *steps;
    const struct behaviour *peer;
    enum verdict verdict;
    enum close_verdict close;
    const char *says; /* in expected, seen or detail */
};

static inline void check_row(const struct row *row)
{
    struct stage s;
    struct script *script = stage_parse(row->steps);
    char all[8192];
    stage_open(&s, row->peer);
    struct case_result *result = stage_play(&s, script, 1);
    snprintf(all, sizeof all, "%s | %s | %s", result->expected, result->seen, result->detail);
    ck_assert_msg(result->verdict == row->verdict && result->close_verdict == row->close &&
                      (!row->says || strstr(all, row->says)),
                  "wanted %s, close %s, \"%s\"; got %s, close %s, \"%s\" from\n%s\n%.1500s", verdict_word(row->verdict),
                  close_verdict_word(row->close), row->says ? row->says : "", verdict_word(result->verdict),
                  close_verdict_word(result->close_verdict), all, row->steps, result->trace);
    stage_close(&s);
    script_free(script);
}

#define CHECK_ROWS(rows)                                      \
    do {                                                      \
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) \
            check_row(&rows[i]);                              \
    } while (0)

/* ---- behaviours that several tests use ---- */

static inline void stage_finish(struct actor *a) { layer_finish(endpoint_layer(a->endpoint), FINISH_CLEAN); }
static inline void stage_reset(struct actor *a) { layer_reset(endpoint_layer(a->endpoint)); }
static inline void stage_nothing(struct actor *a) { (void)a; }
static inline void stage_no_pong(struct actor *a, const struct ws_event *event) { (void)a, (void)event; }

#endif
