/* Copies of this process that share its work, each with descriptors of its own,
 * since what one process may have of them is limited. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "base/diag.h"

#include <stdbool.h>

struct worker {
    int pid;  /* 0: it never was, or is waited for */
    int line; /* our end of a stream to it, for line_new; -1: given away */
};

/* In the copy: `line` is its end. It ends with what this returns. */
typedef int worker_fn(void *arg, int line);

/* Forks. No loop may exist yet, in neither of them: it would be one for both. The copy does not hear SIGINT
 * and SIGTERM, which are ours to hear, and is killed when we die. False with a diag. */
bool worker_start(struct worker *worker, worker_fn *fn, void *arg, struct diag *why);
/* It ends by itself, or is killed within a second; what it was ended by: "exit status 0", "killed by signal 9". */
void worker_wait(struct worker *worker, char how[64]);

#endif
