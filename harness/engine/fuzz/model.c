/* See model.h. Every byte of a move is read by the judge, as a correct server
 * would read it; what is certain by the text becomes due, and where the text
 * leaves it to the server the connection is given up. */
#include "engine/fuzz/model.h"

#include "wire/handshake.h"
#include "wire/mask.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FRAGMENTS_MOST 200u /* more of them some servers refuse, as they may */

void model_init(struct model *model, bool echoes)
{
    *model = (struct model){.echoes = echoes, .masks = prng_stream(1, "mask")};
    buf_init(&model->message, SESSION_BYTES_MAX);
}

static void hang_up(struct model *m, enum model_stage stage)
{
    ws_judge_free(m->judge);
    ws_deflater_free(m->deflater);
    m->judge = NULL;
    m->deflater = NULL;
    m->stage = stage;
}

void model_free(struct model *model)
{
    hang_up(model, MODEL_OVER);
    buf_free(&model->message);
}

bool model_left_open(const struct model *model)
{
    return model->stage == MODEL_DOOMED || (model->stage == MODEL_OPEN && model->unfinished);
}

void outcome_free(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++)
        free(outcome->dues[i].bytes);
    outcome->count = 0;
}

/* ---- what is due ---- */

static struct due *due_add(struct model *m, enum due_kind kind, const char *label)
{
    static struct due spare;
    if (m->outcome->count == OUTCOME_DUES_MAX) {
        m->outcome->overflow = true;
        return &spare;
    }
    struct due *due = &m->outcome->dues[m->outcome->count++];
    *due = (struct due){.kind = kind, .label = label};
    return due;
}

static void due_bytes(struct model *m, struct due *due, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    free(due->bytes);
    due->bytes = malloc(size);
    due->size = due->bytes == NULL ? 0 : size;
    if (due->bytes == NULL)
        m->outcome->overflow = true;
    else
        memcpy(due->bytes, bytes, size);
}

/* Nothing can be said of what comes: it is not looked at. */
static void give_up(struct model *m)
{
    outcome_free(m->outcome);
    m->outcome->dropped = true;
    hang_up(m, MODEL_OVER);
}

/* ---- frames ---- */

static void on_message(struct model *m, const struct ws_event *event)
{
    if (event->first)
        buf_clear(&m->message);
    buf_append(&m->message, event->data, event->size);
    if (!event->last)
        return;
    struct due *due = due_add(m, DUE_MESSAGE, "echo");
    due->opcode = event->opcode;
    due->literal = m->literal;
    if (m->literal)
        due_bytes(m, due, m->message.data, m->message.size);
    m->outcome->overflow |= m->message.failed;
}

static void on_event(void *context, const struct ws_event *event)
{
    struct model *m = context;
    if (event->kind == WS_EVENT_MESSAGE)
        on_message(m, event);
    else if (event->kind == WS_EVENT_PING)
        due_bytes(m, due_add(m, DUE_PONG, "pong"), event->data, event->size);
    else if (event->kind == WS_EVENT_CLOSE)
        due_add(m, DUE_CLOSE, "close");
}

static enum ws_codec_status inflate_alone(const struct move *move, bool last)
{
    struct ws_inflater *inflater = ws_inflater_new(15, false);
    uint8_t out[1024];
    struct ws_codec_step step = {.in = move->bytes, .in_size = move->size, .out = out, .out_size = sizeof out};
    enum ws_codec_status status = inflater == NULL ? WS_CODEC_MORE_ROOM : ws_inflater_step(inflater, &step, last);
    ws_inflater_free(inflater);
    return status;
}

/* Bytes that are no DEFLATE for any reader: in one frame, without the help of the tail that is added to them, and
 * not behind a final block, where many stop to read. What is cut within a block is each reader's own affair. */
static bool surely_corrupt(const struct move *move)
{
    bool whole = (move->kind == MOVE_TEXT || move->kind == MOVE_BINARY) && !move->more && !move->compress;
    return whole && move->size != 0 && (move->bytes[0] & 1u) == 0 && inflate_alone(move, false) == WS_CODEC_CORRUPT;
}

