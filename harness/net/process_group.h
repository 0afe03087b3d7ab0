/* What process.c asks the system about a process group. */
#ifndef NET_PROCESS_GROUP_H
#define NET_PROCESS_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct group_use {
    uint64_t memory;      /* resident bytes */
    unsigned descriptors; /* open */
};

/* Over all living processes of the group; zeros where it cannot be read. */
struct group_use group_measure(pid_t group);
/* Is any of it still running? Those who ended and wait for somebody else to take
 * note do not count: that can take pid 1 seconds. */
bool group_lives(pid_t group);

/* Does no thread of it run, because it was stopped? The kernel stops them one by one, behind the signal. */
bool group_is_stopped(pid_t group);

/* A guard kills the group when we die, however we die. */
struct group_guard {
    pid_t pid; /* 0: there is none */
    int line;  /* our end; the guard notices when it breaks */
};
bool group_guard(struct group_guard *guard, pid_t group);
void group_unguard(struct group_guard *guard);

#endif
