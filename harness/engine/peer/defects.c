/* See defects.h. */
#include "engine/peer/defects.h"

#include <string.h>

/* ---- frames that are sent ---- */

static bool is_data(const struct frame_order *order)
{
    return !ws_opcode_is_control(order->opcode);
}

bool send_long_length(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    order->form = WS_LENGTH_64;
    return true;
}

bool send_swapped_length(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->size > 125 && order->size <= UINT16_MAX && !order->compress) {
        order->claim = true;
        order->claimed_length = (order->size & 0xff) << 8 | order->size >> 8;
        order->form = WS_LENGTH_16;
    }
    return true;
}

bool send_rsv3(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (is_data(order))
        order->rsv |= 1;
    return true;
}

bool send_no_empty(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    return !is_data(order) || order->size != 0;
}

bool send_at_most_65535(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->size > UINT16_MAX)
        order->size = UINT16_MAX;
    return true;
}

bool send_masked(struct peer_conn *conn, struct frame_order *order)
{
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

    (void)conn;
    order->mask = MASK_KEY;
    memcpy(order->key, key, sizeof key);
    return true;
}

bool send_no_pong(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    return order->opcode != WS_PONG;
}

bool send_other_pong(struct peer_conn *conn, struct frame_order *order)
{
    uint8_t *stash = conn->memory.stash;

    if (order->opcode != WS_PONG || order->size == 0)
        return true;
    memcpy(stash, order->payload, order->size);
    stash[order->size - 1] ^= 1;
    order->payload = stash;
    return true;
}

bool send_short_pong(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_PONG && order->size > 124)
        order->size = 124;
    return true;
}

bool send_binary_as_text(struct peer_conn *conn, struct frame_order *order)
{
    if (order->opcode == WS_BINARY && conn->memory.started == WS_TEXT)
        order->opcode = WS_TEXT;
    return true;
}

bool send_text_as_binary(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_TEXT)
        order->opcode = WS_BINARY;
    return true;
}

bool send_without_bom(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_TEXT && order->size >= 3 && memcmp(order->payload, "\xef\xbb\xbf", 3) == 0) {
        order->payload += 3;
        order->size -= 3;
    }
    return true;
}

bool send_no_close(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    return order->opcode != WS_CLOSE;
}

bool send_1005_for_none(struct peer_conn *conn, struct frame_order *order)
{
    static const uint8_t code[] = {0x03, 0xed};

    (void)conn;
    if (order->opcode == WS_CLOSE && order->size == 0) {
        order->payload = code;
        order->size = sizeof code;
    }
    return true;
}

/* 1002, 1007 and 1009 are what the peer fails a connection with. */
static bool is_failure(const struct frame_order *order)
{
    unsigned code = order->size >= 2 ? (unsigned)order->payload[0] << 8 | order->payload[1] : 0;

    return code == 1002 || code == 1007 || code == 1009;
}

/* Goes with stash_close. */
bool send_close_as_it_came(struct peer_conn *conn, struct frame_order *order)
{
    if (order->opcode == WS_CLOSE && conn->memory.stashed != 0 && !is_failure(order)) {
        order->payload = conn->memory.stash;
        order->size = conn->memory.stashed;
    }
    return true;
}

bool send_without_rsv1(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    order->rsv1_off = true;
    return true;
}

bool send_pong_with_rsv1(struct peer_conn *conn, struct frame_order *order)
{
    if (order->opcode == WS_PONG && endpoint_deflate(conn->endpoint))
        order->rsv = 4;
    return true;
}

/* ---- frames that are read ---- */

void read_no_top_bit(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.payload_length <= INT64_MAX)
        return;
    frame->keep = frame->head.payload_length &= INT64_MAX;
    frame->head.length_form = WS_LENGTH_MINIMAL;
}

void read_no_rsv(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->head.rsv = 0;
}

