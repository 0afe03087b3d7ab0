/* What a run shows of the requirements: of each, how many of its cases name it and how the worst of them went. The
 * suite's own coverage (engine/suite/coverage.h) asks what could be shown; this, what was played. */
#ifndef REPORT_SHOWN_H
#define REPORT_SHOWN_H

#include "report/report.h"

struct shown_requirement {
    const struct requirement *row;
    size_t cases;       /* 0: it was not shown */
    enum verdict worst; /* PASS, INFO, UNIMPLEMENTED, NON_STRICT, ERROR, FAIL in this order */
};

struct shown {
    struct requirements requirements;
    struct shown_requirement *list; /* of all rows, in their order */
    size_t named;                   /* of them, those that have cases */
};

/* False without memory. shown_free in either case. */
bool shown_of(const struct run_result *run, struct shown *shown);
void shown_free(struct shown *shown);

#endif
