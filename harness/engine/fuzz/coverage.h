/* The edges that an instrumented testee goes over: the shared memory of AFL++'s
 * run-time (afl-clang-fast, also for -fsanitize-coverage=trace-pc-guard linked with
 * it), handed over through the environment. No fork server: the testee just runs. */
#ifndef ENGINE_FUZZ_COVERAGE_H
#define ENGINE_FUZZ_COVERAGE_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

struct coverage;

/* Makes the map, and names it in this process's environment, which a testee that is started
 * later inherits (__AFL_SHM_ID, AFL_MAP_SIZE). NULL with a diag. */
struct coverage *coverage_new(struct diag *why);
void coverage_free(struct coverage *coverage);

/* Forgets what was gone over since the last call. */
void coverage_clear(struct coverage *coverage);
/* Was something new gone over, or more often than ever (by powers of two)? Remembers it. */
bool coverage_new_edges(struct coverage *coverage);
/* Edges gone over so far. 0: the testee is not instrumented. */
size_t coverage_edges(const struct coverage *coverage);

#endif
