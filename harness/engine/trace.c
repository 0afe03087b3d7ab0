/* Recording of a trace; trace_print.c writes it out. See trace.h. */
#include "engine/trace.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

void trace_init(struct trace *trace)
{
    *trace = (struct trace){.sent = HASH_EMPTY};
    arena_init(&trace->arena);
}

void trace_free(struct trace *trace)
{
    free(trace->events);
    arena_free(&trace->arena);
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

static size_t kept_size(const struct trace *trace, size_t size)
{
    if (trace->arena.used >= LIMIT_TRACE_KEPT)
        return 0;
    return size < LIMIT_TRACE_BYTES ? size : LIMIT_TRACE_BYTES;
}

void trace_add(struct trace *trace, const struct trace_event *event)
{
    if (!trace_grow(trace)) {
        trace->left_out++;
        return;
    }
    struct trace_event *copy = &trace->events[trace->count++];
    *copy = *event;
    copy->size = kept_size(trace, event->size);
    copy->bytes = arena_copy(&trace->arena, event->bytes, copy->size);
    if (copy->bytes == NULL)
        copy->size = 0;
    const char *text = event->text != NULL ? event->text : "";
    copy->text = *text != '\0' ? arena_text_n(&trace->arena, text, kept_size(trace, strlen(text))) : "";
    if (copy->text == NULL)
        copy->text = "";
}

void trace_sent(struct trace *trace, const void *bytes, size_t size)
{
    hash_add(&trace->sent, bytes, size);
}
