/* Steps that send, and those that end or disturb the transport. A write to a
 * connection that the peer has ended is nobody's error: the script may have
 * given it every reason to go. */
#include "engine/fault_step.h"
#include "engine/runner/play.h"

#include <stdlib.h>
#include <string.h>

struct frame_kind {
    enum ws_opcode opcode;
    bool frame, data;
};
static const struct frame_kind frame_kinds[FORMS] = {
    [FORM_SEND_TEXT] = {WS_TEXT, true, true},     [FORM_SEND_BINARY] = {WS_BINARY, true, true},
    [FORM_SEND_CONTINUE] = {WS_CONTINUATION, true, true},
    [FORM_SEND_PING] = {WS_PING, true, false},    [FORM_SEND_PONG] = {WS_PONG, true, false},
    [FORM_SEND_CLOSE] = {WS_CLOSE, true, false},
};

/* ---- the pump ---- */

#define PUMP_AT_ONCE (256u << 10)

void pump_begin(struct runner *r, const struct step *step)
{
    buf_clear(&r->pump.bytes);
    r->pump.at = 0;
    r->pump.chunk = (size_t)step_number(step, SLOT_CHUNK, 0);
    r->pump.every_ns = runner_paced(r, step_number(step, SLOT_EVERY, 0));
    r->pump.next_ns = 0;
    r->pump.raw = step->verb != VERB_SEND || step->form == FORM_SEND_HTTP || step->form == FORM_SEND_RAW ||
                  step->form == FORM_SEND_PAYLOAD;
}

static bool writable(const struct conn *c)
{
    bool given_up = c->phase == CONN_TRANSPORT && c->runner->config.own_listener; /* it waits for no answer any more */
    bool gone = c->end && (given_up || c->end->end == LAYER_RESET || c->end->end == LAYER_ERROR);
    return c->endpoint && !gone && !c->fin_sent;
}

/* The testee takes what waits, or there is no use in going on. */
static enum progress pump_wait(struct runner *r, struct conn *c)
{
    uint64_t deadline = r->step_ns + runner_patience(r);
    if (runner_now(r) < deadline)
        return wait_until(r, deadline);
    return end_case(r, VERDICT_FAIL, "the testee reads what is sent", "it has stopped reading",
                    "%zu bytes of ours wait to be read%s", layer_queued(endpoint_layer(c->endpoint)),
                    c->paused ? ", while what it sent fills our queue: expect it earlier" : "");
}

/* What is written in one turn of the loop goes out in one piece, so that a chunk needs a turn of its own. */
enum progress pump_run(struct runner *r, struct conn *c)
{
    struct pump *p = &r->pump;
    while (p->at < p->bytes.size && writable(c)) {
        if (runner_now(r) < p->next_ns)
            return wait_until(r, p->next_ns);
        size_t left = p->bytes.size - p->at, most = p->chunk ? p->chunk : PUMP_AT_ONCE;
        size_t size = most < left ? most : left;
        if (!p->chunk && layer_queued(endpoint_layer(c->endpoint)) > LIMIT_QUEUED_BYTES)
            return pump_wait(r, c);
        (p->raw ? endpoint_write : endpoint_push)(c->endpoint, p->bytes.data + p->at, size);
        p->at += size;
        p->next_ns = runner_now(r) + (p->at < p->bytes.size ? p->every_ns : 0);
        if (p->chunk)
            return wait_until(r, p->next_ns);
    }
    buf_free(&p->bytes);
    p->at = 0;
    return STEP_DONE;
}

/* Done when the peer has taken enough of it, so that a slow one costs no memory. */
enum progress pump_drain(struct runner *r, struct conn *c)
{
    enum progress progress = pump_run(r, c);
    if (progress != STEP_DONE || !writable(c) || layer_queued(endpoint_layer(c->endpoint)) <= LIMIT_QUEUED_BYTES)
        return progress;
    return pump_wait(r, c);
}

/* ---- frames ---- */

static unsigned hex_digit(char c) { return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10); }

static void read_mask(const struct step *step, struct frame_order *order)
{
    const struct setting *mask = step_setting(step, SLOT_MASK);
    if (!mask)
        return;
    if (strcmp(mask->value.word, "none") == 0) {
        order->mask = MASK_NONE;
        return;
    }
    order->mask = MASK_KEY;
    for (int i = 0; i < 4; i++)
        order->key[i] = (uint8_t)(hex_digit(mask->value.word[2 * i]) << 4 | hex_digit(mask->value.word[2 * i + 1]));
}

static struct frame_order read_order(const struct step *step)
{
    struct frame_order order = {
        .opcode = (uint8_t)step_number(step, SLOT_OPCODE, frame_kinds[step->form].opcode),
        .more = step_flag(step, SLOT_MORE),
        .rsv = (uint8_t)step_number(step, SLOT_RSV, 0),
        .form = (enum ws_length_form)step_number(step, SLOT_LONG_LENGTH, WS_LENGTH_MINIMAL),
        .compress = step_flag(step, SLOT_DEFLATE),
        .claim = step_setting(step, SLOT_LENGTH) != NULL,
        .claimed_length = step_number(step, SLOT_LENGTH, 0),
        .cut_set = step_setting(step, SLOT_CUT) != NULL,
        .cut = (size_t)step_number(step, SLOT_CUT, 0),
    };
    read_mask(step, &order);
    return order;
}

