/* How a command tells what it found: in text as it goes, in reports at the end. The same options wherever there is
 * a run, read in one place. */
#ifndef REPORT_TELLING_H
#define REPORT_TELLING_H

#include "base/moment.h"
#include "report/terminal.h"

#include <stdbool.h>
#include <stdio.h>

struct telling {
    const char *mode;           /* the command: "test" ... */
    const char *version;        /* of the tool */
    const char *started;        /* when: UTC, 2026-01-31T12:00:00Z */
    struct moment began;        /* the same, to the millisecond */
    const char *const *reports; /* values of --report, NULL when not given */
    const char *json_file;      /* of --json */
    bool trace, verbose;
    enum color_choice color;
    FILE *out, *errors;
};

#endif
