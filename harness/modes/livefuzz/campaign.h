/* A campaign: batches of sessions are made, played and looked at, until time or
 * patience end. Inside modes/livefuzz/ only. */
#ifndef MODES_LIVEFUZZ_CAMPAIGN_H
#define MODES_LIVEFUZZ_CAMPAIGN_H

#include "engine/fuzz/edge_map.h"
#include "engine/fuzz/generate.h"
#include "engine/fuzz/oracle.h"
#include "modes/livefuzz/finding.h"
#include "modes/livefuzz/fuzz.h"
#include "modes/livefuzz/player.h"
#include "modes/livefuzz/pool.h"
#include "modes/livefuzz/store.h"
#include "modes/livefuzz/walk.h"

#define BATCH_SESSIONS_MAX 128u
#define TESTEE_USES 2u /* memory, descriptors: growth.c */
#define FINDINGS_MAX 256u
#define PACE_CLASSES 10u

/* What was found: once by its signature, however often it is seen. */
struct finding {
    char signature[SIGNATURE_SIZE];
    uint64_t times;
    const char *path;  /* of its scenario */
    bool ours;         /* the reference peer fails it too: told, kept, not counted */
    bool again;        /* it showed again when played alone */
    enum verdict verdict; /* FAIL, or NON_STRICT: the text allows the answer and advises against it */
};

/* How long sessions of about one size take. */
struct pace {
    uint64_t seen, median_ns;
};
/* A session that takes longer than its twin (engine/fuzz/twin.h). */
struct slowness {
    const struct session *session; /* as found */
    uint64_t least_ns;   /* in its fastest round */
    uint64_t limit_ns;   /* the twin keeps to it */
    uint64_t timeout_ns; /* of sessions that are to be played to their end */
    char said[160];      /* the times */
};

struct campaign {
    const struct fuzz_options *options;
    struct player target, reference;
    struct store store;
    struct pool *pool;
    struct walks walks;          /* with edges: sessions whose bytes are tried one by one */
    struct edge_map *edges;      /* NULL: blind */
    struct generate_config generate;
    struct oracle_config oracle;
    uint64_t seed, began, spent_before;
    uint64_t sessions;           /* played, earlier campaigns' too */
    uint64_t first_session;      /* the number of this one's first */
    uint64_t unplayable;
    size_t batch, waiting;       /* of the batch under way: how many, and how many of them have no result yet */
    struct pacing pacing;        /* of --rate */
    struct finding findings[FINDINGS_MAX];
    size_t finding_count;
    size_t found_before;         /* of those that count: by earlier campaigns */
    uint64_t rests_at[TESTEE_USES]; /* what the testee uses between batches; 0: not known yet, or looked at no more */
    struct pace pace[PACE_CLASSES]; /* by size */
    const struct slowness *slowness; /* what is dug for is slow; NULL: wrong */
    bool slow_told;                  /* once is enough: the campaign goes on for other things */
    struct run_result *report;   /* one case per finding */
    struct terminal terminal;
    bool status_shown;
    uint64_t last_note;          /* a hash: the same news is told once */
    uint64_t told_at;            /* when the last status was */
    uint64_t saved_at;           /* when the state was */
    struct diag *why;
    struct diag unsaved;         /* what could not be written: a campaign that keeps nothing ends */
    bool stopped;                /* by Ctrl-C, or the testee is gone */
    bool digging;                /* at a finding: --time does not cut that short */
    enum play_end end;
};

/* Plays until it ends. `end` and `why` say how. */
void campaign_run(struct campaign *c);
/* Stopped, or --time is up. */
bool campaign_over(const struct campaign *c);
/* How long a play may take: what is left of --time; 0: as long as it takes. */
uint64_t campaign_left(const struct campaign *c);
uint64_t campaign_spent(const struct campaign *c); /* ns, earlier ones' too */
/* How many count. */
size_t campaign_found(const struct campaign *c);
/* Something could not be written: the campaign ends behind this batch, with exit status 3. */
void campaign_unsaved(struct campaign *c, const struct diag *why);
/* Does it count: seen again, not our own, and worse than the campaign is to tell. */
bool campaign_counts(const struct campaign *c, const struct finding *finding);

/* Does it send messages back? If not, what comes behind a message is not looked at. Does it agree to
 * permessage-deflate? Else that is not offered. False when it cannot be reached. */
bool campaign_probe(struct campaign *c);
/* Plays one session alone. The result is in *run, which is the caller's; NULL when there is none.
 * `text` is written over. */
const struct case_result *campaign_play_alone(struct campaign *c, struct player *player, const struct session *session,
                                              const char *title, struct buf *text, struct run_result **run);
/* The session, as small as it will go and still go over these edges. A new one; NULL without memory. */
struct session *campaign_trim(struct campaign *c, const struct session *session, const struct edge_news *news);
/* One failing result of a batch: known, or told apart, made small, saved (dig.c). */
void campaign_consider(struct campaign *c, const struct session *session, const struct case_result *result,
                       const char *text);

/* The finding as a case of the campaign's report; `source`: its scenario. */
void campaign_report(struct campaign *c, const struct finding *finding, const struct case_result *from,
                     const char *source);
/* Plays again what is in findings/, before anything else. What still fails, or could not be played, is known from here
 * on, and counts; what passes is told as gone (recall.c). */
void campaign_recall(struct campaign *c);

/* Behind a batch: does the testee that we started keep memory or descriptors? Then which of these sessions makes it
 * keep them, again and again (growth.c)? */
void campaign_weigh(struct campaign *c, struct session *const *sessions, size_t count);

/* If that is what such a finding is called, it is looked for no more. */
void campaign_grew(struct campaign *c, const char *signature);

/* Behind a batch: did one of its sessions take out of proportion long, and does it again (pace.c)? */
void campaign_time(struct campaign *c, struct session *const *sessions, size_t count, const struct run_result *run);
/* Does this smaller session take half as long as the one that was found, at least, and its twin far less? */
bool campaign_is_slow(struct campaign *c, const struct session *session);

/* ---- what is told (status.c) ---- */
void status_begin(struct campaign *c);
void status_tick(struct campaign *c);
void status_note(struct campaign *c, const char *text);
void status_finding(struct campaign *c, const struct finding *finding, const struct case_result *shown, size_t steps);
/* One of an earlier campaign's, and how it is with it now. */
void status_known(struct campaign *c, const struct finding *finding, const char *how);
void status_end(struct campaign *c);

#endif
