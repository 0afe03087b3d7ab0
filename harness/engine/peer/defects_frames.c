/* Deliberate defects in reading frames and in what is done about them. One row
 * of peer_faults.def each; what a careless reader believes to have read is told
 * by peer_conn.h. */
#include "engine/peer/defects_server.h"

#include <string.h>

/* ---- heads ---- */

static bool is_control(const struct read_frame *frame)
{
    return ws_opcode_is_control(frame->head.opcode);
}

static bool is_reserved(const struct read_frame *frame)
{
    uint8_t opcode = frame->head.opcode;

    return (opcode > WS_BINARY && opcode < WS_CLOSE) || opcode > WS_PONG;
}

void read_no_control_rsv(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (is_control(frame))
        frame->head.rsv = 0;
}

void read_no_continuation_rsv(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.opcode == WS_CONTINUATION)
        frame->head.rsv = 0;
}

void drop_rsv(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->dropped = frame->head.rsv != 0 && !endpoint_deflate(conn->endpoint);
}

void drop_reserved_inside(struct peer_conn *conn, struct read_frame *frame)
{
    frame->dropped = conn->memory.in_message && is_reserved(frame);
}

void read_reserved_as_text(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (is_reserved(frame))
        frame->head.opcode = WS_TEXT;
}

void read_unmasked_control(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (is_control(frame))
        frame->head.masked = 1;
}

void read_unmasked_empty(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.payload_length == 0)
        frame->head.masked = 1;
}

void read_unmasked_later(struct peer_conn *conn, struct read_frame *frame)
{
    if (conn->memory.frames > 1)
        frame->head.masked = 1;
}

void drop_continuation_alone(struct peer_conn *conn, struct read_frame *frame)
{
    frame->dropped = frame->head.opcode == WS_CONTINUATION && !conn->memory.in_message;
}

void read_long_form(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    frame->head.length_form = WS_LENGTH_MINIMAL;
}

void refuse_zero_key(struct peer_conn *conn, struct read_frame *frame)
{
    static const uint8_t zero[4];

    if (frame->head.masked && memcmp(frame->head.masking_key, zero, sizeof zero) == 0)
        peer_conn_close(conn, 1002);
}

/* A signed length that is too large is none. */
void read_huge_as_empty(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.payload_length <= INT32_MAX)
        return;
    frame->keep = frame->head.payload_length = 0;
    frame->head.length_form = WS_LENGTH_MINIMAL;
}

void reserve_announced(struct peer_conn *conn, struct read_frame *frame)
{
    conn->memory.reserved += frame->head.payload_length;
}

void reserve_each_frame(struct peer_conn *conn, struct read_frame *frame)
{
    (void)frame;
    conn->memory.reserved += 256u << 10;
}

void drop_interleaved(struct peer_conn *conn, struct read_frame *frame)
{
    frame->dropped = conn->memory.in_message && (frame->head.opcode == WS_TEXT || frame->head.opcode == WS_BINARY);
}

/* Takes a frame that is larger than its buffer for one that fills it. */
void read_at_most_64k(struct peer_conn *conn, struct read_frame *frame)
{
    (void)conn;
    if (frame->head.payload_length > 65535 && frame->head.payload_length < INT32_MAX)
        frame->keep = frame->head.payload_length = 65535;
    frame->head.length_form = WS_LENGTH_MINIMAL;
}

/* ---- payloads ---- */

/* Goes on with the key where the fragment before it ended. */
void unmask_on_and_on(struct peer_conn *conn, const struct ws_frame_part *part)
{
    const uint8_t *key = part->head.masking_key;
    size_t shift = conn->memory.step % 4;

    if (part->head.opcode != WS_CONTINUATION && part->begins)
        conn->memory.step = 0, shift = 0;
    for (size_t i = 0; i < part->length && part->head.opcode == WS_CONTINUATION; i++)
        part->payload[i] ^= (uint8_t)(key[(part->offset + i) % 4] ^ key[(part->offset + i + shift) % 4]);
    if (part->ends && !ws_opcode_is_control(part->head.opcode))
        conn->memory.step += (unsigned)(part->offset + part->length);
}

/* The last one to three bytes stay as they are. */
void unmask_no_tail(struct peer_conn *conn, const struct ws_frame_part *part)
{
    (void)conn;
    for (size_t i = 0; i < part->length; i++)
        if (part->offset + i >= part->head.payload_length / 4 * 4)
            part->payload[i] ^= part->head.masking_key[(part->offset + i) % 4];
}

