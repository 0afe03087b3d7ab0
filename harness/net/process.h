/* A testee that we start: a shell command in a process group of its own, with
 * the end of its standard error kept for the report. */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include "base/limits.h"
#include "net/loop.h"

struct process;

struct process_exit {
    int status; /* exit status, when signal is 0 */
    int signal; /* that ended it, or 0 */
};

struct process_events {
    /* The shell ended by itself or by our hand, and nothing of its group is left:
     * on process_end the rest has the same grace, otherwise it is killed. */
    void (*exited)(void *arg, struct process_exit how);
    /* A whole line of its standard output, without the newline, NUL-terminated, cut
     * at LIMIT_OUTPUT_LINE; may be NULL: then it goes to /dev/null. */
    void (*line)(void *arg, const char *text, size_t size);
};

/* Runs `sh -c command`, standard input from /dev/null. Real loop only. Its group is
 * killed when we die, even by SIGKILL. NULL with a diag when it cannot start. */
struct process *process_start(struct loop *loop, const char *command,
                              const struct process_events *events, void *arg, struct diag *why);
bool process_running(const struct process *process);
/* Signals the whole group. SIGSTOP and SIGCONT are pause and resume; a pause waits, for a second at most, until no
 * thread of it runs, so that nothing said to it afterwards is answered. */
void process_signal(struct process *process, int signal);
/* SIGTERM now (a paused one goes on to hear it), SIGKILL after grace_ns to what is left; `exited` tells. */
void process_end(struct process *process, uint64_t grace_ns);
/* Resident memory of the group's processes in bytes; 0 when it cannot be read. */
uint64_t process_memory(const struct process *process);
/* Open descriptors of the group's processes; 0 when it cannot be read. */
unsigned process_descriptors(const struct process *process);
/* The end of its standard error, at most LIMIT_STDERR_TAIL bytes, NUL-terminated. */
const char *process_stderr(const struct process *process);
struct process_exit process_how(const struct process *process);
/* Kills the group at once if it runs, and frees; no further callback. */
void process_release(struct process *process);

#endif
