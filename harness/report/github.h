/* What did not pass as workflow commands of GitHub Actions: ::error file=...,line=...,title=...::message. */
#ifndef REPORT_GITHUB_H
#define REPORT_GITHUB_H

#include "report/report.h"

bool github_report(const struct report *report, struct buf *out, struct diag *why);

#endif
