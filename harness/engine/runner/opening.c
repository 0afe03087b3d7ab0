/* RFC 6455 section 4, as a script plays it: the heads that we write, valid but
 * for the options of the step, and what becomes of the handshake. What the
 * validator must know of our offer is read from the bytes that went out, so
 * that a head written by hand is judged like one of ours. */
#include "engine/runner/play.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
    const char *name;
    const char *word; /* how `without` may call it */
    enum slot slot;
};
enum { FIELD_HOST, FIELD_UPGRADE, FIELD_CONNECTION, FIELD_KEY, FIELD_VERSION, FIELD_ORIGIN, FIELD_ACCEPT,
       FIELD_PROTOCOL, FIELD_EXTENSIONS };
static const struct field fields[] = {
    [FIELD_HOST] = {"Host", "host", SLOT_HOST},
    [FIELD_UPGRADE] = {"Upgrade", "upgrade", SLOT_UPGRADE},
    [FIELD_CONNECTION] = {"Connection", "connection", SLOT_CONNECTION},
    [FIELD_KEY] = {"Sec-WebSocket-Key", "key", SLOT_KEY},
    [FIELD_VERSION] = {"Sec-WebSocket-Version", "version", SLOT_VERSION},
    [FIELD_ORIGIN] = {"Origin", "origin", SLOT_ORIGIN},
    [FIELD_ACCEPT] = {"Sec-WebSocket-Accept", "accept", SLOT_ACCEPT_KEY},
    [FIELD_PROTOCOL] = {"Sec-WebSocket-Protocol", "protocol", SLOT_PROTOCOL},
    [FIELD_EXTENSIONS] = {"Sec-WebSocket-Extensions", "extensions", SLOT_DEFLATE},
};

/* ---- writing heads ---- */

static bool left_out(const struct step *step, const struct field *field)
{
    for (const struct setting *s = step_setting(step, SLOT_WITHOUT); s; s = step_next_setting(s))
        if (strcasecmp(s->value.word, field->name) == 0 || strcasecmp(s->value.word, field->word) == 0)
            return true;
    return false;
}

/* The options' values, or `otherwise`; neither: no line. False: the case is over. */
static bool put_field(struct runner *r, const struct step *step, int which, const char *otherwise,
                      struct buf *out)
{
    const struct field *field = &fields[which];
    const struct setting *s = step_setting(step, field->slot);
    if (left_out(step, field) || (!s && !otherwise))
        return true;
    buf_printf(out, "%s: %s", field->name, s ? "" : otherwise);
    for (; s; s = step_next_setting(s)) {
        if (!runner_payload(r, s->value.bytes, out))
            return false;
        if (step_next_setting(s))
            buf_append_text(out, ", ");
    }
    buf_append_text(out, "\r\n");
    return true;
}

/* `deflate` alone stands for `otherwise`, with parameters for these. */
static bool put_extensions(struct runner *r, const struct step *step, const char *otherwise, struct buf *out)
{
    const struct setting *s = step_setting(step, SLOT_DEFLATE);
    if (step_setting(step, SLOT_ASK) && r->config.role == WS_CLIENT)
        return asking_put_offers(r, step, out);
    if (step_setting(step, SLOT_ASK) && *otherwise)
        return buf_printf(out, "Sec-WebSocket-Extensions: %s\r\n", otherwise);
    if (!s || left_out(step, &fields[FIELD_EXTENSIONS]))
        return true;
    if (!s->value.bytes && !*otherwise)
        return true;
    buf_append_text(out, "Sec-WebSocket-Extensions: ");
    for (; s; s = step_next_setting(s)) {
        buf_append_text(out, s->value.bytes ? "permessage-deflate; " : otherwise);
        if (s->value.bytes && !runner_payload(r, s->value.bytes, out))
            return false;
        if (step_next_setting(s))
            buf_append_text(out, ", ");
    }
    buf_append_text(out, "\r\n");
    return true;
}

static bool put_lines(struct runner *r, const struct step *step, struct buf *out)
{
    for (const struct setting *s = step_setting(step, SLOT_HEADER); s; s = step_next_setting(s)) {
        if (!runner_payload(r, s->value.bytes, out))
            return false;
        buf_append_text(out, "\r\n");
    }
    return true;
}

