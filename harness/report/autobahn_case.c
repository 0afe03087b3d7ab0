/* See autobahn_case.h. Closing and received messages are read off the events that the result has kept. */
#include "report/autobahn_case.h"

#include "report/autobahn_expected.h"
#include "report/json_words.h"
#include "report/words.h"

#include <math.h>
#include <string.h>

/* ---- words ---- */

static const char *behavior(enum verdict verdict)
{
    static const char *const words[VERDICTS] = {
        [VERDICT_PASS] = "OK",
        [VERDICT_NON_STRICT] = "NON-STRICT",
        [VERDICT_INFO] = "INFORMATIONAL",
        [VERDICT_UNIMPLEMENTED] = "UNIMPLEMENTED",
        [VERDICT_FAIL] = "FAILED",
        [VERDICT_ERROR] = "FAILED",
    };
    return words[verdict];
}

/* A case that does not look at the closing says nothing of it: then it is as the case went. */
static const char *behavior_close(const struct case_result *result)
{
    static const char *const words[CLOSE_VERDICTS] = {
        [CLOSE_OK] = "OK", [CLOSE_UNCLEAN] = "UNCLEAN", [CLOSE_WRONG_CODE] = "WRONG CODE",
        [CLOSE_INFO] = "INFORMATIONAL", [CLOSE_NONE] = "OK",
    };
    bool failed = result->close_verdict == CLOSE_NONE && result->verdict >= VERDICT_FAIL;
    return failed ? "FAILED" : words[result->close_verdict];
}

#define SHOWN 64u /* bytes of a payload, before " ..." */

/* As text, or 0x and hexadecimal; of a long one the beginning. */
static json_t *payload(const uint8_t *bytes, size_t size)
{
    size_t shown = size < SHOWN ? size : SHOWN;
    struct buf out;
    buf_init(&out, 0);
    json_t *string = json_stringn(shown == 0 ? "" : (const char *)bytes, shown);
    if (string != NULL) {
        buf_append(&out, bytes, shown);
    } else { /* no UTF-8, or cut within a character */
        buf_append_text(&out, "0x");
        for (size_t i = 0; i < shown; i++)
            buf_printf(&out, "%02x", bytes[i]);
    }
    json_decref(string);
    if (shown < size)
        buf_append_text(&out, " ...");
    string = out.failed ? NULL : json_stringn(buf_text(&out), out.size);
    buf_free(&out);
    return string;
}

/* ---- what the events tell ---- */

struct closing {
    const struct trace_event *first[2], *ended[2]; /* by `ours`: the Close frame; FIN or RST */
    bool connected, answered, opened;              /* TCP; a head of the server's; 101 */
    bool ours_first;
};

static bool is_101(const struct trace_event *event)
{
    static const char begin[] = "HTTP/1.1 101";
    return event->size >= sizeof begin - 1 && memcmp(event->bytes, begin, sizeof begin - 1) == 0;
}

static struct closing closing_of(const struct case_result *result, bool client)
{
    struct closing closing = {0};
    for (size_t i = 0; i < result->event_count; i++) {
        const struct trace_event *event = &result->events[i];
        bool close = event->kind == TRACE_FRAME && event->head.opcode == WS_CLOSE &&
                     (!event->ours || (event->head.fin && event->head.rsv == 0)); /* else it was sent to be refused */
        if (close && closing.first[event->ours] == NULL) {
            closing.first[event->ours] = event;
            closing.ours_first |= event->ours && closing.first[0] == NULL;
        }
        if ((event->kind == TRACE_EOF || event->kind == TRACE_RESET) && closing.ended[event->ours] == NULL)
            closing.ended[event->ours] = event;
        closing.connected |= event->kind == TRACE_CONNECT || event->kind == TRACE_HEAD;
        closing.answered |= event->kind == TRACE_HEAD && !event->ours;
        closing.opened |= event->kind == TRACE_HEAD && event->ours == client && is_101(event);
    }
    return closing;
}

/* Who gave the connection up, and over what: `left` is a testee's that was there until we went. */
struct giving_up {
    bool dropped, failed, open_timeout, close_timeout, drop_timeout;
};

static struct giving_up giving_up_of(const struct case_result *result, const struct closing *closing, bool client)
{
    bool left = closing->connected && closing->ended[0] == NULL && closing->ended[1] == NULL;
    bool vain = left && result->timed_out;
    bool both = closing->first[0] != NULL && closing->first[1] != NULL;
    bool ended_first = closing->ended[1] != NULL &&
                       (closing->ended[0] == NULL || closing->ended[1]->at_ns < closing->ended[0]->at_ns);
    struct giving_up up = {
        .dropped = left || ended_first,
        .open_timeout = vain && !closing->answered,
        .close_timeout = vain && closing->opened && closing->ours_first && closing->first[0] == NULL,
        .drop_timeout = vain && both && !client,
    };
    up.failed = left && closing->opened && !both && !up.close_timeout;
    return up;
}

static json_t *close_code(const struct trace_event *close)
{
    if (close == NULL || close->size < 2)
        return json_null();
    return json_integer(close->bytes[0] << 8 | close->bytes[1]);
}

static json_t *close_reason(const struct trace_event *close)
{
    if (close == NULL || close->size < 3)
        return json_null();
    json_t *whole = json_stringn((const char *)close->bytes + 2, close->size - 2);
    return whole != NULL ? whole : payload(close->bytes + 2, close->size - 2);
}

