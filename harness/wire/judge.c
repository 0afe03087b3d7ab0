/* The reference model of a receiver. A frame's head is judged by a table of
 * rules as its bytes come, its payload as it comes. After the first violation
 * that ends it all the judge is deaf: it reports nothing more, but follows the
 * frames until even a receiver that reads on must have failed. See judge.h. */
#include "judge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_AT_ONCE 8
#define INFLATE_AT_ONCE 8192u
#define CONTROL_MAX 125u

/* When a receiver must have failed the connection at the latest. */
enum due { DUE_NOW, DUE_HEAD, DUE_FRAME, DUE_MESSAGE, DUE_NEVER };

enum stage { HEARING, DEAF, FINISHED };

struct message {
    bool open;
    bool compressed;
    bool begun;       /* a piece of it was reported */
    uint8_t opcode;
    uint64_t size;    /* bytes reported */
    struct ws_utf8 utf8;
};

struct ws_judge {
    struct ws_judge_config config;
    struct ws_inflater *inflater; /* NULL without permessage-deflate */
    struct ws_frame_parser parser;
    struct ws_frame_head head; /* of the frame under way, as far as it was read */
    uint64_t fed;
    uint64_t cursor;        /* stream offset behind all that the parser handed out */
    uint64_t frame_start;   /* stream offset of the frame's first byte */
    uint64_t payload_start;
    uint8_t head_judged;    /* bytes of an unfinished head that were judged already */
    enum stage stage;
    enum due due;           /* not DUE_NEVER: there was a violation to fail for */
    bool failed;            /* it is due */
    bool closed;
    uint64_t violations;    /* a bit for each that counts */
    enum ws_violation_id deciding;
    struct message message;
    uint8_t control_size;
    uint8_t control[CONTROL_MAX];
};

_Static_assert(WS_VIOLATIONS <= 64, "struct ws_judge keeps a bit for each violation");

#define BIT(id) (UINT64_C(1) << (id))

/* Those that another receiver may overlook, but not one with our limit or window. */
static const uint64_t deafening = BIT(WS_V_TOO_BIG) | BIT(WS_V_DEFLATE_PAST_SERVER_WINDOW) |
                                  BIT(WS_V_DEFLATE_PAST_CLIENT_WINDOW) |
                                  BIT(WS_V_DEFLATE_SERVER_TAKEOVER) |
                                  BIT(WS_V_DEFLATE_CLIENT_TAKEOVER);

static void emit(const struct ws_judge *judge, const struct ws_event *event)
{
    if (judge->stage == HEARING && judge->config.event != NULL)
        judge->config.event(judge->config.context, event);
}

static void fail(struct ws_judge *judge)
{
    judge->failed = true;
    judge->stage = FINISHED;
}

static void fail_if_due(struct ws_judge *judge, enum due now)
{
    if (judge->due <= now)
        fail(judge);
}

/* Notes what the frame under way has broken. */
static void violate(struct ws_judge *judge, enum ws_violation_id id, uint64_t at, enum due due)
{
    enum ws_reaction reaction = ws_violation_get(id)->reaction;
    bool fails = reaction == WS_REACT_FAIL;
    bool deaf = fails || (deafening & BIT(id)) != 0;

    emit(judge, &(struct ws_event){
        .kind = WS_EVENT_VIOLATION, .violation = id, .head = &judge->head, .at = at, .deaf = deaf});
    if (reaction == WS_REACT_IGNORE)
        return;
    if (judge->violations == 0 || (fails && judge->due == DUE_NEVER))
        judge->deciding = id;
    judge->violations |= BIT(id);
    if (deaf)
        judge->stage = DEAF;
    if (fails && due < judge->due)
        judge->due = due;
    fail_if_due(judge, DUE_NOW);
}

/* ---- heads ---- */

