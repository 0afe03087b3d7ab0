/* Inside engine/story: who tells a story as the steps of one side, and how each kind of event is told. */
#ifndef WSGAUNTLET_ENGINE_STORY_TELLER_H
#define WSGAUNTLET_ENGINE_STORY_TELLER_H

#include "engine/story/story.h"

#include "net/loop.h"

#define EXACT_MAX 4096u               /* a longer payload is expected by its kind alone */
#define VALUES_MAX 60u                /* captures: LIMIT_CAPTURES of the language */
#define SECRETS_MAX 100u

/* One side made it up, the other repeats it: ${v1} ... */
struct recurring { const uint8_t *bytes; size_t size; bool captured; };

struct teller {
    const struct story *story;
    const struct story_options *options;
    struct buf *out;
    bool client;               /* whose side is ours */
    bool actors;               /* connections overlap */
    struct recurring values[VALUES_MAX];
    unsigned value_count;
    struct recurring secrets[SECRETS_MAX]; /* masked wherever they stand, so that they agree */
    unsigned secret_count;
    uint64_t last_ns;          /* of the event before */
    bool last_ours;            /* on the same connection: what comes next is an answer */
    bool *closed, *gone;       /* by connection: a Close went; its end was told */
    unsigned open;             /* connections so far */
};

/* ---- lines ---- */

/* Begins a line of the step's actor; ends it. */
void teller_begin(struct teller *t, const struct story_event *e);
void teller_finish(struct teller *t);
/* A time as a person would say it: two digits are enough. */
void teller_time(struct buf *out, uint64_t ns);
/* `wait`, when there was a pause before what we do. */
void teller_pause(struct teller *t, const struct story_event *e);

/* ---- what is said (teller_text.c) ---- */

/* A whole text, to be told by its words. */
bool teller_is_text(const struct story_event *e);
/* Finds what is secret and what the sides repeat, before anything is told. */
void teller_find_values(struct teller *t);
/* What we send: repeated values by name, secrets masked. */
void teller_our_text(struct teller *t, const struct story_event *e);
/* What they send: exact where nothing varies, else a pattern, its new values captured. */
void teller_their_text(struct teller *t, size_t index, const struct story_event *e);

/* ---- the opening handshake (teller_opening.c) ---- */

void teller_opening(struct teller *t, size_t index, const struct story_event *e);
/* An answer that is not 101, when it is theirs. */
void teller_answer(struct teller *t, const struct story_event *e);

#endif
