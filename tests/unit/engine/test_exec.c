/* A testee that is started for real: until it answers, its deaths, its restarts,
 * its end; and what the runner makes of a testee that dies in a case. */
#include "unit.h"

#include "engine/runner/runner.h"

#include <signal.h>
#include <string.h>

/* A server in one line: `%s` is what it does with each connection c, the n-th. */
#define SERVER(body)                                                                      \
    "exec python3 -c \"import socket,sys,os,time\n"                                       \
    "s=socket.socket()\n"                                                                 \
    "s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"                             \
    "s.bind(('127.0.0.1',{port}));s.listen()\n"                                           \
    "n=0\n"                                                                               \
    "while True:\n"                                                                       \
    "  c,_=s.accept();n+=1\n"                                                             \
    "  " body "\""
#define QUIET SERVER("c.close()")
#define DIES_SECOND SERVER("n==2 and (sys.stderr.write('boom'),sys.stderr.flush(),os._exit(3))")

struct bench {
    struct loop *loop;
    struct exec_testee *testee;
    struct diag why;
    bool ready, failed, answered;
    struct run_result *run;
    struct case_result *result;
};

static void stop(void *arg) { loop_stop(((struct bench *)arg)->loop); }

static void on_ready(void *arg, const struct diag *why)
{
    struct bench *b = arg;
    b->ready = !why;
    b->failed = why != NULL;
    if (why)
        b->why = *why;
    loop_stop(b->loop);
}

static void bench_open(struct bench *b, const struct exec_options *options)
{
    *b = (struct bench){.loop = loop_uv_new(NULL)};
    b->testee = exec_testee_start(b->loop, options, on_ready, b);
    loop_run(b->loop);
}

static void bench_start(struct bench *b, const char *command, const char *url)
{
    struct exec_options options = {.command = command, .scheme_path = url, .patience_ns = 20 * NS_PER_S};
    bench_open(b, &options);
}

static void bench_close(struct bench *b)
{
    exec_testee_end(b->testee, stop, b);
    loop_run(b->loop);
    exec_testee_release(b->testee);
    loop_free(b->loop);
}

START_TEST(a_testee_is_there_when_its_port_answers)
{
    struct bench b;
    bench_start(&b, QUIET, "ws://127.0.0.1:{port}/path");
    ck_assert_msg(b.ready, "%s", b.why.text);
    const struct testee_ops *ops = exec_testee_ops();
    ck_assert(ops->running(b.testee));
    ck_assert_uint_gt(ops->memory(b.testee), 1 << 20);
    ck_assert_str_eq(ops->last_words(b.testee), "");
    ck_assert_ptr_nonnull(strstr(exec_testee_url(b.testee), "/path"));
    bench_close(&b);
}
END_TEST

START_TEST(a_testee_that_cannot_start_says_why)
{
    static const struct { const char *command, *url, *says; } rows[] = {
        {"echo no such option >&2; exit 7", "ws://127.0.0.1:{port}/", "exit status 7\nno such option"},
        {"kill -SEGV $$", "ws://127.0.0.1:{port}/", "signal 11"},
        {"serve --cert {cert}", "wss://127.0.0.1:{port}/", "{cert}"},
        {"true", "http://127.0.0.1:{port}/", "http://"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        bench_start(&b, rows[i].command, rows[i].url);
        ck_assert(b.failed);
        ck_assert_msg(strstr(b.why.text, rows[i].says) != NULL, "%s", b.why.text);
        bench_close(&b);
    }
}
END_TEST

START_TEST(a_testee_that_never_answers_is_given_up)
{
    struct bench b;
    struct exec_options options = {.command = "echo waiting >&2; exec sleep 60",
                                   .scheme_path = "ws://127.0.0.1:{port}/", .patience_ns = 300 * NS_PER_MS};
    bench_open(&b, &options);
    ck_assert(b.failed);
    ck_assert_ptr_nonnull(strstr(b.why.text, "does not take connections"));
    bench_close(&b);
}
END_TEST

START_TEST(the_command_gets_what_it_asks_for)
{
    struct bench b;
    struct exec_options options = {.command = "echo {url} {cert} {key} >&2; exit 1", .certificate_file = "c.pem",
                                   .key_file = "k.pem", .scheme_path = "wss://127.0.0.1:{port}/"};
    bench_open(&b, &options);
    ck_assert_msg(strstr(b.why.text, "wss://127.0.0.1:") && strstr(b.why.text, "/ c.pem k.pem"), "%s", b.why.text);
    bench_close(&b);
}
END_TEST

static void on_answers(void *arg)
{
    struct bench *b = arg;
    b->answered = true;
    loop_stop(b->loop);
}

START_TEST(a_restart_keeps_the_port)
{
    struct bench b;
    const struct testee_ops *ops = exec_testee_ops();
    bench_start(&b, QUIET, "ws://127.0.0.1:{port}/");
    ck_assert_msg(b.ready, "%s", b.why.text);
    char *url = strdup(exec_testee_url(b.testee));
    for (int i = 0; i < 2; i++) {
        b.answered = false;
        ck_assert(ops->restart(b.testee, on_answers, &b, NULL));
        ck_assert(!ops->running(b.testee));
        loop_run(b.loop);
        ck_assert(b.answered && ops->running(b.testee));
    }
    ck_assert_str_eq(url, exec_testee_url(b.testee));
    free(url);
    bench_close(&b);
}
END_TEST

/* ---- with the runner ---- */

static void on_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct bench *b = arg;
    (void)trace;
    b->result = result;
    loop_stop(b->loop);
}

