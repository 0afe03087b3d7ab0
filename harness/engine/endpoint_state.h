/* What an endpoint is made of: for endpoint.c (reading, life) and
 * endpoint_send.c (writing) alone. */
#ifndef ENGINE_ENDPOINT_STATE_H
#define ENGINE_ENDPOINT_STATE_H

#include "base/prng.h"
#include "engine/endpoint.h"
#include "engine/trace_tap.h"
#include "net/loop.h"

/* What the next bytes are. */
enum endpoint_stage {
    STAGE_HEAD,    /* of an HTTP head */
    STAGE_HELD,    /* behind a head, kept until endpoint_begin */
    STAGE_FRAMES,
    STAGE_DISCARD, /* nobody's */
    STAGES
};

struct endpoint {
    struct endpoint_config config;
    struct layer *layer;
    struct loop *loop;
    const struct endpoint_sink *sink;
    void *owner;

    enum endpoint_stage stage;
    bool paused;             /* by the owner */
    bool layer_paused;       /* what the layer was told */
    unsigned busy;           /* calls into the owner, or the judge, under way */
    bool released;
    struct timer *later;     /* goes on with `held` from the loop; NULL when not due */

    struct buf held;         /* read and not yet used */
    struct buf read;         /* what config.reader made of a slice */
    size_t head_seen;        /* of an unfinished head at the front of held */
    struct ws_head head;
    bool end_waits;          /* the transport ended behind what is held: to be told */
    enum layer_end end;
    struct diag end_why;

    struct ws_judge *judge;  /* of what the peer sends; NULL before endpoint_begin */
    struct ws_deflater *deflater;
    bool takeover;           /* of its context */
    bool packing;            /* a message of ours is under way, its beginning was packed */
    struct packed *packed;   /* what was packed before, newest first */
    size_t packed_bytes;
    struct prng mask;
    struct {
        bool masked;
        uint8_t key[4];
        uint64_t sent, claimed;
    } unfinished;            /* our last frame whose head claimed a length, for endpoint_go_on */
    struct trace_tap tap;
};

/* An event of ours or of the peer's into the trace, when there is one. */
void endpoint_trace(struct endpoint *endpoint, struct trace_event event);
/* endpoint_send.c: frees what endpoint_pack keeps. */
void endpoint_forget_packed(struct endpoint *endpoint);

#endif
