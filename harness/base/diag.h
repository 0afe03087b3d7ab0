/* An explanation for a person: a function returns a status, the sentence goes
 * here. One clear line, with the mend in it where we know one. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/limits.h"

#include <stdarg.h>
#include <stdbool.h>

/* Whose fault it is; also the exit status that the program ends with. */
enum diag_kind {
    DIAG_NONE = 0,
    DIAG_USAGE = 2,   /* wrong options, wrong file, wrong scenario */
    DIAG_TROUBLE = 3, /* ours, the machine's, or there is no testee */
};

struct diag {
    enum diag_kind kind;
    char text[LIMIT_DIAG_TEXT]; /* no newline at the end; cut with "..." when too long */
};

/* Sets kind and sentence. `d` may be NULL. Returns false, so that a function
 * can end with `return diag_set(d, DIAG_USAGE, "...", ...)`. */
bool diag_set(struct diag *d, enum diag_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the sentence that is there. Returns false. */
bool diag_prefix(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