/* A final block ends a stream but not the message (RFC 7692 7.2.3.4). What stands behind it is read as a new stream
 * by some and thrown away by others: certain is only nothing, or the one empty block of that section's example. */
static bool ends_plainly(const struct move *move)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)move->bytes, .avail_in = (uInt)move->size};
    uint8_t out[1024];
    if (inflateInit2(&z, -15) != Z_OK)
        return false;
    int status = Z_OK;
    while (status == Z_OK && z.avail_in != 0) {
        z.next_out = out;
        z.avail_out = sizeof out;
        status = inflate(&z, Z_NO_FLUSH);
    }
    bool plain = status != Z_STREAM_END || z.avail_in == 0 || (z.avail_in == 1 && *z.next_in == 0);
    inflateEnd(&z);
    return plain;
}

static bool is_about_deflate(enum ws_violation_id id)
{
    return id == WS_V_DEFLATE_CORRUPT || id == WS_V_DEFLATE_DISTANCE || id == WS_V_DEFLATE_CUT ||
           id == WS_V_DEFLATE_PAST_SERVER_WINDOW || id == WS_V_DEFLATE_PAST_CLIENT_WINDOW ||
           id == WS_V_DEFLATE_SERVER_TAKEOVER || id == WS_V_DEFLATE_CLIENT_TAKEOVER;
}

/* What has to fail by the text and at once; or, of what may, who decides it. */
static void on_failure(struct model *m, const struct ws_prediction *p)
{
    const struct ws_violation *violation = ws_violation_get(p->violation);
    bool certain = violation->certainty == WS_MUST && violation->reaction == WS_REACT_FAIL;
    bool head_whole = m->move->kind != MOVE_RAW && !m->move->cut_set;
    bool top_bit = p->violation == WS_V_LENGTH_TOP_BIT && head_whole; /* the payload will never be */
    bool control = ws_opcode_is_control(m->move->opcode_set ? m->move->opcode : move_opcode(m->move->kind));
    size_t body = m->move->size + (m->move->code_set ? 2u : 0u);
    bool only_spelt_long = control && m->move->long_length != 0 && body <= 125;
    if (only_spelt_long || (is_about_deflate(p->violation) && !surely_corrupt(m->move))) {
        give_up(m);
        return;
    }
    if (p->outcome == WS_OUTCOME_FAIL_SOON && certain && !top_bit) {
        m->stage = MODEL_DOOMED;
        outcome_free(m->outcome);
        return;
    }
    bool alone = m->outcome->count == 0; /* what was due before it may never come */
    if (certain && alone) {
        bool never_ends = m->move->claim && m->move->length >> 63 != 0; /* why most of those who do not fail do not */
        struct due *due = due_add(m, DUE_FAIL, ws_violation_get(never_ends ? WS_V_LENGTH_TOP_BIT : p->violation)->name);
        memcpy(due->codes, p->codes, sizeof due->codes);
        if (m->move->kind == MOVE_CLOSE) /* code and reason may both be wrong: either is reason enough */
            memcpy(due->codes, (const uint16_t[]){1002, 1007, 0}, 3 * sizeof *due->codes);
        hang_up(m, MODEL_OVER);
    } else if (p->outcome == WS_OUTCOME_MAY_FAIL && m->outcome->count == 1 &&
               m->outcome->dues[0].kind == DUE_MESSAGE) {
        struct due *due = &m->outcome->dues[0];
        due->kind = DUE_MESSAGE_OR_FAIL;
        due->label = violation->name;
        memcpy(due->codes, p->codes, sizeof due->codes);
        m->outcome->dropped = true;
        hang_up(m, MODEL_OVER);
    } else {
        give_up(m);
    }
}

