/* What is tested: a server at a URL, given or started by us, real or the
 * built-in peer in the same process; or clients that come to our port. */
#ifndef ENGINE_TESTEE_H
#define ENGINE_TESTEE_H

#include "net/fault.h"
#include "net/loop.h"
#include "net/process.h"
#include "net/tls.h"
#include "wire/url.h"

/* How a testee that is ours is handled; NULL members: cannot be done. */
struct testee_ops {
    /* Calls `answers` when it takes connections again. */
    bool (*restart)(void *arg, loop_fn *answers, void *answers_arg, struct diag *why);
    bool (*signal)(void *arg, int signal, struct diag *why); /* SIGKILL, SIGSTOP, SIGCONT */
    bool (*running)(void *arg);
    uint64_t (*memory)(void *arg);      /* bytes, 0: unknown */
    uint64_t (*descriptors)(void *arg); /* open files and sockets, 0: unknown */
    const char *(*last_words)(void *arg); /* end of its stderr and how it ended; "" while it runs */
};

struct testee {
    struct loop *loop;
    struct ws_url url;             /* where a server listens */
    struct tls_context *tls;       /* client context for wss; NULL for ws */
    const char *const *headers;    /* further request header lines for every open, NULL-terminated; may be NULL */
    const char *origin;            /* of every open that does not bring its own; NULL: none */
    const char *const *protocols;  /* the same of subprotocols; NULL-terminated, may be NULL */
    const struct testee_ops *ops;  /* NULL: not started by us */
    void *ops_arg;
};

/* A testee process: `CMD {port}` (also {url}); waits until the port answers,
 * starts it again after a crash. */
struct exec_testee;
struct exec_options {
    const char *command;     /* {port}, {url}, {cert}, {key} are replaced */
    const char *certificate_file, *key_file; /* for {cert} and {key}; NULL: the command may not name them */
    const char *scheme_path; /* url to test once it runs, with {port}: "ws://127.0.0.1:{port}/" */
    uint64_t patience_ns;    /* until it must answer; 0: 10 s */
};
/* Strings are copied. `ready` is called once, never before this returns: why
 * NULL when it answers, else what went wrong. NULL without memory. */
struct exec_testee *exec_testee_start(struct loop *loop, const struct exec_options *options,
                                      void (*ready)(void *arg, const struct diag *why), void *arg);
const struct testee_ops *exec_testee_ops(void); /* arg: the exec_testee */
const char *exec_testee_url(const struct exec_testee *testee);
/* SIGTERM, a while later SIGKILL; `ended` is called from the loop. */
void exec_testee_end(struct exec_testee *testee, loop_fn *ended, void *arg);
/* Kills what still runs; no further callback. */
void exec_testee_release(struct exec_testee *testee);

#endif
