/* Known failures of a testee, as a text file that people review: one case a line,
 * its id, a tab, why it fails. `#` begins a comment; `?` before an id: it fails
 * only sometimes, or with some versions of what is under it. */
#ifndef ENGINE_BASELINE_H
#define ENGINE_BASELINE_H

#include "base/diag.h"
#include "engine/result.h"

struct baseline_row {
    const char *id, *reason; /* the reason may be "" */
    bool sometimes;
    int line;
    const char *above; /* comments and empty lines over it, as they stand; "" */
};

/* Zero-initialise. */
struct baseline {
    struct arena arena;
    const char *path;
    struct baseline_row *rows; /* in the order of the file */
    size_t count, capacity;
    const char *below;         /* comments behind the last row */
};

/* False with the line that is wrong (an id that stands twice ...), or that it cannot be read. */
bool baseline_read(struct baseline *baseline, const char *path, struct diag *why);
void baseline_free(struct baseline *baseline);
/* NULL when it says nothing of this case. */
const struct baseline_row *baseline_find(const struct baseline *baseline, const char *id);
/* Says in a result that is about to be played why it is known to fail, if it is. `baseline` may be NULL. */
void baseline_mark(const struct baseline *baseline, struct run_result *run, struct case_result *result, const char *id);
/* Was this case played, and did it fail in none of its rounds? Always false for one that fails only sometimes. */
bool baseline_is_mended(const struct baseline_row *row, const struct run_result *run);
/* Rewrites the file as the run shows it: rows and comments stay as they are, but for the rows of mended cases;
 * new failures are added, with what was seen as their reason (`?` for one that failed in some of its rounds).
 * *fresh: how many of these. */
bool baseline_write(const struct baseline *baseline, const struct run_result *run, const char *path, size_t *fresh,
                    struct diag *why);

#endif
