/* http1.h: heads whole, bytewise, at every split, before a guard page, spoiled
 * at random; the same on every vector unit. */
#include "simd_levels.h"
#include "unit.h"

#include "base/prng.h"
#include "wire/http1.h"

static const char rich[] =
    "GET /chat?x=1 HTTP/1.1\r\nHost: server.example.com:8080\r\nUpgrade: websocket\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX-Empty:\r\nX-Padded: \t v \t \r\n"
    "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: a; b=\"c,d\", e\r\n"
    "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n";
#define RICH (sizeof rich - 1)

/* Where a span lies: positions compare, wherever the bytes are. */
#define WHERE(span) (span).size ? (span).at - bytes : -1, (span).size

/* As one text, so that two heads compare. */
static const char *told(const struct ws_head *h, const char *bytes)
{
    static char text[16384];
    size_t n = (size_t)snprintf(text, sizeof text, "%d %x %zd+%zu %zd+%zu %zd+%zu %d.%d %d %zd+%zu %zu %x\n",
                                h->is_response, h->start_oddities, WHERE(h->method), WHERE(h->target),
                                WHERE(h->version), h->major, h->minor, h->status, WHERE(h->reason), h->size,
                                h->oddities);
    for (size_t i = 0; i < h->header_count && n < sizeof text - 200; i++) {
        const struct ws_header *w = &h->headers[i];
        n += (size_t)snprintf(text + n, 200, "%zd+%zu %zd+%zu %x %u\n", WHERE(w->name), WHERE(w->value), w->oddities,
                              w->id);
    }
    return text;
}

static struct ws_head head;

static struct ws_head_scan parse(const char *bytes, size_t size, size_t seen)
{
    return ws_head_parse(&head, false, bytes, size, seen, 0);
}

