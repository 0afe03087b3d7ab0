/* Testing clients: one port that any number of clients come to, by Autobahn's
 * driver protocol (docs/testing-clients.md), each call a connection of its own:
 * /getCaseCount, /runCase?case=N&agent=A, /getCaseInfo?case=N,
 * /getCaseStatus?case=N&agent=A, /updateReports?agent=A, /stopServer; and for a driver that can
 * do more with its client, /getCaseHints, /getCaseHint, /tellCase. A browser gets a page that
 * runs the cases in it. Each agent is a testee with results of its own. */
#ifndef ENGINE_SERVE_H
#define ENGINE_SERVE_H

#include "engine/serve/numbering.h"
#include "engine/runner/runner.h"
#include "engine/suite/baseline.h"

struct serve;

struct serve_config {
    struct loop *loop;
    const struct suite *suite;   /* cases for clients; outlives the serving */
    const struct autobahn_filter *autobahn; /* the cases that have an id there, in its order and under these ids;
                                               NULL: all cases under their own */
    struct net_address at;
    struct tls_context *tls;     /* server context: wss and https; NULL: ws and http. Outlives the serving */
    uint64_t seed;
    double patience;             /* factor on every timeout; 0: 1 */
    bool full;                   /* repeat as often as `full` says */
    const char *replay_prefix;   /* "wsgauntlet serve": see runner_config */
    const char *started;         /* UTC, of the results */
    struct moment began;         /* the same, to the millisecond */
    const char *command;         /* of --exec, for the results; "" */
    enum weights weights;        /* what fails a client */
    const struct baseline *baseline; /* failures that are known; may be NULL */

    /* Called from the loop. Any may be NULL. */
    bool (*excluded)(void *arg, const char *agent, const char *id); /* this one is not to play that case */
    void (*result)(void *arg, const struct run_result *run, const struct case_result *done);
    void (*update)(void *arg);   /* /updateReports: results should be on disk when it returns */
    void (*shutdown)(void *arg); /* /stopServer, or shutdownOnComplete */
    void (*idle)(void *arg);     /* nothing is under way any more */
    void *arg;
};

/* Listens at once. NULL with a diag: the address cannot be had, no case, no memory. */
struct serve *serve_start(const struct serve_config *config, struct diag *why);
uint16_t serve_port(const struct serve *serve);
/* How often a driver has to call /runCase: a case that wants several connections has as many numbers. */
size_t serve_numbers(const struct serve *serve);
size_t serve_cases(const struct serve *serve);
bool serve_is_idle(const struct serve *serve);
/* What the i-th agent has so far, in the order of the cases; valid until the next result. NULL: no such agent. */
const struct run_result *serve_run(struct serve *serve, size_t i);
/* Ends everything; cases under way have no result. */
void serve_stop(struct serve *serve);

#endif