/* What can be said of a frame's head and where it stands. */
enum trait {
    RESERVED = 1 << 0,
    CONTROL = 1 << 1,
    CONTINUATION = 1 << 2,
    START = 1 << 3,         /* text or binary */
    CLOSE = 1 << 4,
    RSV = 1 << 5,           /* any reserved bit */
    RSV1 = 1 << 6,
    RSV2_RSV3 = 1 << 7,
    FIN = 1 << 8,
    MASK = 1 << 9,
    LONG_FORM = 1 << 10,    /* length in 16 or 64 bits */
    ONE_BYTE = 1 << 11,     /* of payload */
    TOP_BIT = 1 << 12,
    NOT_MINIMAL = 1 << 13,
    OVER_LIMIT = 1 << 14,
    FROM_CLIENT = 1 << 15,
    DEFLATE = 1 << 16,      /* negotiated */
    IN_MESSAGE = 1 << 17,
};

/* A head that has all traits `with` and none of `without` is in violation. */
struct head_rule {
    uint8_t byte; /* of the head that decides it */
    enum ws_violation_id violation;
    unsigned with, without;
    enum due due;
};

#define LENGTH_END 15u /* as a byte: the last one of the length, wherever it is */

static const struct head_rule open_rules[] = {
    {0, WS_V_RESERVED_DATA_OPCODE, RESERVED, CONTROL, DUE_FRAME},
    {0, WS_V_RESERVED_CONTROL_OPCODE, RESERVED | CONTROL, 0, DUE_FRAME},
    {0, WS_V_RSV_DATA, RSV | START, DEFLATE, DUE_FRAME},
    {0, WS_V_RSV_CONTINUATION, RSV | CONTINUATION, DEFLATE, DUE_FRAME},
    {0, WS_V_RSV_CONTROL, RSV | CONTROL, DEFLATE, DUE_FRAME},
    {0, WS_V_DEFLATE_RSV2_RSV3, RSV2_RSV3 | DEFLATE, 0, DUE_FRAME},
    {0, WS_V_DEFLATE_RSV1_CONTINUATION, RSV1 | CONTINUATION | DEFLATE, 0, DUE_FRAME},
    {0, WS_V_DEFLATE_RSV1_CONTROL, RSV1 | CONTROL | DEFLATE, 0, DUE_FRAME},
    {0, WS_V_CONTROL_FRAGMENTED, CONTROL, FIN, DUE_FRAME},
    {0, WS_V_CONTINUATION_ALONE, CONTINUATION, IN_MESSAGE, DUE_FRAME},
    {0, WS_V_MESSAGE_INSIDE_MESSAGE, START | IN_MESSAGE, 0, DUE_FRAME},
    {1, WS_V_UNMASKED, FROM_CLIENT, MASK, DUE_FRAME},
    {1, WS_V_MASKED, MASK, FROM_CLIENT, DUE_FRAME},
    {1, WS_V_CONTROL_TOO_LONG, CONTROL | LONG_FORM, 0, DUE_FRAME},
    {1, WS_V_CLOSE_BODY_SHORT, CLOSE | ONE_BYTE, LONG_FORM, DUE_FRAME},
    {2, WS_V_LENGTH_TOP_BIT, TOP_BIT, 0, DUE_HEAD},
    {LENGTH_END, WS_V_LENGTH_NOT_MINIMAL, NOT_MINIMAL, 0, DUE_NEVER},
    {LENGTH_END, WS_V_TOO_BIG, OVER_LIMIT, 0, DUE_NEVER},
};

/* Behind a Close. */
static const struct head_rule closed_rules[] = {
    {0, WS_V_DATA_AFTER_CLOSE, 0, CONTROL, DUE_NEVER},
    {0, WS_V_CLOSE_AFTER_CLOSE, CLOSE, 0, DUE_NEVER},
};

static unsigned trait_if(bool condition, unsigned trait)
{
    return condition ? trait : 0;
}

static bool starts_message(unsigned opcode)
{
    return opcode == WS_TEXT || opcode == WS_BINARY;
}

static bool over_limit(const struct ws_judge *judge, const struct ws_frame_head *head, bool starts)
{
    bool compressed = starts ? judge->config.deflate && (head->rsv & 4) : judge->message.compressed;
    uint64_t limit = judge->config.message_max;
    uint64_t before = starts ? 0 : judge->message.size;

    return limit != 0 && !compressed && !ws_opcode_is_control(head->opcode) &&
           head->payload_length > limit - before;
}

