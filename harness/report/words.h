/* Sentences that several formats share. What a peer wrote is in them as it came: the format cleans it. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "base/buf.h"
#include "engine/result.h"

/* "answers a ping with another payload; expected pong "a", got close 1002", or "". */
void words_of_case(struct buf *out, const struct case_result *result);
/* The name of who was tested: how it names itself, else its command or URL, else "the built-in peer". */
const char *words_of_testee(const struct run_result *run);

#endif
