/* How a case expects its connection to be closed, in Autobahn|Testsuite's words: read off its scenario. */
#ifndef REPORT_AUTOBAHN_EXPECTED_H
#define REPORT_AUTOBAHN_EXPECTED_H

#include "engine/result.h"

#include <jansson.h>

/* {"closeCode": [1000], "closedByMe": true, "requireClean": true}. NULL without memory. */
json_t *autobahn_expected_close(const struct case_result *result);

#endif