static unsigned head_traits(const struct ws_judge *judge, const struct ws_frame_head *head)
{
    bool starts = starts_message(head->opcode);
    uint64_t length = head->payload_length;
    uint64_t shorter_max = head->length_form == WS_LENGTH_16 ? CONTROL_MAX : UINT16_MAX;
    bool long_form = head->length_form > WS_LENGTH_7;

    return trait_if(0xf8f8u >> head->opcode & 1u, RESERVED) |
           trait_if(ws_opcode_is_control(head->opcode), CONTROL) |
           trait_if(head->opcode == WS_CONTINUATION, CONTINUATION) | trait_if(starts, START) |
           trait_if(head->opcode == WS_CLOSE, CLOSE) | trait_if(head->rsv != 0, RSV) |
           trait_if(head->rsv & 4, RSV1) | trait_if(head->rsv & 3, RSV2_RSV3) |
           trait_if(head->fin, FIN) | trait_if(head->masked, MASK) |
           trait_if(long_form, LONG_FORM) | trait_if(length == 1, ONE_BYTE) |
           trait_if(length >> 63, TOP_BIT) |
           trait_if(long_form && length <= shorter_max, NOT_MINIMAL) |
           trait_if(over_limit(judge, head, starts), OVER_LIMIT) |
           trait_if(judge->config.receiver == WS_SERVER, FROM_CLIENT) |
           trait_if(judge->config.deflate, DEFLATE) | trait_if(judge->message.open, IN_MESSAGE);
}

/* Judges what the first `known` bytes of a head decide, each thing once. */
static void judge_head(struct ws_judge *judge, unsigned known)
{
    const struct ws_frame_head *head = &judge->head;
    const struct head_rule *rules = judge->closed ? closed_rules : open_rules;
    size_t count = judge->closed ? sizeof closed_rules / sizeof *closed_rules
                                 : sizeof open_rules / sizeof *open_rules;
    unsigned length_end = head->length_form == WS_LENGTH_64 ? 9
                          : head->length_form == WS_LENGTH_16 ? 3 : 1;
    unsigned traits = head_traits(judge, head);

    for (size_t i = 0; i < count; i++) {
        unsigned byte = rules[i].byte == LENGTH_END ? length_end : rules[i].byte;
        if (byte >= judge->head_judged && byte < known &&
            (traits & (rules[i].with | rules[i].without)) == rules[i].with)
            violate(judge, rules[i].violation, judge->frame_start + byte, rules[i].due);
    }
    judge->head_judged = (uint8_t)known;
}

/* A head of which only the first bytes are there; what is not yet known is 0. */
static struct ws_frame_head head_begun(const uint8_t *bytes, unsigned known)
{
    unsigned second = known > 1 ? bytes[1] : 0;
    unsigned form = second & 0x7fu;
    struct ws_frame_head head = {
        .fin = bytes[0] >> 7, .rsv = bytes[0] >> 4 & 7u, .opcode = bytes[0] & 15u,
        .masked = (uint8_t)(second >> 7), .payload_length = form, .length_form = WS_LENGTH_7};

    if (form >= 126) {
        unsigned length_bytes = form == 126 ? 2 : 8;
        head.length_form = form == 126 ? WS_LENGTH_16 : WS_LENGTH_64;
        head.payload_length = 0;
        for (unsigned i = 0; i < length_bytes; i++)
            head.payload_length = head.payload_length << 8 | (i + 2 < known ? bytes[i + 2] : 0u);
    }
    return head;
}

/* ---- messages ---- */

/* Stream offset of the n-th byte (1 is the first) of the payload under way. */
static uint64_t payload_at(const struct ws_judge *judge, size_t n)
{
    return (judge->message.compressed ? judge->payload_start : judge->cursor + n) - 1;
}

