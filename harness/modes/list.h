/* `wsgauntlet list`: what the embedded conformance suite consists of. */
#ifndef MODES_LIST_H
#define MODES_LIST_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdio.h>

struct list_options {
    const char *pattern; /* glob over ids; NULL: all */
    bool requirements;   /* instead of cases: each requirement with the cases that show it */
    bool resilience;     /* instead of cases: the checks of `wsgauntlet resilience`, each with what it needs */
    bool autobahn;       /* instead of cases: the ids of Autobahn|Testsuite, each with its case */
    bool socketio;       /* the cases for Socket.IO instead of the conformance suite */
    FILE *out;
};

/* Returns the exit status: 0; 2 when nothing matches; 3 with a sentence in `why`. */
int list_main(const struct list_options *options, struct diag *why);

#endif
