/* Several processes of ours that do one thing together: started at once, each
 * with a line, asked and heard as one. */
#ifndef NET_CREW_H
#define NET_CREW_H

#include "net/line.h"
#include "net/worker.h"

/* From a member: it cannot go on; the bytes are its struct diag. Others' kinds are above. */
#define CREW_TROUBLE 1u

struct crew_member {
    struct crew *crew;
    struct worker worker;
    struct line *line;
    bool heard;
};

struct crew {
    const char *what;            /* a member, for a person */
    struct crew_member *members;
    size_t count;
    struct loop *loop;           /* NULL before crew_meet */
    unsigned wanted;             /* kind that is waited for; 0: none */
    size_t missing;
    void (*told)(void *arg, size_t member, const uint8_t *bytes, size_t size);
    void *arg;
    struct diag trouble;         /* of the first that failed or died */
    /* What nobody waits for; CREW_TROUBLE, with its diag: it failed, or died (then its line is NULL). May be NULL. */
    void (*other)(void *arg, size_t member, unsigned kind, const uint8_t *bytes, size_t size);
    void *other_arg;
};

/* Before any loop is made. `what`: "the clients' process"; fn(arg, line) runs in each. False with a diag; crew_end in
 * either case. */
bool crew_start(struct crew *crew, const char *what, size_t count, worker_fn *fn, void *arg, struct diag *why);
void crew_meet(struct crew *crew, struct loop *loop);
void crew_tell(struct crew *crew, size_t member, unsigned kind, const void *bytes, size_t size);
void crew_tell_all(struct crew *crew, unsigned kind, const void *bytes, size_t size);
/* Runs the loop until every member has told this kind; `told` (may be NULL) hears each. False when one is in trouble
 * or gone (then `why` says so), or when somebody else stopped the loop. */
bool crew_hear(struct crew *crew, unsigned kind, void (*told)(void *arg, size_t member, const uint8_t *, size_t),
               void *arg, struct diag *why);
/* They end, and are waited for. Zeroed is fine. */
void crew_end(struct crew *crew);

/* ---- in a member ---- */

void crew_say_trouble(struct line *line, const struct diag *why);

#endif