static bool put_end(struct runner *r, const struct step *step, struct buf *out)
{
    const struct setting *then = step_setting(step, SLOT_THEN);
    buf_append_text(out, "\r\n");
    return !then || runner_payload(r, then->value.bytes, out);
}

/* What the user wants offered, as one value; NULL: nothing. */
static const char *protocols_of(struct runner *r, const struct testee *testee)
{
    const char *all = NULL;
    for (const char *const *protocol = testee->protocols; protocol && *protocol; protocol++)
        all = all ? runner_text(r, "%s, %s", all, *protocol) : *protocol;
    return all;
}

static bool write_request(struct runner *r, struct conn *c, const struct step *step, struct buf *out)
{
    const struct testee *testee = r->config.testee;
    char key[WS_KEY_SIZE + 1];
    uint8_t nonce[16];
    const char *protocols = protocols_of(r, testee);
    struct prng random = prng_stream_n(r->seed, "key", c->number);
    prng_fill(&random, nonce, sizeof nonce);
    ws_key_make(nonce, key);

    bool fine = runner_option(r, step_setting(step, SLOT_METHOD), "GET", out) && buf_append_byte(out, ' ') &&
                (c->link ? link_target(r, c, step, out)
                         : runner_option(r, step_setting(step, SLOT_PATH), testee->url.resource, out)) &&
                buf_append_byte(out, ' ') &&
                runner_option(r, step_setting(step, SLOT_HTTP), "HTTP/1.1", out) &&
                buf_append_text(out, "\r\n") &&
                put_field(r, step, FIELD_HOST, testee->url.authority, out) &&
                put_field(r, step, FIELD_UPGRADE, "websocket", out) &&
                put_field(r, step, FIELD_CONNECTION, "Upgrade", out) &&
                put_field(r, step, FIELD_KEY, key, out) &&
                put_field(r, step, FIELD_VERSION, "13", out) &&
                put_field(r, step, FIELD_ORIGIN, testee->origin, out) &&
                put_field(r, step, FIELD_PROTOCOL, protocols, out) &&
                put_extensions(r, step, "permessage-deflate", out) && put_lines(r, step, out);
    for (const char *const *line = testee->headers; fine && line && *line; line++)
        fine = buf_printf(out, "%s\r\n", *line);
    return fine && put_end(r, step, out);
}

static bool write_refusal(struct runner *r, const struct step *step, int status, struct buf *out)
{
    buf_printf(out, "HTTP/1.1 %d Refused\r\n", status);
    bool fine = put_field(r, step, FIELD_CONNECTION, "close", out) && put_lines(r, step, out);
    return fine && buf_append_text(out, "Content-Length: 0\r\n") && put_end(r, step, out);
}

static bool write_response(struct runner *r, struct conn *c, const struct step *step, struct buf *out)
{
    char deflate[160] = "";
    if (c->request.deflate)
        ws_deflate_params_write(&c->request.deflate_params, deflate, sizeof deflate);
    buf_append_text(out, "HTTP/1.1 101 Switching Protocols\r\n");
    return put_field(r, step, FIELD_UPGRADE, "websocket", out) &&
           put_field(r, step, FIELD_CONNECTION, "Upgrade", out) &&
           put_field(r, step, FIELD_ACCEPT, c->request.accept_key, out) &&
           put_field(r, step, FIELD_PROTOCOL, NULL, out) && put_extensions(r, step, deflate, out) &&
           put_lines(r, step, out) && put_end(r, step, out);
}

/* ---- the peer's head has come ---- */

#define OFFER_TEXT 4096u
struct offer_store {
    struct ws_head head;
    char text[OFFER_TEXT];
    size_t used;
    const char *protocols[WS_PROTOCOLS_MAX + 1];
    struct ws_deflate_params deflate[WS_EXTENSIONS_MAX];
};