static void feed(struct model *m, uint8_t *bytes, size_t size)
{
    ws_judge_feed(m->judge, bytes, size);
    struct ws_prediction p = ws_judge_predict(m->judge);
    if (p.violation != WS_VIOLATIONS && (p.outcome == WS_OUTCOME_FAIL || p.outcome == WS_OUTCOME_MAY_FAIL ||
                                         p.outcome == WS_OUTCOME_FAIL_SOON))
        on_failure(m, &p);
    else if (p.closed)
        hang_up(m, MODEL_OVER);
    m->unfinished = m->judge != NULL && ws_judge_in_frame(m->judge);
    if (m->unfinished && m->outcome->count == 0)
        m->stage = m->stage == MODEL_OPEN ? MODEL_DOOMED : m->stage; /* nothing more can be said on it */
    for (size_t i = 0; !m->echoes && i < m->outcome->count; i++)
        if (m->outcome->dues[i].kind == DUE_MESSAGE) {
            give_up(m);
            return;
        }
}

/* The move's frame or frames as they go out, but for the compressor's choices. */
static bool pack(struct model *m, const uint8_t *bytes, size_t size, bool last, struct buf *out)
{
    struct ws_codec_step step = {.in = bytes, .in_size = size};
    enum ws_codec_status status;
    do {
        if (!buf_reserve(out, 4096))
            return false;
        step.out = out->data + out->size;
        step.out_size = 4096;
        status = ws_deflater_step(m->deflater, &step, last);
        step.in += step.in_used;
        step.in_size -= step.in_used;
        out->size += step.out_made;
    } while (status == WS_CODEC_MORE_ROOM);
    return status == WS_CODEC_OK;
}

static bool frame_bytes(struct model *m, const struct move *move, uint8_t opcode, uint8_t rsv, bool more,
                        const uint8_t *payload, size_t size, struct buf *out)
{
    struct buf packed;
    bool fine = true;
    buf_init(&packed, SESSION_BYTES_MAX);
    if (move->compress) {
        fine = pack(m, payload, size, !more, &packed);
        payload = packed.data;
        size = packed.size;
        rsv |= opcode == WS_CONTINUATION ? 0u : 4u;
    }
    struct ws_frame_head head = {
        .opcode = opcode, .fin = !more, .rsv = rsv, .length_form = move->long_length,
        .masked = move->mask != SESSION_MASK_NONE, .payload_length = move->claim ? move->length : size,
    };
    if (move->mask == SESSION_MASK_KEY)
        memcpy(head.masking_key, move->key, sizeof head.masking_key);
    else if (head.masked)
        prng_fill(&m->masks, head.masking_key, sizeof head.masking_key);
    uint8_t head_bytes[WS_FRAME_HEAD_MAX];
    size_t head_size = ws_frame_head_write(&head, head_bytes), start = out->size;
    fine = fine && buf_append(out, head_bytes, head_size) && buf_append(out, payload, size);
    if (fine && head.masked)
        ws_mask(out->data + start + head_size, size, head.masking_key, 0);
    if (fine && move->cut_set && move->cut < out->size - start)
        out->size = start + move->cut;
    buf_free(&packed);
    return fine;
}

static bool frames_bytes(struct model *m, const struct move *move, struct buf *out)
{
    struct buf body;
    buf_init(&body, SESSION_BYTES_MAX + 2u);
    if (move->kind == MOVE_CLOSE && move->code_set) {
        buf_append_byte(&body, (uint8_t)(move->code >> 8));
        buf_append_byte(&body, (uint8_t)move->code);
    }
    buf_append(&body, move->bytes, move->size);
    uint8_t opcode = move->opcode_set ? move->opcode : move_opcode(move->kind), rsv = move->rsv;
    bool fine = !body.failed;
    size_t at = 0;
    do {
        size_t left = body.size - at, piece = move->fragment != 0 && move->fragment < left ? move->fragment : left;
        const uint8_t *payload = body.data == NULL ? NULL : body.data + at;
        fine = fine && frame_bytes(m, move, opcode, rsv, move->more || at + piece < body.size, payload, piece, out);
        opcode = WS_CONTINUATION;
        rsv = 0;
        at += piece;
    } while (fine && at < body.size);
    buf_free(&body);
    return fine;
}

/* Does it refer to nothing before it? */
static bool stands_alone(const struct move *move)
{
    return inflate_alone(move, true) == WS_CODEC_OK;
}