static json_t *head(const struct case_result *result, bool ours)
{
    for (size_t i = 0; i < result->event_count; i++) {
        const struct trace_event *event = &result->events[i];
        if (event->kind != TRACE_HEAD || event->ours != ours)
            continue;
        struct buf raw;
        buf_init(&raw, 0);
        buf_append(&raw, event->bytes, event->size);
        json_t *string = json_text(buf_text(&raw));
        buf_free(&raw);
        return string;
    }
    return json_string("");
}

/* ["message", text, is_binary], ["pong", text]: a message by its first frame. */
static json_t *received(const struct case_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->event_count; i++) {
        const struct trace_event *event = &result->events[i];
        if (event->kind != TRACE_FRAME || event->ours)
            continue;
        json_t *shown = payload(event->bytes, event->size);
        if (event->head.opcode == WS_TEXT || event->head.opcode == WS_BINARY)
            json_array_append_new(list, json_pack("[s o b]", "message", shown, event->head.opcode == WS_BINARY));
        else if (event->head.opcode == WS_PONG)
            json_array_append_new(list, json_pack("[s o]", "pong", shown));
        else
            json_decref(shown);
    }
    return list;
}

static json_t *frame_counts(const struct case_result *result, bool ours)
{
    json_t *object = json_object();
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        uint64_t count = result->counts.frames[ours][opcode];
        char name[4];
        snprintf(name, sizeof name, "%u", opcode);
        if (count != 0)
            json_object_set_new(object, name, json_integer((json_int_t)count));
    }
    return object;
}

static json_t *sized(const struct trace_event *event)
{
    return json_pack("[I o]", (json_int_t)(event->whole < INT64_MAX ? event->whole : INT64_MAX),
                     payload(event->bytes, event->size));
}

/* ["TF", [len, text], opcode, fin, rsv, mask, repeatLen, chop, sync], ["RF", [len, text], opcode, fin, rsv, masked,
 * mask], ["TO", [len, text], sync], ["RO", [len, text]] */
static json_t *wire_log(const struct case_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->event_count; i++) {
        const struct trace_event *event = &result->events[i];
        const struct ws_frame_head *of = &event->head;
        json_t *row = NULL;
        if (event->kind == TRACE_FRAME && event->ours)
            row = json_pack("[s o i b i n n n b]", "TF", sized(event), of->opcode, of->fin, of->rsv, 0);
        else if (event->kind == TRACE_FRAME)
            row = json_pack("[s o i b i b n]", "RF", sized(event), of->opcode, of->fin, of->rsv, of->masked);
        else if (event->kind == TRACE_RAW && event->ours)
            row = json_pack("[s o b]", "TO", sized(event), 0);
        else if (event->kind == TRACE_RAW)
            row = json_pack("[s o]", "RO", sized(event));
        if (row != NULL)
            json_array_append_new(list, row);
    }
    return list;
}

/* ---- the whole ---- */

static json_t *closing_json(const struct case_result *result, const struct closing *closing, bool client)
{
    const struct trace_event *ours = closing->first[1], *theirs = closing->first[0];
    bool clean = result->close_verdict == CLOSE_OK || result->close_verdict == CLOSE_INFO;
    struct giving_up up = giving_up_of(result, closing, client);
    return json_pack("{sb sb sb sb sb sb sb so* so so so so}", "closedByMe", closing->ours_first, "failedByMe",
                     up.failed, "droppedByMe", up.dropped, "wasClean", clean, "wasServerConnectionDropTimeout",
                     up.drop_timeout, "wasOpenHandshakeTimeout", up.open_timeout, "wasCloseHandshakeTimeout",
                     up.close_timeout, "wasNotCleanReason", clean ? json_null() : json_text(result->detail),
                     "localCloseCode", close_code(ours), "remoteCloseCode", close_code(theirs), "localCloseReason",
                     close_reason(ours), "remoteCloseReason", close_reason(theirs));
}

json_t *autobahn_case(const struct run_result *run, const struct case_result *result, const char *agent, size_t number)
{
    bool client = run->testee.role == ROLE_CLIENT;
    struct closing closing = closing_of(result, client);
    struct buf words;
    buf_init(&words, 0);
    words_of_case(&words, result);
    const char *seen = words.size == 0 ? "as expected" : buf_text(&words);
    const char *close = behavior_close(result);
    const char *started = result->started[0] != 0 ? result->started : run->started;
    json_t *whole = json_pack(
        "{ss sI ss so so so sI sb ss ss so so s{} so so so so sb sb sb sb s{} s{} so so sn so}",
        "id", result->alias, "case", (json_int_t)number, "agent", agent, "description", json_text(result->title),
        "expectation", json_text(result->expected), "started", json_text(started), "duration",
        (json_int_t)llround((double)result->duration_ns / 1e6), "isServer", client, "behavior",
        behavior(result->verdict), "behaviorClose", close, "result", json_text(seen), "resultClose",
        json_text(strcmp(close, "OK") == 0 ? "closed as expected" : seen), "expected", "received",
        received(result), "expectedClose", autobahn_expected_close(result), "httpRequest",
        head(result, !client), "httpResponse", head(result, client), "reportTime", 0, "reportCompressionRatio", 0,
        "createWirelog", 1, "createStats", 1, "rxOctetStats", "txOctetStats",
        "rxFrameStats", frame_counts(result, false), "txFrameStats", frame_counts(result, true), "trafficStats",
        "wirelog", wire_log(result));
    json_t *rest = closing_json(result, &closing, client);
    bool fine = !words.failed && whole != NULL && rest != NULL && json_object_update(whole, rest) == 0;
    buf_free(&words);
    json_decref(rest);
    if (fine)
        return whole;
    json_decref(whole);
    return NULL;
}
