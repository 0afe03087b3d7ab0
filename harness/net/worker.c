/* See worker.h. */
#include "net/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOKS 100 /* in a second, for its end */

static _Noreturn void live(worker_fn *fn, void *arg, int line, int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0); /* we were late */
    close_range(3, (unsigned)line - 1, 0); /* what is the parent's: a line to another copy would outlive it here */
    close_range((unsigned)line + 1, ~0u, 0);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    _exit(fn(arg, line));
}

bool worker_start(struct worker *worker, worker_fn *fn, void *arg, struct diag *why)
{
    int ends[2], parent = getpid();
    *worker = (struct worker){.line = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return diag_set(why, DIAG_TROUBLE, "cannot speak to a process of ours: %s", strerror(errno));
    fflush(NULL); /* or both would write it */
    int pid = fork();
    if (pid == 0) {
        close(ends[0]);
        live(fn, arg, ends[1], parent);
    }
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return diag_set(why, DIAG_TROUBLE, "cannot start a process of ours: %s", strerror(error));
    }
    *worker = (struct worker){.pid = pid, .line = ends[0]};
    return true;
}

void worker_wait(struct worker *worker, char how[64])
{
    static const struct timespec pause = {.tv_nsec = 1000000000 / LOOKS};
    int status = 0, ended = 0;
    snprintf(how, 64, "never begun");
    if (worker->pid == 0)
        return;
    for (int i = 0; i < LOOKS && ended == 0; i++) {
        ended = waitpid(worker->pid, &status, WNOHANG);
        if (ended == 0)
            nanosleep(&pause, NULL);
    }
    if (ended == 0) {
        kill(worker->pid, SIGKILL);
        ended = waitpid(worker->pid, &status, 0);
    }
    if (ended == worker->pid && WIFSIGNALED(status))
        snprintf(how, 64, "killed by signal %d", WTERMSIG(status));
    else
        snprintf(how, 64, "exit status %d", WEXITSTATUS(status));
    worker->pid = 0;
}
