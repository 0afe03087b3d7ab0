/* What an expectation says of the thing that came: one function per form. */
#include "engine/runner/play.h"

#include <string.h>

typedef enum match match_fn(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                            struct outcome *outcome);

static enum match no(struct outcome *outcome, const char *why)
{
    outcome->why = why;
    return MATCH_NO;
}

static enum match yes_if(bool yes) { return yes ? MATCH_YES : MATCH_NO; }

/* ---- the handshake ---- */

/* Not there yet: to wait for, unless the connection has ended. */
static enum match head_missing(const struct conn *c) { return c->end ? MATCH_NO : MATCH_WAIT; }

static bool is_switch(const struct conn *c)
{
    return !c->head.broken && (!c->head.head.is_response || c->head.head.status == 101);
}

static enum match match_open(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                             struct outcome *outcome)
{
    (void)step, (void)item;
    if (!c->head.there)
        return head_missing(c);
    if (!is_switch(c))
        return no(outcome, "the opening handshake did not succeed");
    return yes_if(opening_judge(r, c));
}

static enum match match_status(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                               struct outcome *outcome)
{
    (void)item;
    if (!c->head.there)
        return head_missing(c);
    if (c->head.broken)
        return no(outcome, "the answer is no HTTP head");
    if (!value_has_code(&step_setting(step, SLOT_CODES)->value, (uint32_t)c->head.head.status))
        return no(outcome, NULL);
    return yes_if(c->phase != CONN_FRAMES || opening_judge(r, c));
}

bool header_is_named(const struct ws_header *header, const char *name, size_t size)
{
    return header->name.size == size && strncasecmp(header->name.at, name, size) == 0;
}

/* "Name: value" or "Name"; any header line of that name will do. */
static enum match find_header(struct runner *r, struct conn *c, const struct step *step, const struct buf *line,
                              struct outcome *outcome)
{
    const char *text = buf_text(line), *colon = strchr(text, ':'), *value = NULL;
    size_t name_size = colon ? (size_t)(colon - text) : line->size;
    if (colon)
        value = colon + 1 + strspn(colon + 1, " \t");
    outcome->why = "there is no such header";
    for (size_t i = 0; i < c->head.head.header_count; i++) {
        const struct ws_header *h = &c->head.head.headers[i];
        if (!header_is_named(h, text, name_size))
            continue;
        if (value && !ws_span_is(h->value, value)) {
            outcome->why = "the header has another value";
            continue;
        }
        enum match match = pattern_match(r, step, (const uint8_t *)h->value.at, h->value.size, outcome);
        if (match == MATCH_YES)
            return MATCH_YES;
    }
    return MATCH_NO;
}

static enum match match_header(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                               struct outcome *outcome)
{
    struct buf line;
    enum match match = MATCH_NO;
    (void)item;
    if (!c->head.there)
        return head_missing(c);
    if (c->head.broken)
        return no(outcome, "the answer is no HTTP head");
    if (is_switch(c) && !opening_judge(r, c)) /* a testee that lacks what the case needs is not held to it */
        return MATCH_NO;
    buf_init(&line, 0);
    if (runner_payload(r, step_setting(step, SLOT_LINE)->value.bytes, &line))
        match = find_header(r, c, step, &line, outcome);
    buf_free(&line);
    return match;
}

static enum match match_no_header(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                                  struct outcome *outcome)
{
    enum match match = match_header(r, c, step, item, outcome);
    if (match == MATCH_WAIT || c->head.broken || r->decided || !c->head.there)
        return match;
    outcome->why = match == MATCH_YES ? "the header is there" : NULL;
    return yes_if(match == MATCH_NO);
}

static enum match match_refused(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                                struct outcome *outcome)
{
    (void)r, (void)step, (void)item;
    if (c->head.there)
        return is_switch(c) ? no(outcome, "the testee has taken the handshake") : MATCH_YES;
    return c->end ? MATCH_YES : MATCH_WAIT;
}