/* NULL when it does not fit: such an offer cannot be answered either. */
static const char *store_span(struct offer_store *store, struct ws_span span)
{
    if (span.size + 1 > sizeof store->text - store->used)
        return NULL;
    char *copy = store->text + store->used;
    memcpy(copy, span.at, span.size);
    copy[span.size] = '\0';
    store->used += span.size + 1;
    return copy;
}

static void store_protocols(struct offer_store *store)
{
    const struct ws_header *header;
    struct ws_span element;
    size_t from = 0, n = 0;
    while ((header = ws_head_next(&store->head, WS_HEADER_PROTOCOL, &from))) {
        struct ws_span rest = header->value;
        while (n < WS_PROTOCOLS_MAX && ws_list_next(&rest, &element)) {
            store->protocols[n] = store_span(store, element);
            n += store->protocols[n] != NULL;
        }
    }
    store->protocols[n] = NULL;
}

/* All extensions that a head names. */
const struct ws_extension_list *opening_extensions(struct runner *r, const struct ws_head *head)
{
    struct ws_extension_list *list = &r->scratch->extensions;
    const struct ws_header *header;
    size_t from = 0;
    memset(list, 0, sizeof *list);
    while ((header = ws_head_next(head, WS_HEADER_EXTENSIONS, &from)))
        ws_extension_parse(list, header->value);
    return list;
}

/* The offers of permessage-deflate among them. */
static size_t read_deflate(struct runner *r, const struct ws_head *head,
                            struct ws_deflate_params offers[WS_EXTENSIONS_MAX])
{
    const struct ws_extension_list *list = opening_extensions(r, head);
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++)
        n += ws_deflate_offer_read(&list->items[i], &offers[n], NULL);
    return n;
}

/* The lines of ours that make an offer, as a head of their own: what else we sent may be more than a head can hold. */
static void offering_lines(const struct conn *c, struct buf *head)
{
    static const char prefix[] = "sec-websocket-";
    const char *at = buf_text(&c->sent_head), *end = at + c->sent_head.size;
    buf_append_text(head, "GET / HTTP/1.1\r\n");
    while (at < end) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((next ? next : end) - at);
        if (next && size > sizeof prefix && strncasecmp(at, prefix, sizeof prefix - 1) == 0) {
            buf_append(head, at, size);
            buf_append_byte(head, '\n');
        }
        at += size + 1;
    }
    buf_append_text(head, "\r\n");
}

/* What we offered, read from what we sent. */
static void read_offer(struct runner *r, const struct conn *c, struct offer_store *store,
                       struct ws_client_offer *offer)
{
    struct buf lines;
    *offer = (struct ws_client_offer){.key = "", .protocols = store->protocols, .deflate = store->deflate};
    store->used = 0;
    store->protocols[0] = NULL;
    buf_init(&lines, 0);
    offering_lines(c, &lines);
    struct ws_head_scan scan = ws_head_parse(&store->head, false, buf_text(&lines), lines.size, 0, 0);
    if (scan.answer == WS_SCAN_DONE) {
        size_t from = 0;
        const struct ws_header *key = ws_head_next(&store->head, WS_HEADER_KEY, &from);
        const char *copy = key ? store_span(store, key->value) : NULL;
        if (copy)
            offer->key = copy;
        store_protocols(store);
        offer->deflate_count = read_deflate(r, &store->head, store->deflate);
    }
    buf_free(&lines);
}

void opening_response(struct runner *r, struct conn *c)
{
    struct offer_store store;
    struct ws_client_offer offer;
    if (c->head.broken) {
        ws_response_broken(c->head.scan, &c->answer);
        return;
    }
    if (c->head.head.status != 101) {
        c->answer = (struct ws_client_answer){0};
        return;
    }
    read_offer(r, c, &store, &offer);
    ws_response_validate(&c->head.head, &offer, r->scratch, &c->answer);
    if (!c->answer.accept) {
        endpoint_discard(c->endpoint);
        return;
    }
    snprintf(c->protocol, sizeof c->protocol, "%.*s", (int)c->answer.protocol.size, c->answer.protocol.at);
    if (!endpoint_begin(c->endpoint, c->answer.deflate ? &c->answer.deflate_params : NULL))
        end_case(r, VERDICT_ERROR, "", "", "no memory for a connection");
    c->phase = CONN_FRAMES;
}

