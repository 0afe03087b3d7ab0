/* One direction of a connection: bytes go on as they came, in the same pieces
 * where nothing is done to them. Frames are cut only to know where they are. */
#include "engine/proxy/inside.h"

#include "base/limits.h"
#include "wire/mask.h"

#include <string.h>

/* ---- out ---- */

void way_write(struct proxy_way *way, const void *bytes, size_t size)
{
    struct layer *sink = way_sink(way);
    if (size == 0 || way->shut || sink == NULL)
        return;
    layer_write(sink, bytes, size);
    struct layer *source = way_source(way);
    if (!way->choked && source != NULL && layer_queued(sink) > PROXY_QUEUE) {
        way->choked = true;
        layer_pause(source, true);
    }
}

static bool held_up(const struct proxy_way *way)
{
    return way->block != NULL || way->stage == WAY_WAITS;
}

/* Reads the source again when nothing stands against it. */
static void read_again(struct proxy_way *way)
{
    struct layer *source = way_source(way);
    bool pause = way->choked || (held_up(way) && way->rest.size > PROXY_QUEUE);
    if (source != NULL && !way->conn->over)
        layer_pause(source, pause);
}

void way_drained(struct proxy_way *way)
{
    if (!way->choked)
        return;
    way->choked = false;
    read_again(way);
}

/* The source's end goes on, behind all that it sent. */
static void pass_end(struct proxy_way *way)
{
    struct layer *sink = way_sink(way);
    if (!way->ended || way->finished || way->block != NULL || way->rest.size != 0)
        return;
    way_write(way, way->head.data, way->head.size); /* unfinished, as it stands */
    way_write(way, way->cutter.pending, way->cutter.pending_size);
    way_write(way, way->held.data, way->held.size);
    way_write(way, way->kept.data, way->pass ? 0 : way->kept.size);
    way_write(way, way->late.data, way->late.size);
    way->finished = true;
    if (sink != NULL)
        layer_finish(sink, way->end == LAYER_CUT ? FINISH_ABRUPT : FINISH_CLEAN);
}

void way_end(struct proxy_way *way, enum layer_end end)
{
    struct proxy_conn *conn = way->conn;
    way->ended = true;
    way->end = end;
    if (way->up && conn->own != NULL) /* nobody is behind it */
        conn_way(conn, false)->ended = true;
    pass_end(way);
    if (way->up && conn->own != NULL)
        conn_finish_client(conn);
}

void way_release(struct proxy_way *way)
{
    struct buf *all[] = {&way->head, &way->rest, &way->held, &way->kept, &way->late, &way->seen, &way->close};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_free(all[i]);
    timer_stop(way->block);
    way->block = NULL;
}

/* ---- frames of our own ---- */

static void close_now(struct proxy_way *way)
{
    way_write(way, way->close.data, way->close.size);
    buf_free(&way->close);
    way->shut = true;
}

void way_send(struct proxy_way *way, enum ws_opcode opcode, const void *bytes, size_t size)
{
    struct proxy_conn *conn = way->conn;
    uint8_t key[4], out[WS_FRAME_HEAD_MAX];
    struct buf frame;
    buf_init(&frame, 0);
    prng_fill(&conn->random, key, sizeof key);
    struct ws_frame_head head = ws_frame_head_make(opcode, size, way->up ? key : NULL);
    buf_append(&frame, out, ws_frame_head_write(&head, out));
    size_t begin = frame.size;
    if (buf_append(&frame, bytes, size) && way->up && size != 0)
        ws_mask(frame.data + begin, size, key, 0);
    if (opcode != WS_CLOSE) {
        way_write(way, frame.data, frame.size);
        buf_free(&frame);
        return;
    }
    buf_free(&way->close);
    way->close = frame;
    conn_end_soon(conn);
    if (way->stage == WAY_FRAMES && frame_cutter_idle(&way->cutter))
        close_now(way);
}

/* ---- frames on their way ---- */

static bool is_data(const struct proxy_way *way)
{
    return !ws_opcode_is_control(way->cutter.head.opcode);
}

/* Which fault wants the message that begins? */
static struct armed *who_wants(struct proxy_way *way)
{
    struct armed *found = NULL;
    for (struct armed *a = way->conn->armed; a != NULL; a = a->next) {
        if (a->done || a->fault == NULL || a->fault->message == NULL || !(way->up ? a->up : a->down))
            continue;
        uint64_t number = ++a->seen[way->up];
        if (found == NULL && rule_has(&step_setting(a->step, SLOT_NTH)->value, number))
            found = a;
    }
    return found;
}

