/* The words of JSON reports: of enums, both ways; and text that may be anything. */
#ifndef REPORT_JSON_WORDS_H
#define REPORT_JSON_WORDS_H

#include "engine/result.h"

#include <jansson.h>

/* Each by its number, below the number of words. */
const char *event_kind_word(unsigned kind);     /* of enum trace_kind: "frame" */
const char *verdict_word_of(unsigned verdict);  /* "PASS" */
const char *close_verdict_word_of(unsigned verdict);
const char *figure_kind_word_of(unsigned kind);
const char *tested_role_word_of(unsigned role); /* "server" */

/* A string in which bytes that are not UTF-8 stand as \xNN; NULL is "". NULL without memory. */
json_t *json_text(const char *value);

/* Has an event of this kind bytes? */
bool event_has_bytes(enum trace_kind kind);

#endif
