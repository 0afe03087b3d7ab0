/* Results as one HTML page that asks no server for anything. Its source is reports/page/; a hash of style and script in
 * its Content-Security-Policy keeps anything else from running, whatever a testee wrote. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/report.h"

bool html_report(const struct report *report, struct buf *out, struct diag *why);

#endif
