/* RFC 6455 section 4.2: a server reads a client's opening handshake. First the
 * facts are gathered from the head, then the rows REQUEST of
 * handshake_rules.def are asked, then what to answer follows. */
#include "handshake_rules.h"

#include "chars.h"

#include <assert.h>
#include <string.h>

enum method { METHOD_GET, METHOD_HTTP, METHOD_OTHER };
enum target { TARGET_FINE, TARGET_SCHEME, TARGET_OTHER };
enum version { VERSION_13, VERSION_MISSING, VERSION_SEVERAL, VERSION_NO_NUMBER, VERSION_OTHER };
enum key { KEY_FINE, KEY_MISSING, KEY_SEVERAL, KEY_NOT_BASE64, KEY_OTHER_LENGTH, KEY_LOOSE_BITS };

struct protocols {
    struct ws_span offered[WS_PROTOCOLS_MAX];
    size_t count;
    struct ws_span not_token; /* the first; size 0 when none */
    struct ws_span repeated;  /* the first */
    bool too_many;
};

/* What the rows ask about. */
struct request {
    const struct ws_head *head;
    enum method method;
    enum target target;
    enum version version;
    enum key key;
    bool fragment;
    bool host_invalid;
    bool host_empty;
    bool expects_continue;
    enum ws_header_id body; /* the header that announces one; 0 when none */
    struct ws_tally upgrade;
    struct ws_tally connection;
    struct protocols protocols;
    const struct ws_extension_list *extensions;
    enum ws_extension_break extension_broken;
    struct ws_span extension_at;
    enum ws_deflate_break deflate_broken; /* of the first bad offer of permessage-deflate */
    struct ws_span deflate_at;
};

/* ---- facts ---- */