static bool read_body(struct runner *r, const struct step *step, struct buf *body)
{
    const struct setting *code = step_setting(step, SLOT_CODE), *payload = step_setting(step, SLOT_PAYLOAD);
    if (code) {
        buf_append_byte(body, (uint8_t)(code->value.number >> 8));
        buf_append_byte(body, (uint8_t)code->value.number);
    }
    return !payload || runner_payload(r, payload->value.bytes, body);
}

/* The payload in frames of `size` (0: one). */
static bool cut_frames(struct conn *c, struct frame_order order, const uint8_t *payload, size_t whole, size_t size,
                       struct buf *out)
{
    bool more = order.more;
    size_t at = 0;
    do {
        size_t left = whole - at, piece = size && size < left ? size : left;
        order.payload = payload ? payload + at : NULL;
        order.size = piece;
        order.more = more || at + piece < whole;
        if (!endpoint_frame_bytes(c->endpoint, &order, out))
            return false;
        order.opcode = WS_CONTINUATION;
        order.rsv = 0;
        at += piece;
    } while (at < whole);
    return true;
}

/* The frames of the body, which has room for a head in front; what goes out is left in the pump. A message is deflated
 * as a whole, then cut (RFC 7692 section 6.1). */
static bool make_frames(struct conn *c, struct frame_order *order, struct buf *body, size_t fragment)
{
    struct pump *pump = &c->runner->pump;
    uint8_t *payload = body->data + WS_FRAME_HEAD_MAX;
    size_t size = body->size - WS_FRAME_HEAD_MAX;
    if (order->compress && fragment) {
        struct buf packed;
        buf_init(&packed, 0);
        bool fine = endpoint_pack(c->endpoint, payload, size, !order->more, &packed);
        order->compress = false;
        order->rsv |= order->opcode == WS_CONTINUATION ? 0 : 4u;
        fine = fine && cut_frames(c, *order, packed.data, packed.size, fragment, &pump->bytes);
        buf_free(&packed);
        return fine;
    }
    bool one = !fragment || size <= fragment;
    if (!one || order->compress || order->cut_set)
        return cut_frames(c, *order, payload, size, fragment, &pump->bytes);
    order->payload = payload;
    order->size = size;
    pump->at = WS_FRAME_HEAD_MAX - endpoint_frame_in_place(c->endpoint, order, payload);
    buf_free(&pump->bytes);
    pump->bytes = *body;
    buf_init(body, 0);
    return true;
}

static void note_sent(struct conn *c, const struct step *step,
                      const struct frame_order *order, const uint8_t *body, size_t size)
{
    c->broken_out |= order->claim || order->cut_set;
    if (frame_kinds[step->form].data)
        echo_sent(c, order, body, size);
    if (order->opcode == WS_TEXT)
        link_sent_text(c, body, size);
    if (order->opcode == WS_PING)
        conn_mark_ping(c, body, size);
    if (order->opcode == WS_CLOSE) {
        c->close_sent = true;
        c->close_sent_code = size >= 2 ? (uint16_t)(body[0] * 256u + body[1]) : 1005;
        attempt_failed(c->runner, c->attempt, runner_text(c->runner, "close %u", c->close_sent_code));
    }
}

static bool queue_frames(struct runner *r, struct conn *c, const struct step *step)
{
    struct frame_order order = read_order(step);
    struct buf body;
    buf_init(&body, LIMIT_PAYLOAD_BYTES + WS_FRAME_HEAD_MAX);
    bool fine = buf_append_fill(&body, 0, WS_FRAME_HEAD_MAX) && read_body(r, step, &body);
    if (fine && order.compress && !endpoint_deflate(c->endpoint)) {
        end_case(r, VERDICT_UNIMPLEMENTED, "permessage-deflate", "a handshake without it",
                 "the testee did not agree to permessage-deflate");
        fine = false;
    }
    if (fine) {
        note_sent(c, step, &order, body.data + WS_FRAME_HEAD_MAX, body.size - WS_FRAME_HEAD_MAX);
        pump_begin(r, step);
        if (!make_frames(c, &order, &body, (size_t)step_number(step, SLOT_FRAGMENT, 0))) {
            end_case(r, VERDICT_ERROR, "", "", "no memory for a frame");
            fine = false;
        }
    }
    buf_free(&body);
    return fine;
}

static bool no_connection(struct runner *r, const struct conn *c)
{
    if (c->phase != CONN_NONE)
        return false;
    end_case(r, VERDICT_ERROR, "", "", "there is no connection: `open` comes first");
    return true;
}

