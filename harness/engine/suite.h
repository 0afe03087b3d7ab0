/* Scripts together: the embedded conformance suite, files and folders, filters,
 * and playing them all, several at a time. */
#ifndef ENGINE_SUITE_H
#define ENGINE_SUITE_H

#include "engine/runner.h"

struct suite {
    struct script **scripts;
    size_t script_count;
    const struct test_case **cases; /* in order of files (sorted by path) and lines */
    size_t case_count;
};

/* Files compiled into the program (scenarios/ at build time), by folder: "rfc6455", "recovery" ... */
struct embedded_file { const char *path; const char *text; size_t size; };
extern const struct embedded_file embedded_files[];
extern const size_t embedded_file_count;

/* Adds a file, every *.wsg of a folder (recursively, sorted), or with a NULL
 * path the embedded folders named (NULL-terminated). On mistakes goes on, so
 * that `errors` has those of all files; false at the end. */
bool suite_add_path(struct suite *suite, const char *path, struct buf *errors, struct diag *why);
bool suite_add_embedded(struct suite *suite, const char *const *folders, struct diag *why);
void suite_free(struct suite *suite);

struct suite_filter {
    const char *const *include; /* glob patterns over ids ('ping/' + '*'); NULL: all */
    const char *const *exclude;
    enum role_tested role;      /* cases for the other role are left out */
};
/* Drops cases that do not match; returns how many stay. */
size_t suite_filter(struct suite *suite, const struct suite_filter *filter);

/* ---- playing ---- */

struct play_config {
    struct runner_config runner;
    unsigned parallel;          /* cases at once; scenarios that use `testee` steps run alone */
    bool fail_fast;
    void (*progress)(void *arg, const struct run_result *run, const struct case_result *done); /* may be NULL */
    void *progress_arg;
};
/* Plays on config->runner.loop until all are done, or interrupted; results are
 * in the order of the suite whatever the order of ending. A sanity open/echo runs first
 * and last and after a case that lost the testee, so that a dead testee is named. */
void suite_play(const struct suite *suite, const struct play_config *config, struct run_result *run);
/* From a signal: the cases under way end as ERROR "interrupted", what was earned stays. */
void suite_interrupt(void);

#endif