static void message_begins(struct proxy_way *way)
{
    way->in_message = true;
    way->pass = true;
    way->keep = false;
    way->kept.limit = LIMIT_MESSAGE_BYTES;
    way->by = way->conn->armed == NULL ? NULL : who_wants(way);
    if (way->by != NULL)
        way->by->fault->message(way, way->by);
}

static void write_late(struct proxy_way *way)
{
    way_write(way, way->late.data, way->late.size);
    buf_free(&way->late);
}

static void message_ends(struct proxy_way *way)
{
    struct armed *by = way->by;
    bool had_late = way->late.size != 0;
    way->in_message = false;
    way->by = NULL;
    way->flow.messages++;
    if (by != NULL && by->fault->message_over != NULL)
        by->fault->message_over(way, by);
    else if (by == NULL && !way->pass)
        way_write(way, way->kept.data, way->kept.size); /* its fault was taken away meanwhile */
    if (had_late)
        write_late(way);
    buf_free(&way->kept);
    way->pass = true;
    way->keep = false;
}

static void see_payload(struct proxy_way *way, const struct frame_bit *bit)
{
    size_t keep = way->conn->proxy->config.watch.keep, begin = way->seen.size;
    size_t room = keep > begin ? keep - begin : 0, size = bit->size < room ? bit->size : room;
    if (size == 0 || !buf_append(&way->seen, bit->bytes, size))
        return;
    if (way->cutter.head.masked)
        ws_mask(way->seen.data + begin, size, way->cutter.head.masking_key, bit->offset);
}

static void see_frame(struct proxy_way *way)
{
    struct proxy_conn *conn = way->conn;
    if (!conn->proxy->config.watch.frames)
        return;
    proxy_say(conn->proxy, (struct proxy_event){
                               .kind = PROXY_FRAME, .connection = conn->number, .upstream = way->up,
                               .head = way->cutter.head, .bytes = way->seen.data, .size = way->seen.size,
                               .whole = way->cutter.head.payload_length,
                               .text = way->shut                        ? "not passed on"
                                       : way->by != NULL && is_data(way) ? way->by->fault->did
                                                                         : "",
                           });
    buf_clear(&way->seen);
    if (way->seen.capacity > LIMIT_TRACE_BYTES)
        buf_free(&way->seen);
}

/* The client answers a Close of ours: TCP ends, as a server ends it (RFC 6455 section 7.1.1). */
static void closing(struct proxy_way *way)
{
    struct proxy_conn *conn = way->conn;
    if (way->up && way->cutter.head.opcode == WS_CLOSE && conn->down.shut)
        conn_finish_client(conn);
}

static void frame_ends(struct proxy_way *way)
{
    const struct ws_frame_head *head = &way->cutter.head;
    way->flow.frames++;
    see_frame(way);
    if (is_data(way) && head->fin && way->in_message)
        message_ends(way);
    closing(way);
    if (way->close.size != 0 && !way->shut)
        close_now(way);
}

/* A head is to go: does a fault take it? */
static bool head_is_taken(struct proxy_way *way, const struct frame_bit *bit)
{
    for (struct armed *a = way->conn->armed; a != NULL; a = a->next)
        if (!a->done && a->fault != NULL && a->fault->frame != NULL && (way->up ? a->up : a->down) &&
            a->fault->frame(way, a, bit->bytes, bit->size))
            return true;
    return false;
}

/* Bytes of the run that were not written yet. */
struct run { const uint8_t *bytes; size_t size; };

static void write_run(struct proxy_way *way, struct run *run)
{
    way_write(way, run->bytes, run->size);
    run->size = 0;
}

static void run_add(struct proxy_way *way, struct run *run, const struct frame_bit *bit)
{
    if (run->size != 0 && run->bytes + run->size != bit->bytes)
        write_run(way, run);
    if (run->size == 0)
        run->bytes = bit->bytes;
    run->size += bit->size;
    if (bit->bytes == way->cutter.pending) /* will be written over */
        write_run(way, run);
}

