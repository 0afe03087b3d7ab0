/* Recording of a trace; trace_print.c writes it out. See trace.h. */
#include "engine/trace.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOSING_EVENTS = 4, /* that outlive their part */
    FIRST_EVENTS = LIMIT_TRACE_EVENTS / 2,
    PART_EVENTS = LIMIT_TRACE_EVENTS / 4 - CLOSING_EVENTS / 2, /* of the others */
    FIRST_KEPT = LIMIT_TRACE_KEPT / 2,
    PART_KEPT = LIMIT_TRACE_KEPT / 4,
};

void trace_init(struct trace *trace)
{
    *trace = (struct trace){.sent = HASH_EMPTY};
    for (int part = 0; part < TRACE_PARTS; part++)
        arena_init(&trace->arenas[part]);
}

void trace_free(struct trace *trace)
{
    free(trace->events);
    for (int part = 0; part < TRACE_PARTS; part++)
        arena_free(&trace->arenas[part]);
    trace_init(trace);
}

/* Room for one more event. */
static bool trace_grow(struct trace *trace)
{
    if (trace->count < trace->capacity)
        return true;
    size_t capacity = trace->capacity == 0 ? 32 : trace->capacity * 2;
    if (capacity > LIMIT_TRACE_EVENTS)
        capacity = LIMIT_TRACE_EVENTS;
    if (capacity == trace->capacity)
        return false;
    struct trace_event *events = realloc(trace->events, capacity * sizeof *events);
    if (events == NULL)
        return false;
    trace->events = events;
    trace->capacity = capacity;
    return true;
}

void trace_count(struct trace_counts *counts, const struct trace_event *event)
{
    if (event->kind == TRACE_FRAME)
        counts->frames[event->ours][event->head.opcode & 15u]++;
}

bool trace_closes(struct trace_closing *closing, const struct trace_event *event)
{
    bool close = event->kind == TRACE_FRAME && event->head.opcode == WS_CLOSE;
    bool end = event->kind == TRACE_EOF || event->kind == TRACE_RESET;
    bool *there = close ? &closing->close[event->ours] : &closing->end[event->ours];
    if ((!close && !end) || *there)
        return false;
    *there = true;
    return true;
}

/* Bytes and text of `event`, which are another's, become the arena's. */
static void take_bytes(struct arena *arena, struct trace_event *event)
{
    event->size = event->size < LIMIT_TRACE_BYTES ? event->size : LIMIT_TRACE_BYTES;
    event->bytes = arena_copy(arena, event->bytes, event->size);
    if (event->bytes == NULL)
        event->size = 0;
    size_t length = event->text == NULL ? 0 : strnlen(event->text, LIMIT_TRACE_BYTES);
    event->text = length == 0 ? "" : arena_text_n(arena, event->text, length);
    if (event->text == NULL)
        event->text = "";
}

/* The part in the middle goes, the last one, which is full, takes its place, and an empty one stands behind. */
static void drop_middle(struct trace *trace)
{
    struct trace_event *events = trace->events;
    size_t middle = trace->begins[TRACE_MIDDLE], last = trace->begins[TRACE_LAST], gap = 0;
    size_t kept = middle;
    for (size_t i = middle; i < last; i++) {
        gap += events[i].left_out;
        if (!trace_closes(&trace->closing, &events[i])) {
            gap++;
            trace->left_out++;
            continue;
        }
        events[kept] = events[i];
        take_bytes(&trace->arenas[TRACE_FIRST], &events[kept]);
        events[kept++].left_out = gap;
        gap = 0;
    }
    memmove(&events[kept], &events[last], (trace->count - last) * sizeof *events);
    trace->count -= last - kept;
    events[kept].left_out += gap;
    arena_free(&trace->arenas[TRACE_MIDDLE]);
    trace->arenas[TRACE_MIDDLE] = trace->arenas[TRACE_LAST];
    arena_init(&trace->arenas[TRACE_LAST]);
    trace->begins[TRACE_MIDDLE] = kept;
    trace->begins[TRACE_LAST] = trace->count;
}

/* The part that the next event belongs to. */
static enum trace_part part_for_next(struct trace *trace)
{
    bool full = trace->count >= FIRST_EVENTS || trace->arenas[TRACE_FIRST].used >= FIRST_KEPT;
    if (!trace->first_full && !full)
        return TRACE_FIRST;
    if (!trace->first_full) {
        trace->first_full = true;
        trace->begins[TRACE_MIDDLE] = trace->begins[TRACE_LAST] = trace->count;
        for (size_t i = 0; i < trace->count; i++)
            trace_closes(&trace->closing, &trace->events[i]);
    }
    if (trace->count - trace->begins[TRACE_LAST] >= PART_EVENTS || trace->arenas[TRACE_LAST].used >= PART_KEPT)
        drop_middle(trace);
    return TRACE_LAST;
}

void trace_add(struct trace *trace, const struct trace_event *event)
{
    trace_count(&trace->counts, event);
    enum trace_part part = part_for_next(trace);
    if (!trace_grow(trace)) {
        trace->left_out++;
        trace->left_out_behind++;
        return;
    }
    struct trace_event *copy = &trace->events[trace->count++];
    *copy = *event;
    copy->left_out = trace->left_out_behind;
    trace->left_out_behind = 0;
    take_bytes(&trace->arenas[part], copy);
}

void trace_sent(struct trace *trace, const void *bytes, size_t size)
{
    hash_add(&trace->sent, bytes, size);
}
