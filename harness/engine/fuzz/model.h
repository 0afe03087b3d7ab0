/* The oracle's model of one connection: what a correct server makes of each move
 * on it, as rows of dues.def. model.c has the connection, model_head.c the opening
 * handshake, model_frames.c the bytes that go out, model_deflate.c what is certain
 * of compressed ones. Inside engine/fuzz/ only. */
#ifndef ENGINE_FUZZ_MODEL_H
#define ENGINE_FUZZ_MODEL_H

#include "base/prng.h"
#include "engine/fuzz/oracle.h"
#include "engine/fuzz/session.h"
#include "wire/judge.h"

enum due_kind {
#define DUE(id, label, lines) DUE_##id,
#include "engine/fuzz/dues.def"
    DUES
};
struct due {
    enum due_kind kind;
    const char *label;   /* static: what it is about */
    uint8_t opcode;      /* MESSAGE */
    bool literal;        /* MESSAGE: named by its bytes, not as the echo of what was sent */
    uint8_t *bytes;      /* PONG, literal MESSAGE; owned by the outcome */
    size_t size;
    uint16_t codes[WS_PREDICTION_CODES_MAX];
};

#define OUTCOME_DUES_MAX 16u
struct outcome {
    bool played;   /* the move makes sense where it stands */
    bool dropped;  /* nobody can say how it goes on: the connection is reset behind it */
    bool overflow; /* more came of it than we keep */
    size_t count;
    struct due dues[OUTCOME_DUES_MAX]; /* in their order */
};
void outcome_free(struct outcome *outcome);

enum model_stage {
    MODEL_NONE,   /* no connection yet */
    MODEL_OPEN,
    MODEL_DOOMED, /* may be failed already; must be when the message ends */
    MODEL_OVER,   /* failed, closed or dropped */
};
struct model {
    enum model_stage stage;
    const struct oracle_config *config; /* what is known of the server */
    bool renewable;         /* opened by a move that `reconnect` can repeat */
    bool extension_unknown; /* opened by a head that offers one: RSV1 may have a meaning */
    bool literal;           /* bytes went that the runner does not know as messages */
    bool compressed;        /* the last message began compressed: its fragments are too */
    bool packed_by_us;      /* the window holds what our compressor believes it does */
    bool packed_by_hand;    /* it holds something that our compressor knows nothing of */
    bool unfinished;        /* a frame that was begun will not be ended */
    const char *offer;      /* of permessage-deflate, for a reconnect */
    struct ws_judge *judge;
    struct ws_deflater *deflater;
    struct prng masks;
    struct buf message;
    const struct move *move; /* under way */
    struct outcome *outcome; /* of it */
};

/* config outlives the model. */
void model_init(struct model *model, const struct oracle_config *config);
void model_free(struct model *model);
void model_move(struct model *model, const struct move *move, struct outcome *outcome);
/* Is there something on the wire that nobody will end? Then the session drops the connection. */
bool model_left_open(const struct model *model);

/* ---- between the parts ---- */

struct due *model_due(struct model *m, enum due_kind kind, const char *label); /* never NULL; label NULL: the row's */
void model_hang_up(struct model *m, enum model_stage stage);
/* Nothing can be said of what comes: it is not looked at. */
void model_give_up(struct model *m);
/* Frames may go from here on. */
void model_begin_frames(struct model *m, bool deflate);
void model_head(struct model *m, const struct move *move); /* model_head.c: MOVE_HEAD */
/* model_frames.c: the move's frame or frames as they go out, but for the compressor's choices. */
bool model_frames(struct model *m, const struct move *move, struct buf *out);
/* model_deflate.c */
bool deflate_is_surely_corrupt(const struct move *move);
bool deflate_offer_is_valid(const char *params);
bool deflate_window_is_known(const struct model *m, const struct move *move);

#endif
