/* What the reference peer is told, and what it has to say to it. */
#ifndef TEST_STIMULI_H
#define TEST_STIMULI_H

#include "caller.h"

struct sent_frame {
    uint8_t first;  /* FIN, RSV, opcode */
    const char *payload;
    size_t size;
};

struct stimulus {
    const char *line;      /* request line; NULL: GET */
    const char *headers;   /* instead of the usual four; NULL: those */
    const char *more;      /* further header lines; NULL: none */
    struct sent_frame frames[4];
    const char *raw;       /* bytes behind them, as they are */
    size_t raw_size;
    const char *expected;
};

#define F(first, text) {first, text, sizeof text - 1}
#define RAW(bytes) .raw = bytes, .raw_size = sizeof bytes - 1
#define CLOSE F(0x88, "\x03\xe8")
#define FAILED(code) "101 close(" #code ") eof"

#define HOST "Host: localhost\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define DEFLATE "Sec-WebSocket-Extensions: permessage-deflate"
#define HELLO_PACKED "\xf2\x48\xcd\xc9\xc9\x07\x00"
#define HELLO_AGAIN "\x02\x13\x00\x00" /* refers to it */
#define TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TEXT_125 TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc"
#define TEXT_128 TEXT_64 TEXT_64

static const struct stimulus stimuli[] = {
    /* the opening handshake */
    {.expected = "101"},
    {.line = "POST / HTTP/1.1", .expected = "405 eof"},
    {.line = "GET / HTTP/1.0", .expected = "400 eof"},
    {.line = "\x16\x03\x01\x02", .expected = "400 eof"},
    {.headers = HOST CONNECTION KEY VERSION, .expected = "426 eof"},
    {.headers = HOST "Upgrade: h2c\r\n" CONNECTION KEY VERSION, .expected = "426 eof"},
    {.headers = HOST "Upgrade: WebSocket\r\n" CONNECTION KEY VERSION, .expected = "101"},
    {.headers = HOST UPGRADE KEY VERSION, .expected = "400 eof"},
    {.headers = HOST UPGRADE "Connection: keep-alive, Upgrade\r\n" KEY VERSION, .expected = "101"},
    {.headers = UPGRADE CONNECTION KEY VERSION, .expected = "400 eof"},
    {.headers = HOST UPGRADE CONNECTION VERSION, .expected = "400 eof"},
    {.headers = HOST UPGRADE CONNECTION KEY, .expected = "426 eof"},
    {.headers = HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 12\r\n", .expected = "426 eof"},
    {.headers = HOST UPGRADE CONNECTION "Sec-WebSocket-Key: c2hvcnQ=\r\n" VERSION, .expected = "400 eof"},
    {.headers = HOST UPGRADE CONNECTION KEY KEY VERSION, .expected = "400 eof"},
    {.more = "Sec-WebSocket-Protocol: other, chat.v1\r\n", .expected = "101"},
    {.more = "Sec-WebSocket-Protocol: other\r\n", .expected = "101"},
    /* messages and framing */
    {.frames = {F(0x81, "Hello"), F(0x82, ""), F(0x81, TEXT_128), CLOSE},
     .expected = "101 text(Hello) binary() text(0.. 128) close(1000) eof"},
    {.frames = {F(0x82, "\xff"), F(0x8a, "nobody asked"), F(0x89, "p")}, .expected = "101 binary(\xff) pong(p)"},
    {RAW("\x81\x02hi"), .expected = FAILED(1002)},
    {RAW("\x81\xfe\x00\x02....\x46\x47"), .expected = FAILED(1002)},
    {RAW("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff...."), .expected = FAILED(1009)},
    {RAW("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff...."), .expected = FAILED(1002)},
    {.frames = {F(0xa1, "x")}, .expected = FAILED(1002)},
    {.frames = {F(0xc1, "x")}, .expected = FAILED(1002)},
    {.frames = {F(0x83, "x"), CLOSE}, .expected = FAILED(1002)},
    {.frames = {F(0x8b, ""), CLOSE}, .expected = FAILED(1002)},
    {RAW("\x81\x82\x01\x02\x03\x04\x69\x6b" "\x81\x82\x05\x06\x07\x08\x6d\x6f"), .expected = "101 text(hi) text(hi)"},
    /* fragments */
    {.frames = {F(0x01, "Hel"), F(0x00, ""), F(0x80, "lo")}, .expected = "101 text(Hello)"},
    {.frames = {F(0x01, "Hel"), F(0x89, "p"), F(0x80, "lo")}, .expected = "101 pong(p) text(Hello)"},
    {.frames = {F(0x01, "Hel"), F(0x89, "p")}, .expected = "101 pong(p)"},
    {.frames = {F(0x02, ""), F(0x80, "")}, .expected = "101 binary()"},
    {.frames = {F(0x80, "x")}, .expected = FAILED(1002)},
    {.frames = {F(0x01, "a"), F(0x81, "b")}, .expected = FAILED(1002)},
    /* control frames */
    {.frames = {F(0x89, TEXT_125)}, .expected = "101 pong(0.. 125)"},
    {.frames = {F(0x89, TEXT_128)}, .expected = FAILED(1002)},
    {.frames = {F(0x09, "x")}, .expected = FAILED(1002)},
    /* text */
    {.frames = {F(0x81, "\xef\xbb\xbf\xf0\x9f\x98\x80")}, .expected = "101 text(\xef\xbb\xbf\xf0\x9f\x98\x80)"},
    {.frames = {F(0x01, "\xe2\x82"), F(0x80, "\xac")}, .expected = "101 text(\xe2\x82\xac)"},
    {.frames = {F(0x81, "a\xff" "b")}, .expected = FAILED(1007)},
    {.frames = {F(0x81, "\xe2\x82")}, .expected = FAILED(1007)},
    /* closing */
    {.frames = {F(0x88, "")}, .expected = "101 close() eof"},
    {.frames = {F(0x88, "\x0f\xa0" "reason")}, .expected = "101 close(4000) eof"},
    {.frames = {CLOSE, F(0x81, "late")}, .expected = "101 close(1000) eof"},
    {.frames = {F(0x88, "x")}, .expected = FAILED(1002)},
    {.frames = {F(0x88, "\x03\xed")}, .expected = FAILED(1002)},
    {.frames = {F(0x88, "\x03\xe8\xff")}, .expected = FAILED(1007)},
    {.frames = {F(0x88, "\x03\xf2")}, .expected = "101 close(1000) eof"},
    {.frames = {F(0x88, "\x0b\xb8")}, .expected = "101 close(3000) eof"},
    /* permessage-deflate */
    {.more = DEFLATE "\r\n", .frames = {F(0xc1, HELLO_PACKED), F(0xc1, HELLO_PACKED)},
     .expected = "101 text/rsv4(" HELLO_PACKED},
    {.more = DEFLATE "; server_no_context_takeover\r\n", .frames = {F(0xc1, HELLO_PACKED), F(0xc1, HELLO_PACKED)},
     .expected = "101 text/rsv4(" HELLO_PACKED},
    {.more = DEFLATE "\r\n", .frames = {F(0x81, "plain"), F(0x89, "p")}, .expected = "101 text(plain) pong(p)"},
    {.more = DEFLATE "\r\n", .frames = {F(0x41, "\xf2\x48\xcd"), F(0x89, "p"), F(0x80, "\xc9\xc9\x07\x00")},
     .expected = "101 pong(p) text/rsv4("},
    {.more = DEFLATE "\r\n",
     .frames = {F(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), F(0xc1, HELLO_PACKED), F(0x81, "x")},
     .expected = "101 text/rsv4("},
    {.more = DEFLATE "\r\n", .frames = {F(0xc1, "\xff\xff\xff")}, .expected = FAILED(1007)},
    {.more = DEFLATE "; server_max_window_bits=7\r\n", .expected = "101"},
    {.more = DEFLATE "; server_no_context_takeover, permessage-deflate\r\n", .expected = "101"},
    {.more = DEFLATE "; server_max_window_bits=9\r\n", .expected = "101"},
    {.more = DEFLATE "; client_max_window_bits=9\r\n", .expected = "101"},
    {.more = DEFLATE "; client_max_window_bits\r\n", .expected = "101"},
    {.more = DEFLATE "; client_no_context_takeover\r\n",
     .frames = {F(0xc1, HELLO_PACKED), F(0xc1, HELLO_AGAIN)}, .expected = "101 text/rsv4("},
    {.more = DEFLATE "\r\n", .frames = {F(0xc1, HELLO_PACKED), F(0xc1, HELLO_AGAIN)}, .expected = "101 text/rsv4("},
    {.more = DEFLATE "\r\n", .frames = {F(0xc2, HELLO_PACKED), CLOSE}, .expected = "101 binary/rsv4("},
    {.more = DEFLATE "\r\n",
     .frames = {F(0x41, "\xf2\x48\xcd"), F(0xc0, "\xc9\xc9\x07\x00")}, .expected = FAILED(1002)},
    {.more = DEFLATE "\r\n", .frames = {F(0xe1, HELLO_PACKED)}, .expected = FAILED(1002)},
};
#define STIMULI (sizeof stimuli / sizeof *stimuli)

static inline void put_stimulus(struct buf *out, const struct stimulus *s)
{
    buf_printf(out, "%s\r\n%s%s\r\n", s->line != NULL ? s->line : "GET /chat HTTP/1.1",
               s->headers != NULL ? s->headers : HOST UPGRADE CONNECTION KEY VERSION,
               s->more != NULL ? s->more : "");
    for (size_t i = 0; i < 4 && s->frames[i].payload != NULL; i++)
        put_frame(out, s->frames[i].first, s->frames[i].payload, s->frames[i].size);
    buf_append(out, s->raw, s->raw_size);
}

#endif
