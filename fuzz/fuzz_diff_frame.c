/* Our frame parser against wslay's (wslay_frame_recv), on the same stream.
 * Oracle: the same frames with the same payload, up to the first frame that
 * wslay refuses; what it refuses carries one of our faults, and what carries
 * one it refuses. Differences that are meant: docs/fuzzing.md. */
#include "fuzz.h"

#include "wire/frame.h"
#include "wslay_source.h"

FUZZ_TARGET("diff_frame");

#define STREAM_MAX 8192u
/* What wslay calls a protocol error; reserved opcodes, RSV and the mask are its caller's to check, as ours. */
#define REFUSED_BY_WSLAY \
    (WS_FAULT_NON_MINIMAL | WS_FAULT_LENGTH_TOP_BIT | WS_FAULT_CONTROL_FRAGMENTED | WS_FAULT_CONTROL_TOO_LONG)

struct frame {
    uint64_t length;
    size_t from, kept; /* of the joined payload */
    uint16_t faults;
    uint8_t opcode, fin, rsv, masked;
};
struct side {
    struct frame frames[STREAM_MAX];
    size_t count;
    uint8_t payload[STREAM_MAX];
    size_t payload_size;
    bool idle, refused;
};

static void keep(struct side *s, const uint8_t *bytes, size_t size)
{
    struct frame *frame = &s->frames[s->count - 1];
    must(size <= STREAM_MAX - s->payload_size, "more payload than bytes");
    if (size != 0)
        memcpy(s->payload + s->payload_size, bytes, size);
    s->payload_size += size;
    frame->kept += size;
}

static void ours(struct side *s, const uint8_t *bytes, size_t size)
{
    struct ws_frame_parser parser;
    struct ws_frame_part parts[16];
    uint8_t *data = fuzz_copy(bytes, size);
    s->count = s->payload_size = 0;
    ws_frame_parser_init(&parser, WS_SERVER);
    for (size_t at = 0, count; at < size;) {
        at += ws_frame_parse(&parser, data + at, size - at, parts, 16, &count);
        for (size_t i = 0; i < count; i++) {
            const struct ws_frame_head *h = &parts[i].head;
            if (parts[i].begins)
                s->frames[s->count++] = (struct frame){h->payload_length, s->payload_size, 0, h->faults, h->opcode,
                                                       h->fin, h->rsv, h->masked};
            keep(s, parts[i].payload, parts[i].length);
        }
    }
    s->idle = ws_frame_parser_idle(&parser);
    free(data);
}

/* ---- wslay ---- */

static void theirs(struct side *s, const uint8_t *bytes, size_t size)
{
    struct wslay_source source = {bytes, size};
    const struct wslay_frame_callbacks callbacks = {.recv_callback = wslay_source_give};
    wslay_frame_context_ptr context;
    uint64_t left = 0;
    ssize_t got;
    s->count = s->payload_size = 0;
    must(wslay_frame_context_init(&context, &callbacks, &source) == 0, "no memory");
    do {
        struct wslay_frame_iocb io = {0};
        got = wslay_frame_recv(context, &io);
        if (got < 0)
            break;
        if (left == 0) {
            must(s->count < STREAM_MAX, "wslay: more frames than bytes");
            s->frames[s->count++] =
                (struct frame){io.payload_length, s->payload_size, 0, 0, io.opcode, io.fin, io.rsv, io.mask};
            left = io.payload_length;
        }
        keep(s, io.data, io.data_length);
        left -= io.data_length;
    } while (true);
    s->refused = got == WSLAY_ERR_PROTO;
    must(s->refused || got == WSLAY_ERR_WANT_READ, "wslay ends with %zd", got);
    wslay_frame_context_free(context);
}

/* ---- both ---- */

static void compare(const struct side *a, const struct side *b)
{
    must(b->count <= a->count, "wslay reads %zu frames, we %zu", b->count, a->count);
    for (size_t i = 0; i < b->count; i++) {
        const struct frame *f = &a->frames[i], *g = &b->frames[i];
        must(f->length == g->length && f->opcode == g->opcode && f->fin == g->fin && f->rsv == g->rsv &&
                 f->masked == g->masked && f->kept == g->kept,
             "frame %zu is another for wslay", i);
        must(f->kept == 0 || memcmp(a->payload + f->from, b->payload + g->from, f->kept) == 0,
             "frame %zu has another payload for wslay", i);
        must((f->faults & REFUSED_BY_WSLAY) == 0, "wslay takes frame %zu with the faults %x", i, f->faults);
    }
    if (b->refused)
        must(b->count < a->count ? (a->frames[b->count].faults & REFUSED_BY_WSLAY) != 0 : !a->idle,
             "wslay refuses frame %zu, in which we see no fault", b->count);
    else /* it shows a head when the first byte of its payload is there */
        must(a->count == b->count || (a->count == b->count + 1 && a->frames[b->count].kept == 0 &&
                                      (a->frames[b->count].faults & REFUSED_BY_WSLAY) == 0),
             "wslay stops before frame %zu of %zu", b->count, a->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct side us, them;
    fuzz_unit(fuzz_take(&data, &size));
    if (size > STREAM_MAX)
        return 0;
    ours(&us, data, size);
    theirs(&them, data, size);
    compare(&us, &them);
    return 0;
}
