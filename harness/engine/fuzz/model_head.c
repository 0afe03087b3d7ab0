/* See model.h: what is due to a head by hand. The handshake rules say what is wrong
 * with it, and how surely; the tables here say what a server then owes. */
#include "engine/fuzz/generate.h"
#include "engine/fuzz/model.h"

#include "wire/handshake.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MOST 4000u /* of a header line that every server should take: no text says how long they may be */

/* ---- the rules ---- */

/* What is due to a head that breaks a rule, by how surely the text binds the server. */
static const enum due_kind by_certainty[] = {
    [WS_MUST] = DUE_REFUSED,         [WS_STRICT] = DUE_REFUSED_RATHER, [WS_SHOULD] = DUE_REFUSED_RATHER,
    [WS_DISPUTED] = DUE_OPEN_OR_NOT, [WS_LENIENT] = DUE_OPEN_OR_NOT,   [WS_POLICY] = DUE_OPEN_OR_NOT,
};

/* What a refusal has to say besides, by the status that the rule names: should the server choose just that one. */
static const struct refusal_says {
    int status;
    enum due_kind due;
} refusal_says[] = {
    {405, DUE_ALLOW_SAID}, {501, DUE_ALLOW_SAID}, {426, DUE_UPGRADE_SAID}, {426, DUE_UPGRADE_LISTED},
};

/* A version that drafts had (hybi-07 to -16 said 7 or 8) may be spoken beside 13. */
static bool may_be_spoken(const struct ws_breach *breach)
{
    return strcmp(breach->rule->name, "request-version-other") == 0 &&
           (ws_span_is(breach->where, "7") || ws_span_is(breach->where, "8"));
}

static enum due_kind due_to(const struct ws_breach *breach)
{
    bool binds = breach->rule->refused && !may_be_spoken(breach);
    return binds ? by_certainty[breach->rule->certainty] : DUE_OPEN_OR_NOT;
}

/* ---- what is right ---- */

static bool says(const struct ws_header *header, const char *const values[])
{
    bool any = false;
    for (size_t i = 0; values[i] != NULL; i++)
        any |= ws_span_is_nocase(header->value, values[i]);
    return any;
}

/* Lines of one name are one list (RFC 9110 5.3): of Connection, where all they say is to keep and to switch. */
static bool lists_are_plain(const struct ws_head *head)
{
    static const char *const plain[] = {"Upgrade", "keep-alive", "keep-alive, Upgrade", "Upgrade, keep-alive", NULL};
    bool fine = true;
    for (size_t i = 0; i < head->header_count && head->id_count[WS_HEADER_CONNECTION] > 1; i++)
        if (head->headers[i].id == WS_HEADER_CONNECTION)
            fine &= says(&head->headers[i], plain);
    return fine;
}

/* Nobody has to take every spelling that the grammar allows: a right head is one with each of our lines once, and
 * without those that speak of a body. */
static bool is_plain(const struct ws_head *head)
{
    static const enum ws_header_id once[] = {WS_HEADER_HOST, WS_HEADER_UPGRADE, WS_HEADER_KEY, WS_HEADER_VERSION};
    static const enum ws_header_id never[] = {WS_HEADER_CONTENT_LENGTH, WS_HEADER_TRANSFER_ENCODING, WS_HEADER_EXPECT};
    bool plain = (head->start_oddities & ~(uint32_t)(WS_START_LEADING_CRLF | WS_START_EXTRA_SPACE)) == 0 &&
                 (head->oddities & ~(uint32_t)WS_ODD_OBS_TEXT) == 0 && lists_are_plain(head);
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        plain &= head->id_count[once[i]] == 1;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        plain &= head->id_count[never[i]] == 0;
    return plain && head->id_count[WS_HEADER_PROTOCOL] <= 1 && head->id_count[WS_HEADER_ORIGIN] <= 1;
}

static bool has(struct ws_span span, const char *bytes)
{
    return span.size != 0 && memmem(span.at, span.size, bytes, strlen(bytes)) != NULL;
}

