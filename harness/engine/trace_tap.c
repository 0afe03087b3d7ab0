/* See trace_tap.h. */
#include "engine/trace_tap.h"

#include "base/limits.h"

#include <string.h>

void trace_tap_init(struct trace_tap *tap, struct trace *trace, unsigned connection, enum ws_role receiver)
{
    *tap = (struct trace_tap){.trace = trace, .connection = connection};
    ws_frame_parser_init(&tap->parser, receiver);
    buf_init(&tap->kept, LIMIT_TRACE_BYTES);
}

void trace_tap_free(struct trace_tap *tap)
{
    buf_free(&tap->kept);
}

static void tap_add(struct trace_tap *tap, struct trace_event event, uint64_t now_ns)
{
    event.at_ns = now_ns - tap->trace->start_ns;
    event.connection = tap->connection;
    trace_add(tap->trace, &event);
}

static void tap_frame(struct trace_tap *tap, const struct ws_frame_head *head, uint64_t whole,
                      uint64_t now_ns)
{
    tap_add(tap,
            (struct trace_event){
                .kind = TRACE_FRAME,
                .head = *head,
                .bytes = tap->kept.data,
                .size = tap->kept.size,
                .whole = whole,
            },
            now_ns);
    buf_clear(&tap->kept);
}

static void tap_part(struct trace_tap *tap, const struct ws_frame_part *part, uint64_t now_ns)
{
    size_t room = LIMIT_TRACE_BYTES - tap->kept.size;

    buf_append(&tap->kept, part->payload, part->length < room ? part->length : room);
    if (!part->ends)
        return;
    if (tap->whole != NULL)
        tap->whole(tap->whole_arg, &part->head, tap->kept.data, tap->kept.size);
    tap_frame(tap, &part->head, part->head.payload_length, now_ns);
}

void trace_tap_feed(struct trace_tap *tap, const uint8_t *bytes, size_t size, uint64_t now_ns)
{
    enum { SCRATCH = 4096, PARTS = 16 };
    uint8_t scratch[SCRATCH]; /* the parser unmasks in place, and the judge needs the bytes as they came */
    struct ws_frame_part parts[PARTS];

    if (tap->trace == NULL)
        return;
    while (size != 0) {
        size_t n = size < SCRATCH ? size : SCRATCH;
        memcpy(scratch, bytes, n);
        bytes += n;
        size -= n;
        for (size_t at = 0; at < n;) {
            size_t count;
            at += ws_frame_parse(&tap->parser, scratch + at, n - at, parts, PARTS, &count);
            for (size_t i = 0; i < count; i++)
                tap_part(tap, &parts[i], now_ns);
        }
    }
}

void trace_tap_end(struct trace_tap *tap, uint64_t now_ns)
{
    if (tap->trace == NULL)
        return;
    if (tap->parser.in_payload)
        tap_frame(tap, &tap->parser.head, tap->parser.payload_done, now_ns);
    else if (tap->parser.pending_size != 0)
        tap_add(tap,
                (struct trace_event){
                    .kind = TRACE_RAW,
                    .bytes = tap->parser.pending,
                    .size = tap->parser.pending_size,
                    .whole = tap->parser.pending_size,
                },
                now_ns);
    ws_frame_parser_init(&tap->parser, (enum ws_role)tap->parser.receiver);
}
