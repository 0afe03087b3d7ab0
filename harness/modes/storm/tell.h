/* A storm as a person reads it, from its result. */
#ifndef MODES_STORM_TELL_H
#define MODES_STORM_TELL_H

#include "engine/fleet/told.h"
#include "report/terminal.h"

#include <stdio.h>

void tell_header(FILE *out);
void tell_storm(FILE *out, const struct terminal *terminal, const char *policy, const struct case_result *result);
/* A case of the run: a storm of all the clients that were measured, without a command that plays it again. NULL
 * without memory. */
struct case_result *report_storm(struct run_result *run, const char *policy, const struct measure *measure,
                                 const char *source);

#endif