/* Judged, and answered whatever the judgement: what a breach is worth is the case's matter. */
void opening_request(struct runner *r, struct conn *c)
{
    static const struct ws_server_policy policy = {.deflate = {.enabled = true}, .lenient = true};
    size_t from = 0;
    if (c->head.broken) {
        ws_request_broken(c->head.scan, &c->request);
        return;
    }
    if (r->config.hinted && ws_span_is(c->head.head.method, "CONNECT")) { /* to a proxy: no opening handshake */
        c->request = (struct ws_server_answer){.accept = true};
        return;
    }
    ws_request_judge(&c->head.head, &policy, r->scratch, &c->request);
    const struct ws_header *key = ws_head_next(&c->head.head, WS_HEADER_KEY, &from);
    ws_accept_key(key ? key->value.at : "", key ? key->value.size : 0, c->request.accept_key);
    memcpy(r->accept_key, c->request.accept_key, sizeof r->accept_key);
    for (size_t i = 0; i < sizeof r->accept_key; i++)
        r->accept_lower[i] = (char)tolower((unsigned char)r->accept_key[i]);
}

/* The first permessage-deflate that our answer names. */
static void read_agreed(struct runner *r, struct conn *c, const struct ws_head *head)
{
    const struct ws_extension_list *list = opening_extensions(r, head);
    for (size_t i = 0; i < list->count && !c->agreed_deflate; i++)
        c->agreed_deflate = ws_deflate_offer_read(&list->items[i], &c->agreed, NULL);
}

void opening_head_out(struct runner *r, struct conn *c)
{
    struct ws_head *head = malloc(sizeof *head);
    struct ws_head_scan scan = {.answer = WS_SCAN_MORE};
    if (head)
        scan = ws_head_parse(head, true, buf_text(&c->sent_head), c->sent_head.size, 0, 0);
    bool done = scan.answer == WS_SCAN_DONE;
    if (done && head->status >= 100 && head->status < 200 && head->status != 101) {
        buf_clear(&c->sent_head); /* interim: another follows */
    } else if (scan.answer != WS_SCAN_MORE) {
        if (done && head->status == 101)
            read_agreed(r, c, head);
        c->phase = CONN_FRAMES;
        if (!endpoint_begin(c->endpoint, c->agreed_deflate ? &c->agreed : NULL))
            end_case(r, VERDICT_ERROR, "", "", "no memory for a connection");
    }
    free(head);
}

/* ---- judging it ---- */

/* Server: does the request offer this subprotocol? */
static bool offers_protocol(const struct conn *c, const char *want)
{
    const struct ws_header *header;
    struct ws_span element;
    size_t from = 0;
    while ((header = ws_head_next(&c->head.head, WS_HEADER_PROTOCOL, &from))) {
        struct ws_span rest = header->value;
        while (ws_list_next(&rest, &element))
            if (ws_span_is(element, want))
                return true;
    }
    return false;
}

/* Server: may the answer to this request have the parameters that `deflate` names? Without any: was it offered? */
static bool takes_deflate(struct runner *r, struct conn *c, const struct setting *deflate)
{
    struct ws_deflate_params offers[WS_EXTENSIONS_MAX], agreed;
    struct buf line;
    size_t count = read_deflate(r, &c->head.head, offers);
    if (!deflate || !deflate->value.bytes || count == 0)
        return count != 0;
    buf_init(&line, 0);
    buf_append_text(&line, "permessage-deflate; ");
    struct ws_extension_list *list = &r->scratch->extensions;
    memset(list, 0, sizeof *list);
    bool fine = runner_payload(r, deflate->value.bytes, &line);
    ws_extension_parse(list, (struct ws_span){buf_text(&line), line.size});
    fine = fine && list->count == 1 &&
           ws_deflate_answer_break(&list->items[0], offers, count, &agreed) == WS_DEFLATE_FINE;
    buf_free(&line);
    return fine;
}

