/* RFC 6455 section 4.1: a client reads the server's opening handshake. First
 * the facts, then the rows RESPONSE and SWITCH of handshake_rules.def. */
#include "handshake_rules.h"

#include <assert.h>
#include <string.h>

enum choice {
    CHOICE_ABSENT,
    CHOICE_FINE,
    CHOICE_NOT_TOKEN,
    CHOICE_NONE_OFFERED,
    CHOICE_OTHER_CASE,
    CHOICE_NOT_OFFERED,
};

/* What the rows ask about. */
struct response {
    const struct ws_head *head;
    struct ws_tally upgrade;
    struct ws_tally connection;
    bool accept_wrong;
    bool protocols_offered;
    enum choice choice;
    const struct ws_extension_list *extensions;
    enum ws_extension_break extension_broken;
    struct ws_span extension_at;
    struct ws_span unoffered;  /* the first extension that we did not offer; size 0 when none */
    struct ws_span other_case; /* permessage-deflate in other letter case */
    size_t deflate_count;
    enum ws_deflate_break deflate_broken;
    struct ws_span deflate_at;
};

static bool is_accept_wrong(const struct response *r, const struct ws_client_offer *offer)
{
    if (!count(r, WS_HEADER_ACCEPT))
        return false;
    char expected[WS_ACCEPT_SIZE + 1];
    ws_accept_key(offer->key, strlen(offer->key), expected);
    return !ws_span_is(value(r, WS_HEADER_ACCEPT), expected);
}

static enum choice read_choice(const struct response *r, const char *const *offered)
{
    if (!count(r, WS_HEADER_PROTOCOL))
        return CHOICE_ABSENT;
    const struct ws_span chosen = value(r, WS_HEADER_PROTOCOL);
    if (!ws_span_is_token(chosen))
        return CHOICE_NOT_TOKEN;
    if (!r->protocols_offered)
        return CHOICE_NONE_OFFERED;
    enum choice choice = CHOICE_NOT_OFFERED;
    for (; *offered; offered++) {
        if (ws_span_is(chosen, *offered))
            return CHOICE_FINE;
        if (ws_span_is_nocase(chosen, *offered))
            choice = CHOICE_OTHER_CASE;
    }
    return choice;
}

static void read_extensions(struct response *r, const struct ws_client_offer *offer,
                            struct ws_client_answer *answer)
{
    r->unoffered = nowhere;
    r->other_case = nowhere;
    r->deflate_at = nowhere;
    r->deflate_count = 0;
    r->deflate_broken = WS_DEFLATE_FINE;
    for (size_t i = 0; !r->extension_broken && i < r->extensions->count; i++) {
        const struct ws_extension *e = &r->extensions->items[i];
        const bool nocase = offer->deflate_count && ws_span_is_nocase(e->name, "permessage-deflate");
        if (!nocase) {
            r->unoffered = r->unoffered.size ? r->unoffered : e->name;
        } else if (!ws_span_is(e->name, "permessage-deflate")) {
            r->other_case = r->other_case.size ? r->other_case : e->name;
        } else if (r->deflate_count++ == 0) {
            r->deflate_at = e->name;
            r->deflate_broken = ws_deflate_answer_break(e, offer->deflate, offer->deflate_count,
                                                        &answer->deflate_params);
        }
    }
    answer->deflate = r->deflate_count > 0;
}

enum {
    ROWS = 0
#define RESPONSE(...) +1
#define SWITCH(...) +1
#include "handshake_rules.def"
};
static_assert(ROWS <= WS_HANDSHAKE_BREACHES_MAX, "an answer holds every breach");

static void ask_rules(const struct response *r, struct ws_client_answer *answer)
{
    const bool switching = r->head->status == 101;
    answer->breach_count = 0;
#define RESPONSE(id, name, broken, where, ...) \
    if (broken)                                \
        ws_breach_add(answer->breaches, &answer->breach_count, WS_RULE_##id, where);
#define SWITCH(id, name, broken, where, ...) RESPONSE(id, name, switching && (broken), where, )
#include "handshake_rules.def"
}

static void refuse(struct ws_client_answer *answer)
{
    answer->accept = false;
    answer->protocol = nowhere;
    answer->deflate = false;
}

void ws_response_validate(const struct ws_head *head, const struct ws_client_offer *offer,
                          struct ws_handshake_scratch *scratch, struct ws_client_answer *answer)
{
    struct response r = {.head = head, .extensions = &scratch->extensions, .extension_at = nowhere};
    r.upgrade = ws_fields_tally(head, WS_HEADER_UPGRADE, "websocket");
    r.connection = ws_fields_tally(head, WS_HEADER_CONNECTION, "upgrade");
    r.accept_wrong = is_accept_wrong(&r, offer);
    r.protocols_offered = offer->protocols && *offer->protocols;
    r.choice = read_choice(&r, offer->protocols);
    r.extension_broken = ws_fields_extensions(head, &scratch->extensions, &r.extension_at);
    answer->deflate_params = (struct ws_deflate_params){0};
    read_extensions(&r, offer, answer);

    ask_rules(&r, answer);
    const bool refused = ws_breaches_decide(answer->breaches, answer->breach_count, false) != NULL;
    const struct ws_handshake_rule *status = &ws_handshake_rule_table[WS_RULE_STATUS];
    answer->interim = refused && answer->breaches[0].rule == status && head->status < 200 && head->status >= 100;
    answer->accept = !refused;
    answer->protocol = r.choice == CHOICE_FINE ? value(&r, WS_HEADER_PROTOCOL) : nowhere;
    if (refused)
        refuse(answer);
}

void ws_response_broken(struct ws_head_scan scan, struct ws_client_answer *answer)
{
    static const enum ws_handshake_rule_id rules[] = {
#define UNREAD_RESPONSE(id, name, head_break, ...) [head_break] = WS_RULE_##id,
#include "handshake_rules.def"
    };
    assert(scan.answer == WS_SCAN_BROKEN);
    answer->breach_count = 0;
    ws_breach_add(answer->breaches, &answer->breach_count, rules[scan.broken], nowhere);
    answer->interim = false;
    answer->deflate_params = (struct ws_deflate_params){0};
    refuse(answer);
}
