/* See material.h. */
#include "engine/fuzz/material.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

bool chance(struct prng *random, unsigned percent)
{
    return prng_below(random, 100) < percent;
}

/* ---- payloads ---- */

size_t material_length(struct prng *random)
{
    static const size_t edges[] = {0,   1,   2,   3,   4,    5,    124,   125,   126,
                                   127, 128, 255, 256, 1023, 4096, 65535, 65536, 70000};
    if (chance(random, 1))
        return 100000 + (size_t)prng_below(random, 60000); /* few servers send that much in one piece */
    return chance(random, 55) ? (size_t)prng_below(random, 40)
           : chance(random, 90) ? edges[prng_below(random, COUNT(edges) - 3)] : edges[prng_below(random, COUNT(edges))];
}

void material_text(struct prng *random, size_t size, struct buf *out)
{
    static const char *const words[] = {
        "Hello", " ", "a", "{\"seq\":1}", "\xc3\xa9", "\xe4\xbd\xa0\xe5\xa5\xbd", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "\xf4\x8f\xbf\xbf", "\xef\xbb\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "z", "\x7f", "\n",
        "e\xcc\x81", "\xe1\x84\x80\xe1\x85\xa1", "\xe2\x84\xab", /* what somebody might compose */
    };
    size_t end = out->size + size;
    if (size >= 3 && chance(random, 5))
        buf_append_text(out, "\xef\xbb\xbf"); /* a byte order mark in front is text like any other */
    while (out->size < end && !out->failed) {
        const char *word = size > 512 ? "abcdefghijklmnopqrstuvwxyz" : words[prng_below(random, COUNT(words))];
        size_t length = strlen(word);
        buf_append(out, out->size + length > end ? "x" : word, out->size + length > end ? 1 : length);
    }
}

void material_no_text(struct prng *random, struct buf *out)
{
    static const struct { const char *bytes; size_t size; } breaks[] = {
        {"\x80", 1}, {"\xff", 1}, {"\xfe", 1}, {"\xc0\xaf", 2}, {"\xc1\xbf", 2}, {"\xe0\x80\xaf", 3},
        {"\xed\xa0\x80", 3},
        {"\xed\xbf\xbf", 3},
        {"\xf0\x80\x80\xaf", 4}, {"\xf4\x90\x80\x80", 4}, {"\xf5\x80\x80\x80", 4}, {"\xc3", 1},
        {"\xe2\x82", 2}, {"\xf0\x9f\x98", 3}, {"\xf8\x88\x80\x80\x80", 5},
    };
    material_text(random, (size_t)prng_below(random, 12), out);
    size_t pick = prng_below(random, COUNT(breaks));
    buf_append(out, breaks[pick].bytes, breaks[pick].size);
    if (chance(random, 40))
        buf_append_text(out, "tail");
}

void material_binary(struct prng *random, size_t size, struct buf *out)
{
    size_t start = out->size;
    buf_append_fill(out, (uint8_t)prng_next(random), size);
    if (!out->failed && size <= 256 && chance(random, 70))
        prng_fill(random, out->data + start, size);
}

void material_windowed(struct prng *random, struct buf *out)
{
    static const size_t blocks[] = {200, 300, 700, 1500, 3000, 6000, 12000, 20000};
    size_t size = blocks[prng_below(random, COUNT(blocks))], start = out->size;
    buf_append_fill(out, 0, size);
    for (size_t i = 0; !out->failed && i < size; i++)
        out->data[start + i] = (uint8_t)('!' + prng_below(random, 90)); /* text, and nothing in it repeats */
    if (buf_reserve(out, size))
        buf_append(out, out->data + start, size);
}

void material_deflate(struct prng *random, struct buf *out)
{
    static const struct { const char *bytes; size_t size; } streams[] = {
        {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7},                     /* RFC 7692 7.2.3.1: "Hello" */
        {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8},                 /* 7.2.3.4: a block with BFINAL */
        {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11},    /* 7.2.3.3: a stored block */
        {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13}, /* 7.2.3.5: two blocks */
        {"\x00", 1},                                             /* 7.2.3.6: empty */
        {"\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f", 10},        /* stored, final */
        {"\x07", 1},                                             /* a block of no type */
        {"\x00\x05\x00\x00\x00\x48\x65\x6c\x6c\x6f\x00", 11},    /* a length that its complement denies */
        {"\x4b\x04\x02\x00", 4},                                 /* a distance to before the beginning */
        {"\xff\xff\xff\xff", 4},
    };
    size_t pick = prng_below(random, COUNT(streams)), start = out->size;
    buf_append(out, streams[pick].bytes, streams[pick].size);
    if (!out->failed && chance(random, 20))
        out->data[start + prng_below(random, streams[pick].size)] ^= (uint8_t)(1u << prng_below(random, 8));
}