enum progress step_send_frame(struct runner *r, struct conn *c, const struct step *step)
{
    if (r->step_fresh && no_connection(r, c))
        return STEP_OVER;
    if (!c->endpoint)
        return STEP_DONE;
    if (r->step_fresh && !queue_frames(r, c, step))
        return STEP_OVER;
    return pump_drain(r, c);
}

/* ---- bytes as they are ---- */

static bool head_complete(const struct buf *head)
{
    return head->size >= 4 && memmem(head->data, head->size, "\r\n\r\n", 4) != NULL;
}

/* Server: a head answers a request, which is judged as one that `open` answers. DONE: it is there. */
static enum progress request_there(struct runner *r, struct conn *c)
{
    uint64_t deadline = r->step_ns + runner_patience(r);
    if (c->head.there)
        return opening_judge(r, c) && waited_for_us(r, c) ? STEP_DONE : STEP_OVER;
    if (!c->end && runner_now(r) < deadline)
        return wait_until(r, deadline);
    return end_case(r, VERDICT_FAIL, "an opening handshake", c->end ? end_words(r, c) : "nothing",
                    "the testee sends no request");
}

enum progress step_send_bytes(struct runner *r, struct conn *c, const struct step *step)
{
    if (r->step_fresh && no_connection(r, c))
        return STEP_OVER;
    if (!c->endpoint)
        return STEP_DONE;
    bool answer = r->config.role == WS_SERVER && step->form == FORM_SEND_HTTP && c->phase == CONN_TRANSPORT;
    if (answer && r->phase == 0) {
        enum progress there = request_there(r, c);
        if (there != STEP_DONE)
            return there;
    }
    if (r->phase++ == 0) {
        pump_begin(r, step);
        if (!read_body(r, step, &r->pump.bytes))
            return STEP_OVER;
        if (step->form == FORM_SEND_PAYLOAD)
            c->broken_out = !endpoint_go_on(c->endpoint, r->pump.bytes.data, r->pump.bytes.size);
        else if (c->phase == CONN_FRAMES)
            c->broken_out = true;
        else if (!head_complete(&c->sent_head))
            buf_append(&c->sent_head, r->pump.bytes.data, r->pump.bytes.size);
    }
    enum progress progress = pump_drain(r, c);
    if (progress == STEP_DONE && r->config.role == WS_SERVER && c->phase == CONN_TRANSPORT && c->head.there)
        opening_head_out(r, c);
    return progress;
}

enum progress step_auto_pong(struct runner *r, struct conn *c, const struct step *step)
{
    (void)r;
    c->auto_pong_off = step->form == FORM_AUTO_PONG_OFF;
    return STEP_DONE;
}

/* ---- ends ---- */

enum progress step_drop(struct runner *r, struct conn *c, const struct step *step)
{
    bool all = step_flag(step, SLOT_ALL), mute = step->form == FORM_DROP_MUTE;
    if (all)
        limbo_reset(r);
    if (!all && no_connection(r, c))
        return STEP_OVER;
    if (c->endpoint)
        attempt_failed(r, c->attempt, mute || step->form == FORM_DROP_SILENT ? "silence" : form_word(step->form));
    if (mute || step->form == FORM_DROP_SILENT) {
        runner_note(r, "from here on nothing is sent %s on this connection", mute ? "" : "or read ");
        conn_silence(c, mute);
    } else if (c->endpoint && step->form == FORM_DROP_RESET) {
        endpoint_reset(c->endpoint);
        attempt_ended(r, c->attempt);
        conn_renew(c);
    } else if (c->endpoint) {
        endpoint_finish(c->endpoint, step_flag(step, SLOT_ABRUPT) ? FINISH_ABRUPT : FINISH_CLEAN);
        c->fin_sent = true;
    }
    return STEP_DONE;
}

/* ---- the rest ---- */

enum progress step_wait(struct runner *r, struct conn *c, const struct step *step)
{
    (void)c;
    uint64_t until = r->step_ns + runner_paced(r, step_number(step, SLOT_DURATION, 0));
    return runner_now(r) >= until ? STEP_DONE : wait_until(r, until);
}

enum progress step_fault(struct runner *r, struct conn *c, const struct step *step)
{
    struct fault_setting setting;
    fault_of_step(step, &setting);
    if (step_flag(step, SLOT_UPSTREAM) || step_flag(step, SLOT_DOWNSTREAM))
        return end_case(r, VERDICT_ERROR, "", "",
                        "line %d: upstream and downstream are for a proxy; here say in or out", step->line);
    bool in = step_flag(step, SLOT_IN), out = step_flag(step, SLOT_OUT);
    setting.time_ns = runner_paced(r, setting.time_ns);
    setting.jitter_ns = runner_paced(r, setting.jitter_ns);
    setting.direction = in == out ? FAULT_BOTH : in ? FAULT_IN : FAULT_OUT;
    runner_note(r, "fault %s", fault_word(setting.kind));
    conn_apply_fault(c, &setting);
    return STEP_DONE;
}
