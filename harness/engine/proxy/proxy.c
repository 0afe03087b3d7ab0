/* See proxy.h: the address that is listened on, the scripts, and the view from outside. */
#include "engine/proxy/inside.h"
#include "engine/proxy/share_inside.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN (100 * NS_PER_MS) /* the port was taken while we did not listen */

void proxy_say(struct proxy *proxy, struct proxy_event event)
{
    if (proxy->config.watch.event == NULL)
        return;
    event.proxy = proxy;
    event.at_ns = loop_now(proxy->loop);
    event.text = event.text == NULL ? "" : event.text;
    proxy->config.watch.event(proxy->config.watch.arg, &event);
}

struct proxy *proxy_new(struct loop *loop, const struct proxy_config *config)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL)
        return NULL;
    proxy->loop = loop;
    proxy->config = *config;
    proxy->config.name = strdup(config->name == NULL ? "" : config->name);
    if (proxy->config.name == NULL) {
        free(proxy);
        return NULL;
    }
    if (config->share != NULL)
        share_new(proxy);
    return proxy;
}

void proxy_reset(struct proxy *proxy, const char *how)
{
    if (proxy->config.share != NULL)
        share_reset(proxy, how);
    for (struct proxy_conn *conn = proxy->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        conn_end(conn, CONN_RESET, CONN_RESET, how);
    }
}

static void stop_listening(struct proxy *proxy)
{
    if (proxy->listener != NULL)
        listener_close(proxy->listener);
    proxy->listener = NULL;
    timer_stop(proxy->refuse);
    proxy->refuse = NULL;
}

void proxy_free(struct proxy *proxy)
{
    if (proxy == NULL)
        return;
    stop_listening(proxy);
    if (proxy->config.share != NULL)
        share_free(proxy); /* each process does the rest of this with what it has */
    proxy->config.share = NULL;
    proxy_reset(proxy, "the proxy ended");
    proxy_remove_all(proxy);
    free((char *)proxy->config.name);
    free(proxy);
}

static void note(struct proxy *proxy, const char *text)
{
    proxy_say(proxy, (struct proxy_event){.kind = PROXY_NOTE, .text = text});
}

/* ---- the address ---- */

