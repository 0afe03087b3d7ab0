/* What each command does: options of the command line into those of its mode. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"

/* Runs it; returns the exit status. When `why` has a sentence, it is to be
 * printed, and its kind is the status. */
int command_run(const struct options *options, struct diag *why);

#endif
