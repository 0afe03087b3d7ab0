/* Testees: started, watched, paused, ended, and never left behind. */
#include "net/process.h"
#include "net/process_group.h"
#include "base/buf.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_GRACE (60 * NS_PER_S)

struct watch {
    struct loop *loop;
    struct process *process;
    struct process_exit how;
    unsigned exits, lines;
    struct buf text; /* lines, joined by | */
    unsigned release_at_line, release_at_exit;
};

static void on_exited(void *arg, struct process_exit how)
{
    struct watch *w = arg;
    w->how = how;
    w->exits++;
    if (w->release_at_exit) {
        process_release(w->process);
        w->process = NULL;
    }
    loop_stop(w->loop);
}

static void on_line(void *arg, const char *text, size_t size)
{
    struct watch *w = arg;
    buf_append(&w->text, text, size);
    buf_append_byte(&w->text, '|');
    if (++w->lines == w->release_at_line) {
        process_release(w->process);
        w->process = NULL;
    }
    loop_stop(w->loop);
}

static const struct process_events watch_events = {on_exited, on_line};

static void watch_start(struct watch *w, const char *command)
{
    struct diag why = {0};
    *w = (struct watch){.loop = loop_uv_new(&why)};
    buf_init(&w->text, 0);
    w->process = process_start(w->loop, command, &watch_events, w, &why);
    ck_assert_msg(w->process != NULL, "%s", why.text);
    ck_assert(process_running(w->process));
}

static void watch_end(struct watch *w)
{
    process_release(w->process);
    buf_free(&w->text);
    loop_free(w->loop);
}

static void until_exit(struct watch *w)
{
    while (w->exits == 0)
        loop_run(w->loop);
}

static void until_lines(struct watch *w, unsigned n)
{
    while (w->lines < n) {
        ck_assert_uint_eq(w->exits, 0);
        loop_run(w->loop);
    }
}

START_TEST(exit_status_lines_and_stderr)
{
    struct watch w;
    watch_start(&w, "echo one; printf 'two\\n\\nhalf'; echo 'it broke' >/dev/stderr; exit 7");
    until_exit(&w);
    ck_assert_int_eq(w.how.status, 7);
    ck_assert_int_eq(w.how.signal, 0);
    ck_assert_str_eq(buf_text(&w.text), "one|two||");
    ck_assert_str_eq(process_stderr(w.process), "it broke\n");
    ck_assert(!process_running(w.process));
    ck_assert_int_eq(process_how(w.process).status, 7);
    ck_assert_uint_eq(process_memory(w.process), 0);
    process_signal(w.process, SIGTERM); /* nobody: ignored */
    process_end(w.process, 0);
    watch_end(&w);
}
END_TEST

START_TEST(crash_tells_its_signal)
{
    struct watch w;
    watch_start(&w, "kill -SEGV $$");
    until_exit(&w);
    ck_assert_int_eq(w.how.signal, SIGSEGV);
    watch_end(&w);
}
END_TEST

START_TEST(no_such_command)
{
    struct watch w;
    watch_start(&w, "/no/such/program");
    until_exit(&w);
    ck_assert_int_eq(w.how.status, 127);
    ck_assert_ptr_nonnull(strstr(process_stderr(w.process), "/no/such/program"));
    watch_end(&w);
}
END_TEST

START_TEST(stderr_keeps_its_end)
{
    struct watch w;
    watch_start(&w, "i=0; while [ $i -lt 2000 ]; do echo \"line $i of noise\" >&2; i=$((i+1)); done;"
                    "printf 'nul\\0end' >&2");
    until_exit(&w);
    const char *tail = process_stderr(w.process);
    ck_assert_uint_eq(strlen(tail), LIMIT_STDERR_TAIL);
    const char *end = "\nline 1999 of noise\nnul?end";
    ck_assert_str_eq(tail + strlen(tail) - strlen(end), end);
    watch_end(&w);
}
END_TEST

START_TEST(an_overlong_line_is_cut)
{
    struct watch w;
    watch_start(&w, "head -c 100000 /dev/zero | tr '\\0' x; echo; echo next");
    until_exit(&w);
    ck_assert_uint_eq(w.lines, 2);
    ck_assert_uint_eq(w.text.size, LIMIT_OUTPUT_LINE + 1 + 5);
    watch_end(&w);
}
END_TEST

START_TEST(ended_by_sigterm_within_its_grace)
{
    struct watch w;
    watch_start(&w, "trap 'echo bye; exit 3' TERM; echo ready; while :; do :; done");
    until_lines(&w, 1);
    process_end(w.process, LONG_GRACE);
    until_exit(&w);
    ck_assert_str_eq(buf_text(&w.text), "ready|bye|");
    ck_assert_int_eq(w.how.status, 3);
    ck_assert_uint_lt(loop_now(w.loop), LONG_GRACE);
    watch_end(&w);
}
END_TEST

START_TEST(killed_behind_its_grace)
{
    struct watch w;
    watch_start(&w, "trap '' TERM; echo ready; while :; do :; done");
    until_lines(&w, 1);
    process_end(w.process, 20 * NS_PER_MS);
    process_end(w.process, 0); /* once is enough */
    until_exit(&w);
    ck_assert_int_eq(w.how.signal, SIGKILL);
    watch_end(&w);
}
END_TEST

START_TEST(the_rest_of_the_group_has_its_grace_too)
{
    struct watch w;
    watch_start(&w, "sh -c 'trap \"exec sleep 0.05\" TERM; echo ready; while :; do :; done' & wait");
    until_lines(&w, 1);
    process_end(w.process, LONG_GRACE);
    until_exit(&w);
    ck_assert_int_eq(w.how.signal, SIGTERM);
    ck_assert_uint_ge(loop_now(w.loop), 50 * NS_PER_MS); /* it waited for the inner shell */
    watch_end(&w);
}
END_TEST