/* Whose window is it? What refers back is only certain within one message, whatever was negotiated: by hand
 * behind something compressed only what never does; by our compressor behind that, nothing. */
static bool window_is_known(const struct model *m, const struct move *move)
{
    bool by_hand = m->deflater != NULL && !move->compress && (move->rsv & 4u) != 0 && move_is_data(move->kind);
    if (move->compress)
        return !m->packed_by_hand;
    bool first = !m->packed_by_us && !m->packed_by_hand;
    return !by_hand || (ends_plainly(move) && (first || stands_alone(move)));
}

static void note_window(struct model *m, const struct move *move)
{
    m->packed_by_us |= move->compress;
    m->packed_by_hand |= !move->compress && (move->rsv & 4u) != 0;
}

/* On a doomed connection only what ends the message is worth sending. */
static bool worth_sending(const struct model *m, const struct move *move)
{
    bool shorter = move->claim && move->length < move->size + (move->code_set ? 2u : 0u);
    bool mixed = move->kind == MOVE_CONTINUE && move->compress != m->compressed;
    bool bits_unknown = m->extension_unknown && (move->rsv & 4u) != 0;
    bool no_deflater = move->compress && m->deflater == NULL;
    bool too_many = move->fragment != 0 && move->size / move->fragment > FRAGMENTS_MOST;
    if (m->unfinished || m->judge == NULL || shorter || mixed || bits_unknown || no_deflater || too_many)
        return false;
    bool right = !move->cut_set && !move->claim && move->mask == SESSION_MASK_OURS;
    bool ends_message = move->kind == MOVE_CONTINUE && right;
    return window_is_known(m, move) && (m->stage == MODEL_OPEN || (m->stage == MODEL_DOOMED && ends_message));
}

static void move_frame(struct model *m, const struct move *move)
{
    struct buf bytes;
    if (!worth_sending(m, move))
        return;
    buf_init(&bytes, 2u * SESSION_BYTES_MAX);
    m->outcome->played = true;
    if (move->kind != MOVE_CONTINUE && move_is_data(move->kind))
        m->compressed = move->compress;
    note_window(m, move);
    m->literal |= move->kind == MOVE_RAW || move->opcode_set || move->rsv != 0 || move->claim;
    bool fine = move->kind == MOVE_RAW ? buf_append(&bytes, move->bytes, move->size) : frames_bytes(m, move, &bytes);
    if (fine)
        feed(m, bytes.data, bytes.size);
    else
        m->outcome->overflow = true;
    buf_free(&bytes);
}

/* ---- the opening handshake ---- */

static void begin_frames(struct model *m, bool deflate)
{
    hang_up(m, MODEL_OPEN);
    m->literal = m->unfinished = m->compressed = m->packed_by_us = m->packed_by_hand = false;
    m->judge = ws_judge_new(&(struct ws_judge_config){
        .receiver = WS_SERVER, .deflate = deflate, .context_takeover = true, .event = on_event, .context = m});
    m->deflater = deflate ? ws_deflater_new(15, true, 6) : NULL;
    m->outcome->overflow |= m->judge == NULL || (deflate && m->deflater == NULL);
}

static void move_open(struct model *m, const struct move *move)
{
    if (m->stage != MODEL_NONE)
        return;
    m->outcome->played = true;
    m->renewable = true;
    m->offer = move->offer;
    begin_frames(m, move->offer != NULL);
}

static void move_reconnect(struct model *m, const struct move *move)
{
    (void)move;
    if (m->stage != MODEL_OVER || !m->renewable)
        return;
    m->outcome->played = true;
    begin_frames(m, m->offer != NULL);
}

/* A version that drafts had (hybi-07 to -16 said 7 or 8) may be spoken beside 13. */
static bool may_be_spoken(const struct ws_breach *breach)
{
    return strcmp(breach->rule->name, "request-version-other") == 0 &&
           (ws_span_is(breach->where, "7") || ws_span_is(breach->where, "8"));
}

