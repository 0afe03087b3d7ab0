/* ws_judge (RFC 6455 sections 5 to 8, RFC 7692). Oracles: whole, bytewise and
 * cut as the input says give the same events and the same prediction, which only
 * ever gets worse; what is reported keeps the contract of judge.h; text and
 * reasons are UTF-8 for a second decoder too. */
#include "fuzz.h"

#include "base/buf.h"
#include "plain_utf8.h"
#include "wire/judge.h"

FUZZ_TARGET("judge");

/* Everything heard, so that equal logs are equal stories: pieces of messages are joined. */
struct ear {
    struct ws_judge *judge;
    uint64_t message_max;
    struct buf log, bytes; /* lines; bytes of all messages */
    bool in_message, failed, closed;
    uint8_t opcode;
    uint64_t message_size;
    struct plain_utf8 text;
};

static void hear_message(struct ear *ear, const struct ws_event *e)
{
    must(e->first != ear->in_message, "a piece that is %sfirst", e->first ? "" : "not ");
    must(e->first || e->opcode == ear->opcode, "a message of two kinds");
    must(e->opcode == WS_TEXT || e->opcode == WS_BINARY, "a message of opcode %u", e->opcode);
    if (e->first) {
        ear->message_size = 0;
        ear->text = (struct plain_utf8){0};
        buf_printf(&ear->log, "first %u %d\n", e->opcode, e->compressed);
    }
    ear->opcode = e->opcode;
    ear->in_message = !e->last;
    ear->message_size += e->size;
    must(ear->message_max == 0 || ear->message_size <= ear->message_max, "a message over its limit");
    for (size_t i = 0; e->opcode == WS_TEXT && i < e->size; i++)
        must(plain_utf8_byte(&ear->text, e->data[i]), "text that is not UTF-8");
    must(buf_append(&ear->bytes, e->data, e->size), "no memory");
    if (e->last) {
        must(e->opcode != WS_TEXT || ear->text.size == 0, "text that ends within a character");
        buf_printf(&ear->log, "last, %zu in all\n", ear->bytes.size);
    }
}

static void hear_close(struct ear *ear, const struct ws_event *e)
{
    bool complete;
    must(!ear->closed, "two Closes are heard");
    bool overlooked = (e->code >= 1016 && e->code < 3000) || e->code >= 5000; /* reported, and may pass */
    must(e->code == 1005 ? e->size == 0 : ws_close_code_valid(e->code) || overlooked, "a Close with %u passes",
         e->code);
    must(plain_utf8_bad(e->data, e->size, &complete) == e->size && complete, "a reason that is not UTF-8");
    ear->closed = true;
}

static void hear(void *context, const struct ws_event *e)
{
    struct ear *ear = context;
    must(!ear->failed, "an event behind a failure");
    if (e->kind == WS_EVENT_MESSAGE) {
        hear_message(ear, e);
        return;
    }
    buf_printf(&ear->log, "%d @%llu %u ", e->kind, (unsigned long long)e->at, e->code);
    for (size_t i = 0; e->kind != WS_EVENT_FRAME && i < e->size; i++)
        buf_printf(&ear->log, "%02x", e->data[i]);
    if (e->kind == WS_EVENT_FRAME)
        buf_printf(&ear->log, "%s %u %llu %x", ws_opcode_name(e->head->opcode), e->head->rsv,
                   (unsigned long long)e->head->payload_length, e->head->faults);
    if (e->kind == WS_EVENT_VIOLATION) {
        const struct ws_violation *v = ws_violation_get(e->violation);
        must(ws_violation_find(v->name) == v && ws_violation_find("") == NULL, "%s is not found by its name", v->name);
        must(*ws_certainty_name(v->certainty) != 0, "a certainty without a name");
        buf_printf(&ear->log, "%s%s", v->name, e->deaf ? " deaf" : "");
        ear->failed = e->deaf || v->reaction == WS_REACT_FAIL;
    } else if (e->kind == WS_EVENT_CLOSE) {
        hear_close(ear, e);
    } else if (e->kind != WS_EVENT_FRAME) {
        must(e->size <= 125, "a control frame of %zu bytes", e->size);
    }
    buf_append_byte(&ear->log, '\n');
}

