/* Results as Autobahn|Testsuite writes them: index.json and a file for each case, with its keys and words, so that what
 * reads those reads ours. Only cases that have an Autobahn id are in it; index.html is our own page. */
#ifndef REPORT_AUTOBAHN_H
#define REPORT_AUTOBAHN_H

#include "report/report.h"

bool autobahn_spread(const struct report *report, const char *folder, struct diag *why);

#endif
