/* `wsgauntlet fmt`: scenario files in their canonical form. */
#ifndef MODES_FMT_H
#define MODES_FMT_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdio.h>

struct fmt_options {
    const char *const *paths; /* NULL-terminated */
    bool write;               /* back to the file, when it changes */
    bool check;               /* print names of files that would change */
    FILE *out, *errors;
};

/* Returns the exit status: 0; 1 when `check` found something; 2 when a file has
 * mistakes (they go to `errors`); 3 with a sentence in `why`. */
int fmt_main(const struct fmt_options *options, struct diag *why);

#endif
