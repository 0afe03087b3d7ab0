/* See model.h. Every byte of a move is read by the judge, as a correct server
 * would read it; what is certain by the text becomes due, and where the text
 * leaves it to the server the connection is given up. */
#include "engine/fuzz/model.h"

#include <stdlib.h>
#include <string.h>

#define FRAGMENTS_MOST 200u /* more of them some servers refuse, as they may */

void model_init(struct model *model, const struct oracle_config *config)
{
    *model = (struct model){.config = config, .masks = prng_stream(1, "mask")};
    buf_init(&model->message, SESSION_BYTES_MAX);
}

void model_hang_up(struct model *m, enum model_stage stage)
{
    ws_judge_free(m->judge);
    ws_deflater_free(m->deflater);
    m->judge = NULL;
    m->deflater = NULL;
    m->stage = stage;
}

void model_free(struct model *model)
{
    model_hang_up(model, MODEL_OVER);
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

struct due *model_due(struct model *m, enum due_kind kind, const char *label)
{
    static const char *const labels[DUES] = {
#define DUE(id, label, lines) [DUE_##id] = label,
#include "engine/fuzz/dues.def"
    };
    static struct due spare;
    if (m->outcome->count == OUTCOME_DUES_MAX) {
        m->outcome->overflow = true;
        return &spare;
    }
    struct due *due = &m->outcome->dues[m->outcome->count++];
    *due = (struct due){.kind = kind, .label = label == NULL ? labels[kind] : label};
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

void model_give_up(struct model *m)
{
    outcome_free(m->outcome);
    m->outcome->dropped = true;
    model_hang_up(m, MODEL_OVER);
}

/* ---- frames ---- */

static void on_message(struct model *m, const struct ws_event *event)
{
    if (event->first)
        buf_clear(&m->message);
    buf_append(&m->message, event->data, event->size);
    if (!event->last)
        return;
    struct due *due = model_due(m, DUE_MESSAGE, NULL);
    due->opcode = event->opcode;
    due->literal = m->literal;
    if (m->literal)
        due_bytes(m, due, m->message.data, m->message.size);
    m->outcome->overflow |= m->message.failed;
    buf_clear(&m->message);
}

static void on_close(struct model *m, const struct ws_event *event)
{
    bool young = event->code >= 1012 && event->code <= 1014, cut = ws_judge_in_message(m->judge);
    struct due *due = model_due(m, cut ? DUE_CLOSE_CUT : young ? DUE_CLOSE_YOUNG : DUE_CLOSE, NULL);
    due->codes[0] = event->code == 1005 ? 1000 : event->code;
    due->codes[1] = due->codes[0] == 1000 ? 0 : 1000;
    model_due(m, DUE_TCP_ENDS, NULL);
}

static void on_event(void *context, const struct ws_event *event)
{
    struct model *m = context;
    if (event->kind == WS_EVENT_MESSAGE)
        on_message(m, event);
    else if (event->kind == WS_EVENT_PING)
        due_bytes(m, model_due(m, DUE_PONG, NULL), event->data, event->size);
    else if (event->kind == WS_EVENT_CLOSE)
        on_close(m, event);
}

/* ---- what fails ---- */

/* Is what the judge calls a violation more than every server has to see? */
static bool is_not_demanded(const struct model *m, const struct ws_violation *violation)
{
    const struct move *move = m->move;
    bool about_deflate = strncmp(violation->name, "deflate-", 8) == 0 && violation->codes[0] == 1007;
    bool control = ws_opcode_is_control(move->opcode_set ? move->opcode : move_opcode(move->kind));
    size_t body = move->size + (move->code_set ? 2u : 0u);
    bool only_spelt_long = control && move->long_length != 0 && body <= 125; /* its length has a longer form, no more */
    return only_spelt_long || (about_deflate && !deflate_is_surely_corrupt(move));
}

/* Certain, and nothing was due before that may now never come. */
static void due_to_fail(struct model *m, const struct ws_prediction *p)
{
    bool never_ends = m->move->claim && m->move->length >> 63 != 0; /* why most of those who do not fail do not */
    struct due *due = model_due(m, DUE_FAIL, ws_violation_get(never_ends ? WS_V_LENGTH_TOP_BIT : p->violation)->name);
    memcpy(due->codes, p->codes, sizeof due->codes);
    if (m->move->kind == MOVE_CLOSE) /* code and reason may both be wrong: either is reason enough */
        memcpy(due->codes, (const uint16_t[]){1002, 1007, 0}, 3 * sizeof *due->codes);
    if (!m->move->cut_set && !m->move->claim) /* the frame is whole: nobody waits for the rest of it */
        model_due(m, DUE_FAILED_ENDS, NULL);
    model_hang_up(m, MODEL_OVER);
}

/* The server may fail it: the one thing that was due may come in another shape. */
static void due_either_way(struct model *m, const struct ws_prediction *p)
{
    struct due *due = &m->outcome->dues[0];
    due->kind = due->kind == DUE_MESSAGE ? DUE_MESSAGE_OR_FAIL : DUE_FAIL_RATHER;
    due->label = ws_violation_get(p->violation)->name;
    memcpy(due->codes, p->codes, sizeof due->codes);
    m->outcome->count = 1; /* of a Close also the end of TCP */
    m->outcome->dropped = true;
    model_hang_up(m, MODEL_OVER);
}

/* Beyond the limit that the server is configured with. The judge hears nothing behind that, so that a text may be
 * broken besides; who counts only whole frames or whole messages has to have them. */
static void on_too_big(struct model *m)
{
    bool broken_off = m->move->kind == MOVE_RAW || m->move->cut_set || m->move->claim || m->outcome->count != 0;
    if (broken_off) {
        model_give_up(m);
    } else if (m->move->more) {
        m->stage = MODEL_DOOMED;
    } else {
        bool whole = m->move->kind == MOVE_BINARY ||
                     (m->move->kind == MOVE_TEXT && ws_utf8_valid(m->move->bytes, m->move->size, NULL));
        struct due *due = model_due(m, DUE_TOO_BIG, NULL);
        memcpy(due->codes, (const uint16_t[]){1009, whole ? 0 : 1007, 0}, 3 * sizeof *due->codes);
        model_hang_up(m, MODEL_OVER);
    }
}

/* Breaks the move a rule that is not the limit, and goes it beyond that, too? Either is seen first. */
static bool may_be_too_big(const struct model *m)
{
    uint64_t limit = m->config->message_max;
    return limit != 0 && m->message.size + (m->move->claim ? m->move->length : m->move->size) > limit;
}

static void on_failure(struct model *m, const struct ws_prediction *p)
{
    const struct ws_violation *violation = ws_violation_get(p->violation);
    const struct outcome *due = m->outcome;
    bool certain = violation->certainty == WS_MUST && violation->reaction == WS_REACT_FAIL;
    bool head_whole = m->move->kind != MOVE_RAW && !m->move->cut_set;
    bool top_bit = p->violation == WS_V_LENGTH_TOP_BIT && head_whole; /* the payload will never be */
    bool one_message = due->count == 1 && due->dues[0].kind == DUE_MESSAGE;
    bool one_close = due->count == 2 && (due->dues[0].kind == DUE_CLOSE || due->dues[0].kind == DUE_CLOSE_CUT);
    if (p->violation == WS_V_TOO_BIG) {
        on_too_big(m);
    } else if (is_not_demanded(m, violation) || may_be_too_big(m)) {
        model_give_up(m);
    } else if (p->outcome == WS_OUTCOME_FAIL_SOON && certain && !top_bit) {
        m->stage = MODEL_DOOMED;
        outcome_free(m->outcome);
    } else if (certain && due->count == 0) {
        due_to_fail(m, p);
    } else if (p->outcome == WS_OUTCOME_MAY_FAIL && (one_message || one_close)) {
        due_either_way(m, p);
    } else {
        model_give_up(m);
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
        model_hang_up(m, MODEL_OVER);
    m->unfinished = m->judge != NULL && ws_judge_in_frame(m->judge);
    if (m->unfinished && m->outcome->count == 0)
        m->stage = m->stage == MODEL_OPEN ? MODEL_DOOMED : m->stage; /* nothing more can be said on it */
    for (size_t i = 0; !m->config->echoes && i < m->outcome->count; i++)
        if (m->outcome->dues[i].kind == DUE_MESSAGE) {
            model_give_up(m);
            return;
        }
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
    return deflate_window_is_known(m, move) && (m->stage == MODEL_OPEN || (m->stage == MODEL_DOOMED && ends_message));
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
    /* What echo.c takes for broken is no message to the runner, also where `cut` leaves the frame whole. */
    m->literal |= move->kind == MOVE_RAW || move->opcode_set || move->rsv != 0 || move->claim || move->cut_set;
    bool fine = move->kind == MOVE_RAW ? buf_append(&bytes, move->bytes, move->size) : model_frames(m, move, &bytes);
    if (fine)
        feed(m, bytes.data, bytes.size);
    else
        m->outcome->overflow = true;
    buf_free(&bytes);
}

/* ---- the opening handshake ---- */

void model_begin_frames(struct model *m, bool deflate)
{
    model_hang_up(m, MODEL_OPEN);
    m->literal = m->unfinished = m->compressed = m->packed_by_us = m->packed_by_hand = false;
    m->judge = ws_judge_new(&(struct ws_judge_config){
        .receiver = WS_SERVER, .deflate = deflate, .context_takeover = true, .message_max = m->config->message_max,
        .event = on_event, .context = m});
    m->deflater = deflate ? ws_deflater_new(15, true, 6) : NULL;
    m->outcome->overflow |= m->judge == NULL || (deflate && m->deflater == NULL);
}

static void move_open(struct model *m, const struct move *move)
{
    if (m->stage != MODEL_NONE)
        return;
    m->outcome->played = true;
    bool declined = move->offer != NULL && !deflate_offer_is_valid(move->offer);
    m->renewable = !declined; /* who refuses it refuses it again */
    m->offer = declined ? NULL : move->offer;
    model_begin_frames(m, m->offer != NULL);
    if (declined) {
        model_due(m, DUE_OFFER_DECLINED, NULL);
        m->outcome->dropped = true;
        model_hang_up(m, MODEL_OVER);
    }
}

static void move_reconnect(struct model *m, const struct move *move)
{
    (void)move;
    if (m->stage != MODEL_OVER || !m->renewable)
        return;
    m->outcome->played = true;
    model_begin_frames(m, m->offer != NULL);
}

static void move_wait(struct model *m, const struct move *move)
{
    m->outcome->played = move->wait_ms != 0 && (m->stage == MODEL_OPEN || m->stage == MODEL_DOOMED);
}

/* ---- the end ---- */

static void move_drop(struct model *m, const struct move *move)
{
    if (m->stage == MODEL_NONE || m->stage == MODEL_OVER)
        return;
    m->outcome->played = true;
    if (move->kind == MOVE_DROP_FIN)
        model_due(m, DUE_ENDS_TOO, NULL);
    model_hang_up(m, MODEL_OVER);
}

void model_move(struct model *model, const struct move *move, struct outcome *outcome)
{
    static void (*const moves[MOVES])(struct model *m, const struct move *move) = {
        [MOVE_OPEN] = move_open, [MOVE_HEAD] = model_head, [MOVE_RECONNECT] = move_reconnect,
        [MOVE_DROP_FIN] = move_drop, [MOVE_DROP_RESET] = move_drop, [MOVE_WAIT] = move_wait,
    };
    *outcome = (struct outcome){0};
    model->outcome = outcome;
    model->move = move;
    (moves[move->kind] != NULL ? moves[move->kind] : move_frame)(model, move);
}
