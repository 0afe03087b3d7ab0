/* A client that is started for real: its command filled in, its output, how it ends. */
#include "unit.h"

#include "engine/exec_client.h"

struct bench {
    struct loop *loop;
    struct process_exit exit;
    char how[64], heard[256];
    unsigned ends;
};

static void on_ended(void *arg, struct process_exit exit, const char *how)
{
    struct bench *b = arg;
    b->exit = exit;
    b->ends++;
    snprintf(b->how, sizeof b->how, "%s", how);
    loop_stop(b->loop);
}

static void on_line(void *arg, const char *text, size_t size)
{
    struct bench *b = arg;
    snprintf(b->heard, sizeof b->heard, "%.*s", (int)size, text);
}

static const struct exec_client_events events = {.ended = on_ended, .line = on_line};

static struct exec_client *start(struct bench *b, const char *command, struct diag *why)
{
    struct exec_client_options options = {.command = command, .url = "ws://127.0.0.1:9001", .agent = "me"};
    *b = (struct bench){.loop = loop_uv_new(NULL)};
    return exec_client_start(b->loop, &options, &events, b, why);
}

START_TEST(the_command_is_filled_in)
{
    struct bench b;
    struct exec_client *c = start(&b, "echo {url} {host} {port} {agent} {other}; echo oops >&2; exit 3", NULL);
    ck_assert_ptr_nonnull(c);
    ck_assert(exec_client_running(c));
    ck_assert_str_eq(exec_client_last_words(c), "");
    loop_run(b.loop);
    ck_assert_str_eq(b.heard, "ws://127.0.0.1:9001 127.0.0.1 9001 me {other}");
    ck_assert_int_eq(b.exit.status, 3);
    ck_assert_str_eq(b.how, "exit status 3");
    ck_assert_str_eq(exec_client_last_words(c), "exit status 3\noops\n");
    ck_assert(!exec_client_running(c));
    exec_client_release(c);
    loop_free(b.loop);
}
END_TEST

START_TEST(it_is_ended_and_told_once)
{
    struct bench b;
    struct exec_client *c = start(&b, "trap '' TERM; while :; do sleep 60; done", NULL);
    exec_client_end(c, 100 * NS_PER_MS);
    loop_run(b.loop);
    ck_assert_uint_eq(b.ends, 1);
    ck_assert_int_ne(b.exit.signal, 0);
    exec_client_end(c, 0); /* it has ended: nothing more */
    exec_client_release(c);
    loop_free(b.loop);
}
END_TEST

START_TEST(a_command_that_names_what_there_is_not_is_refused)
{
    struct bench b;
    struct diag why = {0};
    ck_assert_ptr_null(start(&b, "client {url} --ca {ca}", &why));
    ck_assert_int_eq(why.kind, DIAG_USAGE);
    ck_assert_ptr_nonnull(strstr(why.text, "{ca}"));
    loop_free(b.loop);
}
END_TEST

UNIT_MAIN("exec-client", the_command_is_filled_in, it_is_ended_and_told_once,
          a_command_that_names_what_there_is_not_is_refused)
