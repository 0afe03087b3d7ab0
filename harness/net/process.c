/* See process.h. The shell leads a process group (a session) of its own, so that
 * a signal reaches all that it starts and a Ctrl-C at the terminal none of it. */
#include "net/process.h"

#include "base/buf.h"
#include "net/loop_uv.h"
#include "net/process_group.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN (5 * NS_PER_MS) /* whether the rest of the group is gone */
#define DRAIN_BYTES (1u << 20)     /* the most that a pipe can hold */

struct child;
typedef void take_fn(struct process *process, char *bytes, size_t size);

/* Reading end of one of its outputs. */
struct output {
    uv_pipe_t pipe;
    struct child *child;
    take_fn *take;
};

/* What libuv holds; outlives the process as an orphan until libuv lets go. */
struct child {
    uv_process_t process;
    struct output outputs[2]; /* standard output and error */
    struct process *owner;    /* NULL: orphan */
    unsigned handles;         /* not yet closed */
    char room[UV_READ_BYTES];
};

struct process {
    struct loop *loop;
    struct process_events events;
    void *arg;
    struct child *child;
    struct group_guard guard;
    pid_t group;
    struct timer *grace; /* until SIGKILL */
    struct timer *look;  /* the shell is gone, the rest is not */
    bool leading;        /* the shell runs */
    bool told;           /* `exited` */
    struct process_exit how;
    struct buf tail; /* of standard error */
    struct buf line; /* of standard output, not yet ended */
    unsigned calls;
    bool released;
};

/* ---- callbacks of the owner, in which it may release ---- */

static void leave(struct process *p)
{
    if (--p->calls == 0 && p->released)
        free(p);
}

static void tell_exited(struct process *p)
{
    timer_stop(p->grace);
    timer_stop(p->look);
    p->grace = p->look = NULL;
    kill(-p->group, SIGKILL); /* what the shell left behind */
    group_unguard(&p->guard);
    p->told = true;
    if (p->events.exited != NULL)
        p->events.exited(p->arg, p->how);
}

/* ---- output ---- */

static void take_line_bytes(struct process *p, const char *bytes, size_t size)
{
    size_t room = LIMIT_OUTPUT_LINE - p->line.size;
    if (!buf_append(&p->line, bytes, size < room ? size : room))
        net_no_memory();
}

/* Whole lines; of an overlong one the beginning. */
static void take_output(struct process *p, char *bytes, size_t size)
{
    p->calls++;
    for (char *newline; !p->released && (newline = memchr(bytes, '\n', size)) != NULL;) {
        size_t n = (size_t)(newline - bytes);
        take_line_bytes(p, bytes, n);
        bytes += n + 1;
        size -= n + 1;
        p->events.line(p->arg, buf_text(&p->line), p->line.size);
        if (!p->released)
            buf_clear(&p->line);
    }
    if (!p->released)
        take_line_bytes(p, bytes, size);
    leave(p);
}

static void take_error(struct process *p, char *bytes, size_t size)
{
    size_t skip = size > LIMIT_STDERR_TAIL ? size - LIMIT_STDERR_TAIL : 0;
    bytes += skip;
    size -= skip;
    for (char *nul; (nul = memchr(bytes, 0, size)) != NULL;)
        *nul = '?';
    size_t kept = p->tail.size + size;
    if (kept > LIMIT_STDERR_TAIL)
        buf_consume(&p->tail, kept - LIMIT_STDERR_TAIL);
    if (!buf_append(&p->tail, bytes, size))
        net_no_memory();
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)suggested;
    struct output *o = handle->data;
    *room = uv_buf_init(o->child->room, sizeof o->child->room);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct output *o = stream->data;
    loop_uv_tick(loop_uv_of(o->child->owner->loop));
    if (n > 0)
        o->take(o->child->owner, bytes->base, (size_t)n);
    else if (n < 0)
        uv_read_stop(stream);
}

/* What it wrote before it died is in the pipe. */
static void drain(struct output *o)
{
    uv_os_fd_t fd;
    struct child *child = o->child;
    if (o->take == NULL || uv_fileno((uv_handle_t *)&o->pipe, &fd) != 0)
        return;
    for (size_t total = 0; child->owner != NULL && total < DRAIN_BYTES;) {
        ssize_t n = read(fd, child->room, sizeof child->room);
        if (n <= 0)
            return;
        total += (size_t)n;
        o->take(child->owner, child->room, (size_t)n);
    }
}

/* ---- the end ---- */

static void child_let_go(struct child *child)
{
    if (--child->handles == 0)
        free(child);
}

static void on_process_closed(uv_handle_t *handle)
{
    child_let_go(handle->data);
}

static void on_output_closed(uv_handle_t *handle)
{
    child_let_go(((struct output *)handle->data)->child);
}

static void close_outputs(struct child *child)
{
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&child->outputs[i].pipe, on_output_closed);
}

static void look_again(void *arg)
{
    struct process *p = arg;
    p->look = NULL;
    if (p->grace != NULL && group_lives(p->group))
        p->look = timer_start(p->loop, LOOK_AGAIN, look_again, p);
    else
        tell_exited(p);
}