static void check_prediction(const struct ear *ear, const struct ws_prediction *last)
{
    struct ws_prediction p = ws_judge_predict(ear->judge);
    bool fails = p.outcome == WS_OUTCOME_FAIL;
    must(last->outcome != WS_OUTCOME_FAIL || fails, "a failure is taken back");
    must(!last->closed || p.closed, "a Close is taken back");
    /* A deaf judge still sees the Close that a more patient receiver would answer. */
    must(p.closed == ear->closed || (p.closed && ear->failed), "closed is %d", p.closed);
    must(!(fails || p.outcome == WS_OUTCOME_FAIL_SOON) || (p.codes[0] != 0 && p.violation < WS_VIOLATIONS),
         "a failure without a reason");
    must(!(p.outcome == WS_OUTCOME_OK || p.outcome == WS_OUTCOME_WAIT) || p.codes[0] == 0,
         "nothing is wrong, with a code");
    for (size_t i = 0; i < WS_PREDICTION_CODES_MAX && p.codes[i] != 0; i++)
        must(ws_prediction_allows(&p, p.codes[i]), "code %u is not allowed by its own list", p.codes[i]);
}

static void judge(struct ear *ear, struct ws_judge_config config, const uint8_t *bytes, size_t size,
                  struct fuzz_cut cut)
{
    *ear = (struct ear){.message_max = config.message_max};
    buf_init(&ear->log, 0);
    buf_init(&ear->bytes, 0);
    config.event = hear;
    config.context = ear;
    ear->judge = ws_judge_new(&config);
    must(ear->judge != NULL, "no judge");
    struct fuzz_feed feed = fuzz_feed_begin(bytes, size, cut);
    uint8_t *data;
    for (size_t piece; (data = fuzz_feed_next(&feed, &piece)) != NULL;) {
        struct ws_prediction before = ws_judge_predict(ear->judge);
        ws_judge_feed(ear->judge, data, piece);
        check_prediction(ear, &before);
    }
    must(ws_judge_bytes(ear->judge) == size, "%llu bytes fed", (unsigned long long)ws_judge_bytes(ear->judge));
}

static void compare(const struct ear *a, const struct ear *b, const char *how)
{
    struct ws_prediction p = ws_judge_predict(a->judge), q = ws_judge_predict(b->judge);
    must(strcmp(buf_text(&a->log), buf_text(&b->log)) == 0, "%s, it is\n%s-- not\n%s", how, buf_text(&b->log),
         buf_text(&a->log));
    must(a->bytes.size == b->bytes.size &&
             (a->bytes.size == 0 || memcmp(a->bytes.data, b->bytes.data, a->bytes.size) == 0),
         "%s, the messages are others", how);
    must(p.outcome == q.outcome && p.violation == q.violation && p.closed == q.closed &&
             memcmp(p.codes, q.codes, sizeof p.codes) == 0,
         "%s, outcome %d by %d, not %d by %d", how, q.outcome, q.violation, p.outcome, p.violation);
    /* Behind a failure nobody reads on. */
    must(p.outcome == WS_OUTCOME_FAIL || (ws_judge_in_message(a->judge) == ws_judge_in_message(b->judge) &&
                                          ws_judge_in_frame(a->judge) == ws_judge_in_frame(b->judge)),
         "%s, it ends elsewhere", how);
}

static void done(struct ear *ear)
{
    ws_judge_free(ear->judge);
    buf_free(&ear->log);
    buf_free(&ear->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {NULL, "bytewise", "cut"};
    uint8_t options = fuzz_take(&data, &size), seed = fuzz_take(&data, &size);
    struct ear whole, other;
    struct ws_judge_config config = {
        .receiver = options & 1 ? WS_CLIENT : WS_SERVER,
        .deflate = options & 2,
        .context_takeover = options & 4,
        .message_max = options & 8 ? 1000 : options & 128 ? 0 : 1u << 20,
        .window_bits = 15 - (options >> 4 & 7),
    };
    must(!config.deflate || ws_judge_new(&(struct ws_judge_config){.deflate = true, .window_bits = 7}) == NULL,
         "a window of 7 bits");
    judge(&whole, config, data, size, fuzz_cut_by(CUT_WHOLE));
    for (uint32_t way = CUT_BYTES; way < 3; way++) {
        judge(&other, config, data, size, fuzz_cut_by(way == CUT_BYTES ? way : 2u + seed));
        compare(&whole, &other, names[way]);
        done(&other);
    }
    done(&whole);
    return 0;
}
