/* `wsgauntlet import`: sessions that a browser wrote into a HAR file become a scenario. */
#ifndef MODES_IMPORT_H
#define MODES_IMPORT_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdio.h>

struct import_options {
    const char *har_file;
    const char *out_file;          /* NULL or "-": `out` */
    const char *url;               /* a part of the URL, where the file has several; may be NULL */
    bool secrets;
    FILE *out;
};
/* Returns the exit status: 0, or that of `why`. */
int import_main(const struct import_options *options, struct diag *why);

#endif
