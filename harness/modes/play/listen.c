/* See listen.h. The runner plays the server; the cases share one port, and each
 * waits for its connections in turn. */
#include "modes/play/listen.h"

#include "engine/exec_client.h"
#include "engine/placeholder.h"
#include "engine/proxy/address.h"

#include <stdlib.h>
#include <string.h>

#define END_GRACE (2 * NS_PER_S)

struct listening {
    const struct suite *suite;
    const struct play_options *options;
    const struct baseline *known;
    struct run_result *run;
    struct loop *loop;
    struct tls_context *tls;
    struct listener_share *share;
    struct exec_client *client;
    char client_ended[256]; /* how; "" while it runs, or where there is none */
    struct runner *runner;
    struct testee testee;
    struct buf url, replay;
    size_t next;
    void (*on_case)(void *arg, const struct run_result *run, const struct case_result *result);
    void *arg;
    bool interrupted, over;
};

static void play_next(void *arg);

static void finished(struct listening *l)
{
    l->over = true;
    if (l->client != NULL && exec_client_running(l->client))
        exec_client_end(l->client, END_GRACE);
    else
        loop_stop(l->loop);
}

static void on_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct listening *l = arg;
    (void)trace;
    l->runner = NULL;
    l->run->ended++;
    l->on_case(l->arg, l->run, result);
    timer_start(l->loop, 0, play_next, l);
}

static void play_next(void *arg)
{
    struct listening *l = arg;
    bool fail_fast = l->options->fail_fast && l->next != 0 && case_result_fails(l->run->cases[l->next - 1]);
    if (l->interrupted || fail_fast || l->next == l->suite->case_count) {
        l->run->interrupted = l->next != l->suite->case_count;
        finished(l);
        return;
    }
    const struct test_case *test = l->suite->cases[l->next++].test;
    const char *slash = strrchr(test->file, '/');
    struct case_result *result = run_result_add(l->run);
    struct runner_config config = {
        .loop = l->loop, .testee = &l->testee, .role = WS_SERVER, .listener = l->share, .seed = l->run->seed,
        .weights = l->options->weights, .full = l->options->full, .patience = l->options->whom.patience,
        .file_dir = slash == NULL ? "." : arena_text_n(&l->run->arena, test->file, (size_t)(slash - test->file) + 1),
        .replay_prefix = buf_text(&l->replay)};
    if (result != NULL)
        baseline_mark(l->known, l->run, result, test->id);
    l->runner = result == NULL ? NULL : runner_start(&config, test, l->run, result, on_done, l);
    if (l->runner == NULL)
        loop_stop(l->loop);
    else if (l->client_ended[0] != 0)
        runner_client_ended(l->runner, l->client_ended);
}

/* A bare client makes its one connection and is gone: whoever still waits for it need not. */
static void on_client_ended(void *arg, struct process_exit exit, const char *how)
{
    struct listening *l = arg;
    (void)exit;
    (void)how;
    exec_client_how(l->client, l->client_ended, sizeof l->client_ended);
    if (l->over)
        loop_stop(l->loop);
    else if (l->runner != NULL)
        runner_client_ended(l->runner, l->client_ended);
}

static void on_interrupt(void *arg)
{
    struct listening *l = arg;
    l->interrupted = true;
    if (l->runner != NULL)
        runner_interrupt(l->runner);
    else
        loop_stop(l->loop);
}

static bool start_client(struct listening *l, struct diag *why)
{
    static const struct exec_client_events events = {.ended = on_client_ended};
    const struct proxy_certificates *own = &l->options->certificates;
    struct exec_client_options options = {
        .command = l->options->whom.command, .url = buf_text(&l->url),
        .ca_file = l->tls == NULL ? NULL : own->certificate_out != NULL ? own->certificate_out : own->certificate_file};
    if (options.command == NULL)
        return true;
    l->client = exec_client_start(l->loop, &options, &events, l, why);
    return l->client != NULL;
}

static bool begin(struct listening *l, struct diag *why)
{
    struct proxy_address at;
    struct proxy_certificates certificates = l->options->certificates;
    struct tls_context *none;
    if (!proxy_address_read(l->options->listen, false, &at, why) ||
        (!at.secure && !proxy_certificates_unused(&certificates, "--listen wss://", why)) ||
        !proxy_contexts(&certificates, at.secure, false, &l->tls, &none, why) ||
        (l->loop = loop_uv_new(why)) == NULL ||
        (l->share = listener_share_new(l->loop, &at.net, l->tls, why)) == NULL)
        return false;
    loop_on_interrupt(l->loop, on_interrupt, l);
    at.net.port = listener_share_port(l->share);
    l->testee.loop = l->loop;
    proxy_address_print(&at.net, at.secure, true, &l->url);
    buf_append_byte(&l->url, '/');
    buf_printf(&l->replay, "wsgauntlet %s --listen %s", l->options->paths != NULL ? "run" : "test --socketio",
               l->options->listen);
    shell_option(&l->replay, "--exec", l->options->whom.command);
    fprintf(l->options->tell.out, "listening on %s\n", buf_text(&l->url));
    fflush(l->options->tell.out);
    return start_client(l, why);
}

bool listen_play(const struct suite *suite, const struct play_options *options, const struct baseline *known,
                 struct run_result *run,
                 void (*on_case)(void *arg, const struct run_result *run, const struct case_result *result), void *arg,
                 struct diag *why)
{
    struct listening l = {
        .suite = suite, .options = options, .known = known, .run = run, .on_case = on_case, .arg = arg};
    buf_init(&l.url, 0);
    buf_init(&l.replay, 0);
    bool fine = begin(&l, why);
    if (fine) {
        timer_start(l.loop, 0, play_next, &l);
        loop_run(l.loop);
        run->duration_ns = loop_now(l.loop);
    }
    exec_client_release(l.client);
    listener_share_free(l.share);
    if (l.loop != NULL)
        loop_free(l.loop);
    tls_context_free(l.tls);
    buf_free(&l.url);
    buf_free(&l.replay);
    return fine;
}
