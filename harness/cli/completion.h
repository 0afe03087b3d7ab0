/* What a shell completes behind `wsgauntlet`, from the tables of options.def. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/buf.h"

/* A script for bash: commands, the options of each, the words that an option takes; file names everywhere else. */
void completion_bash(struct buf *out);

#endif
