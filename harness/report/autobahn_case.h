/* One case as Autobahn|Testsuite writes it. */
#ifndef REPORT_AUTOBAHN_CASE_H
#define REPORT_AUTOBAHN_CASE_H

#include "engine/result.h"

#include <jansson.h>

/* `agent`: valid UTF-8; `number`: of the case among those of the report, from 1. NULL without memory. */
json_t *autobahn_case(const struct run_result *run, const struct case_result *result, const char *agent, size_t number);

#endif
