/* Scripts together: the embedded conformance suite, files and folders, filters,
 * and playing them all, several at a time. */
#ifndef ENGINE_SUITE_H
#define ENGINE_SUITE_H

#include "engine/runner/runner.h"
#include "engine/suite/baseline.h"

struct suite_case {
    const struct test_case *test;
    const struct script *script; /* where it stands */
};

/* Zero-initialise. */
struct suite {
    struct script **scripts;
    size_t script_count, script_capacity;
    struct suite_case *cases; /* in order of files (sorted by path) and lines */
    size_t case_count, case_capacity;
    unsigned rounds; /* so many times the same cases; 0 is 1 */
    bool any_name;   /* of a folder every file that is a scenario, however it is called; others are passed over */
    bool may_be_empty; /* a folder without any is no mistake */
    size_t passed_over;
};

/* Adds a file, every *.wsg of a folder (recursively, sorted), or of FILE:LINE
 * the case that this line belongs to. On mistakes goes on, so that `errors` has
 * those of all files; false at the end, with the first trouble in `why`. */
bool suite_add_path(struct suite *suite, const char *path, struct buf *errors, struct diag *why);
/* Adds the embedded files of these folders ("rfc6455" ...; NULL-terminated; NULL: the
 * conformance suite, which is all but profiles/, resilience/ and socketio/). */
bool suite_add_embedded(struct suite *suite, const char *const *folders, struct diag *why);
/* Adds a script that is in memory, all its cases; owns it from here on, also when there is no memory (false). */
bool suite_add_script(struct suite *suite, struct script *script, struct diag *why);
/* The folders of the cases for Socket.IO, and of the checks of clients. */
extern const char *const suite_socketio[], *const suite_resilience[];
void suite_free(struct suite *suite);

/* Lists are NULL-terminated and hold globs; NULL: all. A case has to match one of each. */
struct suite_filter {
    const char *const *include;      /* over ids; "autobahn:9.*": over the Autobahn ids of a case */
    const char *const *exclude;      /* the same */
    const char *const *sections;     /* a folder, or a file in it without its .wsg: "rfc6455", "rfc6455/close" */
    const char *const *requirements; /* ids of requirements: "6455-5.5*" */
    enum role_tested role;           /* cases for the other role are left out; BOTH: none */
    bool no_scenarios;               /* only conformance cases */
    bool (*wants)(void *arg, const struct test_case *test); /* one more condition; NULL: none */
    void *wants_arg;
    unsigned shard, shards;          /* of what is left every shards-th case, from the shard-th (1 ..) on; 0: all */
};
/* Drops cases that do not match; returns how many of them only for their role. */
size_t suite_filter(struct suite *suite, const struct suite_filter *filter);
/* A glob of the filter that no case of the suite matches, and its option ("--case"); NULL: none such. */
const char *suite_filter_idle(const struct suite *suite, const struct suite_filter *filter, const char **option);
/* For a person to whom nothing is left: "--case 'ping', --shard 2/5"; appended. */
void suite_filter_say(const struct suite_filter *filter, struct buf *out);
/* Each case so many times: the whole suite once, then again. False without memory. */
bool suite_repeat(struct suite *suite, unsigned times);
/* The patience of every case, where it does not say `within`. */
void suite_set_timeout(struct suite *suite, uint64_t timeout_ns);
/* The folder that a script stands in: "rfc6455"; "" at the top. At most size - 1 bytes. */
void suite_section(const struct script *script, char *out, size_t size);

/* ---- playing ---- */

enum play_end {
    PLAY_DONE,
    PLAY_NO_TESTEE,   /* at the very beginning: nothing was played */
    PLAY_LOST,        /* the testee went away and did not come back */
    PLAY_FAIL_FAST,
    PLAY_TIME_UP,     /* of play_config */
    PLAY_INTERRUPTED, /* SIGINT or SIGTERM */
};

struct play_config {
    struct runner_config runner; /* file_dir is set case by case */
    unsigned parallel;           /* cases at once; those that use `testee` steps play alone */
    bool fail_fast;
    const struct baseline *baseline; /* failures that are known; may be NULL */
    bool echoes;                 /* the testee is an echo server: sanity is open and echo, not only connect */
    uint64_t most_ns;            /* then it is cut short: PLAY_TIME_UP; 0: as long as it takes */
    bool unchecked;              /* no check first and last: the caller plays so often that he would know */
    /* A result is there. Comes again for a case that was played again. May be NULL. */
    void (*progress)(void *arg, const struct run_result *run, const struct case_result *done);
    /* What a person should know at once: the testee was restarted ... May be NULL. */
    void (*note)(void *arg, const char *text);
    void *arg;
};

/* Plays on config->runner.loop until all are done, or not to be done; results
 * are in the order of the suite, however they end. A sanity check comes first
 * and last and after a case that did not go well, so that a lost testee is named
 * as such: one that we started is started again, and the cases under way are
 * played again one by one, to tell which of them ends it. What a lost testee
 * leaves unplayed is in the results as such. `why`: a sentence for every end but
 * DONE, FAIL_FAST and TIME_UP. Who heard signals before does so again behind it. */
enum play_end suite_play(const struct suite *suite, const struct play_config *config,
                         struct run_result *run, struct diag *why);

#endif