/* RFC 9112 section 6.3: as many bytes as its only Content-Length says, else whatever comes until the end. */
static bool body_is_whole(const struct conn *c)
{
    size_t from = 0;
    const struct ws_header *length = ws_head_next(&c->head.head, WS_HEADER_CONTENT_LENGTH, &from);
    uint64_t size = 0;
    if (c->end || !length || ws_head_next(&c->head.head, WS_HEADER_TRANSFER_ENCODING, &(size_t){0}))
        return c->end;
    for (size_t i = 0; i < length->value.size; i++) {
        char digit = length->value.at[i];
        if (digit < '0' || digit > '9' || size > LIMIT_BODY_BYTES)
            return false;
        size = size * 10 + (uint64_t)(digit - '0');
    }
    return c->body.size >= size;
}

static enum match match_body(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                             struct outcome *outcome)
{
    (void)item;
    if (!c->head.there && c->end)
        return yes_if(step->form == FORM_EXPECT_NO_BODY);
    if (!c->head.there)
        return MATCH_WAIT;
    if (c->head.broken)
        return no(outcome, "the answer is no HTTP head");
    if (is_switch(c))
        return no(outcome, "the testee has taken the handshake");
    if (step->form == FORM_EXPECT_NO_BODY && c->body.size != 0)
        return no(outcome, "a body stands behind the head");
    if (!body_is_whole(c) && !c->body.failed)
        return MATCH_WAIT;
    if (step->form == FORM_EXPECT_NO_BODY)
        return c->end ? MATCH_YES : MATCH_WAIT;
    if (c->body.failed)
        outcome->why = runner_text(r, "of a body the first %u bytes are looked at", LIMIT_BODY_BYTES);
    return match_payload(r, step, c->body.data, c->body.size, outcome);
}

/* ---- a client with hints ---- */

static enum match match_client(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                               struct outcome *outcome)
{
    (void)item;
    if (step->form == FORM_EXPECT_REQUEST)
        return match_request(r, c, step, outcome);
    return step->form == FORM_EXPECT_SNI ? match_sni(r, c, step, outcome) : match_told(r, c, step, outcome);
}

/* ---- payloads ---- */

static enum match same_bytes(struct runner *r, const struct setting *payload, const uint8_t *bytes, size_t size,
                             struct outcome *outcome)
{
    struct buf want;
    if (!payload || !payload->value.bytes)
        return MATCH_YES;
    buf_init(&want, LIMIT_PAYLOAD_BYTES);
    bool made = runner_payload(r, payload->value.bytes, &want);
    size_t at = 0;
    while (made && at < want.size && at < size && want.data[at] == bytes[at])
        at++;
    bool same = made && want.size == size && at == size;
    if (made && !same)
        outcome->why = runner_text(r, "the payload differs from byte %zu on (%zu bytes expected, %zu came)", at,
                                   want.size, size);
    buf_free(&want);
    return yes_if(same);
}

enum match match_payload(struct runner *r, const struct step *step, const uint8_t *bytes, size_t size,
                         struct outcome *outcome)
{
    enum match match = same_bytes(r, step_setting(step, SLOT_PAYLOAD), bytes, size, outcome);
    return match == MATCH_YES ? pattern_match(r, step, bytes, size, outcome) : match;
}

/* ---- messages ---- */

static enum match match_message(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                                struct outcome *outcome)
{
    static const uint8_t opcodes[FORMS] = {[FORM_EXPECT_TEXT] = WS_TEXT, [FORM_EXPECT_BINARY] = WS_BINARY};
    uint8_t opcode = opcodes[step->form];
    (void)c;
    if (!item)
        return MATCH_WAIT;
    if (item->kind != ITEM_MESSAGE || (opcode && item->opcode != opcode))
        return MATCH_NO;
    return match_payload(r, step, item->data, item->size, outcome);
}

static enum match match_echo(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                             struct outcome *outcome)
{
    const struct sent_message *sent = c->unreturned;
    (void)step;
    if (!sent) {
        end_case(r, VERDICT_ERROR, "", "", "every message that was sent has come back already");
        return MATCH_NO;
    }
    if (!item)
        return MATCH_WAIT;
    if (item->kind != ITEM_MESSAGE)
        return MATCH_NO;
    if (item->opcode != sent->opcode)
        return no(outcome, "it came back as the other type");
    if (echo_equals(sent, item))
        return MATCH_YES;
    return no(outcome, runner_text(r, "it did not come back unchanged (%llu bytes went, %zu came)",
                                   (unsigned long long)sent->size, item->size));
}

