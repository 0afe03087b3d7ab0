/* `wsgauntlet resilience`: does a client come back? Each check has a port and a
 * process of the client of its own, and all of them run at once. */
#ifndef MODES_RESILIENCE_H
#define MODES_RESILIENCE_H

#include "base/diag.h"
#include "modes/resilience/place.h"
#include "report/telling.h"

#include <stdbool.h>
#include <stdint.h>

struct resilience_options {
    const char *const *paths;   /* the checks: scenario files and folders; NULL: the carried ones */
    const char *const *include; /* globs over ids */
    const char *const *exclude;

    const char *command;        /* of --exec; NULL: the client is started by hand, and comes to place.port */
    struct place_options place;
    const char *const *profiles; /* carried names or files; NULL: what any client should promise; "list" */
    double pace;                /* factor on all times; the client is told */

    unsigned parallel;
    uint64_t seed;
    double patience;            /* factor on time limits */

    struct telling tell;
};

/* The exit status: 0 all passed, 1 something failed, 2 wrong usage or file, 3 our own trouble or no client came. */
int resilience_main(const struct resilience_options *options, struct diag *why);

#endif
