/* Runs as JSON, for machines and for `wsgauntlet report`: reports/result.schema.json says how it looks. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "report/report.h"

/* Appends the document, ended by a newline: a run, or {"runs": [...]} of several. False only without memory. */
bool json_report(const struct report *report, struct buf *out, struct diag *why);

/* ---- within the HTML page ---- */

/* The array of the runs alone, in one line, as json_inline. */
bool json_runs(const struct report *report, struct buf *out, struct diag *why);
/* Appends JSON in which no '<' is left, so that nothing in it ends or begins an element. */
void json_inline(struct buf *out, const char *json);

#endif
