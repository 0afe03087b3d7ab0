/* A client that we start: `CMD {url}`, a shell command that connects to us and
 * ends by itself. Real loop only. For a server that we start see testee.h. */
#ifndef ENGINE_EXEC_CLIENT_H
#define ENGINE_EXEC_CLIENT_H

#include "net/process.h"

struct exec_client;

struct exec_client_options {
    const char *command; /* {url} {host} {port} {agent} {ca} are replaced */
    const char *url;     /* ws://127.0.0.1:9001, where it shall connect to */
    const char *agent;   /* the name that it shall give itself; NULL: the command may not name it */
    const char *ca_file; /* the certificate to trust, for wss; NULL: the command may not name it */
};

struct exec_client_events {
    /* It has ended, by itself or by exec_client_end; `how` in words: "exit status 1". */
    void (*ended)(void *arg, struct process_exit exit, const char *how);
    /* A line of its standard output, as process_events.line; may be NULL. */
    void (*line)(void *arg, const char *text, size_t size);
};

/* Strings are copied. NULL with a diag when the command is wrong or cannot be
 * started; nothing is called before this returns. */
struct exec_client *exec_client_start(struct loop *loop, const struct exec_client_options *options,
                                      const struct exec_client_events *events, void *arg, struct diag *why);
bool exec_client_running(const struct exec_client *client);
/* SIGSTOP, SIGCONT ... to all its processes. */
void exec_client_signal(struct exec_client *client, int signal);
/* SIGTERM, after grace_ns SIGKILL; `ended` tells. Ignored when it does not run. */
void exec_client_end(struct exec_client *client, uint64_t grace_ns);
/* "exit status 1", and below it the end of its standard error; "" while it runs. */
const char *exec_client_last_words(const struct exec_client *client);
/* The same in one line, with what its standard error says first, or of an error: "exit status 1: no such file"; ""
 * while it runs. */
void exec_client_how(const struct exec_client *client, char *out, size_t size);
/* Kills what still runs; no further callback. NULL is fine. */
void exec_client_release(struct exec_client *client);

#endif
