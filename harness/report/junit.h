/* Results as JUnit XML: a testsuite for each section of each run, as Jenkins, GitLab and others read it. */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "report/report.h"

bool junit_report(const struct report *report, struct buf *out, struct diag *why);

#endif