static void accept_one(void *arg, struct layer *fresh)
{
    struct proxy *proxy = arg;
    if (proxy->count >= LIMIT_CONNECTIONS) {
        if (!proxy->full)
            note(proxy, "more connections than 20000: the rest is reset");
        proxy->full = true;
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    proxy->full = false;
    (proxy->config.share != NULL ? share_accept : conn_accept)(proxy, fresh);
}

static bool start_listening(struct proxy *proxy, struct diag *why)
{
    if (proxy->listener != NULL)
        return true;
    proxy->listener = loop_listen(proxy->loop, &proxy->config.at, accept_one, proxy, why);
    if (proxy->listener != NULL)
        proxy->config.at.port = listener_port(proxy->listener); /* the same one when it listens again */
    return proxy->listener != NULL;
}

bool proxy_enable(struct proxy *proxy, bool on, struct diag *why)
{
    if (!on) {
        stop_listening(proxy);
        proxy_reset(proxy, "the proxy was disabled");
    } else if (!start_listening(proxy, why)) {
        return false;
    }
    proxy->enabled = on;
    return true;
}

static void listen_again(void *arg)
{
    struct proxy *proxy = arg;
    struct diag why = {0};
    proxy->refuse = NULL;
    if (start_listening(proxy, &why)) {
        note(proxy, "listens again");
        return;
    }
    note(proxy, why.text);
    proxy->refuse = timer_start(proxy->loop, AGAIN, listen_again, proxy);
}

void proxy_refuse(struct proxy *proxy, uint64_t time_ns)
{
    if (proxy->config.refuse != NULL) {
        proxy->config.refuse(proxy->config.watch.arg, time_ns);
        return;
    }
    stop_listening(proxy);
    proxy->refuse = timer_start(proxy->loop, time_ns, listen_again, proxy);
}

bool proxy_enabled(const struct proxy *proxy)
{
    return proxy->enabled;
}

const struct proxy_config *proxy_config(const struct proxy *proxy)
{
    return &proxy->config;
}

uint16_t proxy_port(const struct proxy *proxy)
{
    return proxy->config.at.port;
}

void proxy_redirect(struct proxy *proxy, const struct net_address *to, struct tls_context *tls)
{
    proxy->config.to = *to;
    proxy->config.to_tls = tls;
    if (proxy->config.share != NULL)
        share_redirect(proxy);
}

/* ---- scripts ---- */

bool proxy_add(struct proxy *proxy, const char *name, struct proxy_script *script)
{
    struct proxy_script **at = &proxy->scripts;
    for (; *at != NULL; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0)
            return false;
    if ((script->name = strdup(name)) == NULL)
        return false;
    script->order = proxy->script_order++;
    *at = script;
    if (proxy->config.share != NULL)
        share_add(proxy, name, script->text);
    for (struct proxy_conn *conn = proxy->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        conn_enter(conn);
        play_begin_all(conn, script);
        conn_leave(conn);
    }
    return true;
}

static void take_away(struct proxy *proxy, struct proxy_script *script)
{
    for (struct proxy_conn *conn = proxy->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        conn_enter(conn);
        play_end_all(conn, script);
        conn_leave(conn);
    }
    proxy_script_free(script);
}

bool proxy_remove(struct proxy *proxy, const char *name)
{
    for (struct proxy_script **at = &proxy->scripts; *at != NULL; at = &(*at)->next) {
        struct proxy_script *script = *at;
        if (strcmp(script->name, name) != 0)
            continue;
        *at = script->next;
        if (proxy->config.share != NULL)
            share_remove(proxy, name);
        take_away(proxy, script);
        return true;
    }
    return false;
}

void proxy_remove_all(struct proxy *proxy)
{
    if (proxy->config.share != NULL)
        share_remove(proxy, NULL);
    while (proxy->scripts != NULL) {
        struct proxy_script *script = proxy->scripts;
        proxy->scripts = script->next;
        take_away(proxy, script);
    }
}

/* ---- the view ---- */

size_t proxy_connections(const struct proxy *proxy)
{
    return proxy->count;
}

unsigned proxy_count(const struct proxy *proxy)
{
    return proxy->number;
}

struct proxy_flow proxy_flow(const struct proxy *proxy, bool upstream)
{
    if (proxy->config.share != NULL)
        return share_flow(proxy, upstream);
    struct proxy_flow sum = upstream ? proxy->up : proxy->down;
    for (const struct proxy_conn *conn = proxy->conns; conn != NULL; conn = conn->next) {
        const struct proxy_flow *flow = upstream ? &conn->up.flow : &conn->down.flow;
        sum.bytes += flow->bytes;
        sum.frames += flow->frames;
        sum.messages += flow->messages;
    }
    return sum;
}

const char *proxy_state_word(enum proxy_state state)
{
    static const char *const words[] = {
        [PROXY_IS_CONNECTING] = "connecting", [PROXY_IS_HANDSHAKE] = "handshake", [PROXY_IS_OPEN] = "open",
        [PROXY_IS_RAW] = "not WebSocket",     [PROXY_IS_ENDING] = "ending",       [PROXY_IS_ANSWERED] = "answered here",
    };
    return words[state];
}

static enum proxy_state state_of(const struct proxy_conn *conn)
{
    if (conn->up.ended || conn->down.ended)
        return PROXY_IS_ENDING;
    if (conn->own != NULL)
        return PROXY_IS_ANSWERED;
    if (conn->open)
        return PROXY_IS_OPEN;
    if (conn->up.stage == WAY_RAW)
        return PROXY_IS_RAW;
    return conn->server.opened ? PROXY_IS_HANDSHAKE : PROXY_IS_CONNECTING;
}

static size_t faults_in_force(const struct proxy_conn *conn)
{
    size_t n = 0;
    for (const struct armed *armed = conn->armed; armed != NULL; armed = armed->next)
        n += !armed->done;
    return n;
}

size_t proxy_look(const struct proxy *proxy, struct proxy_status *status, size_t room)
{
    if (proxy->config.share != NULL)
        return share_look(proxy, status, room);
    size_t n = 0;
    for (const struct proxy_conn *conn = proxy->conns; conn != NULL && n < room; conn = conn->next)
        status[n++] = (struct proxy_status){
            .connection = conn->number,
            .since_ns = conn->since_ns,
            .state = state_of(conn),
            .up = conn->up.flow,
            .down = conn->down.flow,
            .faults = faults_in_force(conn),
        };
    return n;
}

void proxy_faults_of(const struct proxy *proxy, unsigned connection, struct buf *out)
{
    if (proxy->config.share != NULL) {
        share_faults_of(proxy, connection, out);
        return;
    }
    size_t begin = out->size;
    for (const struct proxy_conn *conn = proxy->conns; conn != NULL; conn = conn->next)
        for (const struct armed *armed = conn->number == connection ? conn->armed : NULL; armed != NULL;
             armed = armed->next) {
            if (armed->done)
                continue;
            struct buf line;
            buf_init(&line, 0);
            step_print(armed->step, &line);
            const char *text = buf_text(&line);
            buf_append_text(out, out->size == begin ? "" : ", ");
            buf_append_text(out, strncmp(text, "fault ", 6) == 0 ? text + 6 : text);
            buf_free(&line);
        }
}
