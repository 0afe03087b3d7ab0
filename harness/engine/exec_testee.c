/* A testee that we start: one shell command, one port for all its lives. It is
 * there when its port takes a connection; how it died is kept for the report. */
#include "engine/testee.h"

#include "base/buf.h"
#include "engine/placeholder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (10 * NS_PER_S)
#define FIRST_PAUSE_NS (10 * NS_PER_MS) /* between two knocks at the port; doubled up to the longest */
#define LONGEST_PAUSE_NS (100 * NS_PER_MS)
#define GRACE_NS (2 * NS_PER_S)

enum life {
    LIFE_NONE,     /* does not run */
    LIFE_STARTING, /* runs, its port does not answer yet */
    LIFE_RUNNING,
    LIFE_DYING,    /* by our hand: a restart follows, or the end */
};

struct exec_testee {
    struct loop *loop;
    struct buf command, url; /* filled in */
    struct ws_url at;
    struct process *process;
    enum life life;
    bool first;              /* its first start: a death before it answers is not tried again */
    bool start_again;        /* when it has ended */
    uint64_t patience_ns, deadline, pause_ns;
    struct layer *knock;     /* a connection to its port under way */
    struct timer *timer;
    struct buf last_words;
    void (*ready)(void *arg, const struct diag *why);
    void *ready_arg;
    loop_fn *answers, *ended;
    void *answers_arg, *ended_arg;
};

/* ---- the command ---- */

static bool prepare(struct exec_testee *t, const struct exec_options *options, struct diag *why)
{
    char port[8];
    const char *reason = "";
    uint16_t free_port = loop_free_port(t->loop, why);
    if (free_port == 0)
        return false;
    snprintf(port, sizeof port, "%u", free_port);
    const struct placeholder in_url[] = {{"{port}", port}, {NULL, NULL}};
    if (!placeholders_fill(options->scheme_path, in_url, &t->url, why))
        return false;
    if (!ws_url_parse(&t->at, buf_text(&t->url), false, &reason))
        return diag_set(why, DIAG_USAGE, "%s: %s", buf_text(&t->url), reason);
    const struct placeholder in_command[] = {{"{port}", port},
                                             {"{url}", buf_text(&t->url)},
                                             {"{cert}", options->certificate_file},
                                             {"{key}", options->key_file},
                                             {NULL, NULL}};
    return placeholders_fill(options->command, in_command, &t->command, why);
}

/* ---- last words ---- */

static void note_death(struct exec_testee *t)
{
    struct process_exit how = process_how(t->process);
    const char *tail = process_stderr(t->process);
    buf_clear(&t->last_words);
    if (how.signal)
        buf_printf(&t->last_words, "signal %d (%s)", how.signal, strsignal(how.signal));
    else
        buf_printf(&t->last_words, "exit status %d", how.status);
    if (*tail)
        buf_printf(&t->last_words, "\n%s", tail);
}

static const char *testee_last_words(void *arg)
{
    struct exec_testee *t = arg;
    return t->life == LIFE_RUNNING ? "" : buf_text(&t->last_words);
}

/* ---- is it there? ---- */

static void stop_waiting(struct exec_testee *t)
{
    layer_release(t->knock);
    t->knock = NULL;
    if (t->timer)
        timer_stop(t->timer);
    t->timer = NULL;
}

/* Tells whoever waits: a start's `ready`, or a restart's `answers`. */
static void tell(struct exec_testee *t, const struct diag *why)
{
    void (*ready)(void *, const struct diag *) = t->ready;
    loop_fn *answers = t->answers;
    stop_waiting(t);
    t->ready = NULL;
    t->answers = NULL;
    if (ready)
        ready(t->ready_arg, why);
    else if (answers && !why)
        answers(t->answers_arg);
}

static void give_up(struct exec_testee *t)
{
    struct diag why = {0};
    const char *tail = process_stderr(t->process);
    diag_set(&why, DIAG_TROUBLE, "the testee does not take connections at %s within %.1f s%s%s", buf_text(&t->url),
             (double)t->patience_ns / (double)NS_PER_S, *tail ? "; it says: " : "", tail);
    tell(t, &why);
}

static void knock(void *arg);

static void knock_opened(void *owner)
{
    struct exec_testee *t = owner;
    t->life = LIFE_RUNNING;
    t->first = false;
    tell(t, NULL);
}

static void knock_data(void *owner, uint8_t *bytes, size_t size)
{
    (void)owner, (void)bytes, (void)size;
}

static void knock_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct exec_testee *t = owner;
    (void)end, (void)why;
    stop_waiting(t);
    if (loop_now(t->loop) >= t->deadline) {
        give_up(t);
        return;
    }
    t->timer = timer_start(t->loop, t->pause_ns, knock, t);
    t->pause_ns = 2 * t->pause_ns < LONGEST_PAUSE_NS ? 2 * t->pause_ns : LONGEST_PAUSE_NS;
}

static void knock(void *arg)
{
    static const struct layer_sink sink = {.opened = knock_opened, .data = knock_data, .ended = knock_ended};
    struct exec_testee *t = arg;
    struct net_address to = {.port = t->at.port};
    snprintf(to.host, sizeof to.host, "%s", t->at.host);
    t->timer = NULL;
    t->knock = loop_connect(t->loop, &to, &sink, t);
}

/* ---- its lives ---- */

static void start_late(void *arg);