START_TEST(a_head_is_the_same_however_it_comes)
{
    FOR_EACH_SIMD_LEVEL(level) {
        ck_assert_int_eq(parse(rich, RICH, 0).answer, WS_SCAN_DONE);
        ck_assert_uint_eq(head.size, RICH);
        ck_assert_uint_eq(head.header_count, 10);
        ck_assert_uint_eq(head.id_count[WS_HEADER_KEY], 1);
        char *whole = strdup(told(&head, rich));
        for (size_t split = 1; split < RICH; split++) {
            struct guard g = guard_end(rich, split); /* not a byte behind what came may be read */
            struct ws_head_scan scan = parse((char *)g.bytes, split, 0);
            guard_free(&g);
            if (scan.answer != WS_SCAN_MORE || scan.at != split)
                ck_abort_msg("after %zu bytes it is %d at %zu", split, scan.answer, scan.at);
            if (parse(rich, RICH, split).answer != WS_SCAN_DONE || strcmp(told(&head, rich), whole) != 0)
                ck_abort_msg("another head when it is cut at %zu", split);
        }
        for (size_t n = 1; n < RICH; n++)
            if (parse(rich, n, n - 1).answer != WS_SCAN_MORE)
                ck_abort_msg("bytewise it ends at %zu", n);
        ck_assert_int_eq(parse(rich, RICH, RICH - 1).answer, WS_SCAN_DONE);
        ck_assert_str_eq(told(&head, rich), whole);
        free(whole);
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(every_unit_reads_spoiled_heads_alike)
{
    static const char letters[] = "\r\n\n: \t,\0\x01\x7f\x80\xffxX";
    struct prng random = prng_stream(1, "heads");
    char spoiled[RICH];
    for (int turn = 0; turn < 20000; turn++) {
        memcpy(spoiled, rich, RICH);
        for (uint64_t k = 1 + prng_below(&random, 4); k > 0; k--)
            spoiled[prng_below(&random, RICH)] = letters[prng_below(&random, sizeof letters - 1)];
        size_t size = RICH - (turn % 4 ? 0 : prng_below(&random, RICH));
        char *first = NULL;
        FOR_EACH_SIMD_LEVEL(level) {
            struct guard g = guard_end(spoiled, size);
            struct ws_head_scan scan = parse((char *)g.bytes, size, 0);
            char answer[64], *all = NULL;
            snprintf(answer, sizeof answer, "%d %zu %d ", scan.answer, scan.at, scan.broken);
            const char *rest = scan.answer == WS_SCAN_DONE ? told(&head, (char *)g.bytes) : "";
            if (asprintf(&all, "%s%s", answer, rest) < 0)
                abort();
            if (first != NULL && strcmp(first, all) != 0)
                ck_abort_msg("%s reads\n%s-- not\n%s", simd_levels[level], all, first);
            guard_free(&g);
            if (first == NULL)
                first = all;
            else
                free(all);
        }
        free(first);
    }
    ws_simd_force(NULL);
}
END_TEST

START_TEST(oddities_are_kept_for_the_rules)
{
#define GET_ "GET / HTTP/1.1\r\n"
    static const struct { const char *text; size_t size; uint32_t start, header; } rows[] = {
#define ROW(text, start, header) {text, sizeof text - 1, start, header}
        ROW(GET_ "Host : x\r\n\r\n", 0, WS_ODD_SPACE_BEFORE_COLON),
        ROW(GET_ "X: a\r\n b\r\n\r\n", 0, WS_ODD_FOLDED),
        ROW(GET_ "X: a\n\r\n", 0, WS_ODD_BARE_LF),
        ROW(GET_ "X: a\rb\r\n\r\n", 0, WS_ODD_BARE_CR),
        ROW(GET_ "X: a\0b\r\n\r\n", 0, WS_ODD_NUL),
        ROW(GET_ "X: a\x01" "b\r\n\r\n", 0, WS_ODD_CONTROL),
        ROW(GET_ ": a\r\n\r\n", 0, WS_ODD_NAME),
        ROW(GET_ "X(Y): a\r\n\r\n", 0, WS_ODD_NAME),
        ROW(GET_ "nothing\r\n\r\n", 0, WS_ODD_NO_COLON),
        ROW(GET_ " X: a\r\n\r\n", 0, WS_ODD_LEADING_SPACE | WS_ODD_NAME),
        ROW(GET_ "X: \xff\r\n\r\n", 0, WS_ODD_OBS_TEXT),
        ROW(GET_ "X: plain\r\n\r\n", 0, 0),
        ROW("GET  / HTTP/1.1\r\n\r\n", WS_START_EXTRA_SPACE, 0),
        ROW("GET / HTTP/1.1\n\r\n", WS_START_BARE_LF, 0),
        ROW("\r\nGET / HTTP/1.1\r\n\r\n", WS_START_LEADING_CRLF, 0),
        ROW("G(T / HTTP/1.1\r\n\r\n", WS_START_BAD_METHOD, 0),
        ROW("GET /\x01 HTTP/1.1\r\n\r\n", WS_START_BAD_TARGET, 0),
        ROW("GET / HTTP/x\r\n\r\n", WS_START_BAD_VERSION, 0),
        ROW("GET /\r\n\r\n", WS_START_MISSING_PART, 0),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_int_eq(parse(rows[i].text, rows[i].size, 0).answer, WS_SCAN_DONE);
        if (head.start_oddities != rows[i].start || head.oddities != rows[i].header)
            ck_abort_msg("row %zu: %x and %x, not %x and %x", i, head.start_oddities, head.oddities, rows[i].start,
                         rows[i].header);
    }
}
END_TEST

START_TEST(limits_are_answers)
{
    static char big[WS_HEAD_BYTES_MAX + 100];
    for (unsigned count = WS_HEADERS_MAX; count <= WS_HEADERS_MAX + 1; count++) {
        int n = snprintf(big, sizeof big, "GET / HTTP/1.1\r\n");
        for (unsigned i = 0; i < count; i++)
            n += snprintf(big + n, sizeof big - (size_t)n, "X-%u: v\r\n", i);
        n += snprintf(big + n, sizeof big - (size_t)n, "\r\n");
        struct ws_head_scan scan = parse(big, (size_t)n, 0);
        ck_assert_int_eq(scan.answer, count <= WS_HEADERS_MAX ? WS_SCAN_DONE : WS_SCAN_BROKEN);
        ck_assert_int_eq(scan.broken, count <= WS_HEADERS_MAX ? WS_HEAD_FINE : WS_HEAD_TOO_MANY);
    }
    memset(big, 'x', sizeof big);
    memcpy(big, "GET / HTTP/1.1\r\nX: ", 19);
    ck_assert_int_eq(parse(big, WS_HEAD_BYTES_MAX - 1, 0).answer, WS_SCAN_MORE);
    ck_assert_int_eq(parse(big, WS_HEAD_BYTES_MAX, 0).broken, WS_HEAD_TOO_LARGE);
    ck_assert_int_eq(parse(big, sizeof big, 0).broken, WS_HEAD_TOO_LARGE);
    ck_assert_int_eq(ws_head_parse(&head, false, rich, RICH, 0, 100).broken, WS_HEAD_TOO_LARGE);
    ck_assert_int_eq(parse("\x16\x03\x01\x02\x00", 5, 0).broken, WS_HEAD_NOT_HTTP);
    ck_assert_int_eq(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24, 0).broken, WS_HEAD_NOT_HTTP);
    ck_assert_int_eq(ws_head_parse(&head, true, "GET /", 5, 0, 0).broken, WS_HEAD_NOT_HTTP);
}
END_TEST

START_TEST(a_status_line_is_read)
{
    static const char text[] = "HTTP/1.1 426 Upgrade Required\r\nsec-websocket-VERSION: 13\r\n\r\n\x81";
    ck_assert_int_eq(ws_head_parse(&head, true, text, sizeof text - 1, 0, 0).answer, WS_SCAN_DONE);
    ck_assert_int_eq(head.status, 426);
    ck_assert(ws_span_is(head.reason, "Upgrade Required"));
    ck_assert_uint_eq(head.size, sizeof text - 2);
    size_t from = 0;
    const struct ws_header *version = ws_head_next(&head, WS_HEADER_VERSION, &from);
    ck_assert_ptr_nonnull(version);
    ck_assert(ws_span_is(version->value, "13"));
    ck_assert_ptr_eq(ws_head_find(&head, "Sec-WebSocket-Version"), version);
    ck_assert_ptr_null(ws_head_next(&head, WS_HEADER_VERSION, &from));
}
END_TEST

START_TEST(lists_are_walked)
{
    static const char *const wanted[] = {"a", "b c", "\"d, e\"", "f;g=\"\\\",\""};
    struct ws_span rest = {" ,a,, b c ,\t\"d, e\",f;g=\"\\\",\" ,", 31}, element;
    rest.size = strlen(rest.at);
    size_t n = 0;
    while (ws_list_next(&rest, &element)) {
        ck_assert_uint_lt(n, 4);
        ck_assert_msg(ws_span_is(element, wanted[n]), "%.*s", (int)element.size, element.at);
        n++;
    }
    ck_assert_uint_eq(n, 4);
    ck_assert(ws_span_is_nocase((struct ws_span){"UpGrade", 7}, "upgrade"));
    ck_assert(!ws_span_is((struct ws_span){"UpGrade", 7}, "upgrade"));
    ck_assert(ws_span_is_token((struct ws_span){"!#$%&'*+-.^_`|~09az", 19}));
    ck_assert(!ws_span_is_token((struct ws_span){"a b", 3}) && !ws_span_is_token((struct ws_span){NULL, 0}));
    ck_assert(ws_span_is_field_value((struct ws_span){" \"a\\b\"\t\xff", 8}));
    ck_assert(ws_span_is_field_value((struct ws_span){0}));
    ck_assert(!ws_span_is_field_value((struct ws_span){"a\rb", 3}));
    ck_assert(!ws_span_is_field_value((struct ws_span){"\x7f", 1}));
    ck_assert(!ws_span_is_field_value((struct ws_span){"a\0b", 3}));
    static const struct { const char *text; bool fine; } lines[] = {
        {"A:", true}, {"A-1: b: c", true}, {":", false}, {"A", false}, {"A : b", false}, {" A: b", false},
        {"A: b\r\nC: d", false}, {"", false}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(ws_span_is_field_line((struct ws_span){lines[i].text, strlen(lines[i].text)}) == lines[i].fine,
                      "%s", lines[i].text);
}
END_TEST

UNIT_MAIN("wire/http1", a_head_is_the_same_however_it_comes, every_unit_reads_spoiled_heads_alike,
          oddities_are_kept_for_the_rules, limits_are_answers, a_status_line_is_read, lists_are_walked)
