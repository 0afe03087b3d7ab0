/* See process_group.h: a look into /proc, and a guard that outlives us for a moment. */
#include "net/process_group.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned count_descriptors(const char *pid)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

struct member {
    char state;
    int group;
    uint64_t pages; /* resident */
};

/* Of a process, or of a thread: "12", "12/task/13". proc(5): "pid (name) state ppid pgrp ... rss ..."; the name may
 * hold anything. */
static bool read_stat(const char *which, struct member *member)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", which);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size < 0 ? 0 : size] = 0;
    const char *behind_name = strrchr(text, ')');
    return behind_name != NULL &&
           sscanf(behind_name + 1,
                  " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %" SCNu64,
                  &member->state, &member->group, &member->pages) == 3;
}

/* The next process of the group; NULL at the end. */
static const char *next_member(DIR *folder, pid_t group, struct member *member)
{
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && strlen(entry->d_name) <= 20 &&
            read_stat(entry->d_name, member) && member->group == group)
            return entry->d_name;
    return NULL;
}

struct group_use group_measure(pid_t group)
{
    struct group_use use = {0};
    struct member member;
    DIR *folder = opendir("/proc");
    if (folder == NULL)
        return use;
    for (const char *pid; (pid = next_member(folder, group, &member)) != NULL;) {
        use.memory += member.pages * (uint64_t)sysconf(_SC_PAGESIZE);
        use.descriptors += count_descriptors(pid);
    }
    closedir(folder);
    return use;
}

bool group_lives(pid_t group)
{
    struct member member;
    bool lives = false, seen = false;
    if (kill(-group, 0) != 0)
        return false;
    DIR *folder = opendir("/proc");
    while (folder != NULL && !lives && next_member(folder, group, &member) != NULL) {
        seen = true;
        lives = member.state != 'Z' && member.state != 'X';
    }
    if (folder != NULL)
        closedir(folder);
    return lives || !seen; /* without a /proc to read, the signal has the word */
}

static bool any_thread_runs(const char *pid)
{
    char path[32], which[64];
    struct member thread;
    bool runs = false;
    snprintf(path, sizeof path, "/proc/%.20s/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false; /* gone meanwhile */
    for (const struct dirent *entry; !runs && (entry = readdir(folder)) != NULL;) {
        snprintf(which, sizeof which, "%.20s/task/%.20s", pid, entry->d_name);
        runs = entry->d_name[0] != '.' && read_stat(which, &thread) && strchr("TtZX", thread.state) == NULL;
    }
    closedir(folder);
    return runs;
}

bool group_is_stopped(pid_t group)
{
    struct member member;
    bool runs = false;
    DIR *folder = opendir("/proc");
    if (folder == NULL)
        return true; /* nobody can tell */
    for (const char *pid; !runs && (pid = next_member(folder, group, &member)) != NULL;)
        runs = any_thread_runs(pid);
    closedir(folder);
    return !runs;
}

static void close_all_from(int first)
{
#ifdef __linux__
    if (close_range((unsigned)first, ~0u, 0) == 0)
        return;
#endif
    for (long fd = sysconf(_SC_OPEN_MAX); fd-- > first;)
        close((int)fd);
}

/* Runs in the guard: no memory, no locks. It must hold none of our sockets, or
 * their peers would not see us close. */
static _Noreturn void stand_guard(int line, pid_t group)
{
    char byte;
    dup2(line, 0);
    close_all_from(1);
    while (read(0, &byte, 1) > 0)
        continue;
    kill(-group, SIGKILL);
    _exit(0);
}

bool group_guard(struct group_guard *guard, pid_t group)
{
    int ends[2];
    sigset_t all, before;
    if (pipe(ends) != 0)
        return false;
    fcntl(ends[1], F_SETFD, FD_CLOEXEC); /* a later testee must not keep it whole */
    sigfillset(&all); /* it hears no Ctrl-C; only its line counts */
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        stand_guard(ends[0], group);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return false;
    }
    *guard = (struct group_guard){.pid = pid, .line = ends[1]};
    return true;
}

void group_unguard(struct group_guard *guard)
{
    if (guard->pid == 0)
        return;
    kill(guard->pid, SIGKILL);
    waitpid(guard->pid, NULL, 0);
    close(guard->line);
    guard->pid = 0;
}
