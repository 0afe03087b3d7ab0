/* What a person sees of the checks: a line each as it ends, with the waits and a
 * drawing of the connections in time; a summary; on a terminal what goes on. */
#ifndef MODES_RESILIENCE_SHOW_H
#define MODES_RESILIENCE_SHOW_H

#include "engine/result.h"
#include "report/terminal.h"

#include <stdint.h>
#include <stdio.h>

struct show {
    FILE *out;
    struct terminal terminal;
    bool verbose, trace;
    bool unicode;     /* the drawing */
    int id_width;
    bool progress_shown;
};

struct show show_new(FILE *out, enum color_choice color);
void show_begin(struct show *show, const struct run_result *run, const char *who, const char *profile, double pace);
void show_check(struct show *show, const struct case_result *result);
struct show_state {
    size_t done, all, under_way, failed;
    uint64_t left_ns;    /* at most */
    const char *waiting; /* URL that a client started by hand is waited for at; NULL: none */
};
void show_progress(struct show *show, const struct show_state *state);
void show_note(struct show *show, const char *text);
void show_end(struct show *show, const struct run_result *run, const char *stopped);

#endif