/* ---- control frames and the end ---- */

static enum match match_control(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                                struct outcome *outcome)
{
    enum item_kind kind = step->form == FORM_EXPECT_PING ? ITEM_PING : ITEM_PONG;
    (void)c;
    if (!item)
        return MATCH_WAIT;
    return item->kind == kind ? match_payload(r, step, item->data, item->size, outcome) : MATCH_NO;
}

static bool code_wanted(const struct step *step, const struct item *item)
{
    const struct setting *codes = step_setting(step, SLOT_CODES);
    return !codes || value_has_code(&codes->value, item->code == 1005 ? SCRIPT_CODE_NONE : item->code);
}

static enum match match_close(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                              struct outcome *outcome)
{
    (void)c;
    if (!item)
        return MATCH_WAIT;
    if (item->kind != ITEM_CLOSE)
        return MATCH_NO;
    if (!code_wanted(step, item))
        return no(outcome, "the connection is closed with another code");
    outcome->close = CLOSE_OK;
    return match_payload(r, step, item->data, item->size, outcome);
}

/* RFC 6455 section 7.1.7: a Close with a fitting code is what an endpoint should send, ending TCP is what it must.
 * Where our Close itself is what breaks the rules, a Close with another code is no failure but the usual answer. */
static enum match match_fail(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                             struct outcome *outcome)
{
    if (!item)
        return c->close_received && c->end_taken ? MATCH_YES : MATCH_WAIT; /* it has failed it before */
    if (item->kind != ITEM_CLOSE && item->kind != ITEM_END)
        return no(outcome, "the testee goes on where it has to fail the connection");
    outcome->close = CLOSE_OK;
    if (item->kind == ITEM_CLOSE && !code_wanted(step, item)) {
        if (c->close_sent)
            return no(outcome, "the testee answers a Close that it has to refuse");
        outcome->close = CLOSE_WRONG_CODE;
        outcome->grade = VERDICT_NON_STRICT;
        outcome->why = runner_text(r, "the testee fails the connection, but with close code %u", item->code);
    }
    return MATCH_YES;
}

static enum match match_end(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                            struct outcome *outcome)
{
    (void)r, (void)c, (void)outcome;
    if (!item)
        return MATCH_WAIT;
    if (item->kind != ITEM_END)
        return MATCH_NO;
    bool fin = item->end == LAYER_EOF || item->end == LAYER_CUT, reset = item->end == LAYER_RESET;
    return yes_if(step->form == FORM_EXPECT_DROP || (step->form == FORM_EXPECT_EOF ? fin : reset));
}

static enum match match_frame(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                              struct outcome *outcome)
{
    (void)c;
    if (!item)
        return MATCH_WAIT;
    if (item->kind != ITEM_FRAME)
        return MATCH_NO;
    const struct ws_frame_head *head = &item->head;
    if (step_number(step, SLOT_OPCODE, head->opcode) != head->opcode)
        return no(outcome, "the frame has another opcode");
    if (step_number(step, SLOT_RSV, head->rsv) != head->rsv)
        return no(outcome, "the frame has other reserved bits");
    if (step_flag(step, SLOT_MORE) && head->fin)
        return no(outcome, "the frame has FIN set");
    if (step_flag(step, SLOT_FRESH_MASK) && item->stale_mask)
        return no(outcome, item->stale_mask);
    if (step_setting(step, SLOT_PAYLOAD) && item->size < head->payload_length)
        return no(outcome, runner_text(r, "a frame's payload is kept up to its byte %u", LIMIT_TRACE_BYTES));
    return match_payload(r, step, item->data, item->size, outcome);
}

/* Its time being up is what fulfils it. */
static enum match match_nothing(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                                struct outcome *outcome)
{
    (void)step;
    bool answered = c->head.there && c->head.at_ns > r->step_ns;
    return item || answered ? no(outcome, "something came where nothing should") : MATCH_WAIT;
}

/* The same for an end of the connection, in whatever way. */
static enum match match_stays(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                              struct outcome *outcome)
{
    (void)r, (void)c, (void)step;
    bool left = item && item->kind & (ITEM_CLOSE | ITEM_END);
    return left ? no(outcome, "the testee has left a connection that was well") : MATCH_WAIT;
}

