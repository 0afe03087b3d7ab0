/* What did not pass as SARIF 2.1.0, which code scanning services read: a result for each case, its rule the first
 * requirement that the case shows, else the case. */
#ifndef REPORT_SARIF_H
#define REPORT_SARIF_H

#include "report/report.h"

bool sarif_report(const struct report *report, struct buf *out, struct diag *why);

#endif
