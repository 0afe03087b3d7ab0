/* The request target of a driver's call: "/runCase?case=7&agent=my%20client". */
#ifndef ENGINE_SERVE_QUERY_H
#define ENGINE_SERVE_QUERY_H

#include "base/diag.h"
#include "wire/http1.h"

#define QUERY_PATH_MAX 64u
#define QUERY_VALUE_MAX 200u

enum query_key { QUERY_CASE, QUERY_CASETUPLE, QUERY_AGENT, QUERY_SHUTDOWN, QUERY_OUTCOME, QUERY_KEYS };

struct query {
    char path[QUERY_PATH_MAX];
    bool has[QUERY_KEYS];
    char values[QUERY_KEYS][QUERY_VALUE_MAX + 1]; /* decoded: %xx, and + for a blank */
};

/* Reads it in origin form, or in absolute form; unknown keys are passed over.
 * False with a sentence: a value that is there twice, too long, or no text. */
bool query_read(struct query *query, struct ws_span target, struct diag *why);

#endif
