/* Frames: parsed and unmasked in place, against wslay's frame API, memcpy and
 * a loop that reads, changes and writes the same bytes in place. */
#include "bench.h"
#include "in_place.h"

#include "base/prng.h"
#include "wire/frame.h"
#include "wire/mask.h"
#include "wire/utf8.h"

#include <wslay/wslay.h>

enum { BATCH = 64, CUTS = 1 << 16 };

struct work {
    uint8_t *original, *bytes;
    size_t size, frames;
    enum ws_role receiver;
    bool utf8;             /* check the text, message by message */
    const size_t *pieces;  /* NULL: whole */
    size_t at;             /* wslay: how far it has read */
};

static void restore(void *context)
{
    struct work *w = context;
    memcpy(w->bytes, w->original, w->size);
    w->at = 0;
}

/* ---- subjects ---- */

static void check_text(struct ws_utf8 *text, const struct ws_frame_part *part)
{
    if (part->ascii && text->state == 0)
        return;
    if (ws_utf8_feed(text, part->payload, part->length) != part->length)
        abort();
    if (part->ends && part->head.fin) {
        if (!ws_utf8_complete(text))
            abort();
        *text = (struct ws_utf8){0};
    }
}

static size_t parse_piece(struct ws_frame_parser *parser, struct ws_utf8 *text, const struct work *w,
                          uint8_t *bytes, size_t size)
{
    struct ws_frame_part parts[BATCH];
    size_t frames = 0;

    for (size_t at = 0, count; at < size;) {
        at += ws_frame_parse(parser, bytes + at, size - at, parts, BATCH, &count);
        for (size_t i = 0; i < count && w->utf8; i++)
            check_text(text, &parts[i]);
        frames += count;
    }
    return frames;
}

static void run_ours(void *context)
{
    struct work *w = context;
    struct ws_frame_parser parser;
    struct ws_utf8 text = {0};
    size_t frames = 0;

    ws_frame_parser_init(&parser, w->receiver);
    for (size_t at = 0, i = 0, size; at < w->size; at += size) {
        size = w->size - at;
        if (w->pieces && w->pieces[i % CUTS] < size)
            size = w->pieces[i++ % CUTS];
        frames += parse_piece(&parser, &text, w, w->bytes + at, size);
    }
    if (frames < w->frames)
        abort();
}

static ssize_t wslay_reads(uint8_t *out, size_t size, int flags, void *context)
{
    struct work *w = context;
    (void)flags;
    if (size > w->size - w->at)
        size = w->size - w->at;
    memcpy(out, w->bytes + w->at, size);
    w->at += size;
    return size ? (ssize_t)size : -1;
}

static void run_wslay(void *context)
{
    struct work *w = context;
    struct wslay_frame_callbacks callbacks = {.recv_callback = wslay_reads};
    struct wslay_frame_iocb part;
    wslay_frame_context_ptr wslay;
    size_t frames = 0;

    if (wslay_frame_context_init(&wslay, &callbacks, w) != 0)
        abort();
    for (memset(&part, 0, sizeof part); wslay_frame_recv(wslay, &part) >= 0; memset(&part, 0, sizeof part))
        frames++;
    if (frames < w->frames)
        abort();
    wslay_frame_context_free(wslay);
}

static uint8_t *memcpy_target;

static void run_memcpy(void *context)
{
    struct work *w = context;
    memcpy(memcpy_target, w->bytes, w->size);
    bench_sink += memcpy_target[w->size / 2];
}

static void run_in_place(void *context)
{
    struct work *w = context;
    in_place_change(w->bytes, w->size);
}

/* ---- data ---- */

struct row {
    const char *name;
    size_t least, most;    /* payload bytes */
    const char *letter;    /* text of these; NULL: binary */
    bool masked, fragmented;
    size_t piece_most;     /* 0: whole */
    double goal_wslay, goal_in_place, goal_memcpy;
};

static void fill(uint8_t *payload, size_t size, const char *letter, struct prng *random)
{
    if (!letter) {
        prng_fill(random, payload, size);
        return;
    }
    size_t width = strlen(letter), at = 0;
    for (; at + width <= size; at += width)
        memcpy(payload + at, letter, width);
    memset(payload + at, 'x', size - at);
}

/* As many frames as fill a quarter of a megabyte, of large ones four. */
static struct work make(const struct row *row, struct prng *random)
{
    size_t room = row->most >= 1 << 20 ? 4 << 20 : 256 << 10;
    struct work w = {.receiver = row->masked ? WS_SERVER : WS_CLIENT, .utf8 = row->letter};
    bool inside = false;

    w.original = bench_memory(room + WS_FRAME_HEAD_MAX + row->most);
    while (w.size < room) {
        size_t length = row->least + (size_t)prng_below(random, row->most - row->least + 1);
        uint8_t key[4];
        prng_fill(random, key, 4);
        struct ws_frame_head head = ws_frame_head_make(row->letter ? WS_TEXT : WS_BINARY, length,
                                                       row->masked ? key : NULL);
        if (row->fragmented) {
            if (inside)
                head.opcode = WS_CONTINUATION;
            head.fin = prng_below(random, 4) == 0;
            inside = !head.fin;
        }
        w.size += ws_frame_head_write(&head, w.original + w.size);
        uint8_t *payload = w.original + w.size;
        fill(payload, length, row->letter, random);
        if (row->masked)
            ws_mask(payload, length, key, 0);
        w.size += length;
        w.frames++;
    }
    w.bytes = bench_memory(w.size);
    return w;
}

