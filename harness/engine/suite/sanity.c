/* See sanity.h. */
#include "engine/suite/sanity.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (5 * NS_PER_S) /* times the run's factor */

static const char echo_text[] = "timeout 5s\n"
                                "case sanity \"open, echo, close\"\n"
                                "  open\n"
                                "  send text \"wsgauntlet\"\n"
                                "  expect echo\n"
                                "  send close 1000\n"
                                "  expect close\n";

struct sanity {
    struct runner_config config;
    bool echo;
    uint64_t stays_ns;
    sanity_fn *done;
    void *arg;
    struct layer *layer; /* the connection; NULL when it is over */
    struct timer *patience; /* until its turn, then until it is connected, then while it may be reset */
    bool connected;
    struct script *script;
    struct run_result *run;
    struct runner *runner;
};

/* Frees, then tells. */
static void over(struct sanity *s, enum sanity_state state, const struct diag *why)
{
    sanity_fn *done = s->done;
    void *arg = s->arg;
    s->done = NULL;
    sanity_release(s);
    done(arg, state, why);
}

/* The status line of an answer that says no; size 0: there is none. */
static struct ws_span refusal(const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_event *event = &trace->events[i];
        struct ws_head head;
        if (event->kind == TRACE_HEAD && !event->ours &&
            ws_head_parse(&head, true, (const char *)event->bytes, event->size, 0, 0).answer == WS_SCAN_DONE)
            return head.status >= 300 ? head.start_line : (struct ws_span){0};
    }
    return (struct ws_span){0};
}

static void on_echoed(void *arg, struct case_result *result, const struct trace *trace)
{
    struct sanity *s = arg;
    struct ws_span no = refusal(trace);
    s->runner = NULL;
    if (s->done == NULL) /* given up */
        return;
    struct diag why = {0};
    if (result->verdict < VERDICT_FAIL) {
        over(s, SANITY_FINE, &why);
        return;
    }
    if (no.size != 0) {
        const struct ws_url *url = &s->config.testee->url;
        diag_set(&why, DIAG_TROUBLE, "%s:%u%s answers a plain opening handshake with %.*s; is the path right? "
                 "(--header, --origin, --subprotocol: for a server that asks for one)",
                 url->host, url->port, url->resource, (int)(no.size < 80 ? no.size : 80), no.at);
        over(s, SANITY_REFUSED, &why);
        return;
    }
    diag_set(&why, DIAG_TROUBLE, "a plain open and echo fails: %s%s%s%s%s", result->detail,
             result->expected[0] == 0 ? "" : result->detail[0] == 0 ? "expected " : "; expected ",
             result->expected, result->seen[0] == 0 ? "" : ", got ", result->seen);
    over(s, SANITY_NO_ECHO, &why);
}

static bool start_echo(struct sanity *s)
{
    unsigned mistakes = 0;
    struct buf errors;
    buf_init(&errors, 0);
    s->script = script_parse("sanity", echo_text, sizeof echo_text - 1, &errors, &mistakes);
    buf_free(&errors);
    s->run = run_result_new();
    if (s->script == NULL || s->run == NULL)
        return false;
    struct case_result *result = run_result_add(s->run);
    if (result != NULL)
        s->runner = runner_start(&s->config, &s->script->cases[0], s->run, result, on_echoed, s);
    return s->runner != NULL;
}

static void on_stayed(void *arg)
{
    static const struct diag none = {0};
    struct sanity *s = arg;
    s->patience = NULL;
    over(s, SANITY_FINE, &none);
}

static void on_opened(void *owner)
{
    struct sanity *s = owner;
    struct diag why = {0};
    timer_stop(s->patience);
    s->patience = NULL;
    s->connected = true;
    if (!s->echo && s->stays_ns != 0) {
        s->patience = timer_start(s->config.loop, s->stays_ns, on_stayed, s);
        return;
    }
    layer_release(s->layer);
    s->layer = NULL;
    if (!s->echo) {
        over(s, SANITY_FINE, &why);
    } else if (!start_echo(s)) {
        diag_set(&why, DIAG_TROUBLE, "out of memory");
        over(s, SANITY_GONE, &why);
    }
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    (void)owner;
    (void)bytes;
    (void)size;
}

static void on_ended(void *owner, enum layer_end end, const struct diag *reason)
{
    struct sanity *s = owner;
    struct diag why = {0};
    const struct ws_url *url = &s->config.testee->url;
    if (s->connected && end == LAYER_EOF) { /* by itself: who does that lives */
        over(s, SANITY_FINE, &why);
        return;
    }
    if (end != LAYER_ERROR)
        diag_set(&why, DIAG_TROUBLE, "%s:%u ends each connection at once", url->host, url->port);
    else if (strstr(reason->text, "connection refused") != NULL)
        diag_set(&why, DIAG_TROUBLE, "nothing listens on %s%s%s:%u (connection refused)",
                 url->ipv6 ? "[" : "", url->host, url->ipv6 ? "]" : "", url->port);
    else
        diag_set(&why, DIAG_TROUBLE, "%s", reason->text);
    over(s, SANITY_GONE, &why);
}

static void on_patience(void *arg)
{
    struct sanity *s = arg;
    struct diag why = {0};
    s->patience = NULL;
    diag_set(&why, DIAG_TROUBLE, "%s:%u takes no connection", s->config.testee->url.host,
             s->config.testee->url.port);
    over(s, SANITY_GONE, &why);
}

static void connect_now(void *arg)
{
    static const struct layer_sink sink = {.opened = on_opened, .data = on_data, .ended = on_ended};
    struct sanity *s = arg;
    const struct testee *testee = s->config.testee;
    struct net_address to = {.port = testee->url.port};
    memcpy(to.host, testee->url.host, sizeof to.host);
    double factor = s->config.patience > 0 ? s->config.patience : 1;
    s->patience = timer_start(s->config.loop, (uint64_t)((double)PATIENCE_NS * factor), on_patience, s);
    s->layer = loop_connect(s->config.loop, &to, &sink, s);
    if (testee->tls != NULL)
        s->layer = tls_layer(testee->tls, s->layer, testee->url.host, &sink, s);
}

struct sanity *sanity_start(const struct runner_config *config, bool echo, uint64_t stays_ns, sanity_fn *done,
                            void *arg)
{
    struct sanity *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct sanity){.config = *config, .echo = echo, .stays_ns = stays_ns, .done = done, .arg = arg};
    uint64_t now = loop_now(config->loop), turn = pacing_turn(config->pacing, now);
    if (turn > now)
        s->patience = timer_start(config->loop, turn - now, connect_now, s);
    else
        connect_now(s);
    return s;
}

void sanity_release(struct sanity *s)
{
    if (s == NULL)
        return;
    s->done = NULL;
    if (s->runner != NULL)
        runner_interrupt(s->runner);
    if (s->patience != NULL)
        timer_stop(s->patience);
    layer_release(s->layer);
    run_result_free(s->run);
    script_free(s->script);
    free(s);
}
