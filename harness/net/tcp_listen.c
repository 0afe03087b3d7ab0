/* Listening TCP sockets of the real loop. A host that means several addresses
 * (none is the loopback, IPv4 and IPv6) is listened to on one port of them all. */
#include "net/tcp.h"

#include <assert.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES_MAX 4
#define BACKLOG 1024

struct tcp_listener {
    struct listener base;
    size_t open; /* handles not yet closed */
    size_t count;
    uv_tcp_t handles[ADDRESSES_MAX];
    bool closed;
    bool shared; /* the port, with sockets elsewhere */
};

static void on_closed(uv_handle_t *handle)
{
    struct tcp_listener *l = handle->data;
    if (--l->open == 0 && l->closed)
        free(l);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct tcp_listener *l = server->data;
    struct loop_uv *u = loop_uv_of(l->base.loop);
    if (status != 0)
        return; /* it was gone before we came, or descriptors ran out: the peer sees it */
    loop_uv_tick(u);
    struct tcp *tcp = tcp_new(u, NULL, NULL);
    tcp_handle_new(tcp);
    if (uv_accept(server, (uv_stream_t *)&tcp->handle->uv) != 0) {
        layer_release(&tcp->layer);
        return;
    }
    tcp_accepted(tcp, &l->base);
}

static int bound_port(const uv_tcp_t *handle)
{
    struct sockaddr_storage name;
    int size = sizeof name;
    if (uv_tcp_getsockname(handle, (struct sockaddr *)&name, &size) != 0)
        return 0;
    return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                            : ((struct sockaddr_in *)&name)->sin_port);
}

static void share_port(uv_tcp_t *handle)
{
    uv_os_fd_t fd;
    int on = 1;
    if (uv_fileno((uv_handle_t *)handle, &fd) == 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

/* Adds one address; the first decides which port it is. */
static int add_address(struct tcp_listener *l, const struct sockaddr *address)
{
    struct sockaddr_storage at = {0};
    uv_tcp_t *handle = &l->handles[l->open];
    bool six = address->sa_family == AF_INET6;
    memcpy(&at, address, six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    if (six)
        ((struct sockaddr_in6 *)&at)->sin6_port = htons(l->base.port);
    else
        ((struct sockaddr_in *)&at)->sin_port = htons(l->base.port);
    int error = uv_tcp_init_ex(&loop_uv_of(l->base.loop)->uv, handle, l->shared ? address->sa_family : AF_UNSPEC);
    if (error != 0)
        return error; /* no such family here */
    handle->data = l;
    l->open++;
    if (l->shared)
        share_port(handle);
    error = uv_tcp_bind(handle, (struct sockaddr *)&at, 0);
    if (error == 0 && l->base.fn != NULL)
        error = uv_listen((uv_stream_t *)handle, BACKLOG, on_connection);
    if (error == 0) {
        l->base.port = (uint16_t)bound_port(handle);
        l->count++;
    }
    return error;
}

static int add_loopback(struct tcp_listener *l)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    uv_ip4_addr("127.0.0.1", 0, &four);
    uv_ip6_addr("::1", 0, &six);
    int error = add_address(l, (struct sockaddr *)&four);
    if (error == 0)
        add_address(l, (struct sockaddr *)&six); /* there may be no IPv6 */
    return error;
}

static int add_host(struct tcp_listener *l, const char *host)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    uv_getaddrinfo_t request;
    int error = uv_getaddrinfo(&loop_uv_of(l->base.loop)->uv, &request, NULL, host, NULL, &hints);
    if (error != 0)
        return error;
    for (const struct addrinfo *a = request.addrinfo; a != NULL && l->open < ADDRESSES_MAX; a = a->ai_next) {
        int failed = add_address(l, a->ai_addr);
        error = failed != 0 ? failed : error;
    }
    uv_freeaddrinfo(request.addrinfo);
    return l->count != 0 ? 0 : error;
}

struct listener *tcp_listen(struct loop *loop, const struct net_address *at, accept_fn *fn,
                            void *arg, struct diag *why)
{
    struct tcp_listener *l = net_alloc(sizeof *l);
    l->base = (struct listener){.loop = loop, .port = at->port, .fn = fn, .arg = arg};
    l->shared = at->shared;
    int error = at->host[0] == 0 ? add_loopback(l) : add_host(l, at->host);
    if (error == 0)
        return &l->base;
    diag_set(why, DIAG_TROUBLE, "cannot listen on %s port %u: %s%s",
             at->host[0] == 0 ? "127.0.0.1" : at->host, at->port, uv_strerror(error),
             error == UV_EADDRINUSE ? "; end the other program or take another port" : "");
    tcp_unlisten(&l->base);
    return NULL;
}

void tcp_unlisten(struct listener *listener)
{
    struct tcp_listener *l = (struct tcp_listener *)listener;
    l->closed = true;
    for (size_t i = 0, n = l->open; i < n; i++)
        uv_close((uv_handle_t *)&l->handles[i], on_closed);
    if (l->open == 0)
        free(l);
}

uint16_t tcp_free_port(struct loop *loop, struct diag *why)
{
    static const struct net_address loopback;
    struct listener *l = tcp_listen(loop, &loopback, NULL, NULL, why);
    if (l == NULL)
        return 0;
    uint16_t port = l->port;
    tcp_unlisten(l);
    return port;
}
