/* Runs become one: the shards and repetitions of one testee; and two runs are compared. */
#ifndef REPORT_MERGE_H
#define REPORT_MERGE_H

#include "report/read.h"

/* Each testee's runs become one, in the place of the first: every case once, as it went worst, in the order of its
 * sections; what was planned is added up, and so are columns and curves of figures that have the same names. Runs are
 * of one testee when role, TLS and how it names itself are the same, and command or URL (of one that we started, the
 * command: its port is another each time). False without memory. */
bool result_merge(struct result_set *set, struct diag *why);

enum change { CHANGE_NONE, CHANGE_BETTER, CHANGE_WORSE, CHANGE_OTHER, CHANGE_NEW, CHANGE_GONE, CHANGES };

/* From one verdict to another: WORSE when the testee lost something (PASS or INFO, UNIMPLEMENTED, NON_STRICT, FAIL, in
 * this order); OTHER when it is a choice, or our own trouble (ERROR) that says nothing of the testee. */
enum change verdict_change(enum verdict before, enum verdict after);

struct case_change {
    enum change change;
    const struct case_result *before, *after; /* NULL: GONE has no after, NEW no before */
};

/* All cases of both runs, in the order of `after`, then those that are gone. free() it; NULL without memory. */
struct case_change *run_changes(const struct run_result *before, const struct run_result *after, size_t *count);

/* The case with the id and round of `like`; NULL for none. */
struct run_index;
struct run_index *run_index_new(const struct run_result *run);
struct case_result *run_index_find(const struct run_index *index, const struct case_result *like);
void run_index_free(struct run_index *index);

#endif