/* ascii: known to be. */
static void deliver(struct ws_judge *judge, const uint8_t *data, size_t size, bool ascii, bool last)
{
    struct message *m = &judge->message;
    bool text = m->opcode == WS_TEXT;
    bool plain = ascii && m->utf8.state == 0;
    size_t good = text && !plain ? ws_utf8_feed(&m->utf8, data, size) : size;
    bool cut = text && last && good == size && !ws_utf8_complete(&m->utf8);
    bool whole = last && good == size && !cut;

    if (good != 0 || whole) {
        emit(judge, &(struct ws_event){
            .kind = WS_EVENT_MESSAGE, .opcode = m->opcode, .first = !m->begun, .last = whole,
            .compressed = m->compressed, .data = data, .size = good,
            .at = payload_at(judge, good)});
        m->begun = true;
        m->size += good;
    }
    if (good != size)
        violate(judge, WS_V_TEXT_INVALID, payload_at(judge, good + 1), DUE_MESSAGE);
    else if (cut)
        violate(judge, WS_V_TEXT_CUT, payload_at(judge, size), DUE_MESSAGE);
}

static void deflate_fault(struct ws_judge *judge)
{
    static const enum ws_violation_id ids[][2] = {
        /* sent by                  the client                        the server */
        [WS_INFLATE_NOT_DEFLATE] = {WS_V_DEFLATE_CORRUPT, WS_V_DEFLATE_CORRUPT},
        [WS_INFLATE_BEFORE_START] = {WS_V_DEFLATE_DISTANCE, WS_V_DEFLATE_DISTANCE},
        [WS_INFLATE_BEFORE_MESSAGE] = {WS_V_DEFLATE_CLIENT_TAKEOVER, WS_V_DEFLATE_SERVER_TAKEOVER},
        [WS_INFLATE_PAST_WINDOW] = {WS_V_DEFLATE_PAST_CLIENT_WINDOW, WS_V_DEFLATE_PAST_SERVER_WINDOW},
    };
    enum ws_inflate_fault fault = ws_inflater_fault(judge->inflater);
    violate(judge, ids[fault][judge->config.receiver == WS_CLIENT], payload_at(judge, 0),
            DUE_MESSAGE);
}

/* Inflated bytes go out in small pieces, none of them above the limit. */
static void inflate_message(struct ws_judge *judge, const uint8_t *data, size_t size, bool last)
{
    uint8_t out[INFLATE_AT_ONCE];
    enum ws_codec_status status;
    uint64_t limit = judge->config.message_max;

    do {
        struct ws_codec_step step = {.in = data, .in_size = size, .out = out, .out_size = sizeof out};
        status = ws_inflater_step(judge->inflater, &step, last);
        data += step.in_used;
        size -= step.in_used;
        bool over = limit != 0 && step.out_made > limit - judge->message.size;
        bool ended = status == WS_CODEC_OK && last && !over;
        bool cut = ended && ws_inflater_truncated(judge->inflater);
        deliver(judge, out, over ? (size_t)(limit - judge->message.size) : step.out_made, false,
                ended && !cut);
        if (judge->stage != HEARING)
            return;
        if (over)
            violate(judge, WS_V_TOO_BIG, payload_at(judge, 0), DUE_NEVER);
        else if (status == WS_CODEC_CORRUPT)
            deflate_fault(judge);
        if (cut) {
            violate(judge, WS_V_DEFLATE_CUT, payload_at(judge, 0), DUE_NEVER);
            deliver(judge, out, 0, false, true);
        }
    } while (status == WS_CODEC_MORE_ROOM && judge->stage == HEARING);
}

/* ---- control frames ---- */

/* Close codes that must not stand on the wire (RFC 6455 section 7.4, with the
 * assignments of the IANA registry). */
static const struct code_range {
    uint16_t first, last;
    enum ws_violation_id violation;
} bad_codes[] = {
    {0, 999, WS_V_CLOSE_CODE_LOW},
    {1004, 1004, WS_V_CLOSE_CODE_1004},
    {1005, 1005, WS_V_CLOSE_CODE_1005},
    {1006, 1006, WS_V_CLOSE_CODE_1006},
    {1015, 1015, WS_V_CLOSE_CODE_1015},
    {1016, 2999, WS_V_CLOSE_CODE_UNASSIGNED},
    {5000, UINT16_MAX, WS_V_CLOSE_CODE_HIGH},
};

