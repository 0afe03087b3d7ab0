/* Result files (reports/result.schema.json) back into the result model. The file may be anybody's: what is not as the
 * schema says is refused with its place in one line, what is unknown is passed over, nothing is believed unseen. */
#ifndef REPORT_READ_H
#define REPORT_READ_H

#include "base/diag.h"
#include "engine/result.h"

/* Zero-initialise. */
struct result_set {
    struct run_result **runs; /* each with an arena of its own */
    size_t count, capacity;
};

/* Adds the run, or the runs, of a document. `name`: of the file, for `why`. False without adding any. */
bool result_read(struct result_set *set, const void *bytes, size_t size, const char *name, struct diag *why);
/* The same of a file, at most LIMIT_RESULT_FILE large. */
bool result_read_file(struct result_set *set, const char *path, struct diag *why);
/* Takes over `run` (run_result_free); false without memory, and then the run is freed. */
bool result_set_add(struct result_set *set, struct run_result *run);
void result_set_free(struct result_set *set);

#endif