static const struct ws_breach *certain_breach(const struct ws_server_answer *answer)
{
    for (size_t i = 0; i < answer->breach_count; i++) {
        const struct ws_breach *breach = &answer->breaches[i];
        if (breach->rule->certainty == WS_MUST && breach->rule->refused && !may_be_spoken(breach))
            return breach;
    }
    return NULL;
}

/* Nobody has to take every spelling that the grammar allows: a right head is one with each of our lines once, and
 * without those that speak of a body. */
static bool is_plain(const struct ws_head *head)
{
    static const enum ws_header_id ids[] = {WS_HEADER_HOST, WS_HEADER_UPGRADE, WS_HEADER_CONNECTION, WS_HEADER_KEY,
                                            WS_HEADER_VERSION};
    bool plain = head->start_oddities == 0 && head->oddities == 0;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        plain &= head->id_count[ids[i]] == 1;
    return plain && head->id_count[WS_HEADER_CONTENT_LENGTH] == 0 &&
           head->id_count[WS_HEADER_TRANSFER_ENCODING] == 0 && head->id_count[WS_HEADER_EXPECT] == 0 &&
           head->id_count[WS_HEADER_PROTOCOL] <= 1 && head->id_count[WS_HEADER_EXTENSIONS] <= 1;
}

/* A head that can be read to its end. */
static void judge_head(struct model *m, const struct move *move, const struct ws_head *head)
{
    static const struct ws_server_policy policy;
    struct ws_handshake_scratch *scratch = calloc(1, sizeof *scratch);
    struct ws_server_answer *answer = calloc(1, sizeof *answer);
    if (scratch == NULL || answer == NULL) {
        m->outcome->overflow = true;
    } else {
        ws_request_judge(head, &policy, scratch, answer);
        const struct ws_breach *breach = certain_breach(answer);
        if (breach != NULL) {
            struct due *due = due_add(m, DUE_REFUSED, breach->rule->name);
            due->says_version = strcmp(breach->rule->name, "request-version-other") == 0 && answer->breach_count == 1;
            hang_up(m, MODEL_OVER);
        } else if (answer->breach_count != 0 || !is_plain(head)) {
            due_add(m, DUE_OPEN_OR_NOT, answer->breach_count == 0 ? "open" : answer->breaches[0].rule->name);
            m->outcome->dropped = true;
            hang_up(m, MODEL_OVER);
        } else {
            due_add(m, DUE_OPEN, "open");
            begin_frames(m, false);
            m->extension_unknown = head->id_count[WS_HEADER_EXTENSIONS] != 0;
        }
    }
    free(scratch);
    free(answer);
    if (m->stage == MODEL_OPEN && head->size < move->size)
        give_up(m); /* frames behind a head have cases of their own */
}

static void move_head(struct model *m, const struct move *move)
{
    if (m->stage != MODEL_NONE)
        return;
    struct ws_head *head = calloc(1, sizeof *head);
    m->outcome->played = true;
    if (head == NULL) {
        m->outcome->overflow = true;
        return;
    }
    struct ws_head_scan scan = ws_head_parse(head, false, (const char *)move->bytes, move->size, 0, 0);
    if (scan.answer == WS_SCAN_DONE)
        judge_head(m, move, head);
    else
        give_up(m);
    free(head);
}

/* ---- the end ---- */

static void move_drop(struct model *m, const struct move *move)
{
    (void)move;
    if (m->stage == MODEL_NONE || m->stage == MODEL_OVER)
        return;
    m->outcome->played = true;
    hang_up(m, MODEL_OVER);
}

void model_move(struct model *model, const struct move *move, struct outcome *outcome)
{
    static void (*const moves[MOVES])(struct model *m, const struct move *move) = {
        [MOVE_OPEN] = move_open, [MOVE_HEAD] = move_head, [MOVE_RECONNECT] = move_reconnect,
        [MOVE_DROP_FIN] = move_drop, [MOVE_DROP_RESET] = move_drop,
    };
    *outcome = (struct outcome){0};
    model->outcome = outcome;
    model->move = move;
    (moves[move->kind] != NULL ? moves[move->kind] : move_frame)(model, move);
}
