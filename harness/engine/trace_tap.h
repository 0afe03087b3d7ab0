/* Cuts what a peer sends into whole frames for the trace. It reads a copy and
 * refuses nothing: the judge's opinion is not its business. */
#ifndef ENGINE_TRACE_TAP_H
#define ENGINE_TRACE_TAP_H

#include "base/buf.h"
#include "engine/trace.h"

/* Hears of each whole frame: its head, and what was kept of its payload. */
typedef void trace_tap_fn(void *arg, const struct ws_frame_head *head, const uint8_t *payload, size_t kept);

struct trace_tap {
    struct trace *trace;    /* NULL: nothing is traced */
    unsigned connection;
    struct ws_frame_parser parser;
    trace_tap_fn *whole;    /* may be NULL */
    void *whole_arg;
    struct buf kept;        /* of the payload under way, up to LIMIT_TRACE_BYTES */
};

void trace_tap_init(struct trace_tap *tap, struct trace *trace, unsigned connection, enum ws_role receiver);
void trace_tap_free(struct trace_tap *tap);
/* `now_ns`: loop time. */
void trace_tap_feed(struct trace_tap *tap, const uint8_t *bytes, size_t size, uint64_t now_ns);
/* The transport ended: what is unfinished goes into the trace as far as it came. */
void trace_tap_end(struct trace_tap *tap, uint64_t now_ns);

#endif
