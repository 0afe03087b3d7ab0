/* RFC 9112 sections 2-5, as far as an opening handshake needs it: the head of a
 * request or response, from bytes to fields and back. Keeps every duplicate,
 * order and odd spacing visible to the rules (handshake.h); what cannot be read
 * at all is broken at a byte. Output points into the caller's buffer. */
#ifndef WS_HTTP1_H
#define WS_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_HEAD_BYTES_MAX 65536u /* a longer head is broken: too large */
#define WS_HEADERS_MAX 128u      /* more header lines are broken: too many */

/* Bytes of somebody else's buffer; not NUL-terminated. at may be NULL when size is 0. */
struct ws_span {
    const char *at;
    size_t size;
};

enum ws_header_oddity {
    WS_ODD_SPACE_BEFORE_COLON = 1u << 0, /* "Host : x" */
    WS_ODD_FOLDED = 1u << 1,             /* obs-fold: the value spans lines; value holds them with CRLF as they are */
    WS_ODD_BARE_LF = 1u << 2,            /* the line ends in LF alone */
    WS_ODD_BARE_CR = 1u << 3,            /* CR inside the value */
    WS_ODD_NUL = 1u << 4,
    WS_ODD_CONTROL = 1u << 5,            /* another control character in the value */
    WS_ODD_NAME = 1u << 6,               /* the name is empty or not a token */
    WS_ODD_NO_COLON = 1u << 7,           /* the line has no colon: name is the line */
    WS_ODD_LEADING_SPACE = 1u << 8,      /* first header line begins with white space */
    WS_ODD_OBS_TEXT = 1u << 9,           /* bytes 0x80-0xff in the value (legal, opaque) */
};

struct ws_header {
    struct ws_span name;  /* as written */
    struct ws_span value; /* without the white space around it */
    uint32_t oddities;    /* enum ws_header_oddity bits */
    uint16_t id;          /* enum ws_header_id: which known header, so that no rule compares names again */
};

/* The headers that a handshake rule asks for. */
enum ws_header_id {
    WS_HEADER_OTHER,
    WS_HEADER_HOST,
    WS_HEADER_UPGRADE,
    WS_HEADER_CONNECTION,
    WS_HEADER_KEY,        /* Sec-WebSocket-Key */
    WS_HEADER_ACCEPT,     /* Sec-WebSocket-Accept */
    WS_HEADER_VERSION,    /* Sec-WebSocket-Version */
    WS_HEADER_PROTOCOL,   /* Sec-WebSocket-Protocol */
    WS_HEADER_EXTENSIONS, /* Sec-WebSocket-Extensions */
    WS_HEADER_ORIGIN,
    WS_HEADER_CONTENT_LENGTH,
    WS_HEADER_TRANSFER_ENCODING,
    WS_HEADER_EXPECT,
    WS_HEADER_IDS,
};

enum ws_start_oddity {
    WS_START_EXTRA_SPACE = 1u << 0,    /* more than one SP, or HTAB, between the parts */
    WS_START_BARE_LF = 1u << 1,
    WS_START_LEADING_CRLF = 1u << 2,   /* empty line(s) before the start line */
    WS_START_BAD_METHOD = 1u << 3,     /* method is not a token */
    WS_START_BAD_TARGET = 1u << 4,     /* control, space or empty */
    WS_START_BAD_VERSION = 1u << 5,    /* not HTTP/d.d */
    WS_START_BAD_STATUS = 1u << 6,     /* not three digits, or no SP behind */
    WS_START_BAD_REASON = 1u << 7,     /* control characters */
    WS_START_MISSING_PART = 1u << 8,   /* HTTP/0.9 form, missing status ... */
};

/* Head of a request or of a response. About 5 KiB; keep one per connection. */
struct ws_head {
    bool is_response;
    uint32_t start_oddities; /* enum ws_start_oddity bits */
    struct ws_span start_line;
    struct ws_span method;   /* request */
    struct ws_span target;   /* request */
    struct ws_span version;  /* as written, "HTTP/1.1" */
    int major, minor;        /* -1 when the version is bad */
    int status;              /* response; -1 when bad */
    struct ws_span reason;   /* response */
    size_t header_count;
    size_t size;             /* bytes of the head with its empty line; what follows are frames */
    uint32_t oddities;       /* all headers' oddities, or'ed; WS_ODD_BARE_LF also for the empty line */
    uint16_t id_count[WS_HEADER_IDS]; /* how many lines of each known header */
    uint16_t id_last[WS_HEADER_IDS];  /* index of the last of them; undefined where there is none */
    struct ws_header headers[WS_HEADERS_MAX];
};

/* The three answers of a parser. */
enum ws_scan { WS_SCAN_DONE, WS_SCAN_MORE, WS_SCAN_BROKEN };

enum ws_head_break {
    WS_HEAD_FINE,
    WS_HEAD_TOO_LARGE,      /* WS_HEAD_BYTES_MAX, or the caller's smaller limit */
    WS_HEAD_LINE_TOO_LONG,  /* the same, and not even the start line has ended */
    WS_HEAD_TOO_MANY,       /* WS_HEADERS_MAX */
    WS_HEAD_NOT_HTTP,       /* the first bytes cannot begin a start line (TLS record, HTTP/2 preface, binary) */
};

struct ws_head_scan {
    enum ws_scan answer;
    size_t at;                  /* DONE: size of the head; BROKEN: the byte; MORE: bytes seen */
    enum ws_head_break broken;
};

/* Parses the head at bytes[0 .. size). `seen`: how many of these bytes an
 * earlier call already answered MORE to (0 at first): the search for the end
 * goes on there, so that a head that comes byte by byte costs linear time.
 * `limit`: the largest head accepted, 0 for WS_HEAD_BYTES_MAX. *head is only
 * valid on DONE and points into bytes. */
struct ws_head_scan ws_head_parse(struct ws_head *head, bool is_response, const char *bytes,
                                  size_t size, size_t seen, size_t limit);

/* First header of that id at or after index *from; sets *from behind it. NULL when none. */
const struct ws_header *ws_head_next(const struct ws_head *head, enum ws_header_id id, size_t *from);
/* First header with that name, letter case ignored; NULL when none. */
const struct ws_header *ws_head_find(const struct ws_head *head, const char *name);

/* Walks a comma-separated list (RFC 9110 section 5.6.1): trims elements, skips
 * empty ones, keeps quoted strings whole. *rest starts as the value. False at the end. */
bool ws_list_next(struct ws_span *rest, struct ws_span *element);

bool ws_span_is(struct ws_span s, const char *text);        /* exact */
bool ws_span_is_nocase(struct ws_span s, const char *text); /* ASCII letter case ignored */
bool ws_span_is_token(struct ws_span s);                    /* RFC 9110 section 5.6.2, not empty */
bool ws_span_is_field_value(struct ws_span s); /* RFC 9110 section 5.5, with the white space around it; may be empty */
bool ws_span_is_field_line(struct ws_span s);  /* "Name: value", RFC 9112 section 5, without its line end */

#endif
