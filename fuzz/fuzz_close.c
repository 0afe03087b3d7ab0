/* The body of a Close frame (RFC 6455 sections 5.5.1 and 7.4). Oracles: what the
 * judge makes of it, whole, bytewise and cut, is what the section's sentences
 * say, read one after the other by a second reader. */
#include "fuzz.h"

#include "plain_utf8.h"
#include "wire/judge.h"

FUZZ_TARGET("close");

#define BODY_MAX 125u

/* What the sentences say. */
struct plain_close {
    uint16_t code;       /* 1005 without one */
    bool fails;          /* must fail the connection */
    bool may_fail;       /* or may */
    bool dubious;        /* may be sent by nobody here, yet passes */
    uint16_t fail_codes[2];
};

/* 7.4.1 and 7.4.2, in their order. */
static void plain_code(struct plain_close *c, unsigned code, enum ws_role receiver)
{
    if (code < 1000 || code == 1004 || code == 1005 || code == 1006 || code == 1015)
        c->fails = true;
    else if ((code > 1015 && code < 3000) || code > 4999)
        c->may_fail = true;
    else if (code == 1010 && receiver == WS_CLIENT)
        c->dubious = true;
    c->fail_codes[0] = 1002;
}

static struct plain_close plain_read(const uint8_t *body, size_t size, enum ws_role receiver)
{
    struct plain_close c = {.code = 1005};
    bool complete;
    if (size == 0)
        return c;
    if (size == 1) {
        c.fails = true;
        c.fail_codes[0] = 1002;
        return c;
    }
    c.code = (uint16_t)(body[0] << 8 | body[1]);
    plain_code(&c, c.code, receiver);
    if (plain_utf8_bad(body + 2, size - 2, &complete) != size - 2 || !complete) {
        c.fail_codes[c.fails || c.may_fail] = 1007; /* either may be looked at first */
        c.fails = true;
    }
    return c;
}

struct ear {
    bool closed, violated;
    uint16_t code;
    uint8_t reason[BODY_MAX];
    size_t reason_size;
};

static void hear(void *context, const struct ws_event *e)
{
    struct ear *ear = context;
    if (e->kind == WS_EVENT_VIOLATION)
        ear->violated = true;
    if (e->kind != WS_EVENT_CLOSE)
        return;
    must(!ear->closed && e->size <= BODY_MAX - 2, "a Close of %zu bytes, or a second", e->size);
    ear->closed = true;
    ear->code = e->code;
    ear->reason_size = e->size;
    if (e->size != 0)
        memcpy(ear->reason, e->data, e->size);
}

static void check(const struct ear *ear, struct ws_prediction p, const struct plain_close *c, const uint8_t *body,
                  size_t size)
{
    must(ear->violated == (c->fails || c->may_fail || c->dubious), "the code %u with %zu bytes is a violation: %d",
         c->code, size, ear->violated);
    must((p.outcome == WS_OUTCOME_FAIL) == c->fails, "the outcome of code %u with %zu bytes is %d", c->code, size,
         p.outcome);
    must(!(c->may_fail && !c->fails) || p.outcome == WS_OUTCOME_MAY_FAIL, "the code %u has the outcome %d", c->code,
         p.outcome);
    for (size_t i = 0; (c->fails || c->may_fail) && i < 2 && c->fail_codes[i] != 0; i++)
        must(ws_prediction_allows(&p, c->fail_codes[i]), "%u is no answer to the code %u", c->fail_codes[i], c->code);
    must(!ws_prediction_allows(&p, 1009) || (p.outcome != WS_OUTCOME_FAIL && p.outcome != WS_OUTCOME_MAY_FAIL),
         "1009 is an answer to a Close");
    must(ear->closed == !c->fails, "the Close is %sheard", ear->closed ? "" : "not ");
    if (!ear->closed)
        return;
    must(ear->code == c->code && ear->reason_size == (size < 2 ? 0 : size - 2), "it is heard as %u with %zu bytes",
         ear->code, ear->reason_size);
    must(size < 2 || memcmp(ear->reason, body + 2, size - 2) == 0, "it is heard with another reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t options = fuzz_take(&data, &size), frame[WS_FRAME_HEAD_MAX + BODY_MAX];
    enum ws_role receiver = options & 1 ? WS_CLIENT : WS_SERVER;
    const uint8_t key[4] = {options, 0x5a, (uint8_t)~options, 0xff};
    size = size < BODY_MAX ? size : BODY_MAX;
    struct ws_frame_head head = ws_frame_head_make(WS_CLOSE, size, receiver == WS_SERVER ? key : NULL);
    size_t head_size = ws_frame_head_write(&head, frame), whole = head_size + size;
    struct plain_close plain = plain_read(data, size, receiver);
    must(ws_close_code_valid(plain.code) == (size >= 2 && plain.code >= 1000 && plain.code < 5000 &&
                                             (plain.code < 1016 || plain.code > 2999) && plain.code != 1004 &&
                                             plain.code != 1005 && plain.code != 1006 && plain.code != 1015),
         "is the code %u valid?", plain.code);
    for (uint32_t way = 0; way < 3; way++) {
        struct ear ear = {0};
        struct ws_judge *judge =
            ws_judge_new(&(struct ws_judge_config){.receiver = receiver, .event = hear, .context = &ear});
        struct fuzz_cut cut = fuzz_cut_by(way < 2 ? way : 2u + (options >> 1));
        must(judge != NULL, "no judge");
        if (size != 0)
            memcpy(frame + head_size, data, size);
        if (receiver == WS_SERVER)
            ws_mask(frame + head_size, size, key, 0);
        for (size_t at = 0, piece; (piece = fuzz_cut_next(&cut, whole - at)) != 0; at += piece)
            ws_judge_feed(judge, frame + at, piece);
        check(&ear, ws_judge_predict(judge), &plain, data, size);
        ws_judge_free(judge);
    }
    return 0;
}