/* Right, and in a spelling that a server should take, but does not have to: an empty line in front (RFC 9112 2.2), a
 * minor version to come (RFC 9110 2.5), bytes above 127 (RFC 9110 5.5), white space around the delimiters of extensions
 * (RFC 6455 4.3), long lines. */
static const char *should_be_taken(const struct ws_head *head)
{
    if ((head->start_oddities & WS_START_LEADING_CRLF) != 0)
        return "leading-line";
    if (head->minor > 1)
        return "minor-version";
    if ((head->oddities & WS_ODD_OBS_TEXT) != 0)
        return "8-bit-value";
    for (size_t i = 0; i < head->header_count; i++) {
        struct ws_span value = head->headers[i].value;
        if (value.size > VALUE_MOST)
            return "long-line";
        if (head->headers[i].id == WS_HEADER_EXTENSIONS &&
            (has(value, " ;") || has(value, " =") || has(value, "= ") || has(value, " ,")))
            return "extension-white-space";
    }
    return NULL;
}

/* The server's own resource, in any form and with any query? An empty host is nobody's (RFC 9110 section 4.2.1). */
static bool is_the_place(struct ws_span target, const char *place)
{
    const char *at = target.at, *end = at + target.size;
    if (target.size > 7 && memcmp(at, "http://", 7) == 0) {
        const char *path = memchr(at + 7, '/', target.size - 7);
        if (path == at + 7)
            return false;
        at = path == NULL ? end : path;
    }
    const char *query = memchr(at, '?', (size_t)(end - at));
    size_t size = (size_t)((query == NULL ? end : query) - at);
    return size == strcspn(place, "?") && memcmp(at, place, size) == 0;
}

/* On a further line of extensions than the first, permessage-deflate. */
static bool offers_deflate_later(const struct ws_head *head)
{
    bool first = true, later = false;
    for (size_t i = 0; i < head->header_count; i++)
        if (head->headers[i].id == WS_HEADER_EXTENSIONS) {
            later |= !first && has(head->headers[i].value, "permessage-deflate");
            first = false;
        }
    return later;
}

/* On one line, with and without a window. */
static bool offers_deflate_twice(const struct ws_head *head)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (head->headers[i].id == WS_HEADER_EXTENSIONS)
            return ws_span_is(head->headers[i].value, OFFERS_TWO);
    return false;
}

/* ---- what is due ---- */

static void leave(struct model *m)
{
    m->outcome->dropped = true;
    model_hang_up(m, MODEL_OVER);
}

/* Who does not take a single LF for an end of line (RFC 9112 2.2: MAY) still waits for the head's. */
static bool ends_lines_with_lf(const struct ws_server_answer *answer)
{
    bool any = false;
    for (size_t i = 0; i < answer->breach_count; i++)
        any |= strcmp(answer->breaches[i].rule->name, "request-bare-lf") == 0;
    return any;
}

/* Nothing else is wrong with it, so that the server knows what it was asked. */
static bool asks_for_the_head_only(const struct ws_server_answer *answer)
{
    return answer->breach_count == 1 && strcmp(answer->breaches[0].rule->name, "request-method") == 0 &&
           ws_span_is(answer->breaches[0].where, "HEAD");
}