void drop_reserved_data(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->dropped = frame->head.opcode > WS_BINARY && frame->head.opcode < WS_CLOSE;
}

void drop_reserved_control(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->dropped = frame->head.opcode > WS_PONG;
}

void drop_empty_fragment(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->dropped = frame->head.opcode == WS_CONTINUATION && frame->head.payload_length == 0;
}

void read_unmasked(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->head.masked = 1; /* with a key of zeros, when there was none */
}

void read_with_first_key(struct peer_conn *conn, struct read_frame *frame)
{
    memcpy(frame->head.masking_key, conn->memory.key, sizeof conn->memory.key);
}

void read_fragment_as_message(struct peer_conn *conn, struct read_frame *frame)
{
    if (ws_opcode_is_control(frame->head.opcode))
        return;
    if (frame->head.opcode == WS_CONTINUATION && conn->memory.started != 0)
        frame->head.opcode = conn->memory.started;
    frame->head.fin = 1;
}

void read_continuation_as_start(struct peer_conn *conn, struct read_frame *frame)
{
    if (frame->head.opcode == WS_CONTINUATION && !conn->memory.in_message)
        frame->head.opcode = WS_TEXT;
}

void read_start_as_continuation(struct peer_conn *conn, struct read_frame *frame)
{
    if ((frame->head.opcode == WS_TEXT || frame->head.opcode == WS_BINARY) && conn->memory.in_message)
        frame->head.opcode = WS_CONTINUATION;
}

void read_long_control(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (!ws_opcode_is_control(frame->head.opcode) || frame->head.payload_length <= 125)
        return;
    frame->keep = frame->head.payload_length = 125;
    frame->head.length_form = WS_LENGTH_7;
}

void read_fragmented_control(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (ws_opcode_is_control(frame->head.opcode))
        frame->head.fin = 1;
}

void read_text_as_binary(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.opcode == WS_TEXT)
        frame->head.opcode = WS_BINARY;
}

/* Reads no more than `keep` bytes of a Close that is `size` long or longer. */
static void cut_close(struct read_frame *frame, uint64_t size, uint64_t keep)
{
    uint64_t length = frame->head.payload_length;

    if (frame->head.opcode == WS_CLOSE && length >= size && length <= 125)
        frame->keep = frame->head.payload_length = keep;
}

void read_short_close(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.payload_length == 1)
        cut_close(frame, 1, 0);
}

void read_no_close_reason(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    cut_close(frame, 3, 2);
}

void stash_close(struct peer_conn *conn, const struct ws_frame_part *part)
{
    struct peer_memory *memory = &conn->memory;

    if (part->head.opcode != WS_CLOSE || part->offset + part->length > sizeof memory->stash)
        return;
    if (part->length != 0)
        memcpy(memory->stash + part->offset, part->payload, part->length);
    memory->stashed = (size_t)part->offset + part->length;
}

/* Stashes the code that came and reads 1000 in its place. */
void read_any_close_code(struct peer_conn *conn, const struct ws_frame_part *part)
{
    static const uint8_t code[] = {0x03, 0xe8};

    stash_close(conn, part);
    for (size_t i = 0; part->head.opcode == WS_CLOSE && i < part->length && part->offset + i < sizeof code; i++)
        part->payload[i] = code[part->offset + i];
}

void refuse_cut_character(struct peer_conn *conn, const struct ws_frame_part *part)
{
    struct ws_utf8 *utf8 = &conn->memory.utf8;

    if (ws_opcode_is_control(part->head.opcode) || conn->memory.started != WS_TEXT ||
        endpoint_deflate(conn->endpoint))
        return;
    ws_utf8_feed(utf8, part->payload, part->length);
    if (part->ends && !ws_utf8_complete(utf8))
        peer_conn_close(conn, 1007);
    if (part->ends)
        *utf8 = (struct ws_utf8){0};
}

