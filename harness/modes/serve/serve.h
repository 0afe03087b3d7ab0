/* The command `serve`: the conformance suite from the server's side, for any
 * client that has an Autobahn driver, or for one that we start. */
#ifndef MODES_SERVE_H
#define MODES_SERVE_H

#include "base/diag.h"
#include "engine/runner/runner.h"
#include "engine/suite/suite.h"
#include "report/telling.h"

#include <stdint.h>

struct serve_options {
    const char *const *paths;    /* files and folders instead of the suite; NULL or empty: the suite */
    struct suite_filter filter;  /* its role and no_scenarios are set here */
    const char *baseline_file, *baseline_out; /* failures that are known: read, written; NULL */
    const char *spec_file;       /* fuzzingserver.json; NULL: none */
    bool autobahn;               /* Autobahn's cases, order and ids */
    const char *host;            /* NULL: the loopback */
    uint16_t port;               /* 0: any free one */
    bool port_set;
    bool tls;
    const char *certificate_file, *key_file; /* NULL: a fresh one */
    const char *certificate_out; /* where the one in use is written; NULL: nowhere */
    const char *command;         /* of --exec; NULL: clients come by themselves */
    const char *agent;           /* for {agent} */
    uint64_t seed;
    double patience;
    enum weights weights;        /* what fails a client */
    bool full;                   /* as many repetitions as `repeat N full M` says */
    uint64_t timeout_ns;         /* 0: as the cases say */
    struct telling tell;
};

/* Serves until the command of --exec has ended, a driver shuts it down, or an
 * interrupt. 0 all passed, 1 something failed, 2 wrong usage, 3 trouble or no client. */
int serve_main(const struct serve_options *options, struct diag *why);

#endif