static const size_t *pieces_make(size_t most, struct prng *random)
{
    size_t *pieces = bench_memory(CUTS * sizeof *pieces);
    for (size_t i = 0; i < CUTS; i++)
        pieces[i] = 1 + (size_t)prng_below(random, most);
    return pieces;
}

static void measure(const struct row *row)
{
    struct prng random = prng_stream(1, row->name);
    struct work w = make(row, &random);
    struct bench_subject s[] = {
        {"wsgauntlet", restore, run_ours, &w, 0},
        {"wslay", restore, run_wslay, &w, 0},
        {"in place", restore, run_in_place, &w, 0},
        {"memcpy", restore, run_memcpy, &w, 0},
    };

    if (row->piece_most)
        w.pieces = pieces_make(row->piece_most, &random);
    memcpy_target = bench_memory(w.size);
    bench_run(s, sizeof s / sizeof *s);
    printf("%-30s %9.2f ns a frame (wslay %.1f, in place %.2f, memcpy %.2f)\n", row->name,
           s[0].best / (double)w.frames, s[1].best / (double)w.frames, s[2].best / (double)w.frames,
           s[3].best / (double)w.frames);
    if (!row->letter)
        bench_line("", s[0].best, s[1].best, "wslay", row->goal_wslay);
    if (row->goal_in_place > 0)
        bench_line("", s[0].best, s[2].best, "in place", row->goal_in_place);
    if (row->goal_memcpy > 0)
        bench_line("", s[0].best, s[3].best, "memcpy", row->goal_memcpy);
    free(w.original);
    free(w.bytes);
    free(memcpy_target);
    free((void *)w.pieces);
}

#define CHINESE "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97\xe7\xac\xa6"
#define EMOJI "\xf0\x9f\x98\x80 \xf0\x9f\x8e\x89 ok "

static const struct row rows[] = {
    {"masked 0", 0, 0, NULL, true, false, 0, 1.8, 0, 0},
    {"masked 16", 16, 16, NULL, true, false, 0, 4.5, 0, 0},
    {"masked 125", 125, 125, NULL, true, false, 0, 25, 0, 0},
    {"masked mixed 0-125", 0, 125, NULL, true, false, 0, 14, 0, 0},
    {"masked 1 KiB", 1024, 1024, NULL, true, false, 0, 60, 0, 0},
    {"masked 64 KiB", 65536, 65536, NULL, true, false, 0, 85, 0.95, 0},
    {"masked 1 MiB", 1 << 20, 1 << 20, NULL, true, false, 0, 0, 0.95, 0},
    {"masked mixed, fragmented", 0, 125, NULL, true, true, 0, 0, 0, 0},
    {"masked mixed, cut 1-100", 0, 125, NULL, true, false, 100, 0, 0, 0},
    {"masked mixed, cut 1-4096", 0, 125, NULL, true, false, 4096, 0, 0, 0},
    {"masked 64 KiB, cut 1-4096", 65536, 65536, NULL, true, false, 4096, 0, 0, 0},
    {"unmasked 0", 0, 0, NULL, false, false, 0, 2.3, 0, 0},
    {"unmasked 16", 16, 16, NULL, false, false, 0, 2.3, 0, 0},
    {"unmasked 125", 125, 125, NULL, false, false, 0, 2.3, 0, 0},
    {"ASCII text 16", 16, 16, "a", true, false, 0, 0, 0, 0.09},
    {"ASCII text 125", 125, 125, "a", true, false, 0, 0, 0, 0.38},
    {"ASCII text mixed 0-125", 0, 125, "a", true, false, 0, 0, 0, 0.26},
    {"ASCII text 1 KiB", 1024, 1024, "a", true, false, 0, 0, 0, 1.25},
    {"ASCII text 64 KiB", 65536, 65536, "a", true, false, 0, 0, 0.95, 1.9},
    {"ASCII text 1 MiB", 1 << 20, 1 << 20, "a", true, false, 0, 0, 0.95, 2.3},
    {"Chinese text 125", 125, 125, CHINESE, true, false, 0, 0, 0, 0},
    {"Chinese text 64 KiB", 65536, 65536, CHINESE, true, false, 0, 0, 0, 0.25},
    {"emoji text 64 KiB", 65536, 65536, EMOJI, true, false, 0, 0, 0, 0.25},
};

int main(int argc, char **argv)
{
    if (argc > 1 && !ws_simd_force(argv[1])) {
        fprintf(stderr, "%s: this machine has no %s\n", argv[0], argv[1]);
        return 2;
    }
    printf("frames, %s\n", ws_simd_name());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (argc < 3 || strstr(rows[i].name, argv[2]))
            measure(&rows[i]);
    return 0;
}