static void unmask_first(const struct ws_frame_part *part, uint64_t count)
{
    for (size_t i = 0; i < part->length; i++)
        if (part->offset + i >= count)
            part->payload[i] ^= part->head.masking_key[(part->offset + i) % 4];
}

void unmask_first_64(struct peer_conn *conn, const struct ws_frame_part *part)
{
    (void)conn;
    unmask_first(part, 64);
}

void unmask_first_4096(struct peer_conn *conn, const struct ws_frame_part *part)
{
    (void)conn;
    unmask_first(part, 4096);
}

/* ---- text that is mended instead of failed ---- */

static bool is_text(const struct peer_conn *conn, const struct ws_frame_part *part)
{
    bool goes_on = part->head.opcode == WS_CONTINUATION && conn->memory.started == WS_TEXT;

    return part->head.opcode == WS_TEXT || goes_on;
}

/* Replaces `size` bytes from `at` on. */
static void mend(const struct ws_frame_part *part, size_t at, size_t size)
{
    for (size_t i = at; i < at + size && i < part->length; i++)
        part->payload[i] = '?';
}

static bool follows(const struct ws_frame_part *part, size_t at)
{
    return at < part->length && (part->payload[at] & 0xc0) == 0x80;
}

/* What begins at `at` and goes on with continuation bytes. */
static void mend_character(const struct ws_frame_part *part, size_t at)
{
    size_t size = 1;

    while (follows(part, at + size) && size < 6)
        size++;
    mend(part, at, size);
}

void mend_lone(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i < part->length && is_text(conn, part); i++) {
        bool inside = i != 0 && part->payload[i - 1] >= 0x80;
        if (follows(part, i) && !inside)
            mend_character(part, i);
    }
}

/* Bytes that are in no UTF-8 at all. */
void mend_never(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i < part->length && is_text(conn, part); i++)
        if (part->payload[i] >= 0xfe)
            mend(part, i, 1);
}

void mend_surrogates(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i + 1 < part->length && is_text(conn, part); i++)
        if (part->payload[i] == 0xed && part->payload[i + 1] >= 0xa0)
            mend_character(part, i);
}

void mend_overlong(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i + 1 < part->length && is_text(conn, part); i++) {
        uint8_t first = part->payload[i], second = part->payload[i + 1];
        if (first == 0xc0 || first == 0xc1 || (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90))
            mend_character(part, i);
    }
}

void mend_too_high(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i + 1 < part->length && is_text(conn, part); i++) {
        uint8_t first = part->payload[i];
        if ((first == 0xf4 && part->payload[i + 1] >= 0x90) || (first > 0xf4 && first < 0xfe))
            mend_character(part, i);
    }
}

/* A start byte with fewer continuation bytes behind it than it wants. */
void mend_cut(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i < part->length && is_text(conn, part); i++) {
        uint8_t first = part->payload[i];
        size_t wants = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0, has = 0;
        while (has < wants && follows(part, i + has + 1))
            has++;
        if (has < wants)
            mend(part, i, has + 1);
    }
}

/* The checks end with the first 64 bytes of a frame. */
void mend_behind_64(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i < part->length && is_text(conn, part); i++)
        if (part->offset + i >= 64 && part->payload[i] >= 0x80)
            part->payload[i] = '?';
}

/* Only the first frame of a message is looked at. */
void mend_continuations(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i < part->length && part->head.opcode == WS_CONTINUATION; i++)
        if (part->payload[i] >= 0x80 && conn->memory.started == WS_TEXT)
            part->payload[i] = '?';
}

/* Only the first message of a connection is looked at. */
void mend_later_messages(struct peer_conn *conn, const struct ws_frame_part *part)
{
    for (size_t i = 0; i < part->length && conn->memory.frames > 1 && is_text(conn, part); i++)
        if (part->payload[i] >= 0x80)
            part->payload[i] = '?';
}

/* ---- Closes that are read as better than they are ---- */

static unsigned close_code(const struct ws_frame_part *part)
{
    bool whole = part->head.opcode == WS_CLOSE && part->offset == 0 && part->length >= 2;

    return whole ? part->payload[0] * 256u + part->payload[1] : 0;
}

static void read_code_as_1000(const struct ws_frame_part *part)
{
    part->payload[0] = 0x03;
    part->payload[1] = 0xe8;
}

void read_code_1004(struct peer_conn *conn, const struct ws_frame_part *part)
{
    (void)conn;
    if (close_code(part) == 1004)
        read_code_as_1000(part);
}

void read_codes_never_sent(struct peer_conn *conn, const struct ws_frame_part *part)
{
    unsigned code = close_code(part);

    (void)conn;
    if (code == 1005 || code == 1006 || code == 1015)
        read_code_as_1000(part);
}

