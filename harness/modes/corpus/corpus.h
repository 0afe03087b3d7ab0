/* `wsgauntlet corpus export`: seeds for the fuzz targets (docs/fuzzing.md), from
 * what the conformance suite says and sends, and from the test vectors. */
#ifndef MODES_CORPUS_CORPUS_H
#define MODES_CORPUS_CORPUS_H

#include "base/diag.h"

#include <stdio.h>

struct corpus_options {
    const char *folder;  /* a folder for each target is made in it */
    const char *vectors; /* the folder of frame-vectors.tsv and handshake-vectors.tsv; NULL: none */
    FILE *out;           /* how many there are of each */
};

/* Returns the exit status: 0, 2 (no such vectors) or 3, with a sentence in `why`. */
int corpus_export_main(const struct corpus_options *options, struct diag *why);

#endif