uint16_t material_close_code(struct prng *random)
{
    static const uint16_t codes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                                     3000, 3999, 4000, 4999,
                                     0,    1,    999,  1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
    return codes[prng_below(random, COUNT(codes))];
}

/* ---- handshakes ---- */

const char *material_offer(struct prng *random)
{
    static const char *const offers[] = {
        "", "", "client_max_window_bits", "server_no_context_takeover", "client_no_context_takeover",
        "server_max_window_bits=9", "server_max_window_bits=10; server_no_context_takeover",
        "client_max_window_bits=10", "server_max_window_bits=15; client_max_window_bits=15",
        "server_max_window_bits=7", "server_max_window_bits=16", "client_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover", "x_unknown",
    };
    return offers[prng_below(random, COUNT(offers))];
}

const char *material_protocol(struct prng *random)
{
    static const char *const protocols[] = {"chat", "superchat", "x-nobody-speaks-this", "CHAT", "SuperChat"};
    return protocols[prng_below(random, COUNT(protocols))];
}

/* The lines of a right head; a change replaces one, doubles it, or takes it away. */
enum { LINE_HOST, LINE_UPGRADE, LINE_CONNECTION, LINE_KEY, LINE_VERSION, LINES };

static void head_line(struct buf *out, unsigned line, const char *host, const char *value, const char *pad)
{
    static const struct { const char *name, *value; } lines[LINES] = {
        {"Host", NULL}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"},
        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, {"Sec-WebSocket-Version", "13"},
    };
    const char *due = lines[line].value == NULL ? host : lines[line].value;
    buf_printf(out, "%s: %s%s%s\r\n", lines[line].name, pad, value == NULL ? due : value, pad);
}

static const char *other_value(struct prng *random, unsigned line)
{
    static const char *const values[LINES][8] = {
        {"", "example.com", "127.0.0.1", "a b", "[::1]", "x.y:1", "user@host", ","},
        {"WebSocket", "WEBSOCKET", "websocket, h2c", "h2c", "websocket/13", "", "web socket", "websockets"},
        {"upgrade", "keep-alive, Upgrade", "Upgrade, keep-alive", ",Upgrade", "keep-alive", "close", "", "Up-grade"},
        {"", "abc", "AAAAAAAAAAAAAAAAAAAAAA==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "====", "0",
         "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ=="},
        {"8", "12", "14", "0", "013", "13, 14", "", "256"},
    };
    return values[line][prng_below(random, 8)];
}

/* %s: the target. */
static const char *start_line(struct prng *random)
{
    static const char *const starts[] = {
        "POST %s HTTP/1.1", "GET %s HTTP/1.0", "get %s HTTP/1.1", "PUT %s HTTP/1.1", "OPTIONS %s HTTP/1.1",
        "HEAD %s HTTP/1.1", "GET %s HTTP/2.0", "GET %s", "GET  %s HTTP/1.1", "CONNECT %s HTTP/1.1",
        "FROB %s HTTP/1.1", "GET %s  HTTP/1.1", "GET\t%s HTTP/1.1", "GET %s HTTP/1.1 ", "GET %s HTTP/1.x",
        "GET %s HTTPS/1.1", "GET %s\x01 HTTP/1.1", "GET %sa b HTTP/1.1", "GET %s?q=1&r HTTP/1.1", "GET a%s HTTP/1.1",
        "GET http://localhost%s HTTP/1.1", "\r\nGET %s HTTP/1.1", "GET %sno/such/resource HTTP/1.1",
    };
    return starts[prng_below(random, COUNT(starts))];
}

static const char *extension_line(struct prng *random)
{
    static const char *const values[] = {
        "x-unknown; p=1",
        "permessage-deflate",
        "permessage-deflate; =1",
        ";;",
        "x-a\r\nSec-WebSocket-Extensions: x-b",
        "x-a\r\nSec-WebSocket-Extensions: permessage-deflate",
        OFFERS_TWO,
        "x-a ; b = 1 , x-c",
    };
    return values[prng_below(random, COUNT(values))];
}