/* Where the bit goes: on, to be kept, both, or nowhere. */
static void bit_goes(struct proxy_way *way, struct run *run, const struct frame_bit *bit)
{
    bool ours = is_data(way) && way->in_message;
    if (ours && way->keep && !buf_append(&way->kept, bit->bytes, bit->size)) {
        conn_note(way->conn, PROXY_NOTE, "a message over %u MiB cannot be kept: it passes as it is",
                  LIMIT_MESSAGE_BYTES >> 20);
        way->keep = false;
        if (!way->pass) {
            write_run(way, run);
            way_write(way, way->kept.data, way->kept.size);
        }
        way->pass = true;
        way->by = NULL;
        buf_free(&way->kept);
    }
    if (!ours || way->pass)
        run_add(way, run, bit);
}

/* One bit of a frame. False: what is behind it has to wait, or the connection is over. */
static bool take_bit(struct proxy_way *way, struct run *run, const struct frame_bit *bit)
{
    struct proxy_conn *conn = way->conn;
    if (bit->begins && conn->armed != NULL) {
        write_run(way, run);
        if (head_is_taken(way, bit))
            return !conn->over;
    }
    if (bit->begins && is_data(way) && !way->in_message)
        message_begins(way);
    if (conn->over)
        return false;
    if (bit->begins && way->block != NULL)
        buf_append(&way->held, bit->bytes, bit->size);
    else
        bit_goes(way, run, bit);
    way->flow.bytes += bit->size;
    if (!bit->begins)
        see_payload(way, bit);
    if (bit->ends) {
        if (way->by != NULL || way->close.size != 0 || way->late.size != 0 || conn->patience != NULL)
            write_run(way, run);
        frame_ends(way);
    }
    if (conn->counting != 0 && !conn->over) {
        write_run(way, run);
        play_passed(conn);
    }
    return !conn->over && way->block == NULL;
}

static size_t take_frames(struct proxy_way *way, const uint8_t *bytes, size_t size)
{
    struct run run = {0};
    size_t at = 0;
    bool go_on = true;
    while (at < size && go_on) {
        struct frame_bit bit;
        at += frame_cutter_next(&way->cutter, bytes + at, size - at, &bit);
        if (bit.size != 0)
            go_on = take_bit(way, &run, &bit);
    }
    if (!way->conn->over)
        write_run(way, &run);
    return at;
}

/* ---- in ---- */

static size_t take(struct proxy_way *way, const uint8_t *bytes, size_t size)
{
    switch (way->stage) {
    case WAY_HEAD:
        return way_take_head(way, bytes, size);
    case WAY_FRAMES:
        return take_frames(way, bytes, size);
    default:
        way->flow.bytes += size;
        way_write(way, bytes, size);
        if (way->conn->counting != 0)
            play_passed(way->conn);
        return size;
    }
}

void way_feed(struct proxy_way *way, const uint8_t *bytes, size_t size)
{
    struct proxy_conn *conn = way->conn;
    if (way->up && conn->own != NULL && way->shut)
        return; /* the answer was given, or never will be */
    if (way->rest.size != 0) { /* in order */
        buf_append(&way->rest, bytes, size);
        read_again(way);
        return;
    }
    while (size != 0 && !conn->over && !held_up(way)) {
        size_t used = take(way, bytes, size);
        bytes += used;
        size -= used;
    }
    if (conn->over || size == 0)
        return;
    buf_append(&way->rest, bytes, size);
    read_again(way);
}

void way_go_on(struct proxy_way *way)
{
    struct proxy_conn *conn = way->conn;
    if (held_up(way) || conn->over)
        return;
    way_write(way, way->held.data, way->held.size);
    buf_free(&way->held);
    struct buf rest = way->rest;
    way->rest = (struct buf){0};
    if (rest.size != 0)
        way_feed(way, rest.data, rest.size);
    buf_free(&rest);
    if (conn->over)
        return;
    read_again(way);
    pass_end(way);
}

static void block_over(void *arg)
{
    struct proxy_way *way = arg;
    struct proxy_conn *conn = way->conn;
    conn_enter(conn);
    way->block = NULL;
    way_go_on(way);
    conn_settle(conn);
    conn_leave(conn);
}

void way_hold_up(struct proxy_way *way, uint64_t time_ns)
{
    timer_stop(way->block);
    way->block = timer_start(way->conn->proxy->loop, time_ns, block_over, way);
    read_again(way);
}

void way_begin(struct proxy_way *way, enum way_stage stage)
{
    way->stage = stage;
    if (stage == WAY_FRAMES && way->close.size != 0 && !way->shut)
        close_now(way);
}
