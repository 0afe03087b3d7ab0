/* TCP as the lowest layer, on libuv. What is written within one turn of the loop,
 * or while the kernel takes nothing, goes out as one write; reads share one large
 * buffer per loop. */
#include "net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#ifdef __linux__
#include <linux/filter.h>
#endif
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLUSH_BYTES (256u << 10) /* so much does not wait for the end of the turn */

struct tcp_write {
    uv_write_t request;
    struct tcp_handle *handle;
    uint8_t *bytes;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct tcp_handle *tcp_handle_new(struct tcp *tcp)
{
    struct tcp_handle *h = net_alloc(sizeof *h);
    h->tcp = tcp;
    uv_tcp_init(&tcp->loop->uv, &h->uv); /* no socket yet: cannot fail */
    h->uv.data = h->connect.data = h->shutdown.data = h;
    tcp->handle = h;
    return h;
}

void tcp_handle_close(struct tcp *tcp)
{
    struct tcp_handle *h = tcp->handle;
    if (h == NULL)
        return;
    tcp->handle = NULL;
    h->tcp = NULL;
    uv_close((uv_handle_t *)&h->uv, on_closed);
}

/* ---- writing ---- */

static void unlist(struct tcp *tcp)
{
    if (tcp->at == NULL)
        return;
    *tcp->at = tcp->next;
    if (tcp->next != NULL)
        tcp->next->at = tcp->at;
    tcp->at = NULL;
}

static void list(struct tcp *tcp)
{
    if (tcp->at != NULL)
        return;
    tcp->at = &tcp->loop->unflushed;
    tcp->next = *tcp->at;
    if (tcp->next != NULL)
        tcp->next->at = &tcp->next;
    *tcp->at = tcp;
    loop_uv_want_flush(tcp->loop);
}

/* The peer is gone for our bytes. What it sent before can still be read, so the
 * reader tells the end; only when it has told one already it is ours to tell. */
static void write_failed(struct tcp *tcp)
{
    tcp->broken = true;
    buf_free(&tcp->unflushed);
    if (tcp->ended)
        layer_say_ended(&tcp->layer, LAYER_RESET, NULL);
}

static void on_written(uv_write_t *request, int status)
{
    struct tcp_write *w = request->data;
    struct tcp *tcp = w->handle->tcp;
    free(w->bytes);
    free(w);
    if (tcp == NULL)
        return;
    loop_uv_tick(tcp->loop);
    tcp->writing--;
    if (status != 0 && !tcp->broken)
        write_failed(tcp);
    else if (tcp->writing == 0 && tcp->unflushed.size != 0)
        list(tcp);
    else if (status == 0 && tcp->writing == 0)
        layer_say_drained(&tcp->layer);
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)request; /* part of the handle */
    (void)status;  /* a peer that is gone is heard of by reading */
}

static void flush(struct tcp *tcp)
{
    unlist(tcp);
    if (!tcp->open || tcp->handle == NULL)
        return;
    uv_stream_t *stream = (uv_stream_t *)&tcp->handle->uv;
    bool stuck = uv_stream_get_write_queue_size(stream) != 0;
    if (stuck && tcp->unflushed.size != 0)
        return; /* on_written goes on: a write of its own for each few bytes would weigh far more than they do */
    if (tcp->unflushed.size != 0 && !tcp->broken) {
        struct tcp_write *w = net_alloc(sizeof *w);
        size_t size;
        w->handle = tcp->handle;
        w->bytes = buf_steal(&tcp->unflushed, &size);
        w->request.data = w;
        tcp->writing++;
        uv_buf_t bytes = uv_buf_init((char *)w->bytes, (unsigned)size);
        int error = uv_write(&w->request, stream, &bytes, 1, on_written);
        assert(error == 0); /* with a connected stream libuv reports in the callback */
    }
    if (tcp->layer.finished)
        uv_shutdown(&tcp->handle->shutdown, stream, on_shut_down);
}