static enum method read_method(struct ws_span method)
{
    static const char *const others[] = {"HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    if (method.size == 3 && memcmp(method.at, "GET", 3) == 0)
        return METHOD_GET;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (ws_span_is(method, others[i]))
            return METHOD_HTTP;
    return METHOD_OTHER;
}

static enum target read_target(struct ws_span target)
{
    if (target.size && target.at[0] == '/')
        return TARGET_FINE;
    const char *colon = target.size ? memchr(target.at, ':', target.size) : NULL;
    if (!colon || target.size - (size_t)(colon - target.at) < 3 || memcmp(colon, "://", 3) != 0)
        return TARGET_OTHER;
    const struct ws_span scheme = {target.at, (size_t)(colon - target.at)};
    const bool http = ws_span_is_nocase(scheme, "http") || ws_span_is_nocase(scheme, "https");
    return http ? TARGET_FINE : TARGET_SCHEME;
}

/* uri-host [ ":" port ], RFC 9110 section 7.2. */
static bool is_host(struct ws_span host)
{
    const char *at = host.at, *end = host.at + host.size;
    if (ws_chars_are(at, host.size, WS_CHAR_HOST))
        return true;
    if (at != end && *at == '[') {
        for (at++; at != end && ws_char_is(*at, WS_CHAR_LITERAL); at++)
            ;
        if (at == end || *at++ != ']')
            return false;
    } else {
        while (at != end && ws_char_is(*at, WS_CHAR_HOST))
            at++;
    }
    if (at != end && *at == ':')
        for (at++; at != end && ws_char_is(*at, WS_CHAR_DIGIT); at++)
            ;
    return at == end;
}

static enum version read_version(const struct request *r)
{
    if (!count(r, WS_HEADER_VERSION))
        return VERSION_MISSING;
    const struct ws_span v = value(r, WS_HEADER_VERSION);
    if (count(r, WS_HEADER_VERSION) > 1)
        return VERSION_SEVERAL;
    if (v.size == 2 && v.at[0] == '1' && v.at[1] == '3')
        return VERSION_13;
    if (v.size && memchr(v.at, ',', v.size))
        return VERSION_SEVERAL;
    unsigned number = 0;
    for (size_t i = 0; i < v.size; i++) {
        if (i == 3 || !ws_char_is(v.at[i], WS_CHAR_DIGIT))
            return VERSION_NO_NUMBER;
        number = number * 10 + (unsigned)(v.at[i] - '0');
    }
    const bool leading_zero = v.size > 1 && v.at[0] == '0';
    return v.size == 0 || leading_zero || number > 255 ? VERSION_NO_NUMBER : VERSION_OTHER;
}

static enum key read_key(const struct request *r)
{
    if (!count(r, WS_HEADER_KEY))
        return KEY_MISSING;
    const struct ws_span k = value(r, WS_HEADER_KEY);
    if (count(r, WS_HEADER_KEY) > 1)
        return KEY_SEVERAL;
    if (k.size == WS_KEY_SIZE && ws_chars_are(k.at, 22, WS_CHAR_BASE64) && k.at[22] == '=' && k.at[23] == '=') {
        const char last = k.at[21]; /* its 4 low bits are padding */
        return last == 'A' || last == 'Q' || last == 'g' || last == 'w' ? KEY_FINE : KEY_LOOSE_BITS;
    }
    if (k.size != WS_KEY_SIZE && k.size && memchr(k.at, ',', k.size))
        return KEY_SEVERAL;
    size_t digits = 0;
    while (digits < k.size && ws_char_is(k.at[digits], WS_CHAR_BASE64))
        digits++;
    size_t padding = 0;
    while (digits + padding < k.size && k.at[digits + padding] == '=')
        padding++;
    const bool base64 = digits + padding == k.size && k.size % 4 == 0 && padding <= 2;
    return base64 ? KEY_OTHER_LENGTH : KEY_NOT_BASE64;
}

static bool span_equal(struct ws_span a, struct ws_span b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static void read_protocols(struct request *r)
{
    struct protocols *p = &r->protocols;
    const struct ws_header *line = ws_fields_first(r->head, WS_HEADER_PROTOCOL);
    p->count = 0;
    p->too_many = false;
    p->not_token = nowhere;
    p->repeated = nowhere;
    if (!line)
        return;
    for (unsigned left = count(r, WS_HEADER_PROTOCOL);; line = ws_fields_next(line)) {
        struct ws_span rest = line->value, element;
        while (ws_list_next(&rest, &element)) {
            if (!ws_span_is_token(element) && !p->not_token.size)
                p->not_token = element;
            if (p->count == WS_PROTOCOLS_MAX) {
                p->too_many = true;
                return;
            }
            for (size_t i = 0; i < p->count && !p->repeated.size; i++)
                if (span_equal(p->offered[i], element))
                    p->repeated = element;
            p->offered[p->count++] = element;
        }
        if (--left == 0)
            return;
    }
}

static enum ws_header_id read_body(const struct request *r)
{
    if (count(r, WS_HEADER_TRANSFER_ENCODING))
        return WS_HEADER_TRANSFER_ENCODING;
    if (!count(r, WS_HEADER_CONTENT_LENGTH))
        return WS_HEADER_OTHER;
    const struct ws_span length = value(r, WS_HEADER_CONTENT_LENGTH);
    return ws_span_is(length, "0") ? WS_HEADER_OTHER : WS_HEADER_CONTENT_LENGTH;
}

/* Finds the first good offer and remembers what is wrong with the first bad one. */
static void read_offers(struct request *r, const struct ws_server_policy *policy,
                        struct ws_server_answer *answer)
{
    for (size_t i = 0; i < r->extensions->count; i++) {
        const struct ws_extension *e = &r->extensions->items[i];
        struct ws_deflate_params offer;
        const enum ws_deflate_break broken = ws_deflate_offer_break(e, &offer);
        if (broken == WS_DEFLATE_FINE) {
            if (policy->deflate.enabled && !answer->deflate)
                ws_deflate_agree(&offer, &policy->deflate, &answer->deflate_params);
            answer->deflate = policy->deflate.enabled;
        } else if (broken != WS_DEFLATE_OTHER_NAME && !r->deflate_broken) {
            r->deflate_broken = broken;
            r->deflate_at = e->name;
        }
    }
}

static void gather(struct request *r, const struct ws_head *head)
{
    r->head = head;
    r->method = read_method(head->method);
    r->target = read_target(head->target);
    r->fragment = head->target.size && memchr(head->target.at, '#', head->target.size);
    r->version = read_version(r);
    r->key = read_key(r);
    const struct ws_header *host = ws_fields_first(r->head, WS_HEADER_HOST);
    r->host_invalid = host && !is_host(host->value);
    r->host_empty = host && host->value.size == 0;
    r->expects_continue = count(r, WS_HEADER_EXPECT) &&
                          ws_span_is_nocase(value(r, WS_HEADER_EXPECT), "100-continue");
    r->body = read_body(r);
    r->upgrade = ws_fields_tally(head, WS_HEADER_UPGRADE, "websocket");
    r->connection = ws_fields_tally(head, WS_HEADER_CONNECTION, "upgrade");
    read_protocols(r);
}

/* ---- rules ---- */

enum {
    ROWS = 0
#define REQUEST(...) +1
#include "handshake_rules.def"
};
static_assert(ROWS <= WS_HANDSHAKE_BREACHES_MAX, "an answer holds every breach");

static void ask_rules(const struct request *r, struct ws_server_answer *answer)
{
    answer->breach_count = 0;
#define REQUEST(id, name, broken, where, ...) \
    if (broken)                               \
        ws_breach_add(answer->breaches, &answer->breach_count, WS_RULE_##id, where);
#include "handshake_rules.def"
}

/* ---- the answer ---- */

static const char *choose_protocol(const struct protocols *offered, const char *const *ours)
{
    for (; ours && *ours && offered->count; ours++)
        for (size_t i = 0; i < offered->count; i++)
            if (ws_span_is(offered->offered[i], *ours))
                return *ours;
    return NULL;
}

static void refuse(struct ws_server_answer *answer, int status)
{
    answer->accept = false;
    answer->status = status;
    answer->protocol = NULL;
    answer->deflate = false;
    answer->accept_key[0] = '\0';
}

void ws_request_judge(const struct ws_head *head, const struct ws_server_policy *policy,
                      struct ws_handshake_scratch *scratch, struct ws_server_answer *answer)
{
    struct request r;
    gather(&r, head);
    r.extensions = &scratch->extensions;
    r.extension_at = nowhere;
    r.deflate_at = nowhere;
    r.deflate_broken = WS_DEFLATE_FINE;
    r.extension_broken = ws_fields_extensions(head, &scratch->extensions, &r.extension_at);
    answer->deflate = false;
    answer->deflate_params = (struct ws_deflate_params){0};
    if (!r.extension_broken)
        read_offers(&r, policy, answer);

    ask_rules(&r, answer);
    const struct ws_handshake_rule *deciding =
        ws_breaches_decide(answer->breaches, answer->breach_count, policy->lenient);
    answer->say_version = r.version != VERSION_13;
    if (deciding) {
        refuse(answer, deciding->status);
        return;
    }
    answer->accept = true;
    answer->status = 101;
    answer->accept_key[0] = '\0';
    answer->protocol = choose_protocol(&r.protocols, policy->protocols);
}

void ws_request_validate(const struct ws_head *head, const struct ws_server_policy *policy,
                         struct ws_handshake_scratch *scratch, struct ws_server_answer *answer)
{
    ws_request_judge(head, policy, scratch, answer);
    if (!answer->accept)
        return;
    size_t from = 0;
    const struct ws_span key = ws_head_next(head, WS_HEADER_KEY, &from)->value;
    ws_accept_key(key.at, key.size, answer->accept_key);
}

void ws_request_broken(struct ws_head_scan scan, struct ws_server_answer *answer)
{
    static const enum ws_handshake_rule_id rules[] = {
#define UNREAD_REQUEST(id, name, head_break, ...) [head_break] = WS_RULE_##id,
#include "handshake_rules.def"
    };
    assert(scan.answer == WS_SCAN_BROKEN);
    answer->breach_count = 0;
    ws_breach_add(answer->breaches, &answer->breach_count, rules[scan.broken], nowhere);
    answer->deflate_params = (struct ws_deflate_params){0};
    answer->say_version = false;
    refuse(answer, answer->breaches[0].rule->status);
}
