/* ws_frame_parse and ws_frame_head_write (RFC 6455 section 5.2). Oracles: a
 * second decoder that takes the whole stream at once and is written to be
 * checked by eye; whole, bytewise and cut as the input says give the same
 * frames; writing a head that was read gives its bytes. */
#include "fuzz.h"

#include "plain_frame.h"

FUZZ_TARGET("frame");

struct heard {
    struct plain_frame frames[PLAIN_FRAMES_MAX];
    size_t count;
    uint8_t *payload; /* of all frames, joined */
    size_t payload_size;
    bool inside;      /* a frame is under way */
    bool idle;
};

static void hear(struct heard *h, const struct ws_frame_part *part, const uint8_t *data, size_t size)
{
    struct plain_frame *frame = &h->frames[h->count - !part->begins];
    must(h->inside != part->begins, "a part %s in the middle of nothing", part->begins ? "begins" : "goes on");
    if (part->begins) {
        must(h->count < PLAIN_FRAMES_MAX, "more frames than bytes allow");
        h->count++;
        *frame = (struct plain_frame){.head = part->head};
    }
    must(plain_same(&frame->head, &part->head), "the head changes inside of its frame");
    must(part->offset == frame->kept, "a part at %llu, not %llu", (unsigned long long)part->offset,
         (unsigned long long)frame->kept);
    must(part->length == 0 || (part->payload >= data && part->payload + part->length <= data + size),
         "payload outside of the caller's bytes");
    if (part->length != 0)
        memcpy(h->payload + h->payload_size, part->payload, part->length);
    h->payload_size += part->length;
    frame->kept += part->length;
    must(part->ends == (frame->kept == part->head.payload_length), "`ends` is %d after %llu of %llu bytes", part->ends,
         (unsigned long long)frame->kept, (unsigned long long)part->head.payload_length);
    h->inside = !part->ends;
}

/* Parses the stream in the given pieces, `capacity` parts at a time. */
static void parse(struct heard *h, enum ws_role receiver, const uint8_t *bytes, size_t size, struct fuzz_cut cut,
                  size_t capacity)
{
    struct ws_frame_parser parser;
    struct ws_frame_part parts[8];
    uint8_t *data;
    h->count = h->payload_size = 0;
    h->inside = false;
    h->payload = fuzz_copy(bytes, size);
    ws_frame_parser_init(&parser, receiver);
    struct fuzz_feed feed = fuzz_feed_begin(bytes, size, cut);
    for (size_t piece; (data = fuzz_feed_next(&feed, &piece)) != NULL;) {
        for (size_t used = 0, count; used < piece;) {
            size_t now = ws_frame_parse(&parser, data + used, piece - used, parts, capacity, &count);
            must(count <= capacity, "%zu parts where %zu fit", count, capacity);
            must(used + now == piece || (used + now < piece && count == capacity), "%zu of %zu bytes with room left",
                 used + now, piece);
            for (size_t i = 0; i < count; i++)
                hear(h, &parts[i], data, piece);
            used += now;
        }
    }
    h->idle = ws_frame_parser_idle(&parser);
}

static void compare(const struct heard *h, const struct plain_stream *plain, const char *how)
{
    must(h->count == plain->count, "%s: %zu frames, not %zu", how, h->count, plain->count);
    for (size_t i = 0; i < h->count; i++) {
        must(plain_same(&h->frames[i].head, &plain->frames[i].head),
             "%s: frame %zu has another head", how, i);
        must(h->frames[i].kept == plain->frames[i].kept, "%s: frame %zu has %llu bytes, not %llu", how, i,
             (unsigned long long)h->frames[i].kept, (unsigned long long)plain->frames[i].kept);
    }
    must(h->payload_size == plain->payload_size &&
             (h->payload_size == 0 || memcmp(h->payload, plain->payload, h->payload_size) == 0),
         "%s: another payload", how);
    must(h->idle == plain->idle, "%s: idle is %d", how, h->idle);
}

/* Each head as it was written stands in the stream where it was read. */
static void write_back(const struct plain_stream *plain, const uint8_t *bytes)
{
    for (size_t i = 0; i < plain->count; i++) {
        uint8_t out[WS_FRAME_HEAD_MAX];
        size_t size = ws_frame_head_write(&plain->frames[i].head, out);
        must(size == plain->frames[i].head.head_length && memcmp(out, bytes + plain->frames[i].at, size) == 0,
             "head %zu is not written as it was read", i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct plain_stream plain;
    static struct heard heard;
    static const char *const names[] = {"whole", "bytewise", "cut"};
    uint8_t options = fuzz_take(&data, &size);
    uint32_t seed = fuzz_take(&data, &size);
    enum ws_role receiver = options & 1 ? WS_CLIENT : WS_SERVER;

    if (size > PLAIN_FRAMES_MAX)
        return 0;
    fuzz_unit(options >> 1 & 7);
    plain_read(&plain, receiver, data, size);
    for (uint32_t way = 0; way < 3; way++) {
        parse(&heard, receiver, data, size, fuzz_cut_by(way < 2 ? way : 2 + seed), 1 + (options >> 5));
        compare(&heard, &plain, names[way]);
        free(heard.payload);
    }
    write_back(&plain, data);
    free(plain.payload);
    return 0;
}
