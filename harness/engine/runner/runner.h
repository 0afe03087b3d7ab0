/* Plays one case on a loop against a testee and says how it ended: the one way
 * a script becomes a result. Many runners may play on one loop at once. */
#ifndef ENGINE_RUNNER_H
#define ENGINE_RUNNER_H

#include "engine/result.h"
#include "engine/language/promises.h"
#include "engine/pacing.h"
#include "engine/testee.h"
#include "engine/trace.h"

struct runner;

/* What fails a testee. */
enum weights {
    WEIGHTS_RFC,      /* a broken MUST whose text binds it */
    WEIGHTS_STRICT,   /* also what is NON_STRICT: what the text says less certainly, or only should be */
    WEIGHTS_AUTOBAHN, /* as RFC, in the cases that Autobahn|Testsuite has too; in others it is INFO */
};

/* Of a case whose hints the driver asked for: where its port is, for that driver. */
struct hinted {
    const char *here, *port, *scheme, *page; /* what ${here} ... stand for */
    struct tls_context *tunnel_tls; /* what comes through a `tunnel` speaks TLS; NULL: it does not */
};

const char *weights_word(enum weights weights);

struct runner_config {
    struct loop *loop;
    const struct testee *testee;
    enum ws_role role;         /* ours: WS_CLIENT tests a server */
    struct listener_share *listener; /* server role: where connections come from */
    uint64_t come_ns;          /* server role: how long the next connection is waited for, when it is a driver that
                                  brings it, and its staying away is not the testee's; 0: the case's timeout */
    uint64_t seed;
    bool troubles_only;        /* the text of a trace is kept for cases alone that did not pass */
    enum weights weights;
    unsigned eio;              /* version of Engine.IO that socketio steps speak: 3 or 4; 0: 4 */
    bool full;                 /* repeat as often as `full` says */
    double patience;           /* factor on every timeout; 0: 1 */
    double pace;               /* factor on every time that a script names, for a client that was made faster; 0: 1 */
    uint64_t grace_ns;         /* what a testee's machine may need on top of what a script allows */
    bool own_listener;         /* server role: nobody else gets connections from it, so that attempts can be counted */
    const struct hinted *hinted; /* outlives the runner; NULL: nobody takes hints */
    struct pacing *pacing;     /* a turn for each connection to a server; NULL: as fast as it goes */
    const struct promises *promises; /* of the client under test; NULL: none */
    const char *file_dir;      /* for file("..."), NULL: not allowed */
    const char *replay_prefix; /* "wsgauntlet run --url ws://... " : the replay command is made from it */
};

/* Called once, from the loop; result is filled (its strings are in the run's arena). */
typedef void runner_done_fn(void *arg, struct case_result *result, const struct trace *trace);

/* Begins; NULL without memory. `result` is a fresh case of the run; test_case must outlive the runner. */
struct runner *runner_start(const struct runner_config *config, const struct test_case *test_case,
                            struct run_result *run, struct case_result *result,
                            runner_done_fn *done, void *arg);
/* Bytes of the largest payload of its steps, as far as they tell: what it costs to play it beside others. */
uint64_t runner_weight(const struct test_case *test_case);
/* Ends it now: ERROR "interrupted", which counts as not played; done is called. */
void runner_interrupt(struct runner *runner);
/* Ends it without a result; done is not called. */
void runner_abandon(struct runner *runner);
/* ---- what is known of a client under test from outside the wire ---- */

/* Connections that came so far; counted with own_listener only. */
size_t runner_attempts(const struct runner *runner);
/* It says on its standard output that it has got our numbered message n. */
void runner_heard_number(struct runner *runner, uint64_t n);
/* A line for the trace. */
void runner_heard(struct runner *runner, const char *text);
/* Its driver says how its hints went: the client's connection was open, or it could not be opened. */
void runner_told(struct runner *runner, bool opened);
/* Its driver cannot do what the hints ask for: UNIMPLEMENTED. */
void runner_cannot(struct runner *runner);
/* The hints as JSON, for the driver (docs/testing-clients.md). False: the case is over. */
bool runner_hints(struct runner *runner, struct buf *out);
/* Its last process has ended: who waits for it need not go on. `how`: "exit status 0". */
void runner_client_ended(struct runner *runner, const char *how);

/* ---- server role: one port, connections handed to the runner that waits ---- */
struct listener_share *listener_share_new(struct loop *loop, const struct net_address *at,
                                          struct tls_context *tls, struct diag *why);
/* Without a port: connections are brought, open, by listener_share_offer, which owns them from then on.
 * `secure`: there is TLS below. NULL without memory. */
struct listener_share *listener_share_fed(bool secure);
void listener_share_offer(struct listener_share *share, struct layer *layer);
uint16_t listener_share_port(const struct listener_share *share);
/* Who signs certificates with a flaw for it (`listen certificate`); outlives it. */
void listener_share_authority(struct listener_share *share, const struct tls_authority *authority);
void listener_share_free(struct listener_share *share);

#endif
