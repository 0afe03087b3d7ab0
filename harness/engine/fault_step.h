/* A `fault` step as what the network layer takes: one reading of the rows of
 * net/faults.def, for the runner and for the proxy. */
#ifndef ENGINE_FAULT_STEP_H
#define ENGINE_FAULT_STEP_H

#include "engine/language/script.h"
#include "net/fault.h"

/* False when the step is no network fault: one that only the proxy knows.
 * The direction is the caller's to set: in and out, or upstream and downstream. */
bool fault_of_step(const struct step *step, struct fault_setting *setting);

#endif
