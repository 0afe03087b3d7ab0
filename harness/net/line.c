/* See line.h: a stream socket between two processes, with descriptors in its
 * ancillary data (SCM_RIGHTS). Messages that the kernel does not take wait here. */
#include "net/line.h"

#include "base/buf.h"
#include "net/stage.h"
#include "net/tcp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAKEN_MAX 64u  /* descriptors in one read */
#define READ_BYTES (64u << 10)
#define READS_AT_ONCE 16

struct head {
    uint32_t kind, size, carries;
};

struct waiting {
    struct waiting *next;
    int descriptor; /* to be handed over with its first byte; -1: none, or done */
    size_t size, at;
    uint8_t bytes[];
};

struct line {
    struct loop_uv *loop;
    uv_poll_t *poll; /* libuv closes late: freed by itself */
    int descriptor;
    const struct line_events *events;
    void *arg;
    struct waiting *first, **last;
    struct buf in;
    int *taken;      /* descriptors that came, in their order */
    size_t taken_count, taken_room;
    unsigned heard;  /* kind of the last message told */
    unsigned calls;
    bool carries, over, freed;
};

/* ---- out ---- */

static void drop_first(struct line *line)
{
    struct waiting *w = line->first;
    line->first = w->next;
    if (line->first == NULL)
        line->last = &line->first;
    if (w->descriptor >= 0)
        close(w->descriptor);
    free(w);
}

/* False: the kernel takes no more for now. */
static bool send_some(struct line *line, struct waiting *w)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec bytes = {w->bytes + w->at, w->size - w->at};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (w->descriptor >= 0) {
        memcpy(CMSG_DATA(&control.head), &w->descriptor, sizeof(int));
        message.msg_control = &control;
        message.msg_controllen = sizeof control.room;
    }
    ssize_t sent = sendmsg(line->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ETOOMANYREFS))
        return false;
    if (sent < 0)
        sent = (ssize_t)bytes.iov_len; /* the other is gone: reading finds that out */
    if (w->descriptor >= 0)
        close(w->descriptor);
    w->descriptor = -1;
    w->at += (size_t)sent;
    return true;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void flush(struct line *line)
{
    while (line->first != NULL && send_some(line, line->first))
        if (line->first->at == line->first->size)
            drop_first(line);
    uv_poll_start(line->poll, UV_READABLE | (line->first != NULL ? UV_WRITABLE : 0), on_poll);
}

static void enqueue(struct line *line, unsigned kind, const void *bytes, size_t size, int descriptor)
{
    struct head head = {.kind = kind, .size = (uint32_t)size, .carries = descriptor >= 0};
    struct waiting *w = net_alloc(sizeof *w + sizeof head + size);
    *w = (struct waiting){.descriptor = descriptor, .size = sizeof head + size};
    memcpy(w->bytes, &head, sizeof head);
    if (size != 0)
        memcpy(w->bytes + sizeof head, bytes, size);
    *line->last = w;
    line->last = &w->next;
    if (!line->over)
        flush(line);
}

void line_send(struct line *line, unsigned kind, const void *bytes, size_t size)
{
    enqueue(line, kind, bytes, size, -1);
}

void line_hand(struct line *line, unsigned kind, const void *bytes, size_t size, struct layer *fresh)
{
    int descriptor = tcp_give_away(fresh);
    if (descriptor >= 0)
        enqueue(line, kind, bytes, size, descriptor);
}

/* ---- in ---- */

static void keep_taken(struct line *line, const struct cmsghdr *control)
{
    size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (line->taken_count + count > line->taken_room) {
        line->taken_room = 2 * line->taken_room + count;
        line->taken = realloc(line->taken, line->taken_room * sizeof *line->taken);
        if (line->taken == NULL)
            net_no_memory();
    }
    memcpy(line->taken + line->taken_count, CMSG_DATA(control), count * sizeof(int));
    line->taken_count += count;
}

/* The oldest that came and was not taken; -1: there is none. */
static int next_taken(struct line *line)
{
    if (line->taken_count == 0)
        return -1;
    int descriptor = line->taken[0];
    memmove(line->taken, line->taken + 1, --line->taken_count * sizeof *line->taken);
    return descriptor;
}

