/* Cases with hints: what a driver is asked to do with its client (`hint` lines),
 * as JSON for it, and what the steps of such a case look at: the request line,
 * the driver's word, SNI; and a proxy's tunnel (RFC 6455 section 4.1). */
#include "engine/runner/play.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- as JSON ---- */

enum member { LIST, TEXT, NUMBER, CLOSE, YES };
struct hint_row {
    enum form form;
    const char *name;
    enum member member;
    enum slot slot;
};
static const struct hint_row rows[] = {
    {FORM_HINT_URL, "urls", LIST, SLOT_PAYLOAD},
    {FORM_HINT_PROTOCOL, "protocols", LIST, SLOT_TITLE},
    {FORM_HINT_EXTENSION, "extensions", LIST, SLOT_PAYLOAD},
    {FORM_HINT_PROXY, "proxy", TEXT, SLOT_PAYLOAD},
    {FORM_HINT_CLOSE, "close", CLOSE, SLOT_CODE},
    {FORM_HINT_LIMIT, "limit", NUMBER, SLOT_AMOUNT},
    {FORM_HINT_WINDOW, "window", NUMBER, SLOT_BITS},
    {FORM_HINT_REQUIRES, "requires", TEXT, SLOT_TITLE},
    {FORM_HINT_PAGE, "page", YES, SLOT_NONE},
    {FORM_HINT_UNTRUSTED, "untrusted", YES, SLOT_NONE},
};

/* NULL: the case is over. */
static json_t *text_of(struct runner *r, const struct setting *setting)
{
    struct buf text;
    json_t *made = NULL;
    buf_init(&text, LIMIT_PAYLOAD_BYTES);
    if (!setting || runner_payload(r, setting->value.bytes, &text))
        made = json_stringn(buf_text(&text), text.size);
    buf_free(&text);
    return made;
}

static json_t *value_of(struct runner *r, const struct hint_row *row, const struct step *line)
{
    const struct setting *setting = step_setting(line, row->slot);
    if (row->member == YES)
        return json_true();
    if (row->member == NUMBER)
        return json_integer((json_int_t)setting->value.number);
    if (row->member == CLOSE)
        return json_pack("{s:I, s:o}", "code", (json_int_t)setting->value.number, "reason",
                         text_of(r, step_setting(line, SLOT_PAYLOAD)));
    return text_of(r, setting);
}

static bool put(struct runner *r, json_t *hints, const struct step *line)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].form != line->form)
            continue;
        json_t *value = value_of(r, &rows[i], line), *list = json_object_get(hints, rows[i].name);
        if (rows[i].member != LIST)
            return json_object_set_new(hints, rows[i].name, value) == 0;
        if (!list && json_object_set_new(hints, rows[i].name, list = json_array()) != 0)
            return false;
        return json_array_append_new(list, value) == 0;
    }
    return true; /* nothing for the driver */
}

bool runner_hints(struct runner *r, struct buf *out)
{
    const struct hinted *at = r->config.hinted;
    json_t *hints = json_object();
    bool fine = hints != NULL && !r->decided;
    for (const struct step *line = r->test->hints; fine && line; line = line->next)
        fine = put(r, hints, line);
    if (fine && !json_object_get(hints, "urls"))
        fine = json_object_set_new(hints, "urls", json_pack("[s+++]", at->scheme, "://", at->here, "/")) == 0;
    char *text = fine ? json_dumps(hints, JSON_COMPACT) : NULL;
    if (text)
        buf_append_text(out, text);
    else
        end_case(r, VERDICT_ERROR, "", "", "the hints of this case are no text, or there is no memory for them");
    free(text);
    json_decref(hints);
    return text != NULL && !r->decided;
}

/* ---- the driver's word ---- */

void runner_told(struct runner *r, bool opened)
{
    if (r->stage == OVER || r->told)
        return;
    r->told = opened ? TOLD_OPEN : TOLD_FAILED;
    runner_note(r, "%s", told_words(r));
    runner_wake(r);
}

void runner_cannot(struct runner *r)
{
    end_case(r, VERDICT_UNIMPLEMENTED, "a driver that can do what the case's hints ask for", "one that cannot",
             "the case needs a driver that can do what its hints ask for");
}

const char *told_words(const struct runner *r)
{
    static const char *const words[] = {[TOLD_NOTHING] = "the driver has told nothing",
                                        [TOLD_OPEN] = "the driver says that the connection was open",
                                        [TOLD_FAILED] = "the driver says that the client has failed"};
    return words[r->told];
}

enum match match_told(struct runner *r, const struct conn *c, const struct step *step, struct outcome *outcome)
{
    bool wants_open = step->form == FORM_EXPECT_TOLD_OPEN;
    if (step->form == FORM_EXPECT_NO_REQUEST && c->head.there) {
        outcome->why = "the client has sent a request";
        return MATCH_NO;
    }
    if (!r->told)
        return MATCH_WAIT;
    outcome->why = told_words(r);
    return (r->told == TOLD_OPEN) == wants_open ? MATCH_YES : MATCH_NO;
}

/* ---- what came ---- */

enum match match_request(struct runner *r, struct conn *c, const struct step *step, struct outcome *outcome)
{
    if (!c->head.there) {
        outcome->why = r->told ? told_words(r) : NULL;
        return c->end || r->told ? MATCH_NO : MATCH_WAIT;
    }
    if (c->head.broken) {
        outcome->why = "what came is no HTTP head";
        return MATCH_NO;
    }
    return match_payload(r, step, (const uint8_t *)c->head.head.start_line.at, c->head.head.start_line.size, outcome);
}

enum match match_sni(struct runner *r, const struct conn *c, const struct step *step, struct outcome *outcome)
{
    if (!c->endpoint)
        return MATCH_WAIT;
    const char *name = tls_layer_server_name(endpoint_layer(c->endpoint));
    if (*name)
        return match_payload(r, step, (const uint8_t *)name, strlen(name), outcome);
    outcome->why = "there was no server_name in the TLS handshake";
    return MATCH_NO;
}

/* ---- a proxy's tunnel ---- */

/* We are its other end too: what comes through it is one more connection to this case. */
enum progress step_tunnel(struct runner *r, struct conn *c, const struct step *step)
{
    static const char answer[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    const char *expected = "a CONNECT request";
    uint64_t until = r->step_ns + runner_patience(r);
    (void)step;
    if (!r->config.hinted)
        return end_case(r, VERDICT_ERROR, "", "", "a tunnel needs a client that was told to use a proxy: hint proxy");
    if (!c->endpoint || c->end || (!c->head.there && runner_now(r) >= until))
        return end_case(r, VERDICT_FAIL, expected, c->end ? end_words(r, c) : "nothing", "there is no request");
    if (!c->head.there)
        return wait_until(r, until);
    if (c->head.broken || !ws_span_is(c->head.head.method, "CONNECT"))
        return end_case(r, VERDICT_FAIL, expected, "another one", "the client does not ask for a tunnel");
    endpoint_write(c->endpoint, answer, sizeof answer - 1);
    struct layer *layer = endpoint_take_layer(c->endpoint);
    c->endpoint = NULL;
    if (r->config.hinted->tunnel_tls)
        layer = tls_layer(r->config.hinted->tunnel_tls, layer, NULL, NULL, NULL);
    attempt_failed(r, c->attempt, "tunnel");
    listener_share_offer(r->config.listener, layer);
    return STEP_DONE;
}
