/* The reference model: one direction of one open connection. Reads bytes,
 * keeps fragment, UTF-8, close and compression state, and says what was
 * received and what of it breaks RFC 6455 / RFC 7692. The same judge grades a
 * testee's frames and predicts what a correct peer must do with ours. */
#ifndef WS_JUDGE_H
#define WS_JUDGE_H

#include "deflate.h"
#include "frame.h"
#include "utf8.h"
#include "violation.h"

enum ws_event_kind {
    WS_EVENT_FRAME,     /* a frame's head was read (for traces); head is set */
    WS_EVENT_MESSAGE,   /* a piece of a message, inflated and unmasked; opcode is WS_TEXT or WS_BINARY */
    WS_EVENT_PING,      /* whole */
    WS_EVENT_PONG,      /* whole */
    WS_EVENT_CLOSE,     /* whole; code and reason are set */
    WS_EVENT_VIOLATION,
};

struct ws_event {
    enum ws_event_kind kind;
    uint8_t opcode;          /* WS_TEXT or WS_BINARY for MESSAGE */
    bool first, last;        /* MESSAGE: this piece begins / ends the message */
    bool compressed;         /* MESSAGE */
    const uint8_t *data;     /* valid during the call only */
    size_t size;
    uint16_t code;           /* CLOSE: 1005 when the body is empty */
    const struct ws_frame_head *head; /* FRAME: whole; VIOLATION: the frame concerned, as far as it was read */
    enum ws_violation_id violation;   /* VIOLATION */
    bool deaf;               /* VIOLATION: nothing behind it will be reported (see ws_judge_feed) */
    uint64_t at;             /* stream offset of the byte that decided it, counted from the first byte fed;
                                in a compressed message: of the last byte of the frame's head */
};

/* Hears each event in order, during ws_judge_feed. */
typedef void ws_event_fn(void *context, const struct ws_event *event);

struct ws_judge_config {
    enum ws_role receiver;     /* who reads these bytes */
    bool deflate;              /* permessage-deflate was negotiated */
    bool context_takeover;     /* the sender may use it */
    int window_bits;           /* of the sender, 8 .. 15; 0 is 15 */
    uint64_t message_max;      /* bytes after inflating; larger is the policy violation TOO_BIG; 0: no limit */
    ws_event_fn *event;        /* may be NULL: for the prediction alone */
    void *context;
};

/* What a correct receiver does with the bytes so far. */
enum ws_outcome {
    WS_OUTCOME_OK,        /* everything is whole and legal */
    WS_OUTCOME_WAIT,      /* legal so far, a frame or message is unfinished */
    WS_OUTCOME_FAIL,      /* must fail the connection with one of the codes */
    WS_OUTCOME_MAY_FAIL,  /* may fail it with one of the codes, or go on */
    WS_OUTCOME_FAIL_SOON, /* may fail it already; must, once the frame or message has ended */
};

#define WS_PREDICTION_CODES_MAX 8u

struct ws_prediction {
    enum ws_outcome outcome;
    uint16_t codes[WS_PREDICTION_CODES_MAX]; /* of all violations so far, the deciding one's first; 0 ends */
    enum ws_violation_id violation;         /* the deciding one, WS_VIOLATIONS when none */
    bool closed;                            /* a Close was received: the answer is a Close, then TCP ends */
};

struct ws_judge; /* opaque: a parser, an inflater, small buffers; about 1 KiB without zlib's window */

/* NULL when there is no memory or window_bits is off. config is copied. */
struct ws_judge *ws_judge_new(const struct ws_judge_config *config);
void ws_judge_free(struct ws_judge *judge);

/* Reads bytes (and unmasks them in place). After a violation that must fail
 * the connection (WS_REACT_FAIL) the rest is ignored, as a correct receiver
 * would; one that may be overlooked is reported and decoding goes on. But where
 * only a receiver with another limit or window could go on (TOO_BIG, the
 * windows and takeovers of DEFLATE), we cannot: the event says `deaf`.
 * Unreported, frame bounds are still followed, for the prediction's sake: a
 * receiver need not fail before it has read the frame or message to its end. */
void ws_judge_feed(struct ws_judge *judge, uint8_t *bytes, size_t size);
struct ws_prediction ws_judge_predict(const struct ws_judge *judge);
/* Is that a code the prediction allows a failing receiver to send? */
bool ws_prediction_allows(const struct ws_prediction *prediction, unsigned code);
/* Bytes fed so far. */
uint64_t ws_judge_bytes(const struct ws_judge *judge);
/* Is a data message unfinished? A frame? */
bool ws_judge_in_message(const struct ws_judge *judge);
bool ws_judge_in_frame(const struct ws_judge *judge);

/* RFC 6455 section 7.4: may this code stand on the wire in a Close frame?
 * 1000-1003, 1007-1014, 3000-4999. */
bool ws_close_code_valid(unsigned code);

#endif
