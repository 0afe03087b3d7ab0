/* The words of result files: of enums, both ways. */
#ifndef REPORT_JSON_WORDS_H
#define REPORT_JSON_WORDS_H

#include "engine/result.h"

/* Each by its number, below the number of words. */
const char *event_kind_word(unsigned kind);     /* of enum trace_kind: "frame" */
const char *verdict_word_of(unsigned verdict);  /* "PASS" */
const char *close_verdict_word_of(unsigned verdict);
const char *figure_kind_word_of(unsigned kind);
const char *tested_role_word_of(unsigned role); /* "server" */

/* Has an event of this kind bytes? */
bool event_has_bytes(enum trace_kind kind);

#endif