/* It ended before its port answered. */
static void stillborn(struct exec_testee *t)
{
    struct diag why = {0};
    stop_waiting(t);
    if (!t->first && loop_now(t->loop) < t->deadline) { /* the port may be taken for a moment yet */
        t->timer = timer_start(t->loop, LONGEST_PAUSE_NS, start_late, t);
        return;
    }
    diag_set(&why, DIAG_TROUBLE, "the testee ended before it took connections: %s", buf_text(&t->last_words));
    tell(t, &why);
}

static void on_exited(void *arg, struct process_exit how)
{
    struct exec_testee *t = arg;
    enum life life = t->life;
    (void)how;
    note_death(t);
    t->life = LIFE_NONE;
    if (t->ended) {
        loop_fn *ended = t->ended;
        t->ended = NULL;
        ended(t->ended_arg);
    } else if (t->start_again) {
        t->timer = timer_start(t->loop, 0, start_late, t);
    } else if (life == LIFE_STARTING) {
        stillborn(t);
    }
}

static bool start(struct exec_testee *t, struct diag *why)
{
    static const struct process_events events = {.exited = on_exited};
    process_release(t->process);
    t->start_again = false;
    t->process = process_start(t->loop, buf_text(&t->command), &events, t, why);
    if (!t->process)
        return false;
    t->life = LIFE_STARTING;
    t->pause_ns = FIRST_PAUSE_NS;
    t->timer = timer_start(t->loop, 0, knock, t);
    return true;
}

static void start_late(void *arg)
{
    struct exec_testee *t = arg;
    struct diag why = {0};
    t->timer = NULL;
    if (!start(t, &why))
        tell(t, &why);
}

static bool testee_restart(void *arg, loop_fn *answers, void *answers_arg, struct diag *why)
{
    struct exec_testee *t = arg;
    stop_waiting(t);
    t->answers = answers;
    t->answers_arg = answers_arg;
    t->deadline = loop_now(t->loop) + t->patience_ns;
    if (t->life == LIFE_NONE)
        return start(t, why);
    t->start_again = true;
    t->life = LIFE_DYING;
    process_signal(t->process, SIGKILL);
    return true;
}

static bool testee_signal(void *arg, int signal, struct diag *why)
{
    struct exec_testee *t = arg;
    if (t->life == LIFE_NONE)
        return diag_set(why, DIAG_TROUBLE, "the testee does not run");
    process_signal(t->process, signal);
    return true;
}

static bool testee_running(void *arg)
{
    const struct exec_testee *t = arg;
    return t->life == LIFE_RUNNING && process_running(t->process);
}

static uint64_t testee_memory(void *arg)
{
    const struct exec_testee *t = arg;
    return t->life == LIFE_NONE ? 0 : process_memory(t->process);
}

static uint64_t testee_descriptors(void *arg)
{
    const struct exec_testee *t = arg;
    return t->life == LIFE_NONE ? 0 : process_descriptors(t->process);
}

const struct testee_ops *exec_testee_ops(void)
{
    static const struct testee_ops ops = {
        .restart = testee_restart, .signal = testee_signal, .running = testee_running,
        .memory = testee_memory, .descriptors = testee_descriptors, .last_words = testee_last_words};
    return &ops;
}

/* ---- from outside ---- */

static void first_start(void *arg)
{
    struct exec_testee *t = arg;
    t->deadline = loop_now(t->loop) + t->patience_ns;
    start_late(t);
}

static void cannot_start(void *arg)
{
    struct exec_testee *t = arg;
    struct diag why = {.kind = DIAG_USAGE};
    t->timer = NULL;
    snprintf(why.text, sizeof why.text, "%s", buf_text(&t->last_words));
    tell(t, &why);
}

struct exec_testee *exec_testee_start(struct loop *loop, const struct exec_options *options,
                                      void (*ready)(void *arg, const struct diag *why), void *arg)
{
    struct exec_testee *t = calloc(1, sizeof *t);
    struct diag why = {0};
    if (!t)
        return NULL;
    t->loop = loop;
    t->first = true;
    t->patience_ns = options->patience_ns ? options->patience_ns : PATIENCE_NS;
    t->ready = ready;
    t->ready_arg = arg;
    buf_init(&t->command, 0);
    buf_init(&t->url, 0);
    buf_init(&t->last_words, 0);
    bool fine = prepare(t, options, &why);
    if (!fine)
        buf_append_text(&t->last_words, why.text);
    t->timer = timer_start(loop, 0, fine ? first_start : cannot_start, t);
    return t;
}

const char *exec_testee_url(const struct exec_testee *t) { return buf_text(&t->url); }

static void end_at_once(void *arg)
{
    struct exec_testee *t = arg;
    loop_fn *ended = t->ended;
    t->timer = NULL;
    t->ended = NULL;
    ended(t->ended_arg);
}

void exec_testee_end(struct exec_testee *t, loop_fn *ended, void *arg)
{
    stop_waiting(t);
    t->ended = ended;
    t->ended_arg = arg;
    t->start_again = false;
    if (t->life == LIFE_NONE) {
        t->timer = timer_start(t->loop, 0, end_at_once, t);
        return;
    }
    t->life = LIFE_DYING;
    process_end(t->process, GRACE_NS);
}

void exec_testee_release(struct exec_testee *t)
{
    if (!t)
        return;
    stop_waiting(t);
    process_release(t->process);
    buf_free(&t->command);
    buf_free(&t->url);
    buf_free(&t->last_words);
    free(t);
}
