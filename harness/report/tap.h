/* Results as TAP version 14 (testanything.org): a test point for each case, what was seen as its YAML block. */
#ifndef REPORT_TAP_H
#define REPORT_TAP_H

#include "report/report.h"

bool tap_report(const struct report *report, struct buf *out, struct diag *why);

#endif
