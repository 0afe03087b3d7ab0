/* Seeds from the test vectors: frame-vectors.tsv and handshake-vectors.tsv. Inside modes/corpus/ only. */
#ifndef MODES_CORPUS_VECTORS_H
#define MODES_CORPUS_VECTORS_H

#include "modes/corpus/seeds.h"

/* False with a sentence: no such files, or not such tables. */
bool vectors_export(const char *folder, struct seeds *seeds, struct diag *why);

#endif
