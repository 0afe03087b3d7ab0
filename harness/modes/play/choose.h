/* Which cases of which files are played against one testee. */
#ifndef MODES_PLAY_CHOOSE_H
#define MODES_PLAY_CHOOSE_H

#include "engine/suite/spec.h"
#include "engine/suite/suite.h"
#include "modes/play/play.h"

/* Files, then filters. `spec`: of --spec, or NULL; `agent`: how the testee is called, as far as it is known; `tells`:
 * also what is odd about the spec. False with the reason; what files say of themselves is already printed. */
bool choose_cases(struct suite *suite, struct baseline *known, const struct play_options *options,
                  const struct spec *spec, const char *agent, bool tells, struct diag *why);

#endif
