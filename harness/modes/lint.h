/* `wsgauntlet lint`: every mistake of scenario files, in one go. */
#ifndef MODES_LINT_H
#define MODES_LINT_H

#include "base/diag.h"

#include <stdio.h>

/* Reports to `out`. Returns the exit status: 0 nothing to say, 1 files parse but
 * something in them is surely not meant, 2 mistakes, or a file cannot be read,
 * 3 with a sentence in `why`. */
int lint_main(const char *const *paths, FILE *out, struct diag *why);

#endif
