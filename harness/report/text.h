/* A run as text, for people: each case that did not pass as it ends, a table by
 * section and a summary at the end; on a terminal a progress line below. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "report/report.h"

#include <stdio.h>

struct text_options {
    FILE *out;
    bool color;
    bool live;        /* a terminal: a progress line of at most `columns` */
    unsigned columns;
    bool verbose;     /* every case, not only those that did not pass */
    bool trace;       /* what happened in each case that is shown */
    bool agents;      /* several testees at once: each case says whose it is */
};

struct text_report {
    struct text_options options;
    bool progress_shown;
    bool failed; /* a line was not whole, for want of memory */
};

/* `against`: who is tested, as part of a sentence: "ws://..., the built-in peer". */
void text_begin(struct text_report *report, const struct text_options *options,
                const struct run_result *run, const char *against);
void text_case(struct text_report *report, const struct run_result *run, const struct case_result *result);
/* Something that a person should know now. */
void text_note(struct text_report *report, const char *note);
/* `stopped`: why not everything was played, or "". */
void text_end(struct text_report *report, const struct run_result *run, const char *stopped);

/* Of runs that are over: the same, plain, without the cases that passed. */
bool text_render(const struct report *report, struct buf *out, struct diag *why);

#endif
