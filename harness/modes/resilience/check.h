/* One check under way: a port of its own, the processes of the client that come
 * to it, and the runner that plays the server. */
#ifndef MODES_RESILIENCE_CHECK_H
#define MODES_RESILIENCE_CHECK_H

#include "engine/exec_client.h"
#include "engine/runner/runner.h"

struct check;

struct check_config {
    struct loop *loop;
    const struct promises *promises;
    const char *command;       /* NULL: the client is started by hand */
    struct net_address at;     /* where it comes to; a port other than 0 for who is started by hand */
    struct tls_context *tls;   /* NULL: ws */
    const struct tls_authority *authority; /* of its certificate; NULL: the user's own */
    const char *ca_file;       /* what a client has to trust; NULL: without TLS */
    const char *fingerprint;   /* of the certificate */
    double pace, patience;
    uint64_t seed;
    const char *replay_prefix;
    struct run_result *run;
    /* Its result stands, its port and processes are gone; from the loop. */
    void (*done)(void *arg, struct check *check);
    void *arg;
};

/* NULL with a diag when it cannot be begun. */
struct check *check_start(const struct check_config *config, const struct test_case *test, struct case_result *result,
                          struct diag *why);
/* ERROR "interrupted"; `done` is called, also at once. */
void check_interrupt(struct check *check);
void check_free(struct check *check);

struct case_result *check_result(const struct check *check);
const struct test_case *check_test(const struct check *check);
uint64_t check_began(const struct check *check);
/* Where its client has to come to. */
const char *check_url(const struct check *check);
/* Why its client failed before it came, with the port open: most likely it cannot be started at all; NULL: it came. */
const char *check_hopeless(const struct check *check);
/* Somebody has come; good behind its end, too. */
bool check_came(const struct check *check);
/* Nobody has come yet. */
bool check_waits_for_client(const struct check *check);

/* The longest that the case can take by what its steps allow, at this pace. */
uint64_t check_worst_ns(const struct test_case *test, const struct check_config *config);

#endif
