/* --baseline and --write-baseline: failures that are known. */
#ifndef MODES_PLAY_KNOWN_H
#define MODES_PLAY_KNOWN_H

#include "engine/suite/suite.h"
#include "modes/play/play.h"
#include "report/text.h"

/* Reads what there is: of --baseline, else of a file that --write-baseline will rewrite. Rows that name no
 * case of the suite (all of it, not yet filtered) are told. False with the reason. */
bool known_read(struct baseline *known, const struct suite *suite, const struct play_options *options,
                struct diag *why);
/* Behind the cases, before the summary: which known failures no longer happen. */
void known_tell(const struct baseline *known, const struct run_result *run, struct text_report *text);
/* For --write-baseline; from then on the failures of the run are known ones. */
bool known_write(const struct baseline *known, struct run_result *run, const struct play_options *options,
                 struct text_report *text, struct diag *why);

#endif