static struct case_result *play(struct bench *b, const char *text)
{
    struct buf errors;
    unsigned count;
    const char *reason;
    buf_init(&errors, 0);
    struct script *script = script_parse("exec.wsg", text, strlen(text), &errors, &count);
    ck_assert_msg(count == 0, "%s", buf_text(&errors));
    struct testee testee = {.loop = b->loop, .ops = exec_testee_ops(), .ops_arg = b->testee};
    ck_assert(ws_url_parse(&testee.url, exec_testee_url(b->testee), false, &reason));
    struct runner_config config = {.loop = b->loop, .testee = &testee, .role = WS_CLIENT, .seed = 1};
    b->run = run_result_new();
    runner_start(&config, &script->cases[0], b->run, run_result_add(b->run), on_done, b);
    loop_run(b->loop);
    buf_free(&errors);
    script_free(script);
    return b->result;
}

START_TEST(a_crash_in_a_case_is_the_testees_failure)
{
    struct bench b;
    bench_start(&b, DIES_SECOND, "ws://127.0.0.1:{port}/");
    ck_assert_msg(b.ready, "%s", b.why.text);
    struct case_result *result = play(&b, "case x\nconnect\nexpect drop\n"); /* a drop is what was expected */
    ck_assert_int_eq(result->verdict, VERDICT_FAIL);
    ck_assert_str_eq(result->seen, "the testee died");
    ck_assert_str_eq(result->stderr_tail, "exit status 3\nboom");
    run_result_free(b.run);

    result = play(&b, "case y\nconnect\n"); /* before anybody restarts it */
    ck_assert_int_eq(result->verdict, VERDICT_ERROR);
    run_result_free(b.run);
    bench_close(&b);
}
END_TEST

START_TEST(testee_steps_do_what_they_say)
{
    struct bench b;
    bench_start(&b, QUIET, "ws://127.0.0.1:{port}/");
    ck_assert_msg(b.ready, "%s", b.why.text);
    struct case_result *result = play(&b, "case x\nconnect\ntestee pause\nwait 10ms\ntestee resume\nexpect drop\n"
                                          "expect testee memory < 1000MiB\ntestee kill\ntestee restart\nconnect\n"
                                          "expect drop\n");
    ck_assert_msg(result->verdict == VERDICT_PASS, "%s | %s | %s", result->expected, result->seen, result->detail);
    run_result_free(b.run);
    result = play(&b, "case x\nexpect testee memory < 1KiB\n");
    ck_assert_int_eq(result->verdict, VERDICT_FAIL);
    run_result_free(b.run);
    result = play(&b, "case x\nexpect testee alive\n"); /* it runs, but speaks no WebSocket */
    ck_assert_int_eq(result->verdict, VERDICT_FAIL);
    run_result_free(b.run);
    bench_close(&b);
}
END_TEST

UNIT_MAIN("exec", a_testee_is_there_when_its_port_answers, a_testee_that_cannot_start_says_why,
          a_testee_that_never_answers_is_given_up, the_command_gets_what_it_asks_for, a_restart_keeps_the_port,
          a_crash_in_a_case_is_the_testees_failure, testee_steps_do_what_they_say)
