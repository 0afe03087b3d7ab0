/* What happened, in order: every head, frame, end and step with its time. It
 * prints as a scenario that replays our side and expects what the peer did. */
#ifndef ENGINE_TRACE_H
#define ENGINE_TRACE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "wire/judge.h"

enum trace_kind {
    TRACE_CONNECT,   /* transport is there */
    TRACE_HEAD,      /* an HTTP head, whole */
    TRACE_FRAME,     /* a frame: head and the first LIMIT_TRACE_BYTES of its payload, unmasked */
    TRACE_RAW,       /* bytes that are no frame (send raw, garbage) */
    TRACE_EOF,       /* that side's bytes end */
    TRACE_RESET,
    TRACE_VIOLATION, /* by the peer; text is its sentence */
    TRACE_NOTE,      /* text: testee restarted, fault set ... */
};

struct trace_event {
    enum trace_kind kind;
    bool ours;                 /* we sent it */
    uint64_t at_ns;            /* since trace->start_ns */
    unsigned connection;       /* 1 .. */
    struct ws_frame_head head; /* FRAME */
    const uint8_t *bytes;      /* HEAD, FRAME, RAW: what was kept */
    size_t size;
    uint64_t whole;            /* bytes in all; more than size when not everything was kept */
    const char *text;          /* VIOLATION, NOTE; kept: never NULL */
};

struct trace {
    struct arena arena;
    uint64_t start_ns;         /* loop time of the case's beginning; set by the owner behind trace_init */
    struct trace_event *events;
    size_t count, capacity;
    size_t left_out;           /* beyond LIMIT_TRACE_EVENTS */
    struct hash sent;          /* over every byte that we sent, in order: equal runs have equal ones */
};

void trace_init(struct trace *trace);
void trace_free(struct trace *trace);
/* Copies bytes and text (cut to the limits). */
void trace_add(struct trace *trace, const struct trace_event *event);
/* Bytes on their way out, for the digest. */
void trace_sent(struct trace *trace, const void *bytes, size_t size);
/* As a scenario (docs/scenario-language.md, "Traces"): times and violations as comments. */
void trace_print(const struct trace *trace, const char *title, struct buf *out);

#endif
