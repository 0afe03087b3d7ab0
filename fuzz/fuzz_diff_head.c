/* Our head parser against http-parser, on the same bytes. Oracles: a head in
 * which we see nothing odd is read by http-parser too, with the same method,
 * target, status, names and values, and ends at the same byte; a head that it
 * reads is never broken for us, within our limits. Differences that are meant:
 * docs/fuzzing.md. */
#include "fuzz.h"

#include "wire/http1.h"

#include <http_parser.h>

FUZZ_TARGET("diff_head");

struct theirs {
    struct ws_span target, names[WS_HEADERS_MAX], values[WS_HEADERS_MAX];
    size_t count; /* of names */
    bool in_value, many, complete;
};

static void join(struct ws_span *span, const char *at, size_t size)
{
    *span = (struct ws_span){span->size ? span->at : at, span->size + size};
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    struct theirs *t = parser->data;
    join(&t->target, at, size);
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t size)
{
    struct theirs *t = parser->data;
    if (t->in_value || t->count == 0) {
        t->many |= t->count == WS_HEADERS_MAX;
        t->count += !t->many;
        t->names[t->count - 1] = t->values[t->count - 1] = (struct ws_span){0};
    }
    t->in_value = false;
    join(&t->names[t->count - 1], at, size);
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t size)
{
    struct theirs *t = parser->data;
    t->in_value = true;
    join(&t->values[t->count - 1], at, size);
    return 0;
}

static int on_complete(http_parser *parser)
{
    struct theirs *t = parser->data;
    t->complete = true;
    http_parser_pause(parser, 1);
    return 0;
}

/* Bytes read; *error says why not more. */
static size_t read_theirs(struct theirs *t, http_parser *parser, bool response, const char *bytes, size_t size)
{
    const http_parser_settings settings = {.on_url = on_url, .on_header_field = on_field,
                                           .on_header_value = on_value, .on_headers_complete = on_complete};
    *t = (struct theirs){0};
    http_parser_init(parser, response ? HTTP_RESPONSE : HTTP_REQUEST);
    parser->data = t;
    return http_parser_execute(parser, &settings, bytes, size);
}

static bool same(struct ws_span a, struct ws_span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* http-parser keeps white space behind a value. */
static struct ws_span trimmed(struct ws_span s)
{
    while (s.size != 0 && (s.at[s.size - 1] == ' ' || s.at[s.size - 1] == '\t'))
        s.size--;
    return s;
}

/* Where http-parser refuses what the grammar allows: methods it does not know,
 * what its URL states do not, and lengths of a body, which are not the head's. */
static bool refuses_for_itself(const http_parser *parser)
{
    switch (HTTP_PARSER_ERRNO(parser)) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_URL:
    case HPE_INVALID_VERSION:
    case HPE_INVALID_STATUS:
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_HEADER_OVERFLOW: return true;
    default: return false;
    }
}

static void compare(const struct ws_head *head, const struct theirs *t, const http_parser *parser)
{
    must(parser->http_major == head->major && parser->http_minor == head->minor, "HTTP/%u.%u, not %d.%d",
         parser->http_major, parser->http_minor, head->major, head->minor);
    if (head->is_response)
        must(parser->status_code == (unsigned)head->status, "status %u, not %d", parser->status_code, head->status);
    else
        must(ws_span_is(head->method, http_method_str((enum http_method)parser->method)) &&
                 same(head->target, t->target),
             "another request line: %s %.*s", http_method_str((enum http_method)parser->method), (int)t->target.size,
             t->target.at);
    must(head->header_count == t->count, "%zu headers, not %zu", t->count, head->header_count);
    for (size_t i = 0; i < t->count; i++)
        must(same(head->headers[i].name, t->names[i]) && same(head->headers[i].value, trimmed(t->values[i])),
             "header %zu is another: %.*s", i, (int)t->names[i].size, t->names[i].at);
}

/* http-parser as Debian builds it is not strict: behind a CR it takes any byte for the LF, and does not read the
 * letters of HTTP in a status line. A CR alone ends no line for us, and other letters are not HTTP.
 * Of empty lines before the start line we pass over a few, it over all. */
static bool lax(const char *bytes, size_t size, const struct ws_head_scan *scan, bool response)
{
    for (size_t i = 0; i + 1 < size; i++)
        if (bytes[i] == '\r' && bytes[i + 1] != '\n')
            return true;
    if (scan->answer != WS_SCAN_BROKEN || scan->broken != WS_HEAD_NOT_HTTP)
        return false;
    return response || bytes[scan->at] == '\n' || bytes[scan->at] == '\r';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ws_head head;
    static struct theirs their;
    http_parser parser;
    uint8_t options = fuzz_take(&data, &size);
    bool response = options & 1;
    char *bytes = (char *)fuzz_copy(data, size);
    fuzz_unit(options >> 1);
    struct ws_head_scan scan = ws_head_parse(&head, response, bytes, size, 0, 0);
    size_t read = read_theirs(&their, &parser, response, bytes, size);
    bool excused = !their.complete || lax(bytes, size, &scan, response);
    if (scan.answer == WS_SCAN_BROKEN)
        must(excused || scan.broken == WS_HEAD_TOO_MANY || scan.broken == WS_HEAD_TOO_LARGE ||
                 scan.broken == WS_HEAD_LINE_TOO_LONG,
             "http-parser reads what is broken for us at %zu (%d)", scan.at, scan.broken);
    if (scan.answer == WS_SCAN_MORE)
        must(excused, "http-parser reads a head of %zu bytes, we want more", read);
    bool clean = scan.answer == WS_SCAN_DONE && head.start_oddities == 0 &&
                 (head.oddities & ~(uint32_t)WS_ODD_OBS_TEXT) == 0;
    if (clean && !their.complete)
        must(refuses_for_itself(&parser), "http-parser refuses a clean head at %zu: %s", read,
             http_errno_name(HTTP_PARSER_ERRNO(&parser)));
    if (clean && their.complete)
        compare(&head, &their, &parser);
    free(bytes);
    return 0;
}