void read_codes_unassigned(struct peer_conn *conn, const struct ws_frame_part *part)
{
    unsigned code = close_code(part);

    (void)conn;
    if ((code >= 1016 && code < 3000) || code >= 5000)
        read_code_as_1000(part);
}

void mend_reason(struct peer_conn *conn, const struct ws_frame_part *part)
{
    (void)conn;
    for (size_t i = 0; i < part->length && part->head.opcode == WS_CLOSE; i++)
        if (part->offset + i >= 2 && part->payload[i] >= 0x80)
            part->payload[i] = '?';
}

/* ---- what has happened ---- */

static bool fails_if(struct peer_conn *conn, bool so, uint16_t code)
{
    if (so)
        peer_conn_close(conn, code);
    return so;
}

static bool is_message(const struct ws_event *event, uint8_t opcode)
{
    return event->kind == WS_EVENT_MESSAGE && (opcode == 0 || event->opcode == opcode);
}

static bool has_controls(const struct ws_event *event)
{
    for (size_t i = 0; i < event->size; i++)
        if (event->data[i] < 0x20 || event->data[i] == 0x7f)
            return true;
    return false;
}

bool refuse_controls(struct peer_conn *conn, const struct ws_event *event)
{
    return fails_if(conn, is_message(event, WS_TEXT) && has_controls(event), 1007);
}

bool refuse_noncharacters(struct peer_conn *conn, const struct ws_event *event)
{
    bool found = false;

    for (size_t i = 1; i < event->size && is_message(event, WS_TEXT); i++)
        found |= event->data[i - 1] == 0xbf && event->data[i] >= 0xbe && event->data[i] <= 0xbf;
    return fails_if(conn, found, 1007);
}

bool refuse_three_bytes(struct peer_conn *conn, const struct ws_event *event)
{
    bool found = false;

    for (size_t i = 0; i < event->size && is_message(event, WS_TEXT); i++)
        found |= event->data[i] >= 0xe0;
    return fails_if(conn, found, 1007);
}

bool refuse_two_bytes(struct peer_conn *conn, const struct ws_event *event)
{
    bool found = false;

    for (size_t i = 0; i < event->size && is_message(event, WS_TEXT); i++)
        found |= event->data[i] >= 0x80;
    return fails_if(conn, found, 1007);
}

bool check_binary(struct peer_conn *conn, const struct ws_event *event)
{
    bool found = false;

    for (size_t i = 0; i < event->size && is_message(event, WS_BINARY); i++)
        found |= event->data[i] >= 0x80;
    return fails_if(conn, found, 1007);
}

static bool refuse_codes(struct peer_conn *conn, const struct ws_event *event, unsigned from, unsigned to)
{
    return fails_if(conn, event->kind == WS_EVENT_CLOSE && event->code >= from && event->code <= to, 1002);
}

bool refuse_library_codes(struct peer_conn *conn, const struct ws_event *event)
{
    return refuse_codes(conn, event, 3000, 3999);
}

bool refuse_private_codes(struct peer_conn *conn, const struct ws_event *event)
{
    return refuse_codes(conn, event, 4000, 4999);
}

bool refuse_registered_codes(struct peer_conn *conn, const struct ws_event *event)
{
    return refuse_codes(conn, event, 1012, 1014);
}

bool refuse_codes_but_1000(struct peer_conn *conn, const struct ws_event *event)
{
    return refuse_codes(conn, event, 1001, 1011) && event->code != 1005;
}

bool refuse_reason(struct peer_conn *conn, const struct ws_event *event)
{
    return fails_if(conn, event->kind == WS_EVENT_CLOSE && event->size != 0, 1002);
}

bool refuse_empty_close(struct peer_conn *conn, const struct ws_event *event)
{
    return fails_if(conn, event->kind == WS_EVENT_CLOSE && event->code == 1005, 1002);
}

bool answer_two_pings(struct peer_conn *conn, const struct ws_event *event)
{
    return event->kind == WS_EVENT_PING && ++conn->memory.step > 2;
}

bool ignore_binary_ping(struct peer_conn *conn, const struct ws_event *event)
{
    (void)conn;
    return event->kind == WS_EVENT_PING && event->size != 0 && has_controls(event);
}

bool answer_pong(struct peer_conn *conn, const struct ws_event *event)
{
    static const uint8_t payload[] = "and a pong for yours";

    if (event->kind == WS_EVENT_PONG)
        peer_conn_send(conn, &(struct frame_order){.opcode = WS_TEXT, .payload = payload, .size = sizeof payload - 1});
    return event->kind == WS_EVENT_PONG;
}