/* ---- the table ---- */

struct matcher {
    unsigned wants;
    match_fn *fn;
};
static const struct matcher matchers[FORMS] = {
    [FORM_EXPECT_OPEN] = {0, match_open},
    [FORM_EXPECT_STATUS] = {0, match_status},
    [FORM_EXPECT_HEADER] = {0, match_header},
    [FORM_EXPECT_NO_HEADER] = {0, match_no_header},
    [FORM_EXPECT_REFUSED] = {0, match_refused},
    [FORM_EXPECT_BODY] = {0, match_body},
    [FORM_EXPECT_NO_BODY] = {0, match_body},
    [FORM_EXPECT_REQUEST] = {0, match_client},
    [FORM_EXPECT_NO_REQUEST] = {0, match_client},
    [FORM_EXPECT_TOLD_OPEN] = {0, match_client},
    [FORM_EXPECT_TOLD_FAILED] = {0, match_client},
    [FORM_EXPECT_SNI] = {0, match_client},
    [FORM_EXPECT_TEXT] = {ITEM_MESSAGE, match_message},
    [FORM_EXPECT_BINARY] = {ITEM_MESSAGE, match_message},
    [FORM_EXPECT_MESSAGE] = {ITEM_MESSAGE, match_message},
    [FORM_EXPECT_ECHO] = {ITEM_MESSAGE, match_echo},
    [FORM_EXPECT_PING] = {ITEM_PING, match_control},
    [FORM_EXPECT_PONG] = {ITEM_PONG, match_control},
    [FORM_EXPECT_CLOSE] = {ITEM_CLOSE, match_close},
    [FORM_EXPECT_FAIL] = {ITEM_CLOSE | ITEM_END, match_fail},
    [FORM_EXPECT_EOF] = {ITEM_END, match_end},
    [FORM_EXPECT_RESET] = {ITEM_END, match_end},
    [FORM_EXPECT_DROP] = {ITEM_END, match_end},
    [FORM_EXPECT_FRAME] = {ITEM_FRAME, match_frame},
    [FORM_EXPECT_NOTHING] = {ITEM_MESSAGE | ITEM_PACKET | ITEM_PONG, match_nothing},
    [FORM_EXPECT_STAYS] = {ITEM_CLOSE | ITEM_END, match_stays},
    [FORM_EXPECT_SIO_OPEN] = {ITEM_BEAT, match_engine},
    [FORM_EXPECT_SIO_PING] = {ITEM_BEAT, match_engine},
    [FORM_EXPECT_SIO_PONG] = {ITEM_BEAT, match_engine},
    [FORM_EXPECT_SIO_CLOSE] = {ITEM_PACKET, match_engine},
    [FORM_EXPECT_SIO_CONNECT] = {ITEM_PACKET, match_packet},
    [FORM_EXPECT_SIO_ERROR] = {ITEM_PACKET, match_packet},
    [FORM_EXPECT_SIO_DISCONNECT] = {ITEM_PACKET, match_packet},
    [FORM_EXPECT_SIO_EVENT] = {ITEM_PACKET, match_packet},
    [FORM_EXPECT_SIO_ACK] = {ITEM_PACKET, match_packet},
};

unsigned match_wants(enum form form) { return matchers[form].wants; }

enum progress match_fits(struct runner *r, const struct conn *c, const struct step *expect)
{
    for (const struct step *one = expect; one; one = one == expect ? expect->alternatives : one->next) {
        unsigned wants = match_wants(one->form), packets = wants & (ITEM_PACKET | ITEM_BEAT);
        bool messages = wants & ITEM_MESSAGE;
        if (packets && !messages && !c->link) /* `nothing` is of both, and fits anywhere */
            return link_missing(r, one);
        if (messages && !packets && c->link)
            return end_case(r, VERDICT_ERROR, "", "",
                            "line %d: on a Socket.IO connection packets come: `expect socketio event`, ...", one->line);
    }
    return STEP_DONE;
}

bool is_handshake_form(enum form form) { return matchers[form].fn && matchers[form].wants == 0; }

enum match match_step(struct runner *r, struct conn *c, const struct step *step, struct item *item,
                      struct outcome *outcome)
{
    return matchers[step->form].fn(r, c, step, item, outcome);
}