void tcp_flush_all(struct loop_uv *u)
{
    while (u->unflushed != NULL)
        flush(u->unflushed);
}

static void tcp_write(struct layer *layer, const uint8_t *bytes, size_t size)
{
    struct tcp *tcp = (struct tcp *)layer;
    if (tcp->broken)
        return;
    if (!buf_append(&tcp->unflushed, bytes, size))
        net_no_memory();
    if (tcp->unflushed.size >= FLUSH_BYTES)
        flush(tcp);
    else
        list(tcp);
}

static void tcp_finish(struct layer *layer, enum layer_finish how)
{
    (void)how; /* without TLS both are the same */
    list((struct tcp *)layer);
}

static size_t tcp_queued(const struct layer *layer)
{
    const struct tcp *tcp = (const struct tcp *)layer;
    size_t given = tcp->handle == NULL ? 0 : uv_stream_get_write_queue_size((uv_stream_t *)&tcp->handle->uv);
    return tcp->unflushed.size + given;
}

/* ---- reading ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)suggested;
    const struct tcp_handle *h = handle->data;
    *room = uv_buf_init((char *)h->tcp->loop->read_buffer, UV_READ_BYTES);
}

/* libuv may call a hang-up behind a short read an EOF; the socket knows whether it was a reset. */
static bool was_reset(const struct tcp *tcp)
{
    uv_os_fd_t fd;
    char byte;
    return uv_fileno((uv_handle_t *)&tcp->handle->uv, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == ECONNRESET;
}

static void read_ended(struct tcp *tcp, int error)
{
    struct diag why = {0};
    bool reset = error == UV_ECONNRESET || tcp->broken || (error == UV_EOF && was_reset(tcp));
    tcp->ended = true;
    if (!reset && error == UV_EOF) {
        layer_say_ended(&tcp->layer, LAYER_EOF, NULL);
        return;
    }
    diag_set(&why, DIAG_TROUBLE, "connection %s", reset ? "reset by peer" : uv_strerror(error));
    uv_read_stop((uv_stream_t *)&tcp->handle->uv);
    layer_say_ended(&tcp->layer, reset ? LAYER_RESET : LAYER_ERROR, &why);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tcp *tcp = ((struct tcp_handle *)stream->data)->tcp;
    if (n == 0)
        return; /* would block */
    loop_uv_tick(tcp->loop);
    if (n > 0)
        layer_say_data(&tcp->layer, (uint8_t *)buf->base, (size_t)n);
    else
        read_ended(tcp, (int)n);
}

static void tcp_pause(struct layer *layer, bool paused)
{
    struct tcp *tcp = (struct tcp *)layer;
    if (!tcp->open || tcp->ended)
        return;
    uv_stream_t *stream = (uv_stream_t *)&tcp->handle->uv;
    if (paused)
        uv_read_stop(stream);
    else
        uv_read_start(stream, on_room, on_read);
}

/* A socket's filter is asked before TCP sees a packet: one that takes no byte of it makes a black hole, without any
 * privilege (socket(7), SO_ATTACH_FILTER). */
static void set_deaf(struct tcp *tcp)
{
#ifdef SO_ATTACH_FILTER
    static struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    static const struct sock_fprog program = {.len = 1, .filter = &nothing};
    uv_os_fd_t fd;
    if (!tcp->open || tcp->handle == NULL || uv_fileno((uv_handle_t *)&tcp->handle->uv, &fd) != 0)
        return;
    setsockopt(fd, SOL_SOCKET, tcp->deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &program, sizeof program);
#endif
}

static void tcp_deafen(struct layer *layer, bool deaf)
{
    struct tcp *tcp = (struct tcp *)layer;
    if (tcp->deaf == deaf)
        return;
    tcp->deaf = deaf;
    set_deaf(tcp);
}

static void begin(struct tcp *tcp)
{
    tcp->open = true;
    if (tcp->deaf)
        set_deaf(tcp);
    uv_tcp_nodelay(&tcp->handle->uv, 1);
    if (tcp->unflushed.size != 0 || tcp->layer.finished)
        list(tcp);
}

static void begin_reading(struct tcp *tcp)
{
    if (!tcp->layer.paused)
        uv_read_start((uv_stream_t *)&tcp->handle->uv, on_room, on_read);
}

void tcp_opened(struct tcp *tcp)
{
    begin(tcp);
    if (layer_say_opened(&tcp->layer))
        begin_reading(tcp);
}

void tcp_come_by(struct loop_uv *u, int descriptor, const struct listener *listener)
{
    struct tcp *tcp = tcp_new(u, NULL, NULL);
    struct tcp_handle *h = tcp_handle_new(tcp);
    if (uv_tcp_open(&h->uv, descriptor) != 0) {
        close(descriptor);
        layer_release(&tcp->layer);
        return;
    }
    tcp_accepted(tcp, listener);
}

void tcp_accepted(struct tcp *tcp, const struct listener *listener)
{
    begin(tcp);
    if (listener_hand(listener, &tcp->layer))
        begin_reading(tcp);
}

/* ---- the end ---- */

/* The kernel gets what it takes at once, as if it had been written without delay. */
static void flush_now(struct tcp *tcp)
{
    unlist(tcp);
    if (!tcp->open || tcp->handle == NULL)
        return;
    uv_stream_t *stream = (uv_stream_t *)&tcp->handle->uv;
    uv_buf_t bytes = uv_buf_init((char *)tcp->unflushed.data, (unsigned)tcp->unflushed.size);
    if (bytes.len != 0 && !tcp->broken)
        uv_try_write(stream, &bytes, 1);
}

static void tcp_reset(struct layer *layer)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct tcp *tcp = (struct tcp *)layer;
    uv_os_fd_t fd;
    flush_now(tcp);
    if (tcp->handle != NULL && uv_fileno((uv_handle_t *)&tcp->handle->uv, &fd) == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    tcp_attempt_cancel(tcp);
    tcp_handle_close(tcp);
}

/* close() alone would answer unread bytes with a reset; the FIN goes first. */
static void tcp_release(struct layer *layer)
{
    struct tcp *tcp = (struct tcp *)layer;
    uv_os_fd_t fd;
    tcp_deafen(layer, false); /* else the kernel would wait minutes for the answer to the FIN */
    flush_now(tcp);
    buf_free(&tcp->unflushed);
    if (tcp->open && tcp->handle != NULL && uv_fileno((uv_handle_t *)&tcp->handle->uv, &fd) == 0)
        shutdown(fd, SHUT_WR);
    tcp_attempt_cancel(tcp);
    tcp_handle_close(tcp);
}

int tcp_give_away(struct layer *fresh)
{
    struct tcp *tcp = (struct tcp *)fresh;
    uv_os_fd_t fd;
    int given = -1;
    if (tcp->handle != NULL && uv_fileno((uv_handle_t *)&tcp->handle->uv, &fd) == 0)
        given = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    tcp->open = given < 0; /* no FIN from here: it lives on elsewhere */
    layer_release(fresh);
    return given;
}

static const struct layer_ops tcp_ops = {
    .name = "tcp",
    .write = tcp_write,
    .finish = tcp_finish,
    .reset = tcp_reset,
    .pause = tcp_pause,
    .deafen = tcp_deafen,
    .queued = tcp_queued,
    .release = tcp_release,
};

struct tcp *tcp_new(struct loop_uv *u, const struct layer_sink *sink, void *owner)
{
    struct tcp *tcp = net_alloc(sizeof *tcp);
    layer_init(&tcp->layer, &tcp_ops, &u->base, sink, owner);
    tcp->loop = u;
    return tcp;
}
