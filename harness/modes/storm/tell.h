/* How a storm is told: a line of the table and a curve in text, a case and a
 * figure of the result. Inside modes/storm/ only. */
#ifndef MODES_STORM_TELL_H
#define MODES_STORM_TELL_H

#include "engine/fleet/measure.h"
#include "engine/result.h"
#include "report/terminal.h"

void tell_header(FILE *out);
void tell_storm(FILE *out, const struct terminal *terminal, const char *policy, const struct measure *measure);
/* The same as a case of the run: PASS when all came back. */
void report_storm(struct run_result *run, const char *policy, const struct measure *measure, const char *replay);

#endif
