/* `wsgauntlet run` and `wsgauntlet test`: a suite, a testee, a run, its reports. */
#ifndef MODES_PLAY_H
#define MODES_PLAY_H

#include "engine/proxy/address.h"
#include "engine/runner/runner.h"
#include "engine/whom.h"
#include "report/telling.h"

#include <stdbool.h>
#include <stdint.h>

struct play_options {
    /* what: NULL-terminated lists, NULL when not given */
    const char *const *paths;   /* scenario files and folders; NULL: the embedded conformance suite */
    const char *const *include, *const *exclude, *const *sections, *const *requirements; /* see struct suite_filter */
    unsigned shard, shards;     /* 0: all */
    unsigned repeat;            /* rounds; 1 or 0: one */
    const char *spec_file;      /* Autobahn's fuzzingclient.json: servers and cases; NULL: none */
    const char *baseline_file;  /* failures that are known; NULL: none */
    const char *baseline_out;   /* where to write them; NULL: not */

    struct whom_options whom;   /* replay, url_option: set by play_main */
    const char *listen;         /* be the server here, of whoever comes or of whom.command; NULL: be the client */
    struct proxy_certificates certificates; /* then, for wss */

    /* how */
    unsigned parallel;
    uint64_t timeout_ns;        /* 0: as the files say */
    bool fail_fast;
    enum weights weights;       /* what fails */
    bool full;                  /* as many repetitions as `repeat N full M` says */

    struct telling tell;
};

/* Returns the exit status: 0 all passed, 1 something failed, 2 wrong usage or
 * file, 3 our own trouble or no testee; with a sentence in `why` where there is one to say. */
int play_main(const struct play_options *options, struct diag *why);

#endif
