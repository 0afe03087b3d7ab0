/* Sentences that several formats share. What a peer wrote is in them as it came: the format cleans it. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "base/buf.h"
#include "report/report.h"

/* "answers a ping with another payload; expected pong "a", got close 1002", or "". */
void words_of_case(struct buf *out, const struct case_result *result);
/* The name of who was tested: how it names itself, else its command or URL, else "the built-in peer". */
const char *words_of_testee(const struct run_result *run);
/* The same of the at-th run as a name that only it has, in valid UTF-8: "ws", "ws (2)". */
void words_of_agent(struct buf *out, const struct report *report, size_t at);
/* Either may be NULL, which is like itself alone. */
bool words_alike(const char *a, const char *b);

#endif