bool echo_three_messages(struct peer_conn *conn, const struct ws_event *event)
{
    if (is_message(event, 0) && event->first)
        conn->memory.step++;
    return is_message(event, 0) && conn->memory.step > 3;
}

bool echo_no_binary(struct peer_conn *conn, const struct ws_event *event)
{
    (void)conn;
    return is_message(event, WS_BINARY);
}

static bool breaks_off(const struct ws_event *event)
{
    return event->kind == WS_EVENT_VIOLATION && ws_violation_get(event->violation)->reaction == WS_REACT_FAIL;
}

bool fail_with_1000(struct peer_conn *conn, const struct ws_event *event)
{
    static const uint8_t payload[] = "whatever that was";

    if (breaks_off(event))
        peer_conn_send(conn, &(struct frame_order){.opcode = WS_TEXT, .payload = payload, .size = sizeof payload - 1});
    return fails_if(conn, breaks_off(event), 1000);
}

bool deaf_behind_failure(struct peer_conn *conn, const struct ws_event *event)
{
    if (breaks_off(event))
        peer_deafen(conn->owner);
    return false;
}

bool close_at_ping(struct peer_conn *conn, const struct ws_event *event)
{
    return fails_if(conn, event->kind == WS_EVENT_PING, 1001);
}

bool wait_for_more(struct peer_conn *conn, const struct ws_event *event)
{
    (void)conn; /* as if a limit made it wait instead of failing */
    return event->kind == WS_EVENT_VIOLATION && event->violation == WS_V_TOO_BIG;
}

bool answer_close_with_1001(struct peer_conn *conn, const struct ws_event *event)
{
    return fails_if(conn, event->kind == WS_EVENT_CLOSE && event->code != 1001, 1001);
}

void deaf_behind_loss(struct peer_conn *conn)
{
    peer_deafen(conn->owner);
}

void mark_loss(struct peer_conn *conn)
{
    *peer_mark(conn->owner) = 1;
}

bool lose_behind_loss(struct peer_conn *conn, const struct ws_event *event)
{
    return *peer_mark(conn->owner) != 0 && (is_message(event, 0) || event->kind == WS_EVENT_PING);
}

static void answer_stashed_close(struct peer_conn *conn)
{
    peer_conn_close(conn, (uint16_t)conn->memory.stashed);
}

bool answer_close_late(struct peer_conn *conn, const struct ws_event *event)
{
    if (event->kind != WS_EVENT_CLOSE)
        return false;
    conn->memory.stashed = event->code == 1005 || event->code == 1010 ? 1000 : event->code;
    peer_conn_later(conn, 1500 * NS_PER_MS, answer_stashed_close);
    return true;
}

/* ---- the end ---- */

bool end_kept_when_ended(struct peer_conn *conn)
{
    return conn->ended;
}

bool end_lingers_when_failed(struct peer_conn *conn)
{
    return conn->memory.step != 0;
}

bool note_failure(struct peer_conn *conn, const struct ws_event *event)
{
    if (breaks_off(event))
        conn->memory.step = 1;
    return false;
}

/* ---- what is sent ---- */

bool send_rsv_on_control(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_PONG)
        order->rsv = 1;
    return true;
}

bool send_long_pong_length(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_PONG)
        order->form = WS_LENGTH_16;
    return true;
}

bool send_pong_in_pieces(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    order->more = order->opcode == WS_PONG;
    return true;
}

bool send_large_in_wrong_fragments(struct peer_conn *conn, struct frame_order *order)
{
    struct frame_order first = *order;

    if (ws_opcode_is_control(order->opcode) || order->size < 100000)
        return true;
    first.size = 50000;
    first.more = true;
    first.compress = false;
    endpoint_send(conn->endpoint, &first);
    order->payload += first.size; /* and the rest should be a continuation */
    order->size -= first.size;
    order->compress = false;
    return true;
}

bool send_pong_masked(struct peer_conn *conn, struct frame_order *order)
{
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

    (void)conn;
    if (order->opcode == WS_PONG) {
        order->mask = MASK_KEY;
        memcpy(order->key, key, sizeof key);
    }
    return true;
}

bool send_composed(struct peer_conn *conn, struct frame_order *order)
{
    (void)conn;
    if (order->opcode == WS_TEXT && order->size >= 3 && memcmp(order->payload, "e\xcc\x81", 3) == 0) {
        static const uint8_t composed[] = {0xc3, 0xa9};
        order->payload = composed;
        order->size = sizeof composed;
    }
    return true;
}