/* Was it agreed to what the opening step wants of permessage-deflate, or can it be? */
static bool has_deflate(struct runner *r, struct conn *c)
{
    const struct setting *deflate = step_setting(c->opened_by, SLOT_DEFLATE);
    bool asks = step_setting(c->opened_by, SLOT_ASK) != NULL;
    if (r->config.role == WS_CLIENT)
        return (!deflate && !asks) || c->answer.deflate;
    return asks ? c->request.deflate : takes_deflate(r, c, deflate);
}

/* May we, the client, go on with the window of the message before? */
static bool has_takeover(struct runner *r, const struct conn *c)
{
    return r->config.role == WS_CLIENT && c->answer.deflate && !c->answer.deflate_params.client_no_context_takeover;
}

static bool needs_met(struct runner *r, struct conn *c)
{
    const struct test_case *test = r->test;
    bool client = r->config.role == WS_CLIENT;
    if (test->needs[FORM_NEEDS_DEFLATE] && !has_deflate(r, c)) {
        end_case(r, VERDICT_UNIMPLEMENTED, "permessage-deflate", "a handshake without it",
                 "the case needs permessage-deflate");
        return false;
    }
    if (test->needs[FORM_NEEDS_TAKEOVER] && !has_takeover(r, c)) {
        end_case(r, VERDICT_UNIMPLEMENTED, "permessage-deflate with context takeover", "a handshake without it",
                 "the case needs messages that refer to those before");
        return false;
    }
    if (client && test->needs[FORM_NEEDS_PROTOCOL] && step_setting(c->opened_by, SLOT_PROTOCOL) &&
        strcmp(c->protocol, test->needs_protocol) != 0) {
        end_case(r, VERDICT_UNIMPLEMENTED, runner_text(r, "subprotocol %s", test->needs_protocol),
                 *c->protocol ? c->protocol : "a handshake without it", "the case needs a subprotocol");
        return false;
    }
    if (!client && test->needs[FORM_NEEDS_PROTOCOL] && !offers_protocol(c, test->needs_protocol)) {
        end_case(r, VERDICT_UNIMPLEMENTED, runner_text(r, "an offer of the subprotocol %s", test->needs_protocol),
                 "a request without it", "the case needs a client that offers the subprotocol %s",
                 test->needs_protocol);
        return false;
    }
    return true;
}

bool opening_judge(struct runner *r, struct conn *c)
{
    bool client = r->config.role == WS_CLIENT;
    size_t count = client ? c->answer.breach_count : c->request.breach_count;
    const struct ws_breach *breaches = client ? c->answer.breaches : c->request.breaches;
    bool accept = !client || c->answer.accept; /* as server we answer whatever comes, and judge it */
    if (!accept && count == 0)
        end_case(r, VERDICT_FAIL, "a valid opening handshake", "one that is not", "refused");
    for (size_t i = 0; i < count && !r->decided; i++)
        breach_handshake(r, &breaches[i], !accept && i == 0);
    return !r->decided && needs_met(r, c);
}

bool waited_for_us(struct runner *r, struct conn *c)
{
    size_t early = endpoint_held(c->endpoint);
    if (early == 0)
        return true;
    r->hard = true;
    end_case(r, VERDICT_FAIL, "nothing behind the request until it is answered", runner_text(r, "%zu bytes", early),
             "the testee sends before its opening handshake is answered (6455-4.1-wait-before-data)");
    return false;
}

/* ---- the handshake step by step ---- */

static enum opening dial(struct runner *r, struct conn *c, const struct step *step, uint64_t deadline)
{
    conn_renew(c);
    if (r->decided)
        return OPENING_ENDED;
    if (!link_begin(c, step))
        return OPENING_ENDED;
    c->opened_by = step;
    c->opening = OPENING_DIAL;
    c->opening_deadline = deadline;
    return conn_dial(c) ? OPENING_WAIT : OPENING_ENDED;
}

enum opening opening_begin(struct runner *r, struct conn *c, const struct step *step, uint64_t patience_ns)
{
    return dial(r, c, step, runner_now(r) + patience_ns);
}

