/* RFC 9112 sections 2-5: the head of a request or response, from bytes to
 * fields. head_lines.c cuts the lines; here they become start line and header
 * fields, with everything odd about them as bits. */
#include "http1.h"

#include "chars.h"
#include "head_lines.h"

#include <string.h>

/* ---- names of known headers ---- */

#define NAME_MAX_SIZE 24u

struct known_name {
    _Alignas(32) char text[NAME_MAX_SIZE]; /* lower case; no NUL behind the longest */
    uint8_t size;
    uint8_t id;
};

/* Length and first letter are a perfect hash of the known names; two names in
 * one slot do not compile (-Woverride-init). */
#define SLOT(size, first) (((size) + (unsigned char)(first)) & 63u)
#define KNOWN(first, name, header) [SLOT(sizeof(name) - 1, first)] = {name, sizeof(name) - 1, header}
static const struct known_name known_names[64] = {
    KNOWN('h', "host", WS_HEADER_HOST),
    KNOWN('u', "upgrade", WS_HEADER_UPGRADE),
    KNOWN('c', "connection", WS_HEADER_CONNECTION),
    KNOWN('s', "sec-websocket-key", WS_HEADER_KEY),
    KNOWN('s', "sec-websocket-accept", WS_HEADER_ACCEPT),
    KNOWN('s', "sec-websocket-version", WS_HEADER_VERSION),
    KNOWN('s', "sec-websocket-protocol", WS_HEADER_PROTOCOL),
    KNOWN('s', "sec-websocket-extensions", WS_HEADER_EXTENSIONS),
    KNOWN('o', "origin", WS_HEADER_ORIGIN),
    KNOWN('c', "content-length", WS_HEADER_CONTENT_LENGTH),
    KNOWN('t', "transfer-encoding", WS_HEADER_TRANSFER_ENCODING),
    KNOWN('e', "expect", WS_HEADER_EXPECT),
};

static inline bool same_8(const char *a, const char *lower)
{
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, lower, 8);
    return (x | UINT64_C(0x2020202020202020)) == y;
}

static inline bool same_4(const char *a, const char *lower)
{
    uint32_t x, y;
    memcpy(&x, a, 4);
    memcpy(&y, lower, 4);
    return (x | UINT32_C(0x20202020)) == y;
}

/* The name must hold no control character: setting bit 0x20 makes '-' of CR.
 * Words overlap, so that nothing before or behind the name is read. */
static inline enum ws_header_id name_id(const char *name, size_t size)
{
    if (size < 4 || size > NAME_MAX_SIZE)
        return WS_HEADER_OTHER;
    const struct known_name *known = &known_names[SLOT(size, *name | 0x20)];
    if (known->size != size)
        return WS_HEADER_OTHER;
    const char *text = known->text;
    const bool same = size < 8
        ? same_4(name, text) && same_4(name + size - 4, text + size - 4)
        : same_8(name, text) && (size <= 16 || same_8(name + 8, text + 8)) &&
              same_8(name + size - 8, text + size - 8);
    return same ? (enum ws_header_id)known->id : WS_HEADER_OTHER;
}

/* ---- header lines ---- */

static inline struct ws_span trimmed(const char *at, const char *end)
{
    while (at != end && ws_char_is_blank(*at))
        at++;
    while (at != end && ws_char_is_blank(end[-1]))
        end--;
    return (struct ws_span){at, (size_t)(end - at)};
}

static uint32_t value_oddities(const char *at, const char *end)
{
    uint32_t odd = 0;
    for (; at != end; at++) {
        const unsigned char b = (unsigned char)*at;
        if (b >= 0x80)
            odd |= WS_ODD_OBS_TEXT;
        else if (b == '\0')
            odd |= WS_ODD_NUL;
        else if (b == '\r')
            odd |= WS_ODD_BARE_CR;
        else if ((b < 0x20 && b != '\t') || b == 0x7f)
            odd |= WS_ODD_CONTROL;
    }
    return odd;
}