void line_take(struct line *line, accept_fn *fn, void *arg)
{
    struct listener listener = {.loop = &line->loop->base, .fn = fn, .arg = arg};
    int descriptor = line->carries ? next_taken(line) : -1;
    line->carries = false;
    if (descriptor >= 0)
        tcp_come_by(line->loop, descriptor, &listener);
}

/* False: no whole message is there, or the line is over. */
static bool tell_next(struct line *line)
{
    struct head head;
    if (line->freed || line->over || line->in.size < sizeof head)
        return false;
    memcpy(&head, line->in.data, sizeof head);
    if (head.size > LINE_MESSAGE_MAX) {
        line->over = true;
        return false;
    }
    if (line->in.size < sizeof head + head.size)
        return false;
    struct buf message = line->in; /* what follows it stays */
    buf_init(&line->in, 0);
    buf_append(&line->in, message.data + sizeof head + head.size, message.size - sizeof head - head.size);
    line->carries = head.carries != 0;
    line->heard = head.kind;
    line->events->message(line->arg, head.kind, message.data + sizeof head, head.size, line->carries);
    buf_free(&message);
    if (!line->freed && line->carries)
        close(next_taken(line));
    line->carries = false;
    return true;
}

/* False: nothing is there. At the end `over` is set. */
static bool read_some(struct line *line)
{
    static char bytes[READ_BYTES];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(TAKEN_MAX * sizeof(int))];
    } control;
    struct iovec room = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control.room};
    ssize_t size = recvmsg(line->descriptor, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); size > 0 && c != NULL; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            keep_taken(line, c);
    if (size <= 0)
        line->over = true;
    else if (!buf_append(&line->in, bytes, (size_t)size))
        net_no_memory();
    return size > 0;
}

static void destroy(struct line *line)
{
    while (line->first != NULL)
        drop_first(line);
    for (int descriptor; (descriptor = next_taken(line)) >= 0;)
        close(descriptor);
    free(line->taken);
    buf_free(&line->in);
    free(line);
}

static void leave(struct line *line)
{
    if (--line->calls == 0 && line->freed)
        destroy(line);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct line *line = poll->data;
    (void)status;
    loop_uv_tick(line->loop);
    line->calls++;
    if ((events & UV_WRITABLE) != 0)
        flush(line);
    for (int i = 0; i < READS_AT_ONCE && !line->freed && !line->over && read_some(line); i++)
        while (tell_next(line))
            continue;
    if (!line->freed && line->over) {
        uv_poll_stop(line->poll);
        line->events->ended(line->arg);
    }
    leave(line);
}

bool line_await(struct line *line, unsigned kind, uint64_t timeout_ns)
{
    uint64_t until = uv_hrtime() + timeout_ns;
    bool heard = false;
    line->calls++;
    while (!heard && !line->freed && !line->over && uv_hrtime() < until) {
        struct pollfd wait = {.fd = line->descriptor, .events = POLLIN | (line->first != NULL ? POLLOUT : 0)};
        poll(&wait, 1, 10);
        flush(line);
        read_some(line);
        while (!heard && tell_next(line))
            heard = line->heard == kind;
    }
    leave(line);
    return heard;
}

/* ---- life ---- */

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

struct line *line_new(struct loop *loop, int descriptor, const struct line_events *events, void *arg)
{
    struct line *line = net_alloc(sizeof *line);
    *line = (struct line){.loop = loop_uv_of(loop), .descriptor = descriptor, .events = events, .arg = arg};
    line->last = &line->first;
    line->poll = net_alloc(sizeof *line->poll);
    buf_init(&line->in, 0);
    uv_poll_init(&line->loop->uv, line->poll, descriptor);
    line->poll->data = line;
    uv_poll_start(line->poll, UV_READABLE, on_poll);
    return line;
}

void line_free(struct line *line)
{
    if (line == NULL || line->freed)
        return;
    line->freed = true;
    uv_poll_stop(line->poll);
    uv_close((uv_handle_t *)line->poll, on_closed);
    close(line->descriptor);
    if (line->calls == 0)
        destroy(line);
}
