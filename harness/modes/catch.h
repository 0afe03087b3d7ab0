/* `wsgauntlet test --fault list --catch`: which cases notice which deliberate
 * defect of the built-in peer, found out by playing them in the simulation. */
#ifndef MODES_CATCH_H
#define MODES_CATCH_H

#include "base/diag.h"

#include <stdint.h>
#include <stdio.h>

struct catch_options {
    const char *const *include; /* globs over the ids of cases; NULL: all */
    uint64_t seed;
    FILE *out;
};

/* Prints as it goes. Returns the exit status: 0; 1 when a case notices no defect at all; 2 when no case matches; 3. */
int catch_main(const struct catch_options *options, struct diag *why);

#endif
