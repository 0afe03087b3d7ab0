/* `wsgauntlet report`: results that were written as JSON, in another format, merged, or compared. */
#ifndef MODES_REPORT_H
#define MODES_REPORT_H

#include "base/diag.h"
#include "report/terminal.h"

struct report_options {
    const char *what;           /* a format's word, "merge" or "diff" */
    const char *const *files;   /* NULL-terminated, at least one */
    const char *place;          /* file or folder; NULL: `out` */
    const char *const *reports; /* --report beside it; may be NULL */
    bool trace;                 /* JSON: with what the files have of traces */
    enum color_choice color;
    FILE *out;
};

/* Returns the exit status: 0; 1 when `diff` finds something worse; 2 for wrong usage and for files that are no
 * results; 3 our own trouble. With a sentence in `why` where there is one to say. */
int report_main(const struct report_options *options, struct diag *why);

#endif