START_TEST(the_dead_whom_nobody_buries_are_not_waited_for)
{
    struct watch w;
    /* The parent of `sleep 0` has left the group, and does not care. */
    watch_start(&w, "(sleep 0 & exec setsid sh -c 'echo $$; exec sleep 1000') & wait");
    until_lines(&w, 1);
    pid_t careless = (pid_t)strtol(buf_text(&w.text), NULL, 10);
    process_end(w.process, LONG_GRACE);
    until_exit(&w);
    ck_assert_uint_lt(loop_now(w.loop), LONG_GRACE);
    ck_assert_int_eq(kill(careless, SIGKILL), 0);
    watch_end(&w);
}
END_TEST

/* Waits until the system says so of the child. */
static void until_state(pid_t pid, int state)
{
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, state | WNOWAIT), 0);
}

START_TEST(pause_and_resume)
{
    struct watch w;
    watch_start(&w, "echo $$; while :; do echo tick; done");
    until_lines(&w, 1);
    pid_t pid = (pid_t)strtol(buf_text(&w.text), NULL, 10);
    process_signal(w.process, SIGSTOP);
    until_state(pid, WSTOPPED);
    ck_assert(process_running(w.process));
    process_signal(w.process, SIGCONT);
    until_state(pid, WCONTINUED);
    until_lines(&w, w.lines + 100000); /* more than the pipe held */
    process_signal(w.process, SIGSTOP);
    until_state(pid, WSTOPPED);
    process_end(w.process, LONG_GRACE); /* a paused one can be ended */
    until_exit(&w);
    ck_assert_int_eq(w.how.signal, SIGTERM);
    watch_end(&w);
}
END_TEST

START_TEST(a_pause_stops_all_of_the_group)
{
    struct watch w;
    watch_start(&w, "echo $$; for i in 1 2 3 4 5 6; do while :; do :; done & done; wait");
    until_lines(&w, 1);
    pid_t group = (pid_t)strtol(buf_text(&w.text), NULL, 10);
    for (int i = 0; i < 20; i++) {
        process_signal(w.process, SIGCONT);
        process_signal(w.process, SIGSTOP);
        ck_assert(group_is_stopped(group));
    }
    watch_end(&w);
}
END_TEST

START_TEST(memory_and_descriptors_of_the_group)
{
    struct watch w;
    watch_start(&w, "(exec 5</dev/null; exec 6</dev/null; echo ready; read x </dev/zero) & wait");
    until_lines(&w, 1);
    ck_assert_uint_gt(process_memory(w.process), 100000);
    ck_assert_uint_lt(process_memory(w.process), 1u << 30);
    ck_assert_uint_ge(process_descriptors(w.process), 3 + 5);
    ck_assert_uint_lt(process_descriptors(w.process), 30);
    watch_end(&w);
}
END_TEST

START_TEST(release_in_callbacks)
{
    struct watch w;
    watch_start(&w, "echo a; echo b; sleep 1000");
    w.release_at_line = 1;
    until_lines(&w, 1);
    ck_assert_uint_eq(w.lines, 1);
    watch_end(&w);
    watch_start(&w, "echo a; echo b");
    w.release_at_exit = 1;
    until_exit(&w);
    watch_end(&w);
}
END_TEST

/* Opens the fifo, and reads until its last writer is gone. */
static void read_to_the_end(int fd)
{
    char text[64];
    while (read(fd, text, sizeof text) > 0)
        continue;
    close(fd);
}

START_TEST(release_kills_the_whole_group)
{
    struct watch w;
    ck_assert_int_eq(mkfifo("line", 0600), 0);
    int fd = open("line", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    watch_start(&w, "trap '' TERM; exec 3>line; (sleep 1000; :) & echo ready; wait");
    until_lines(&w, 1);
    fcntl(fd, F_SETFL, 0);
    watch_end(&w);
    read_to_the_end(fd); /* the inner sleep held it too */
    unlink("line");
}
END_TEST

START_TEST(nothing_outlives_us_even_when_killed)
{
    ck_assert_int_eq(mkfifo("line", 0600), 0);
    pid_t us = fork();
    if (us == 0) {
        struct watch w;
        watch_start(&w, "exec 3>line; (sleep 1000; :) & echo ready; wait");
        until_lines(&w, 1);
        kill(getpid(), SIGKILL);
    }
    int fd = open("line", O_RDONLY | O_CLOEXEC); /* opens when the testee does */
    waitpid(us, NULL, 0);
    read_to_the_end(fd);
    unlink("line");
}
END_TEST

START_TEST(nobody_else_holds_our_sockets)
{
    int ends[2];
    char byte;
    struct watch w;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    watch_start(&w, "sleep 1000");
    close(ends[1]);
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 0); /* hangs while guard or testee has the other end */
    close(ends[0]);
    watch_end(&w);
}
END_TEST

UNIT_MAIN("net/process", nobody_else_holds_our_sockets,
          exit_status_lines_and_stderr, crash_tells_its_signal, no_such_command,
          stderr_keeps_its_end, an_overlong_line_is_cut, ended_by_sigterm_within_its_grace,
          killed_behind_its_grace, the_rest_of_the_group_has_its_grace_too,
          the_dead_whom_nobody_buries_are_not_waited_for, pause_and_resume,
          a_pause_stops_all_of_the_group, memory_and_descriptors_of_the_group, release_in_callbacks,
          release_kills_the_whole_group, nothing_outlives_us_even_when_killed)