/* Takes the line just filled in. */
static inline void add_header(struct ws_head *head, enum ws_header_id id)
{
    head->headers[head->header_count].id = (uint16_t)id;
    head->id_count[id]++;
    head->id_last[id] = (uint16_t)head->header_count++;
}

static void fold(struct ws_header *header, const char *end, uint32_t oddities)
{
    header->oddities |= oddities | WS_ODD_FOLDED;
    if (header->oddities & WS_ODD_NO_COLON)
        return;
    const char *at = header->value.at;
    while (at != end && (ws_char_is_blank(*at) || *at == '\r' || *at == '\n'))
        at++;
    while (at != end && (ws_char_is_blank(end[-1]) || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    header->value = (struct ws_span){at, (size_t)(end - at)};
}

/* Any line, however odd: [at, feed) and its first colon (feed when none). */
static void read_line(struct ws_head *head, const char *at, const char *colon, const char *feed)
{
    const bool returned = feed[-1] == '\r';
    const char *end = feed - returned;
    uint32_t odd = returned ? 0 : WS_ODD_BARE_LF;

    if (ws_char_is_blank(*at)) {
        if (head->header_count) {
            struct ws_header *last = &head->headers[head->header_count - 1];
            fold(last, end, odd | value_oddities(at, end));
            head->oddities |= last->oddities;
            return;
        }
        odd |= WS_ODD_LEADING_SPACE;
    }
    struct ws_header *header = &head->headers[head->header_count];
    if (colon == feed) {
        odd |= WS_ODD_NO_COLON | value_oddities(at, end);
        header->name = (struct ws_span){at, (size_t)(end - at)};
        header->value = (struct ws_span){end, 0};
    } else {
        const char *name_end = colon;
        while (name_end != at && ws_char_is_blank(name_end[-1]))
            name_end--;
        odd |= value_oddities(colon + 1, end);
        odd |= name_end != colon ? WS_ODD_SPACE_BEFORE_COLON : 0u;
        header->name = (struct ws_span){at, (size_t)(name_end - at)};
        header->value = trimmed(colon + 1, end);
    }
    if (!ws_span_is_token(header->name))
        odd |= WS_ODD_NAME;
    const bool named = !(odd & (WS_ODD_NAME | WS_ODD_NO_COLON));
    const enum ws_header_id id = named ? name_id(at, header->name.size) : WS_HEADER_OTHER;
    header->oddities = odd;
    add_header(head, id);
    head->oddities |= odd;
}

/* The usual line of a clean head: name, colon, value, CR LF. False: odd. */
static inline bool read_clean_line(struct ws_head *head, const char *at, const char *colon,
                                   const char *end)
{
    const size_t size = (size_t)(colon - at);
    if (colon > end || *end != '\r')
        return false;
    const enum ws_header_id id = name_id(at, size);
    const struct ws_span name = {at, size};
    if (id == WS_HEADER_OTHER && (size == 0 || !ws_chars_are(at, size, WS_CHAR_TOKEN)))
        return false;
    struct ws_header *header = &head->headers[head->header_count];
    header->name = name;
    header->value = trimmed(colon + 1, end);
    header->oddities = 0;
    add_header(head, id);
    return true;
}

/* ---- start lines ---- */

static inline const char *skip_blanks(const char *at, const char *end)
{
    while (at != end && ws_char_is_blank(*at))
        at++;
    return at;
}

static inline const char *skip_word(const char *at, const char *end)
{
    while (at != end && !ws_char_is_blank(*at))
        at++;
    return at;
}

/* Behind one word: odd when not exactly one SP stands there. */
static inline const char *skip_gap(struct ws_head *head, const char *at, const char *end)
{
    const char *next = skip_blanks(at, end);
    if (next - at > 1 || (next != at && *at == '\t'))
        head->start_oddities |= WS_START_EXTRA_SPACE;
    return next;
}

static void read_version(struct ws_head *head, const char *at, const char *end)
{
    head->version = (struct ws_span){at, (size_t)(end - at)};
    if (end - at == 8 && memcmp(at, "HTTP/", 5) == 0 && ws_char_is(at[5], WS_CHAR_DIGIT) &&
        at[6] == '.' && ws_char_is(at[7], WS_CHAR_DIGIT)) {
        head->major = at[5] - '0';
        head->minor = at[7] - '0';
        return;
    }
    head->major = head->minor = -1;
    head->start_oddities |= end == at ? WS_START_MISSING_PART : WS_START_BAD_VERSION;
}

static void read_request_line(struct ws_head *head, const char *at, const char *end)
{
    const char *method_end = skip_word(at, end);
    head->method = (struct ws_span){at, (size_t)(method_end - at)};
    if (!ws_span_is_token(head->method))
        head->start_oddities |= WS_START_BAD_METHOD;

    const char *target = skip_gap(head, method_end, end);
    const char *last = end;
    while (last != target && ws_char_is_blank(last[-1]))
        last--;
    if (last != end)
        head->start_oddities |= WS_START_EXTRA_SPACE;
    /* The version is the last word; what is between it and the method is the target. */
    const char *version = last;
    while (version != target && !ws_char_is_blank(version[-1]))
        version--;
    const char *target_end = version;
    if (version == target) { /* two words, or one */
        target_end = version = last;
    } else {
        while (ws_char_is_blank(target_end[-1]))
            target_end--;
        skip_gap(head, target_end, version);
    }
    head->target = (struct ws_span){target, (size_t)(target_end - target)};
    if (target == target_end)
        head->start_oddities |= WS_START_BAD_TARGET | WS_START_MISSING_PART;
    if (!ws_chars_are(target, head->target.size, WS_CHAR_TARGET))
        head->start_oddities |= WS_START_BAD_TARGET;
    read_version(head, version, last);
}

static void read_status_line(struct ws_head *head, const char *at, const char *end)
{
    const char *version_end = skip_word(at, end);
    read_version(head, at, version_end);
    const char *code = skip_gap(head, version_end, end);
    const char *code_end = skip_word(code, end);
    if (code == code_end)
        head->start_oddities |= WS_START_MISSING_PART;
    head->status = -1;
    if (code_end - code == 3 && ws_char_is(code[0], WS_CHAR_DIGIT) &&
        ws_char_is(code[1], WS_CHAR_DIGIT) && ws_char_is(code[2], WS_CHAR_DIGIT))
        head->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    if (head->status < 0 || code_end == end)
        head->start_oddities |= WS_START_BAD_STATUS;
    /* A reason may hold any number of blanks; only one SP is ours to take. */
    const char *reason = code_end == end ? end : code_end + 1;
    head->reason = (struct ws_span){reason, (size_t)(end - reason)};
    if (value_oddities(reason, end) & ~(uint32_t)WS_ODD_OBS_TEXT)
        head->start_oddities |= WS_START_BAD_REASON;
}

/* ---- the whole head ---- */

static const char http2_preface[] = "PRI * HTTP/2.0\r\n";
#define PREFACE_SIZE (sizeof http2_preface - 1)

/* Can these bytes begin a start line, as far as they are there? If not, *at is
 * the byte that says so. */
static bool may_begin(bool is_response, const char *bytes, size_t size, size_t *at)
{
    if (is_response) {
        for (*at = 0; *at < size && *at < 5; ++*at)
            if ((bytes[*at] | (*at < 4 ? 0x20 : 0)) != "http/"[*at])
                return false;
        return true;
    }
    *at = size >= PREFACE_SIZE ? PREFACE_SIZE - 1 : 0;
    if (size >= PREFACE_SIZE && memcmp(bytes, http2_preface, PREFACE_SIZE) == 0)
        return false;
    *at = 0;
    return ws_char_is(bytes[0], WS_CHAR_TOKEN);
}

/* Empty lines before the start line: a few are robustness (RFC 9112 section
 * 2.2), more are not HTTP. */
#define EMPTY_LINES_MAX 4u

static size_t skip_empty_lines(const char *bytes, size_t size, size_t *lines)
{
    size_t at = 0;
    for (*lines = 0; *lines < EMPTY_LINES_MAX && at < size; ++*lines) {
        if (bytes[at] == '\n')
            at++;
        else if (bytes[at] == '\r' && size - at > 1 && bytes[at + 1] == '\n')
            at += 2;
        else
            break;
    }
    return at;
}

/* Member by member: a 16-byte copy of a span just built waits for both halves. */
static inline void clear(struct ws_span *span)
{
    span->at = NULL;
    span->size = 0;
}

static void read_head(struct ws_head *head, const struct ws_head_lines *lines, const char *bytes)
{
    const char *feed = bytes + lines->feed[0];
    const char *end = feed - (feed[-1] == '\r');
    if (end == feed)
        head->start_oddities |= WS_START_BARE_LF;
    head->start_line = (struct ws_span){bytes, (size_t)(end - bytes)};
    if (head->is_response)
        read_status_line(head, bytes, end);
    else
        read_request_line(head, bytes, end);

    for (size_t i = 1; i + 1 < lines->count; i++) {
        const char *at = feed + 1;
        const char *colon = bytes + lines->colon[i];
        feed = bytes + lines->feed[i];
        if (!lines->clean || !read_clean_line(head, at, colon, feed - 1))
            read_line(head, at, colon, feed);
    }
    if (feed[1] == '\n')
        head->oddities |= WS_ODD_BARE_LF; /* the empty line's, which is no header's */
}

struct ws_head_scan ws_head_parse(struct ws_head *head, bool is_response, const char *bytes,
                                  size_t size, size_t seen, size_t limit)
{
    limit = limit && limit < WS_HEAD_BYTES_MAX ? limit : WS_HEAD_BYTES_MAX;
    const size_t window = size < limit ? size : limit;
    const struct ws_head_scan too_large = {WS_SCAN_BROKEN, limit, WS_HEAD_TOO_LARGE};
    const struct ws_head_scan more = {WS_SCAN_MORE, size, WS_HEAD_FINE};

    size_t empty_lines;
    const size_t begin = skip_empty_lines(bytes, window, &empty_lines);
    const char *start = bytes + begin;
    const size_t left = window - begin;
    const bool half_line = left == 1 && *start == '\r';
    size_t at = 0;
    if (left && !half_line && !may_begin(is_response, start, left, &at))
        return (struct ws_head_scan){WS_SCAN_BROKEN, begin + at, WS_HEAD_NOT_HTTP};

    struct ws_head_lines lines;
    size_t end = 0;
    if (seen > begin)
        end = ws_head_end(start, left, seen - begin);
    if (seen <= begin || end) {
        ws_head_lines_find(&lines, start, end ? end : left);
        if (lines.too_many && !end)
            end = ws_head_end(start, left, lines.feed[WS_HEAD_LINES_MAX - 1]);
        else if (lines.whole)
            end = lines.feed[lines.count - 1] + 1;
    }
    if (!end) {
        if (window < limit)
            return more;
        const bool in_first_line = memchr(start, '\n', left) == NULL;
        return in_first_line ? (struct ws_head_scan){WS_SCAN_BROKEN, limit, WS_HEAD_LINE_TOO_LONG} : too_large;
    }
    if (lines.too_many)
        return (struct ws_head_scan){WS_SCAN_BROKEN, begin + lines.feed[WS_HEAD_LINES_MAX - 1],
                                     WS_HEAD_TOO_MANY};

    head->is_response = is_response;
    head->start_oddities = empty_lines ? WS_START_LEADING_CRLF : 0;
    clear(&head->method);
    clear(&head->target);
    clear(&head->reason);
    head->status = -1;
    head->header_count = 0;
    head->oddities = 0;
    memset(head->id_count, 0, sizeof head->id_count);
    head->size = begin + end;
    read_head(head, &lines, start);
    return (struct ws_head_scan){WS_SCAN_DONE, head->size, WS_HEAD_FINE};
}
