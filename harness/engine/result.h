/* The one result model behind every report: JSON, text, and whatever comes. */
#ifndef ENGINE_RESULT_H
#define ENGINE_RESULT_H

#include "base/arena.h"
#include "base/moment.h"
#include "engine/figure.h"
#include "engine/suite/requirement.h"
#include "engine/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample_sets;

/* Best to worst is not a scale: ERROR is our own trouble and never counted against the testee. */
enum verdict {
    VERDICT_PASS,
    VERDICT_NON_STRICT,    /* acceptable, not what the text prefers */
    VERDICT_INFO,          /* a choice that is the testee's */
    VERDICT_UNIMPLEMENTED, /* the testee lacks what the case needs */
    VERDICT_FAIL,
    VERDICT_ERROR,
    VERDICTS
};
const char *verdict_word(enum verdict verdict); /* "PASS", "NON_STRICT" ... */

/* How the connection ended, judged by itself. */
enum close_verdict {
    CLOSE_OK,
    CLOSE_UNCLEAN,    /* no closing handshake where one was due, or TCP not ended by the side that has to */
    CLOSE_WRONG_CODE,
    CLOSE_INFO,
    CLOSE_NONE,       /* the case does not look at it */
    CLOSE_VERDICTS
};
const char *close_verdict_word(enum close_verdict verdict);

/* A connection that a client under test made or tried to; times in ns since the case began. */
struct attempt {
    uint64_t came_ns;    /* its TCP connection was there */
    uint64_t open_ns;    /* our 101 went out; 0: it got none */
    uint64_t failed_ns;  /* from then on the client had reason to try again; 0: it never had */
    uint64_t ended_ns;   /* its TCP connection was over on both sides; 0: not seen */
    const char *fate;    /* "reset", "close 1001", "503", "left by the client" ...; "" while it is well */
};

/* Strings live in the arena of the run. */
struct case_result {
    const char *id;
    const char *title;
    const char *alias;       /* autobahn id or "" */
    const char *file;        /* "" when embedded */
    const char *section;     /* the folder of its file: "rfc6455"; "" */
    int line;                /* of the case */
    enum verdict verdict;
    enum close_verdict close_verdict;
    const char *const *requirements; /* NULL-terminated */
    const char *started;     /* UTC, 2026-01-31T12:00:00.123Z; "" when nobody asked the clock */
    uint64_t duration_ns;
    int step_line;           /* where it was decided */
    const char *expected;    /* one line each */
    const char *seen;
    const char *detail;      /* what broke which requirement; "" when PASS */
    const char *replay;      /* a command that plays this case alone */
    const char *source;      /* the case as .wsg */
    const char *trace;       /* what happened, as .wsg */
    const char *stderr_tail; /* of a testee that died; "" */
    const struct attempt *attempts;  /* of a client under test, in the order in which they came; NULL: none */
    size_t attempt_count;
    uint64_t sent_digest;    /* over every byte that we sent: cases that sent the same have the same */
    const struct trace_event *events; /* the trace again, for pictures: within the limits of case_result_keep */
    size_t event_count;
    struct trace_counts counts; /* of the whole trace */
    struct figure *figures;  /* NULL: none */
    const char *known;       /* why it is known to fail, by the baseline; NULL: not expected to */
    unsigned round;          /* of --repeat, from 1; 0: there is only one */
    bool timed_out;          /* it was waited for the testee, and in vain */
    bool not_played;         /* ERROR that says nothing: the testee was lost before, or it was interrupted */
};

/* The wait before attempt i (1 ..): from when the one before had failed to its coming; ns. */
uint64_t attempt_gap(const struct attempt *attempts, size_t i);

struct testee_info {
    enum tested_role role;
    const char *url;      /* "" for a client */
    const char *command;  /* of --exec, "" */
    const char *agent;    /* Server / User-Agent header, "" */
    bool builtin;
    const char *fault;    /* of the built-in peer; NULL: none */
    bool tls;
};

struct run_result {
    struct arena arena;
    const char *version;  /* of the tool that played */
    const char *mode;     /* the command that made it: "test", "run", "serve" ... */
    const char *started;  /* UTC, 2026-01-31T12:00:00Z */
    struct moment began;  /* the same, to the millisecond, for its cases */
    uint64_t seed;
    const char *profile;  /* what fails a testee, of the commands that weigh: "rfc", "strict", "autobahn"; else NULL */
    uint64_t duration_ns;
    struct testee_info testee;
    struct case_result **cases; /* in the order of the suite */
    size_t count, capacity;
    size_t ended;         /* of them, those whose result stands */
    struct sample_sets *samples; /* what its cases send of them; NULL before the first use */
    size_t held;          /* bytes that the cases under way have received and not yet expected */
    bool interrupted;     /* Ctrl-C, --fail-fast ... : some cases did not run */
    size_t planned;
    struct figure *figures; /* of the whole run; NULL: none */
    unsigned rounds;      /* of each case; the results of a round stand together. 0 is 1 */
};

struct run_summary {
    size_t total, by[VERDICTS];
    size_t known; /* of those that failed */
    size_t not_played;
};

struct run_result *run_result_new(void);
void run_result_free(struct run_result *run);
/* A zeroed case in the run's arena, added at the end. */
struct case_result *run_result_add(struct run_result *run);
/* Copies the events of a trace into the run's arena: the first and the last of more than LIMIT_RESULT_EVENTS, and of
 * those between them the first Close and the first end of each side, with notes where others were; and of each at most
 * LIMIT_RESULT_BYTES, all together about LIMIT_RESULT_SHARED, but of a Close all that it may have. */
void case_result_keep(struct run_result *run, struct case_result *result, const struct trace *trace);
/* Did it fail, and the baseline says that it does? */
bool case_result_is_known(const struct case_result *result);
/* Does the run fail by it? */
bool case_result_fails(const struct case_result *result);
/* Is it to be pointed at, where only what is wrong is? */
bool case_result_is_bad(const struct case_result *result);
/* Adds a case whose memory is another run's. False without memory. */
bool run_result_share(struct run_result *run, struct case_result *of_another);
struct run_summary run_summary(const struct run_result *run);
/* The verdicts of the at-th case (of the first round) in all rounds that were played. True: they differ. */
bool run_is_flaky(const struct run_result *run, size_t at, size_t by[VERDICTS]);
/* 0 all passed but what is known to fail, 1 something failed, 3 our own trouble or no testee (ERROR). */
int run_exit_status(const struct run_result *run);
/* Of the rounds of --repeat: in how many something was played, and how many were played to their end. */
struct run_rounds {
    unsigned begun, whole;
};
struct run_rounds run_rounds(const struct run_result *run);

#endif