static void on_child_exit(uv_process_t *process, int64_t status, int signal)
{
    struct child *child = process->data;
    struct process *p = child->owner;
    uv_close((uv_handle_t *)process, on_process_closed);
    if (p == NULL)
        return;
    loop_uv_tick(loop_uv_of(p->loop));
    p->leading = false;
    p->how = (struct process_exit){.status = (int)status, .signal = signal};
    p->calls++;
    for (int i = 0; i < 2 && !p->released; i++)
        drain(&child->outputs[i]);
    if (!p->released)
        look_again(p);
    leave(p);
}

static void on_grace_over(void *arg)
{
    struct process *p = arg;
    p->grace = NULL;
    process_signal(p, SIGKILL);
}

/* ---- the beginning ---- */

/* A pipe, not libuv's socket pair: the testee may open /dev/stderr. */
static int output_open(struct output *o, uv_stdio_container_t *theirs)
{
    uv_file ends[2];
    int error = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);
    if (error != 0)
        return error;
    *theirs = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = ends[1]};
    return uv_pipe_open(&o->pipe, ends[0]);
}

static struct child *child_new(struct process *p)
{
    static take_fn *const takes[2] = {take_output, take_error};
    uv_loop_t *uv = &loop_uv_of(p->loop)->uv;
    struct child *child = net_alloc(sizeof *child);
    child->owner = p;
    child->process.data = child;
    for (int i = 0; i < 2; i++) {
        struct output *o = &child->outputs[i];
        *o = (struct output){.child = child, .take = takes[i]};
        uv_pipe_init(uv, &o->pipe, 0);
        o->pipe.data = o;
        child->handles++;
    }
    if (p->events.line == NULL)
        child->outputs[0].take = NULL;
    return child;
}

static int child_spawn(struct child *child, const char *command)
{
    char *words[] = {"sh", "-c", (char *)(uintptr_t)command, NULL};
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = "/bin/sh", .args = words, .exit_cb = on_child_exit,
                                    .flags = UV_PROCESS_DETACHED, .stdio = stdio, .stdio_count = 3};
    int error = 0;
    for (int i = 0; i < 2 && error == 0; i++)
        if (child->outputs[i].take != NULL)
            error = output_open(&child->outputs[i], &stdio[1 + i]);
    if (error == 0) {
        error = uv_spawn(&loop_uv_of(child->owner->loop)->uv, &child->process, &options);
        child->handles++;
        if (error != 0)
            uv_close((uv_handle_t *)&child->process, on_process_closed);
    }
    for (int i = 1; i < 3; i++)
        if (stdio[i].flags == UV_INHERIT_FD)
            close(stdio[i].data.fd);
    for (int i = 0; i < 2 && error == 0; i++)
        if (child->outputs[i].take != NULL)
            uv_read_start((uv_stream_t *)&child->outputs[i].pipe, on_room, on_output);
    return error;
}

struct process *process_start(struct loop *loop, const char *command,
                              const struct process_events *events, void *arg, struct diag *why)
{
    assert(!loop_is_simulated(loop));
    struct process *p = net_alloc(sizeof *p);
    *p = (struct process){.loop = loop, .events = *events, .arg = arg};
    buf_init(&p->tail, 0);
    buf_init(&p->line, 0);
    p->child = child_new(p);
    int error = child_spawn(p->child, command);
    if (error == 0) {
        p->leading = true;
        p->group = p->child->process.pid;
        if (group_guard(&p->guard, p->group))
            return p;
        error = UV_EAGAIN;
    }
    diag_set(why, DIAG_TROUBLE, "cannot start '%s': %s", command, uv_strerror(error));
    p->told = !p->leading;
    process_release(p);
    return NULL;
}

/* ---- what the owner asks ---- */

bool process_running(const struct process *process)
{
    return !process->told;
}

void process_signal(struct process *process, int signal)
{
    static const struct timespec moment = {.tv_nsec = 200000};
    if (process->told)
        return;
    kill(-process->group, signal);
    for (int i = 0; signal == SIGSTOP && i < 5000 && !group_is_stopped(process->group); i++)
        nanosleep(&moment, NULL); /* there is no event for those that are not our children */
}

void process_end(struct process *process, uint64_t grace_ns)
{
    if (process->told || process->grace != NULL)
        return;
    process->grace = timer_start(process->loop, grace_ns, on_grace_over, process);
    process_signal(process, SIGTERM);
    process_signal(process, SIGCONT); /* a paused one hears nothing else */
}

uint64_t process_memory(const struct process *process)
{
    return process->told ? 0 : group_measure(process->group).memory;
}

unsigned process_descriptors(const struct process *process)
{
    return process->told ? 0 : group_measure(process->group).descriptors;
}

const char *process_stderr(const struct process *process)
{
    return buf_text(&process->tail);
}

struct process_exit process_how(const struct process *process)
{
    return process->how;
}

void process_release(struct process *process)
{
    if (process == NULL)
        return;
    struct process *p = process;
    if (!p->told)
        kill(-p->group, SIGKILL);
    group_unguard(&p->guard);
    timer_stop(p->grace);
    timer_stop(p->look);
    close_outputs(p->child);
    p->child->owner = NULL;
    buf_free(&p->tail);
    buf_free(&p->line);
    p->released = true;
    if (p->calls == 0)
        free(p);
}