/* The first block of a compressed message says BFINAL; see lose_behind_bfinal. */
void note_bfinal(struct peer_conn *conn, const struct ws_frame_part *part)
{
    bool compressed = (part->head.rsv & 4) != 0;

    if (compressed && part->offset == 0 && part->length != 0 && (part->payload[0] & 1) != 0 &&
        conn->memory.step == 0)
        conn->memory.step = 1;
}

/* ---- what has happened ---- */

bool lose_behind_bfinal(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->kind != WS_EVENT_MESSAGE || !event->compressed)
        return false;
    if (conn->memory.step == 2)
        return true;
    if (conn->memory.step == 1 && event->last)
        conn->memory.step = 2;
    return false;
}

bool forget_message_at_ping(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->kind == WS_EVENT_PING)
        buf_clear(&conn->message);
    return false;
}

static void send_stashed_pong(struct peer_conn *conn)
{
    if (!conn->memory.has_stash)
        return;
    conn->memory.has_stash = false;
    peer_conn_send(conn, &(struct frame_order){
                             .opcode = WS_PONG,
                             .payload = conn->memory.stash,
                             .size = conn->memory.stashed,
                         });
}

bool answer_ping_late(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->kind == WS_EVENT_MESSAGE && event->last)
        send_stashed_pong(conn);
    if (event->kind != WS_EVENT_PING || conn->opcode == 0)
        return false;
    if (event->size != 0)
        memcpy(conn->memory.stash, event->data, event->size);
    conn->memory.stashed = event->size;
    conn->memory.has_stash = true;
    return true;
}

static bool close_if(struct peer_conn *conn, bool condition, uint16_t code)
{
    if (condition)
        peer_conn_close(conn, code);
    return condition;
}

bool refuse_pong(struct peer_conn *conn, const struct ws_event *event)
{
    return close_if(conn, event->kind == WS_EVENT_PONG, 1002);
}

bool refuse_four_bytes(struct peer_conn *conn, const struct ws_event *event)
{
    bool four = false;

    if (event->kind == WS_EVENT_MESSAGE && event->opcode == WS_TEXT)
        for (size_t i = 0; i < event->size; i++)
            four |= event->data[i] >= 0xf0;
    return close_if(conn, four, 1007);
}

bool refuse_ping_in_compressed(struct peer_conn *conn, const struct ws_event *event)
{
    return close_if(conn, event->kind == WS_EVENT_PING && conn->opcode != 0 && conn->compressed, 1002);
}

bool refuse_plain(struct peer_conn *conn, const struct ws_event *event)
{
    return close_if(conn, event->kind == WS_EVENT_MESSAGE && !event->compressed &&
                              endpoint_deflate(conn->endpoint), 1002);
}

static bool must_fail(const struct ws_event *event)
{
    return event->kind == WS_EVENT_VIOLATION &&
           ws_violation_get(event->violation)->reaction == WS_REACT_FAIL;
}

bool fail_with_1006(struct peer_conn *conn, const struct ws_event *event)
{
    return close_if(conn, must_fail(event), 1006);
}

bool fail_not(struct peer_conn *conn, const struct ws_event *event)
{
    if (must_fail(event))
        endpoint_discard(conn->endpoint);
    return must_fail(event);
}

/* ---- the end ---- */

bool send_close_again(struct peer_conn *conn)
{
    static const uint8_t code[] = {0x03, 0xe8};

    peer_conn_send(conn, &(struct frame_order){.opcode = WS_CLOSE, .payload = code, .size = sizeof code});
    return false;
}

bool end_with_reset(struct peer_conn *conn)
{
    endpoint_reset(conn->endpoint);
    return false;
}

bool end_never(struct peer_conn *conn)
{
    (void)conn;
    return true;
}

bool end_with_message(struct peer_conn *conn)
{
    static const uint8_t text[] = "one more thing";

    peer_conn_send(conn, &(struct frame_order){.opcode = WS_TEXT, .payload = text, .size = sizeof text - 1});
    return false;
}