/* WS_VIOLATIONS when the code is fine. */
static enum ws_violation_id code_violation(unsigned code)
{
    for (size_t i = 0; i < sizeof bad_codes / sizeof *bad_codes; i++)
        if (code >= bad_codes[i].first && code <= bad_codes[i].last)
            return bad_codes[i].violation;
    return WS_VIOLATIONS;
}

bool ws_close_code_valid(unsigned code)
{
    return code <= UINT16_MAX && code_violation(code) == WS_VIOLATIONS;
}

static void take_close(struct ws_judge *judge)
{
    const uint8_t *body = judge->control;
    size_t size = judge->control_size;
    struct ws_event event = {.kind = WS_EVENT_CLOSE, .code = 1005, .at = judge->cursor - 1};

    if (size >= 2) {
        event.code = (uint16_t)(body[0] << 8 | body[1]);
        event.data = body + 2;
        event.size = size - 2;
        enum ws_violation_id wrong = code_violation(event.code);
        if (wrong == WS_VIOLATIONS && event.code == 1010 && judge->config.receiver == WS_CLIENT)
            wrong = WS_V_CLOSE_CODE_1010;
        if (wrong != WS_VIOLATIONS)
            violate(judge, wrong, judge->payload_start + 1, DUE_NOW);
        size_t bad_at = 0; /* a receiver may look at the reason first, and fail with its code */
        if (!ws_utf8_valid(event.data, event.size, &bad_at)) {
            bool cut = bad_at == event.size;
            violate(judge, cut ? WS_V_CLOSE_REASON_CUT : WS_V_CLOSE_REASON_INVALID,
                    judge->payload_start + 2 + bad_at - cut, DUE_NOW);
        }
        if (judge->failed)
            return;
    }
    emit(judge, &event);
    judge->closed = true;
}

static void take_control(struct ws_judge *judge)
{
    if (judge->head.opcode == WS_CLOSE) {
        take_close(judge);
        return;
    }
    emit(judge, &(struct ws_event){
        .kind = judge->head.opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG,
        .data = judge->control, .size = judge->control_size, .at = judge->cursor - 1});
}

/* ---- frames ---- */

static void begin_frame(struct ws_judge *judge)
{
    const struct ws_frame_head *head = &judge->head;

    judge->frame_start = judge->cursor;
    judge->cursor += head->head_length;
    judge->payload_start = judge->cursor;
    judge_head(judge, head->head_length);
    judge->head_judged = 0;
    judge->control_size = 0;
    fail_if_due(judge, DUE_HEAD);
    emit(judge, &(struct ws_event){
        .kind = WS_EVENT_FRAME, .head = head, .at = judge->cursor - 1});
    if (starts_message(head->opcode) && !judge->closed)
        judge->message = (struct message){
            .open = true, .opcode = head->opcode,
            .compressed = judge->config.deflate && (head->rsv & 4)};
}

static void take_payload(struct ws_judge *judge, const struct ws_frame_part *part)
{
    bool last = part->ends && judge->head.fin;

    if (ws_opcode_is_control(judge->head.opcode)) {
        assert(part->length <= CONTROL_MAX - judge->control_size);
        if (part->length != 0)
            memcpy(judge->control + judge->control_size, part->payload, part->length);
        judge->control_size = (uint8_t)(judge->control_size + part->length);
    } else if (judge->stage == HEARING && (part->length != 0 || last)) {
        if (judge->message.compressed)
            inflate_message(judge, part->payload, part->length, last);
        else
            deliver(judge, part->payload, part->length, part->ascii, last);
    }
}

static void end_frame(struct ws_judge *judge)
{
    fail_if_due(judge, DUE_FRAME);
    if (judge->stage == FINISHED || judge->closed)
        return;
    if (ws_opcode_is_control(judge->head.opcode)) {
        take_control(judge);
    } else if (judge->head.fin) {
        judge->message = (struct message){0};
        fail_if_due(judge, DUE_MESSAGE);
    }
}

