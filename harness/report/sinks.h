/* Where the results of a command go: --report html=DIR,json=FILE,github. Every command that has a run uses them so:
 *
 *   struct sinks sinks;
 *   if (sinks_open(&sinks, options->reports, options->json_file, why)) {      before anything is played
 *       ... play into `run` ...
 *       sinks_write(&sinks, &(struct report){.runs = &run, .count = 1}, why); however the run ended
 *   }
 *   sinks_free(&sinks);
 */
#ifndef REPORT_SINKS_H
#define REPORT_SINKS_H

#include "report/report.h"

#include <stdio.h>

struct sink {
    const struct report_format *format;
    const char *path; /* "" for standard output */
};

struct sinks {
    struct arena arena;
    struct sink list[LIMIT_REPORTS];
    size_t count;
    FILE *out; /* for what is printed; stdout, unless changed behind sinks_open */
};

/* Reads the values of --report (`reports`: a list of lists, "html=DIR,json=FILE"; NULL-terminated, or NULL) and of
 * --json (NULL: not given), makes missing folders, and tries whether each could be written. False, as wrong
 * usage, with one line: an unknown format, a place that is missing or cannot be written to. */
bool sinks_open(struct sinks *sinks, const char *const *reports, const char *json_file, struct diag *why);
/* One more, checked in the same way; `path` is kept. A printed format takes "". */
bool sinks_add(struct sinks *sinks, const struct report_format *format, const char *path, struct diag *why);
/* Writes all of them; the trouble of one does not keep the others. May be called again: a reader of a file sees the old
 * one or the new one. False with one line for the first that could not be written. */
bool sinks_write(const struct sinks *sinks, const struct report *report, struct diag *why);
/* One report alone, to where it belongs; `path` "": to `out`. */
bool sink_write(const struct sink *sink, const struct report *report, FILE *out, struct diag *why);
/* After sinks_open, whatever it returned. */
void sinks_free(struct sinks *sinks);

#endif
