/* Every row of tests/vectors/handshake-vectors.tsv against our validators: the
 * verdict, what the detail says of the answer, and that each choice the text
 * leaves is the one that docs/handshake-choices.md states. */
#include "unit.h"
#include "wire/handshake.h"

#include <ctype.h>

enum column { NAME, ROLE, CONTEXT, RAW, VERDICT, DETAIL, REQUIREMENT, CERTAINTY, COLUMNS = 11 };

#define RAW_MAX (2u << 20)
static char raw_bytes[RAW_MAX]; /* of the row under way */
static size_t raw_size;

/* What we made of a row. */
struct result {
    const char *row;
    bool is_server, wait, accept;
    struct ws_head head;
    struct ws_server_answer server;
    struct ws_client_answer client;
    char response[2048]; /* the server's */
};

/* ---- loading ---- */

static void put(char byte)
{
    ck_assert_uint_lt(raw_size, RAW_MAX);
    raw_bytes[raw_size++] = byte;
}

/* One character or escape of `text`; returns what follows. */
static const char *put_escaped(const char *text)
{
    static const char letters[] = "rnt\\\"", bytes[] = "\r\n\t\\\"";
    if (*text != '\\') {
        put(*text);
        return text + 1;
    }
    const char *letter = strchr(letters, text[1]);
    if (letter && *letter) {
        put(bytes[letter - letters]);
        return text + 2;
    }
    const size_t digits = strspn(text + 1, "01234567");
    ck_assert_msg(digits >= 3, "unknown escape at %.20s", text);
    put((char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
    return text + 4;
}

/* "{65536*a}" or "{100 lines X-<i>: v\r\n}"; NULL when it is an ordinary brace. */
static const char *put_run(const char *text)
{
    char *behind;
    const unsigned long times = strtoul(text + 1, &behind, 10);
    const bool lines = strncmp(behind, " lines ", 7) == 0;
    const char *body = behind + (lines ? 7 : 1), *end = strchr(text, '}');
    if (behind == text + 1 || !end || (!lines && *behind != '*'))
        return NULL;
    for (unsigned long i = 0; i < times; i++) {
        for (const char *p = body; p != end;) {
            if (strncmp(p, "<i>", 3) != 0) {
                p = put_escaped(p);
                continue;
            }
            char number[24];
            snprintf(number, sizeof number, "%lu", i);
            for (const char *n = number; *n; n++)
                put(*n);
            p += 3;
        }
    }
    return end + 1;
}

static void load_raw(const char *text)
{
    raw_size = 0;
    while (*text) {
        const char *behind = *text == '{' ? put_run(text) : NULL;
        text = behind ? behind : put_escaped(text);
    }
}

/* Splits at tabs, in place. */
static size_t split(char *line, char *cells[COLUMNS])
{
    size_t n = 0;
    for (char *cell = line; cell && n < COLUMNS; n++) {
        cells[n] = cell;
        cell = strchr(cell, '\t');
        if (cell)
            *cell++ = '\0';
    }
    return n;
}

/* The value of "key=" in "path=/chat; protocols=chat,superchat; ext=...". "ext=" takes the rest. */
static void context_value(const char *context, const char *key, char *out, size_t size)
{
    const char *at = strstr(context, key);
    ck_assert_msg(at != NULL, "no %s in %s", key, context);
    at += strlen(key);
    const size_t length = strcmp(key, "ext=") == 0 ? strlen(at) : strcspn(at, ";");
    ck_assert_uint_lt(length, size);
    memcpy(out, at, length);
    out[length] = '\0';
}

/* The only lists of subprotocols in the table. */
static const char *const *protocols_of(const char *context)
{
    static const char *const two[] = {"chat", "superchat", NULL}, *const none[] = {NULL};
    char text[100];
    context_value(context, "protocols=", text, sizeof text);
    ck_assert_msg(strcmp(text, "chat,superchat") == 0 || strcmp(text, "none") == 0, "protocols %s", text);
    return strcmp(text, "none") == 0 ? none : two;
}

/* ---- our verdict ---- */

static struct ws_handshake_scratch scratch;

static void run_server(const char *context, struct result *r)
{
    const struct ws_server_policy policy = {
        .protocols = protocols_of(context),
        .deflate = {.enabled = strstr(context, "ext=permessage-deflate") != NULL, .client_max_window_bits = 12},
    };
    const struct ws_head_scan scan = ws_head_parse(&r->head, false, raw_bytes, raw_size, 0, 0);
    r->wait = scan.answer == WS_SCAN_MORE;
    if (r->wait)
        return;
    if (scan.answer == WS_SCAN_BROKEN)
        ws_request_broken(scan, &r->server);
    else
        ws_request_validate(&r->head, &policy, &scratch, &r->server);
    r->accept = r->server.accept;
    ck_assert(ws_response_write(&r->server, NULL, r->response, sizeof r->response) > 0);
}

static void run_client(const char *context, struct result *r)
{
    static struct ws_extension_list list;
    char key[64], offered[200];
    struct ws_deflate_params deflate;
    struct ws_client_offer offer = {.key = key, .protocols = protocols_of(context), .deflate = &deflate};
    context_value(context, "key=", key, sizeof key);
    context_value(context, "ext=", offered, sizeof offered);
    if (strcmp(offered, "none") != 0) {
        list.count = 0;
        ws_extension_parse(&list, (struct ws_span){offered, strlen(offered)});
        ck_assert(list.count == 1 && ws_deflate_offer_read(&list.items[0], &deflate, NULL));
        offer.deflate_count = 1;
    }
    size_t at = 0;
    do { /* interim heads are dropped */
        const struct ws_head_scan scan = ws_head_parse(&r->head, true, raw_bytes + at, raw_size - at, 0, 0);
        r->wait = scan.answer == WS_SCAN_MORE;
        if (r->wait)
            return;
        if (scan.answer == WS_SCAN_BROKEN)
            ws_response_broken(scan, &r->client);
        else
            ws_response_validate(&r->head, &offer, &scratch, &r->client);
        at += scan.at;
    } while (r->client.interim);
    r->accept = r->client.accept;
}

/* In the words of the verdicts: "accept", "wait", "fail" or a status. */
static const char *our_word(const struct result *r)
{
    static char status[16];
    if (r->accept)
        return "accept";
    if (!r->is_server)
        return "fail"; /* also while waiting: the bytes end there */
    if (r->wait)
        return "wait";
    snprintf(status, sizeof status, "%d", r->server.status);
    return status;
}

static const char *our_reason(const struct result *r)
{
    if (r->wait)
        return "-";
    if (r->is_server)
        return r->server.breach_count ? r->server.breaches[0].rule->name : "-";
    return r->client.breach_count ? r->client.breaches[0].rule->name : "-";
}

static bool is_allowed(const char *verdict, const struct result *r)
{
    const char *ours = our_word(r);
    const bool any_refusal = isdigit((unsigned char)*ours) && strstr(verdict, "any non-101");
    return any_refusal || strstr(verdict, ours);
}

/* ---- details ---- */

static bool has_accept_key(const struct result *r, const char *wanted)
{
    return strcmp(r->server.accept_key, wanted) == 0;
}
/* "": none. */
static bool has_protocol(const struct result *r, const char *wanted)
{
    if (!r->is_server)
        return ws_span_is(r->client.protocol, wanted);
    const char *chosen = r->server.protocol ? r->server.protocol : "";
    return strcmp(chosen, wanted) == 0 && !strstr(r->response, "Sec-WebSocket-Protocol") == !*wanted;
}
/* NULL: no extension, else the text stands in the answer's extensions. */
static bool has_extension(const struct result *r, const char *wanted)
{
    if (!r->is_server)
        return r->client.deflate == (wanted != NULL);
    const char *line = strstr(r->response, "\r\nSec-WebSocket-Extensions: permessage-deflate");
    return r->server.deflate == (wanted != NULL) && (wanted ? line && strstr(line, wanted) : !line);
}
static bool has_server_bits(const struct result *r, const char *at_most)
{
    const int bits = r->server.deflate_params.server_max_window_bits;
    return has_extension(r, "server_max_window_bits=") && bits >= 8 && bits <= atoi(at_most);
}
static bool has_client_bits(const struct result *r, const char *at_most)
{
    return has_extension(r, "") && r->server.deflate_params.client_max_window_bits <= atoi(at_most);
}
static bool has_version(const struct result *r, const char *wanted)
{
    const char *line = strstr(r->response, "\r\nSec-WebSocket-Version: ");
    return line && strncmp(line + 25, wanted, strlen(wanted)) == 0;
}
static bool is_followed_by(const struct result *r, const char *bytes)
{
    const size_t size = strlen(bytes);
    return raw_size - r->head.size == size && memcmp(raw_bytes + r->head.size, bytes, size) == 0;
}

static const struct detail {
    const char *text;
    bool (*check)(const struct result *r, const char *argument); /* NULL: a remark */
    const char *argument;
    bool of_refusal; /* else it speaks of an acceptance */
} details[] = {
    {"accept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", has_accept_key, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", false},
    {"accept=C/0nmHhBztSRGR1CwL6Tf4ZjwpY=", has_accept_key, "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=", false},
    {"if accepted accept=OfS0wDaT5NoxF2gqm7Zj2YtetzM=", has_accept_key, "OfS0wDaT5NoxF2gqm7Zj2YtetzM=", false},
    {"accept=XXpj4jYzLM2yUE0C7TIgMwTQh2g=", has_accept_key, "XXpj4jYzLM2yUE0C7TIgMwTQh2g=", false},
    {"accept=ICX+Yqv66kxgM0FcWaLWlFLwTAI=", has_accept_key, "ICX+Yqv66kxgM0FcWaLWlFLwTAI=", false},
    {"accept=o1HBjBrgy9KLkiDEDur3dyqqLEs=", has_accept_key, "o1HBjBrgy9KLkiDEDur3dyqqLEs=", false},
    {"accept=1sKJn7WKg0hmSKzsC3twYxLsJKo=", has_accept_key, "1sKJn7WKg0hmSKzsC3twYxLsJKo=", false},
    {"accept=ixakkuXOmA6rnL940yFjkr2/Yxs=", has_accept_key, "ixakkuXOmA6rnL940yFjkr2/Yxs=", false},
    {"protocol=chat", has_protocol, "chat", false},
    {"protocol=superchat", has_protocol, "superchat", false},
    {"protocol=chat if accepted", has_protocol, "chat", false},
    {"protocol=chat or superchat, one only", has_protocol, "chat", false},
    {"if accepted no protocol", has_protocol, "", false},
    {"if accepted no Sec-WebSocket-Protocol", has_protocol, "", false},
    {"if accepted no protocol, or the value exactly as offered", has_protocol, "", false},
    {"protocol=none; WHATWG clients fail", has_protocol, "", false},
    {"ext=none", has_extension, NULL, false},
    {"no compression", has_extension, NULL, false},
    {"if accepted ext=none", has_extension, NULL, false},
    {"never accepted with an extension", has_extension, NULL, false},
    {"ext=permessage-deflate or none", has_extension, "", false},
    {"ext=permessage-deflate or none; never foo", has_extension, "", false},
    {"one list", has_extension, "", false},
    {"ext=none or with server_no_context_takeover", has_extension, "server_no_context_takeover", false},
    {"with or without client_no_context_takeover", has_extension, "", false},
    {"client_max_window_bits absent or <=10", has_client_bits, "10", false},
    {"no client_max_window_bits in the response", has_client_bits, "0", false},
    {"ext=none or server_max_window_bits<=10", has_server_bits, "10", false},
    {"as unquoted: ext=none or server_max_window_bits<=10", has_server_bits, "10", false},
    {"unescapes to 10: ext=none or <=10", has_server_bits, "10", false},
    {"as compact form (implied LWS of RFC 2616)", has_server_bits, "12", false},
    {"ext=none or server_max_window_bits=8", has_server_bits, "8", false},
    {"ext=none or server_max_window_bits<=15", has_server_bits, "15", false},
    {"response has Sec-WebSocket-Version with 13", has_version, "13\r\n", true},
    {"response has Sec-WebSocket-Version with 13; 101 only if that draft is really spoken", has_version, "13\r\n",
     true},
    {"the 11 bytes are a masked Hello", is_followed_by, "\201\2057\372!=\177\237MQX", false},
    {"message Hello follows", is_followed_by, "\201\005Hello", false},
    {"if accepted the frame is delivered whole", is_followed_by, "\201\005Hello", false},
    {"if accepted the body is not parsed as frames", NULL, NULL, false},
    {"list or single value: 4.1 says include, 4.2.1 says containing; most servers want exactly websocket", NULL,
     NULL, false},
    {"only http/https is foreseen", NULL, NULL, false},
    {"minor version above 1 is 1.x", NULL, NULL, false},
    {"slash is a separator", NULL, NULL, false},
    {"uniqueness is a client duty; rejecting is strict", NULL, NULL, false},
    {"empty value is not a token", NULL, NULL, false},
    {"one digit only", NULL, NULL, false},
    {"client duty; record", NULL, NULL, false},
    {"none of the tested servers rejects it", NULL, NULL, false},
    {"32 base64 characters decode to 24 bytes", NULL, NULL, false},
    {"either 400 or one value \"1 2\"", NULL, NULL, false},
    {"or the line is skipped and Host is then missing: 400 too", NULL, NULL, false},
    {"accepted only if CR became SP", NULL, NULL, false},
    {"never seen as a second Upgrade", NULL, NULL, false},
    {"accepted only if NUL became SP", NULL, NULL, false},
    {"100 before 101 is required if accepted", NULL, NULL, false},
    {"value must match websocket as a whole", NULL, NULL, false},
    {"combined value is a list", NULL, NULL, false},
    {"a bare response does not accept the only offer", NULL, NULL, false},
    {"empty list is not the null value; many treat it as none", NULL, NULL, false},
    {"token differs from the offered one", NULL, NULL, false},
    {"401 and 3xx may lead to a new request", NULL, NULL, false},
    {"SP is required before an empty reason", NULL, NULL, false},
    {"a proxy removes it, a client may fail", NULL, NULL, false},
    {"server violation; client may ignore it", NULL, NULL, false},
    {"bounded memory", NULL, NULL, false},
    {"FIN after the bytes", NULL, NULL, false},
    {"FIN at once", NULL, NULL, false},
    {"unknown in responses, ignored", NULL, NULL, false},
    {"tolerated", NULL, NULL, false},
    {"", NULL, NULL, false},
};

static void check_detail(const char *text, const struct result *r)
{
    const struct detail *d = details;
    while (strcmp(d->text, text) != 0) {
        ck_assert_msg(d->text[0] != '\0', "%s: unknown detail: %s", r->row, text);
        d++;
    }
    if (d->check && !r->wait && d->of_refusal == !r->accept)
        ck_assert_msg(d->check(r, d->argument), "%s: not so: %s\n%s", r->row, text, r->response);
}

/* ---- the choices we documented ---- */

/* The line of docs/handshake-choices.md that names the row begins with our answer. */
static void check_choice(const char *choices, char *const cells[COLUMNS], const struct result *r)
{
    const char *verdict = cells[VERDICT];
    const bool left_open = strstr(verdict, "accept") && (strstr(verdict, "reject") || strstr(verdict, "fail"));
    if (strcmp(cells[CERTAINTY], "must") == 0 && !left_open)
        return;
    char quoted[100], cell[24];
    snprintf(quoted, sizeof quoted, "`%s`", r->row);
    snprintf(cell, sizeof cell, "| %s |", our_word(r));
    const char *at = strstr(choices, quoted);
    ck_assert_msg(at != NULL, "docs/handshake-choices.md does not name %s: %s", quoted, cell);
    while (at != choices && at[-1] != '\n')
        at--;
    ck_assert_msg(strncmp(at, cell, strlen(cell)) == 0, "%s: ours is %s the document says %.12s", r->row, cell, at);
}

/* ---- the test ---- */

static void check_row(char *const cells[COLUMNS], const char *choices)
{
    static struct result r;
    r = (struct result){.row = cells[NAME], .is_server = strcmp(cells[ROLE], "server") == 0};
    load_raw(cells[RAW]);
    (r.is_server ? run_server : run_client)(cells[CONTEXT], &r);
    ck_assert_msg(is_allowed(cells[VERDICT], &r), "%s: the row says %s; we: %s (%s)", r.row, cells[VERDICT],
                  our_word(&r), our_reason(&r));
    check_detail(cells[DETAIL], &r);
    check_choice(choices, cells, &r);
}

START_TEST(every_row)
{
    size_t rows = 0;
    char *choices = unit_file("docs/handshake-choices.md", NULL);
    char *file = unit_file("tests/vectors/handshake-vectors.tsv", NULL);
    for (char *line = file, *next; *line; line = next) {
        char *cells[COLUMNS];
        const size_t size = strcspn(line, "\n");
        next = line + size + (line[size] == '\n');
        line[size] = '\0';
        if (*line == '#' || strncmp(line, "name\t", 5) == 0)
            continue;
        ck_assert_uint_eq(split(line, cells), COLUMNS);
        check_row(cells, choices);
        rows++;
    }
    ck_assert_uint_eq(rows, 398);
    free(file);
    free(choices);
}
END_TEST

/* Each requirement that a rule names is one of scenarios/requirements.tsv. */
START_TEST(requirements_exist)
{
    char *table = unit_file("scenarios/requirements.tsv", NULL);
    size_t rule_count;
    const struct ws_handshake_rule *rules = ws_handshake_rules(&rule_count);
    ck_assert_uint_gt(rule_count, 100);
    for (size_t i = 0; i < rule_count; i++) {
        char line_start[100];
        snprintf(line_start, sizeof line_start, "\n%s\t", rules[i].requirement);
        ck_assert_msg(strstr(table, line_start) != NULL, "%s: no requirement %s", rules[i].name, rules[i].requirement);
    }
    free(table);
}
END_TEST

UNIT_MAIN("wire/handshake vectors", every_row, requirements_exist)