static void take_part(struct ws_judge *judge, const struct ws_frame_part *part)
{
    if (part->begins) {
        judge->head = part->head;
        begin_frame(judge);
    }
    /* The payload of a frame that is refused for its head is of no interest. */
    if (judge->due > DUE_FRAME && !judge->closed)
        take_payload(judge, part);
    judge->cursor += part->length;
    if (part->ends)
        end_frame(judge);
}

/* ---- the judge ---- */

struct ws_judge *ws_judge_new(const struct ws_judge_config *config)
{
    struct ws_judge *judge = calloc(1, sizeof *judge);
    if (judge == NULL)
        return NULL;
    judge->config = *config;
    judge->due = DUE_NEVER;
    judge->deciding = WS_VIOLATIONS;
    ws_frame_parser_init(&judge->parser, config->receiver);
    if (config->deflate) {
        int bits = config->window_bits == 0 ? 15 : config->window_bits;
        judge->inflater = ws_inflater_new(bits, config->context_takeover);
        if (judge->inflater == NULL) {
            free(judge);
            return NULL;
        }
    }
    return judge;
}

void ws_judge_free(struct ws_judge *judge)
{
    if (judge == NULL)
        return;
    ws_inflater_free(judge->inflater);
    free(judge);
}

void ws_judge_feed(struct ws_judge *judge, uint8_t *bytes, size_t size)
{
    judge->fed += size;
    while (size != 0 && judge->stage != FINISHED) {
        struct ws_frame_part parts[PARTS_AT_ONCE];
        size_t count;
        size_t used = ws_frame_parse(&judge->parser, bytes, size, parts, PARTS_AT_ONCE, &count);
        for (size_t i = 0; i < count && judge->stage != FINISHED; i++)
            take_part(judge, &parts[i]);
        bytes += used;
        size -= used;
    }
    unsigned known = judge->parser.pending_size;
    if (judge->stage != FINISHED && known != 0) {
        judge->head = head_begun(judge->parser.pending, known);
        judge->frame_start = judge->cursor;
        judge_head(judge, known);
    }
}

static enum ws_outcome judge_outcome(const struct ws_judge *judge)
{
    if (judge->failed)
        return WS_OUTCOME_FAIL;
    if (judge->due != DUE_NEVER && !judge->closed)
        return WS_OUTCOME_FAIL_SOON;
    if (judge->violations != 0)
        return WS_OUTCOME_MAY_FAIL;
    bool unfinished = ws_judge_in_message(judge) || ws_judge_in_frame(judge);
    return unfinished && !judge->closed ? WS_OUTCOME_WAIT : WS_OUTCOME_OK;
}

static void add_codes(struct ws_prediction *p, enum ws_violation_id id)
{
    const uint16_t *codes = ws_violation_get(id)->codes;
    for (size_t i = 0; i < WS_VIOLATION_CODES_MAX && codes[i] != 0; i++) {
        size_t at = 0;
        while (p->codes[at] != 0 && p->codes[at] != codes[i])
            at++;
        assert(at < WS_PREDICTION_CODES_MAX - 1);
        p->codes[at] = codes[i];
    }
}

struct ws_prediction ws_judge_predict(const struct ws_judge *judge)
{
    struct ws_prediction p = {.outcome = judge_outcome(judge), .violation = judge->deciding,
                              .closed = judge->closed};

    if (judge->deciding != WS_VIOLATIONS)
        add_codes(&p, judge->deciding);
    for (unsigned id = 0; id < WS_VIOLATIONS; id++)
        if (judge->violations & BIT(id))
            add_codes(&p, id);
    return p;
}

bool ws_prediction_allows(const struct ws_prediction *prediction, unsigned code)
{
    for (size_t i = 0; i < WS_PREDICTION_CODES_MAX && prediction->codes[i] != 0; i++)
        if (prediction->codes[i] == code || prediction->codes[i] == WS_CODE_ANY)
            return true;
    return false;
}

uint64_t ws_judge_bytes(const struct ws_judge *judge)
{
    return judge->fed;
}

bool ws_judge_in_message(const struct ws_judge *judge)
{
    return judge->message.open;
}

bool ws_judge_in_frame(const struct ws_judge *judge)
{
    return !ws_frame_parser_idle(&judge->parser);
}
