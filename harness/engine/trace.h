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
    size_t left_out;           /* events right before it that were not kept */
};

/* What there was, kept or not. */
struct trace_counts {
    uint64_t frames[2][16];    /* by whether we sent it, and opcode */
};

/* How connections closed, by whose: what there was already. */
struct trace_closing {
    bool close[2], end[2];
};

/* Memory is bounded, and whatever ends a case is at its end: the first half of what may be kept is kept for good, and
 * of the rest the last. So the events stand in three parts. A part is full by LIMIT_TRACE_EVENTS or LIMIT_TRACE_KEPT;
 * when the last one is, the one in the middle goes, but for the first Close and the first end of each side. */
enum trace_part { TRACE_FIRST, TRACE_MIDDLE, TRACE_LAST, TRACE_PARTS };

struct trace {
    struct arena arenas[TRACE_PARTS];  /* what the events of each point to */
    uint64_t start_ns;                 /* loop time of the case's beginning; set by the owner behind trace_init */
    struct trace_event *events;        /* all parts, in order */
    size_t count, capacity;
    size_t begins[TRACE_PARTS];        /* of its events, the first */
    bool first_full;
    struct trace_closing closing;      /* of the events in front of the part in the middle, once there is one */
    size_t left_out;                   /* in all; of them ... */
    size_t left_out_behind;            /* ... those behind the last that was kept */
    struct trace_counts counts;
    struct hash sent;                  /* over every byte that we sent, in order: equal runs have equal ones */
};

void trace_init(struct trace *trace);
void trace_free(struct trace *trace);
/* Counts it, and copies bytes and text (of each LIMIT_TRACE_BYTES). */
void trace_add(struct trace *trace, const struct trace_event *event);
/* For an event that is not added. */
void trace_count(struct trace_counts *counts, const struct trace_event *event);
/* Is it the first Close or the first end of its side? Notes that it was there. */
bool trace_closes(struct trace_closing *closing, const struct trace_event *event);
/* Bytes on their way out, for the digest. */
void trace_sent(struct trace *trace, const void *bytes, size_t size);
/* As a scenario (docs/scenario-language.md, "Traces"): times and violations as comments. */
void trace_print(const struct trace *trace, const char *title, struct buf *out);

#endif
