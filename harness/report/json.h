/* Runs as JSON, for machines and for `wsgauntlet report`: reports/result.schema.json says how it looks. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "report/report.h"

/* Appends the document, ended by a newline: a run, or {"runs": [...]} of several. False only without memory. */
bool json_report(const struct report *report, struct buf *out, struct diag *why);

#endif
