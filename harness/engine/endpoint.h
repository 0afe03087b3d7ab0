/* One end of a WebSocket connection over any layer, in either role: writes
 * heads and frames exactly as told, reads heads and frames, judges what comes.
 * It decides nothing: scenario runner, reference peer and proxy own one. */
#ifndef ENGINE_ENDPOINT_H
#define ENGINE_ENDPOINT_H

#include "engine/trace.h"
#include "net/layer.h"
#include "wire/handshake.h"
#include "wire/judge.h"

struct endpoint;

/* What the owner hears, in order. Any callback may release the endpoint. */
struct endpoint_sink {
    void (*opened)(void *owner);    /* the transport is there (TLS included) */
    /* The peer's head is complete, or broken beyond reading (head NULL then).
     * The owner answers with endpoint_begin, at once or later: bytes behind a
     * request or a 101 are kept until then (reading pauses at WS_HEAD_BYTES_MAX).
     * Behind an interim response (1xx) the next head is awaited; behind any
     * other, or a broken head, what comes is thrown away once `behind` has heard it. */
    void (*head)(void *owner, const struct ws_head *head, struct ws_head_scan scan);
    void (*behind)(void *owner, const uint8_t *bytes, size_t size); /* may be NULL */
    void (*event)(void *owner, const struct ws_event *event);   /* after endpoint_begin */
    /* A whole frame as it stood on the wire, its payload unmasked: the first
     * LIMIT_TRACE_BYTES of it. Comes before the events that it causes, with a trace only. May be NULL. */
    void (*frame)(void *owner, const struct ws_frame_head *head, const uint8_t *payload, size_t kept);
    void (*ended)(void *owner, enum layer_end end, const struct diag *why);
    void (*drained)(void *owner);   /* may be NULL */
};

struct endpoint_config {
    enum ws_role role;       /* ours */
    uint64_t seed;           /* streams "mask" and "key" of this connection come from it */
    unsigned connection;     /* number, for streams and trace */
    uint64_t message_max;    /* 0: LIMIT_MESSAGE_BYTES */
    int deflate_level;       /* 0: 6 */
    bool keep_packed;        /* remember what messages pack to, where each is packed by itself (ENDPOINT_PACKED_MAX) */
    struct trace *trace;     /* may be NULL */
    /* May be NULL. The bytes of frames go through it before they are judged: it
     * takes at least one, says how many, and appends what it believes to have
     * read. That is how a deliberately careless peer reads. */
    size_t (*reader)(void *owner, uint8_t *bytes, size_t size, struct buf *out);
};

/* Takes ownership of the layer. NULL only without memory (the layer is released then). */
struct endpoint *endpoint_new(struct layer *layer, const struct endpoint_config *config,
                              const struct endpoint_sink *sink, void *owner);
/* Who hears of it from now on. */
void endpoint_listen(struct endpoint *endpoint, const struct endpoint_sink *sink, void *owner);
/* Ends the endpoint, and leaves its connection to the caller, with what was read and not used; not from within a
 * callback. */
struct layer *endpoint_take_layer(struct endpoint *endpoint);
/* Closes whatever is open (FIN), without a callback. */
void endpoint_release(struct endpoint *endpoint);

/* Writes a head, or anything else, as it stands. */
void endpoint_write(struct endpoint *endpoint, const void *bytes, size_t size);
/* Frames begin in both directions; once. params NULL: no compression. False
 * without memory. Nothing is called before this returns. */
bool endpoint_begin(struct endpoint *endpoint, const struct ws_deflate_params *params);

/* A frame as it shall stand on the wire, right or wrong. */
struct frame_order {
    uint8_t opcode;
    bool more;               /* FIN clear */
    uint8_t rsv;
    enum { MASK_BY_ROLE, MASK_NONE, MASK_KEY } mask;
    uint8_t key[4];          /* MASK_KEY */
    bool claim;              /* the head claims claimed_length */
    uint64_t claimed_length;
    enum ws_length_form form;
    bool compress;           /* deflated, with RSV1 on a message's first frame; needs endpoint_begin with params */
    bool rsv1_off;           /* but leave RSV1 clear */
    bool cut_set;            /* only the first `cut` bytes of the frame are sent */
    size_t cut;
    size_t chunk;            /* in writes of this size; 0: one write */
    const uint8_t *payload;
    size_t size;
};
/* Appends these bytes of a message, deflated; `last`: it ends with them, else what is appended says all of them. False
 * without memory, or where nothing was agreed. */
#define ENDPOINT_PACKED_MAX (1u << 20)
bool endpoint_pack(struct endpoint *endpoint, const uint8_t *bytes, size_t size, bool last, struct buf *out);
/* As endpoint_frame_bytes, for a frame without `compress` and `cut_set`: the payload
 * is masked where it is, and the head written into the WS_FRAME_HEAD_MAX bytes in
 * front of it. Returns the head's size. */
size_t endpoint_frame_in_place(struct endpoint *endpoint, const struct frame_order *order, uint8_t *payload);
/* Appends the frame's bytes to `out`, to be written with endpoint_push in pieces
 * of the caller's making; the trace has the frame from now on. False without
 * memory, or for `compress` where nothing was agreed. */
bool endpoint_frame_bytes(struct endpoint *endpoint, const struct frame_order *order, struct buf *out);
void endpoint_push(struct endpoint *endpoint, const void *bytes, size_t size);
/* Masks in place what goes on with the last frame that claimed a length; true when that frame is whole with it. */
bool endpoint_go_on(struct endpoint *endpoint, uint8_t *bytes, size_t size);
/* Both at once, in writes of order->chunk. */
bool endpoint_send(struct endpoint *endpoint, const struct frame_order *order);
/* The usual ones. */
bool endpoint_send_message(struct endpoint *endpoint, enum ws_opcode opcode, const void *bytes,
                           size_t size, bool compress);
bool endpoint_send_close(struct endpoint *endpoint, uint16_t code, const char *reason); /* code 0: empty */
bool endpoint_send_control(struct endpoint *endpoint, enum ws_opcode opcode, const void *bytes, size_t size);

/* Ends our side of the transport, or resets it. */
void endpoint_finish(struct endpoint *endpoint, enum layer_finish how);
void endpoint_reset(struct endpoint *endpoint);

/* Bytes that came behind a head and wait for endpoint_begin. */
size_t endpoint_held(const struct endpoint *endpoint);
struct layer *endpoint_layer(struct endpoint *endpoint); /* top of the stack, still owned by the endpoint */
bool endpoint_deflate(const struct endpoint *endpoint);
/* From now on what comes is thrown away, only the transport's end is told:
 * after a refusal, or a failure. */
void endpoint_discard(struct endpoint *endpoint);
/* Stop or go on reading (back-pressure); nothing is called before this returns. What was read already may be judged
 * up to ENDPOINT_SLICE bytes further; the rest is kept for later. */
#define ENDPOINT_SLICE 8192u
void endpoint_pause(struct endpoint *endpoint, bool paused);

#endif