/* Has what we write next a reason to be written? */
static bool head_is_due(struct runner *r, const struct conn *c)
{
    return r->config.role == WS_CLIENT ? c->phase == CONN_TRANSPORT : c->head.there;
}

static bool begin_head(struct runner *r, struct conn *c)
{
    const struct step *step = c->opened_by;
    int status = (int)step_number(step, SLOT_STATUS, 101);
    bool fine;
    pump_begin(r, step);
    struct buf *out = &r->pump.bytes;
    if (r->config.role == WS_CLIENT) {
        fine = write_request(r, c, step, out) && buf_append(&c->sent_head, out->data, out->size);
    } else {
        if (!asking_agree(r, c) || !opening_judge(r, c) || !waited_for_us(r, c))
            return false;
        fine = status == 101 ? write_response(r, c, step, out) : write_refusal(r, step, status, out);
        const uint8_t *end = out->size ? memmem(out->data, out->size, "\r\n\r\n", 4) : NULL; /* frames may follow */
        fine = fine && buf_append(&c->sent_head, out->data, end ? (size_t)(end + 4 - out->data) : out->size);
    }
    if (!fine)
        end_case(r, VERDICT_ERROR, "", "", "the head could not be made: more than %u KiB, or no memory",
                 2 * WS_HEAD_BYTES_MAX >> 10);
    return fine;
}

/* Server: our answer is out. */
static enum opening answered(struct runner *r, struct conn *c)
{
    bool refused = step_number(c->opened_by, SLOT_STATUS, 101) != 101;
    opening_head_out(r, c);
    if (refused) {
        attempt_failed(r, c->attempt, runner_text(r, "%d", (int)step_number(c->opened_by, SLOT_STATUS, 101)));
        c->fin_sent = true;
        endpoint_finish(c->endpoint, FINISH_CLEAN);
    } else if (!r->decided) {
        attempt_opened(r, c->attempt);
        service_opened(c);
        link_opened(c);
    }
    return r->decided ? OPENING_ENDED : OPENING_DONE;
}

static enum opening see_answer(struct runner *r, struct conn *c, const char **seen)
{
    if (c->phase == CONN_FRAMES || (!c->head.broken && c->head.head.status == 101))
        return opening_judge(r, c) ? OPENING_DONE : OPENING_ENDED;
    struct buf words;
    buf_init(&words, 0);
    head_words(c, &words);
    *seen = runner_words(r, &words);
    return OPENING_FAILED;
}

enum opening opening_poll(struct runner *r, struct conn *c, bool whole, const char **seen)
{
    bool client = r->config.role == WS_CLIENT;
    r->opened_once |= c->phase >= CONN_TRANSPORT;
    bool whatever = r->config.hinted && (c->end || r->told); /* the client may fail, in a case with hints */
    if (c->opened_by->verb == VERB_CONNECT && (c->phase == CONN_TRANSPORT || whatever))
        return OPENING_DONE;
    if (c->opening == OPENING_DIAL && head_is_due(r, c)) {
        if (!begin_head(r, c))
            return OPENING_ENDED;
        c->opening = OPENING_HEAD_OUT;
    }
    if (c->opening == OPENING_HEAD_OUT) {
        enum progress progress = pump_run(r, c);
        if (progress != STEP_DONE)
            return progress == STEP_WAIT ? OPENING_WAIT : OPENING_ENDED;
        c->opening = OPENING_ANSWER;
        if (!client)
            return answered(r, c);
    }
    if (c->opening == OPENING_ANSWER && !whole)
        return OPENING_DONE;
    if (c->opening == OPENING_ANSWER && c->head.there)
        return see_answer(r, c, seen);
    bool gone = c->end && c->waiter.kept; /* before we looked: the next one counts */
    if (gone && dial(r, c, c->opened_by, c->opening_deadline) == OPENING_ENDED)
        return OPENING_ENDED;
    *seen = c->end ? end_words(r, c) : "nothing";
    bool nobody_left = !c->endpoint && (r->client_ended || r->told);
    if (c->end || nobody_left || runner_now(r) >= c->opening_deadline)
        return OPENING_FAILED;
    wait_until(r, c->opening_deadline);
    return OPENING_WAIT;
}
