/* The way to an open TCP connection: names are resolved, and every address is
 * tried in the order the resolver gives. */
#include "net/tcp.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

struct tcp_attempt {
    uv_getaddrinfo_t resolve;
    struct tcp *tcp; /* NULL: cancelled while the resolver works */
    struct net_address to;
    struct addrinfo *addresses, *next;
    struct timer *begin; /* so that nothing is heard before tcp_connect returns */
    bool resolving;
    int error;        /* of the last address */
    struct buf tried; /* addresses, for a person */
};

static void attempt_free(struct tcp_attempt *a)
{
    timer_stop(a->begin);
    uv_freeaddrinfo(a->addresses);
    buf_free(&a->tried);
    free(a);
}

void tcp_attempt_cancel(struct tcp *tcp)
{
    struct tcp_attempt *a = tcp->attempt;
    if (a == NULL)
        return;
    tcp->attempt = NULL;
    a->tcp = NULL;
    if (a->resolving)
        uv_cancel((uv_req_t *)&a->resolve); /* on_resolved comes in any case */
    else
        attempt_free(a);
}

static void attempt_failed(struct tcp_attempt *a, const char *what)
{
    struct tcp *tcp = a->tcp;
    bool brackets = strchr(a->to.host, ':') != NULL;
    struct diag why = {0};
    diag_set(&why, DIAG_TROUBLE, "cannot %s %s%s%s:%u: %s%s%s%s", what, brackets ? "[" : "",
             a->to.host, brackets ? "]" : "", a->to.port, uv_strerror(a->error),
             a->tried.size == 0 ? "" : " (tried ", buf_text(&a->tried), a->tried.size == 0 ? "" : ")");
    tcp_attempt_cancel(tcp);
    layer_say_ended(&tcp->layer, LAYER_ERROR, &why);
}

static void try_next(struct tcp_attempt *a);

static void on_connected(uv_connect_t *request, int status)
{
    struct tcp *tcp = ((struct tcp_handle *)request->data)->tcp;
    if (tcp == NULL)
        return;
    loop_uv_tick(tcp->loop);
    if (status == 0) {
        tcp_attempt_cancel(tcp);
        tcp_opened(tcp);
        return;
    }
    tcp->attempt->error = status;
    tcp_handle_close(tcp);
    try_next(tcp->attempt);
}

static void note_tried(struct tcp_attempt *a, const struct addrinfo *address)
{
    char name[INET6_ADDRSTRLEN + 1] = "?";
    uv_ip_name(address->ai_addr, name, sizeof name);
    buf_printf(&a->tried, "%s%s", a->tried.size == 0 ? "" : ", ", name);
}

/* One that cannot be had is no reason to fail: the kernel chooses then. */
static void bind_source(const struct tcp_attempt *a, struct tcp_handle *h)
{
    struct sockaddr_in from;
    if (a->to.from[0] != 0 && uv_ip4_addr(a->to.from, 0, &from) == 0)
        uv_tcp_bind(&h->uv, (const struct sockaddr *)&from, 0);
}

static void try_next(struct tcp_attempt *a)
{
    for (const struct addrinfo *address; (address = a->next) != NULL;) {
        a->next = address->ai_next;
        if (a->addresses->ai_next != NULL)
            note_tried(a, address);
        struct tcp_handle *h = tcp_handle_new(a->tcp);
        bind_source(a, h);
        a->error = uv_tcp_connect(&h->connect, &h->uv, address->ai_addr, on_connected);
        if (a->error == 0)
            return;
        tcp_handle_close(a->tcp);
    }
    attempt_failed(a, "connect to");
}

static void on_begin(void *arg)
{
    struct tcp_attempt *a = arg;
    a->begin = NULL;
    if (a->error == 0)
        try_next(a);
    else
        attempt_failed(a, "resolve");
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct tcp_attempt *a = request->data;
    a->resolving = false;
    a->error = status;
    a->addresses = a->next = addresses;
    if (a->tcp == NULL) {
        attempt_free(a);
        return;
    }
    loop_uv_tick(a->tcp->loop);
    on_begin(a);
}

/* A numeric address is read at once; only names go to the resolver's threads. */
static void resolve(struct tcp_attempt *a)
{
    struct loop_uv *u = a->tcp->loop;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    char port[8];
    snprintf(port, sizeof port, "%u", a->to.port);
    a->resolve.data = a;
    if (uv_getaddrinfo(&u->uv, &a->resolve, NULL, a->to.host, port, &hints) == 0) {
        a->addresses = a->next = a->resolve.addrinfo;
        a->begin = timer_start(&u->base, 0, on_begin, a);
        return;
    }
    hints.ai_flags = AI_NUMERICSERV;
    a->error = uv_getaddrinfo(&u->uv, &a->resolve, on_resolved, a->to.host, port, &hints);
    a->resolve.data = a;
    a->resolving = a->error == 0;
    if (!a->resolving)
        a->begin = timer_start(&u->base, 0, on_begin, a);
}

struct layer *tcp_connect(struct loop *loop, const struct net_address *to,
                          const struct layer_sink *sink, void *owner)
{
    struct tcp *tcp = tcp_new(loop_uv_of(loop), sink, owner);
    struct tcp_attempt *a = net_alloc(sizeof *a);
    a->tcp = tcp;
    a->to = *to;
    buf_init(&a->tried, LIMIT_DIAG_TEXT);
    tcp->attempt = a;
    resolve(a);
    return &tcp->layer;
}