static void due_to_wrong(struct model *m, const struct ws_server_answer *answer, bool plain)
{
    const struct ws_breach *worst = &answer->breaches[0];
    for (size_t i = 0; i < answer->breach_count; i++)
        if (due_to(&answer->breaches[i]) == DUE_REFUSED) {
            worst = &answer->breaches[i];
            break;
        }
    enum due_kind kind = due_to(worst);
    if (kind == DUE_REFUSED_RATHER && (answer->breach_count != 1 || !plain))
        kind = DUE_OPEN_OR_NOT;
    if (ends_lines_with_lf(answer))
        kind = kind == DUE_REFUSED ? DUE_REFUSED_OR_AWAITED : DUE_ANY_ANSWER;
    struct due *due = model_due(m, kind, worst->rule->name);
    if (kind != DUE_REFUSED) {
        leave(m);
        return;
    }
    if (strcmp(worst->rule->name, "request-version-other") == 0 && answer->breach_count == 1)
        model_due(m, DUE_VERSION_SAID, NULL);
    for (size_t i = 0; i < sizeof refusal_says / sizeof *refusal_says; i++)
        if (refusal_says[i].status == worst->rule->status)
            model_due(m, refusal_says[i].due, NULL);
    if (asks_for_the_head_only(answer))
        model_due(m, DUE_BODY_ABSENT, NULL);
    if (m->outcome->count > 1)
        due->kind = DUE_REFUSED_IN_HTTP;
    model_hang_up(m, MODEL_OVER);
}

static void due_to_right(struct model *m, const struct ws_head *head)
{
    const char *should = should_be_taken(head);
    if (!is_the_place(head->target, m->config->target == NULL ? "/" : m->config->target)) {
        model_due(m, DUE_PLACE_SAID, NULL);
        model_due(m, DUE_CHALLENGE_SAID, NULL);
        leave(m);
    } else if (should != NULL) {
        model_due(m, DUE_OPEN_RATHER, should);
        leave(m);
    } else if (offers_deflate_later(head) || offers_deflate_twice(head)) {
        model_due(m, DUE_OPEN, NULL);
        if (m->config->deflate)
            model_due(m, offers_deflate_later(head) ? DUE_OFFER_FOUND : DUE_FIRST_OFFER, NULL);
        leave(m);
    } else if (head->id_count[WS_HEADER_EXTENSIONS] > 1 ||
               (head->id_count[WS_HEADER_PROTOCOL] != 0 && m->config->no_protocols)) {
        model_due(m, DUE_OPEN_OR_NOT, "open");
        leave(m);
    } else {
        model_due(m, DUE_OPEN, NULL);
        model_begin_frames(m, false);
        m->extension_unknown = head->id_count[WS_HEADER_EXTENSIONS] != 0;
    }
}

/* Noted only, and of heads that should be taken: no breach that could be refused. */
static bool is_right(const struct ws_server_answer *answer)
{
    for (size_t i = 0; i < answer->breach_count; i++)
        if (strcmp(answer->breaches[i].rule->name, "request-leading-lines") != 0)
            return false;
    return true;
}

/* A head that can be read to its end. */
static void judge_head(struct model *m, const struct ws_head *head)
{
    static const struct ws_server_policy policy;
    struct ws_handshake_scratch *scratch = calloc(1, sizeof *scratch);
    struct ws_server_answer *answer = calloc(1, sizeof *answer);
    if (scratch == NULL || answer == NULL) {
        m->outcome->overflow = true;
    } else {
        ws_request_judge(head, &policy, scratch, answer);
        if (!is_right(answer)) {
            due_to_wrong(m, answer, is_plain(head));
        } else if (is_plain(head)) {
            due_to_right(m, head);
        } else {
            model_due(m, DUE_OPEN_OR_NOT, "open");
            leave(m);
        }
    }
    free(scratch);
    free(answer);
}

void model_head(struct model *m, const struct move *move)
{
    if (m->stage != MODEL_NONE)
        return;
    struct ws_head *head = calloc(1, sizeof *head);
    m->outcome->played = true;
    if (head == NULL) {
        m->outcome->overflow = true;
        return;
    }
    struct ws_head_scan scan = ws_head_parse(head, false, (const char *)move->bytes, move->size, 0, 0);
    if (scan.answer == WS_SCAN_DONE) {
        judge_head(m, head);
        if (m->stage == MODEL_OPEN && head->size < move->size)
            model_give_up(m); /* frames behind a head have cases of their own */
    } else if (scan.answer == WS_SCAN_MORE) {
        model_due(m, DUE_NO_ANSWER, NULL);
        leave(m);
    } else {
        model_give_up(m);
    }
    free(head);
}
