/* What every report format is given, and the table of the formats (formats.def). */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buf.h"
#include "base/diag.h"
#include "engine/result.h"

/* One run, or several to stand side by side: testees, versions. */
struct report {
    struct run_result *const *runs;
    size_t count;
    bool trace; /* JSON: with the trace of each case as text */
};

enum report_place {
    REPORT_FILE,   /* of its own */
    REPORT_FOLDER, /* one or several files in it */
    REPORT_PRINT,  /* standard output */
};

/* The bytes of the one file that a format is. False only without memory. */
typedef bool report_render_fn(const struct report *report, struct buf *out, struct diag *why);
/* Writes the files of a folder, which is there. */
typedef bool report_spread_fn(const struct report *report, const char *folder, struct diag *why);

struct report_format {
    const char *word; /* "junit" */
    enum report_place place;
    report_render_fn *render; /* NULL: several files, by `spread` */
    const char *file;         /* FOLDER with `render`: the name of the file */
    report_spread_fn *spread;
    const char *help;
};

/* All of them; the last has a NULL word. */
extern const struct report_format report_formats[];
/* NULL for an unknown word, with a sentence that names the nearest. */
const struct report_format *report_format_find(const char *word, struct diag *why);

#endif
