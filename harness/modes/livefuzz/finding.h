/* What a failing session shows, in few words: by them findings are told apart. */
#ifndef MODES_LIVEFUZZ_FINDING_H
#define MODES_LIVEFUZZ_FINDING_H

#include "base/buf.h"
#include "engine/result.h"

#define SIGNATURE_SIZE 160u

/* "rsv-data -> text", "breach: masks its frames", "died: signal 11": what was due
 * (the oracle's word for it) and what came, without payloads and numbers. */
void finding_signature(const struct case_result *result, const char *label, char out[SIGNATURE_SIZE]);
/* The signature as a file name, without ending: letters, digits, '-'. */
void finding_slug(const char *signature, char out[SIGNATURE_SIZE]);

#endif
