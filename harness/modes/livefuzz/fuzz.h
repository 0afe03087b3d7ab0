/* `wsgauntlet fuzz`: sessions that nobody wrote, against a real server. The
 * oracle is the reference model: any answer that a correct server could not give
 * is a finding, and is saved as a small scenario that anybody can play again. */
#ifndef MODES_LIVEFUZZ_FUZZ_H
#define MODES_LIVEFUZZ_FUZZ_H

#include "engine/whom.h"
#include "report/telling.h"

struct fuzz_options {
    struct whom_options whom;   /* replay, url_option: set by fuzz_main */
    const char *folder;         /* findings/, corpus/ and state are kept there; NULL: wsgauntlet-fuzz */
    uint64_t time_ns;           /* how long; 0: until interrupted, unless runs is set */
    uint64_t runs;              /* how many sessions; 0: no limit */
    uint64_t rate;              /* connections to the testee a second, at most; 0: no limit */
    unsigned parallel;
    uint64_t timeout_ns;        /* of each expectation; 0: 1 s */
    uint64_t message_max;       /* the testee's limit on a message, SESSION_LIMIT_MAX bytes at most; 0: not known */
    bool fail_fast;             /* stop at the first finding */
    bool strict;                /* what the text allows and advises against counts, too */
    bool no_seeds;              /* do not begin with the conformance suite's cases */
    const char *const *seeds;   /* folders and scenarios to begin with: recorded, imported, written; may be NULL */
    bool coverage;              /* the --exec server is instrumented: hand it a map, keep what reaches new edges */
    bool seed_given;            /* whom.seed is the user's own, not a fresh one */
    bool own_target;            /* the user says that the target is his, though it is not a private address */
    uint64_t (*clock)(void);    /* monotonic nanoseconds: the simulation's time is not a campaign's */

    struct telling tell;
};

/* Returns the exit status: 0 nothing found, 1 findings, 2 wrong usage, 3 trouble of our own or no testee. */
int fuzz_main(const struct fuzz_options *options, struct diag *why);

#endif