static const char *further_line(struct prng *random)
{
    static const char *const lines[] = {
        "X-Unknown: 1", "Sec-WebSocket-Protocol: chat, superchat", "Sec-WebSocket-Protocol: ",
        "Cookie: a=b; c=d",
        "Origin: http://localhost", "Content-Length: 0", "Content-Length: 5",
        "X-Folded: a\r\n b", "X-Space : 1", " X-Indented: 1", "NoColon",
        "X Y: 1", "X-Cr: a\rb", "X-Empty:", "X-Twice: 1\r\nX-Twice: 2", "Origin: null", "X-8-Bit: \xc3\xa9",
        "Sec-WebSocket-Protocol: a b", "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: superchat",
        "Expect: 100-continue", "Sec-WebSocket-Accept: x", "Transfer-Encoding: chunked", "X-\x01: 1",
        "X-Value: \x80\xff", "X-Value: \xff\xfe\x80",
    };
    return lines[prng_below(random, COUNT(lines))];
}

/* The line that is changed, or another of the same sort, lots of lines, or one that is long. */
static void further_lines(struct prng *random, struct buf *out)
{
    if (chance(random, 10)) {
        for (int i = 0; i < 30; i++)
            buf_printf(out, "X-Line-%d: 1\r\n", i);
    } else if (chance(random, 30)) {
        buf_printf(out, "Sec-WebSocket-Extensions: %s\r\n", extension_line(random));
    } else if (chance(random, 10)) {
        buf_append_text(out, "X-Long: ");
        buf_append_fill(out, 'x', 5000);
        buf_append_text(out, "\r\n");
    } else {
        for (uint64_t left = 1 + prng_below(random, 3); left > 0; left--)
            buf_printf(out, "%s\r\n", further_line(random));
    }
}

/* Names in other letters, or tabs in front of values. */
static void respell(struct prng *random, struct buf *out, size_t from)
{
    bool letters = chance(random, 50);
    for (size_t i = from; i < out->size; i++) {
        if (letters && out->data[i] >= 'A' && out->data[i] <= 'Z' && chance(random, 30))
            out->data[i] = (uint8_t)(out->data[i] | 0x20);
        else if (!letters && out->data[i] == ' ' && out->data[i - 1] == ':' && chance(random, 50))
            out->data[i] = '\t';
    }
}

/* A head whose lines nothing ends: CR alone does not. */
static void unend(struct buf *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->size; i++)
        if (out->data[i] != '\n')
            out->data[kept++] = out->data[i];
    out->size = kept;
}

void material_head(struct prng *random, const struct generate_config *config, struct buf *out)
{
    enum { START, GONE, OTHER, TWICE, MORE, SPELLING, PADDED, ORDER, UNENDED, CHANGES };
    unsigned change = (unsigned)prng_below(random, CHANGES), at = (unsigned)prng_below(random, LINES);
    const char *line = change == START ? start_line(random) : "GET %s HTTP/1.1", *place = strstr(line, "%s");
    buf_append(out, line, (size_t)(place - line));
    buf_printf(out, "%s%s\r\n", config->target, place + 2);
    size_t lines_from = out->size;
    for (unsigned i = 0; i < LINES; i++) {
        unsigned which = change == ORDER ? (i + at) % LINES : i;
        bool here = which == at;
        if (change == GONE && here)
            continue;
        if (change == TWICE && here && which == LINE_CONNECTION && chance(random, 50))
            head_line(out, which, config->host, "keep-alive", "");
        head_line(out, which, config->host, change == OTHER && here ? other_value(random, which) : NULL,
                  change == PADDED && here ? " \t " : "");
        if (change == TWICE && here)
            head_line(out, which, config->host, chance(random, 50) ? NULL : other_value(random, which), "");
    }
    if (change == MORE)
        further_lines(random, out);
    if (change == SPELLING)
        respell(random, out, lines_from);
    buf_append_text(out, "\r\n");
    if (change == UNENDED && chance(random, 50))
        unend(out);
    else if (change == UNENDED)
        out->size -= 2 + 2 * (size_t)prng_below(random, 3);
}
