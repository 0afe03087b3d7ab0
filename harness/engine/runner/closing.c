/* RFC 6455 section 7.1: how a case leaves its connections. What is still open
 * when the steps are over gets a closing handshake, graded by itself; a
 * connection that the script has broken or ended is left as it is. */
#include "engine/runner/play.h"

void closing_verdict(struct runner *r, enum close_verdict verdict)
{
    static const int weight[CLOSE_VERDICTS] = {
        [CLOSE_NONE] = 0, [CLOSE_OK] = 1, [CLOSE_INFO] = 2, [CLOSE_WRONG_CODE] = 3, [CLOSE_UNCLEAN] = 4};
    if (weight[verdict] > weight[r->close_verdict])
        r->close_verdict = verdict;
}

static void send_close(struct conn *c, uint16_t code)
{
    endpoint_send_close(c->endpoint, code, NULL);
    c->close_sent = true;
    c->close_sent_code = code;
}

static void echo_close(struct conn *c)
{
    send_close(c, c->close_code == 1005 ? 0 : c->close_code);
}

void closing_answer(struct runner *r, struct conn *c)
{
    const struct step *next = runner_next_step(r);
    bool script_answers = next && (next->verb == VERB_SEND || next->verb == VERB_DROP);
    if (!c->close_sent && !c->fin_sent && !script_answers)
        echo_close(c);
}

/* The steps have done with it: nothing that a closing handshake could still show. */
static bool is_left(const struct conn *c)
{
    bool unreadable = c->broken_out && !c->close_received; /* our Close would be taken for payload */
    return c->phase != CONN_FRAMES || !c->endpoint || c->fin_sent || unreadable || (c->end && c->end_taken);
}

/* A Close of theirs that no step has asked for. */
static void judge_unasked(struct runner *r, const struct conn *c)
{
    if (c->close_code == 1000 || c->close_code == 1001 || c->close_code == 1005) {
        closing_verdict(r, CLOSE_INFO);
        return;
    }
    closing_verdict(r, CLOSE_WRONG_CODE);
    remark(r, VERDICT_NON_STRICT, "the testee closes the connection with code %u, unasked", c->close_code);
}

static void begin(struct runner *r, struct conn *c)
{
    c->closing = is_left(c) ? CLOSING_OVER : CLOSING_CLOSE;
    if (c->closing == CLOSING_OVER)
        return;
    c->closing_deadline = runner_now(r) + runner_patience(r);
    if (c->close_received && !c->end_taken && !c->close_sent)
        judge_unasked(r, c);
    if (c->close_sent)
        return;
    if (c->close_received)
        echo_close(c);
    else
        send_close(c, 1000);
}

static void await_close(struct runner *r, struct conn *c)
{
    if (c->close_received) {
        c->closing = CLOSING_TCP;
        c->closing_deadline = runner_now(r) + runner_patience(r);
        if (c->close_sent_code != c->close_code && !c->end_taken)
            closing_verdict(r, CLOSE_INFO);
        if (r->config.role == WS_SERVER)
            endpoint_finish(c->endpoint, FINISH_CLEAN);
        return;
    }
    if (!c->end && runner_now(r) < c->closing_deadline) {
        wait_until(r, c->closing_deadline);
        return;
    }
    c->closing = CLOSING_OVER;
    r->timed_out = !c->end;
    closing_verdict(r, CLOSE_UNCLEAN);
    end_case(r, VERDICT_FAIL, "a Close in answer to ours",
             c->end ? end_words(r, c) : runner_text(r, "nothing within %s", duration_words(r, runner_patience(r))),
             c->end ? "the testee ends the connection without a Close (6455-7.3-close-uses-handshake)"
                    : "the testee does not answer a Close (6455-5.5.1-close-reply)");
}

static void await_tcp(struct runner *r, struct conn *c)
{
    if (c->end) {
        c->closing = CLOSING_OVER;
        closing_verdict(r, c->end->end == LAYER_EOF ? CLOSE_OK : CLOSE_INFO);
        return;
    }
    if (runner_now(r) < c->closing_deadline) {
        wait_until(r, c->closing_deadline);
        return;
    }
    c->closing = CLOSING_OVER;
    r->timed_out = true;
    closing_verdict(r, CLOSE_UNCLEAN);
    remark(r, VERDICT_NON_STRICT,
           "the testee does not end TCP behind the closing handshake (6455-5.5.1-close-tcp-both)");
}

enum progress closing_poll(struct runner *r)
{
    bool over = true;
    r->step = NULL;
    for (struct conn *c = r->conns; c && !r->decided; c = c->next) {
        if (c->closing == CLOSING_NOT)
            begin(r, c);
        if (c->closing == CLOSING_OVER)
            continue;
        inbox_discard(c);
        if (c->closing == CLOSING_CLOSE)
            await_close(r, c);
        if (c->closing == CLOSING_TCP)
            await_tcp(r, c);
        over &= c->closing == CLOSING_OVER;
    }
    return over || r->decided ? STEP_DONE : STEP_WAIT;
}
