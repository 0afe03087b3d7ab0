/* What the tables of options.def look like to a reader: help and man page. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "cli/options.h"

/* All commands. Lines of at most 80 columns, here and below. */
void help_overview(struct buf *out);
/* One command with its options. */
void help_command(enum command command, struct buf *out);
/* The sections COMMANDS and OPTIONS of docs/wsgauntlet.1, in man(7). */
void help_manual(struct buf *out);

#endif
