/* The mutator's view of what is made of lines and words: heads (RFC 9112),
 * extensions headers (RFC 6455 section 9.1), scenarios (engine/language/verbs.def). */
#include "mutator.h"

#include <stdio.h>
#include <string.h>

static size_t line(const uint8_t *bytes, size_t size)
{
    const uint8_t *feed = memchr(bytes, '\n', size);
    return feed ? (size_t)(feed - bytes) + 1 : size;
}

/* Without the line's end. */
static size_t text_size(const uint8_t *unit, size_t size)
{
    while (size != 0 && (unit[size - 1] == '\n' || unit[size - 1] == '\r'))
        size--;
    return size;
}

static size_t put_text(uint8_t *unit, size_t size, size_t max, size_t at, size_t old, const char *text)
{
    return mutator_put(unit, size, max, at, old, text, strlen(text));
}

static bool is_word(uint8_t byte)
{
    const uint8_t letter = byte | 0x20;
    return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z') || byte == '-' || byte == '_' ||
           byte == '.';
}

/* A word of the line, at random: where it begins, and its bytes; 0 when there is none. */
static size_t some_word(struct prng *chance, const uint8_t *unit, size_t size, size_t *at)
{
    size_t words = 0, length = 0;
    for (size_t i = 0, end; i < size; i = end + 1) {
        for (end = i; end < size && is_word(unit[end]); end++)
            ;
        if (end > i && prng_below(chance, ++words) == 0) {
            *at = i;
            length = end - i;
        }
    }
    return length;
}

static size_t other_number(struct prng *chance, uint8_t *unit, size_t size, size_t max, size_t at, size_t old)
{
    static const char *const numbers[] = {"0", "1", "7", "8", "9", "12", "13", "15", "16", "010", "125", "126", "127",
                                          "65535", "65536", "1000000", "18446744073709551615", "-1", "0x7f", ""};
    return put_text(unit, size, max, at, old, chance_of(chance, numbers));
}

static size_t other_case(struct prng *chance, uint8_t *unit, size_t size, size_t at, size_t length)
{
    for (size_t i = at; i < at + length; i++)
        if (((unit[i] | 0x20) >= 'a' && (unit[i] | 0x20) <= 'z') && chance_one_in(chance, 2))
            unit[i] ^= 0x20;
    return size;
}

/* ---- elements of a list ---- */

static size_t element(const uint8_t *bytes, size_t size)
{
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '"' && (i == 0 || bytes[i - 1] != '\\'))
            quoted = !quoted;
        else if (!quoted && (bytes[i] == ',' || bytes[i] == ';'))
            return i + 1;
    }
    return size;
}

static size_t tweak_element(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    static const char *const words[] = {
        "permessage-deflate", "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
        "client_max_window_bits", "x-webkit-deflate-frame", "bbf-usp-protocol", "a", "b=c", "=", "\"", "\\", ""};
    static const char *const fresh[] = {
        "permessage-deflate;", "permessage-deflate,", " client_max_window_bits;", " server_max_window_bits=10;",
        " client_max_window_bits=\"15\",", " server_no_context_takeover;", " client_no_context_takeover,", ",", " \t;"};
    static const char *const glue[] = {" ", "\t", "=", "\"", ",", ";", "=8", "=15", "=\"9\"", "=\"1\\2\"", "=08"};
    size_t at = 0, word = some_word(chance, unit, size, &at), any = prng_below(chance, size + 1);
    bool number = word != 0 && unit[at] >= '0' && unit[at] <= '9';
    if (size == 0)
        return put_text(unit, size, max, 0, 0, chance_of(chance, fresh));
    switch (prng_below(chance, 6)) {
    case 0: return put_text(unit, size, max, any, 0, chance_of(chance, glue));
    case 1: return other_case(chance, unit, size, at, word);
    case 2: unit[size - 1] = unit[size - 1] == ',' ? ';' : ','; return size;
    case 3: return mutator_few_bytes(chance, unit, size, max);
    default:
        return number ? other_number(chance, unit, size, max, at, word)
                      : put_text(unit, size, max, at, word, chance_of(chance, words));
    }
}

/* ---- lines of a head ---- */

static const char *const fresh_lines[] = {
    "GET / HTTP/1.1\r\n", "HTTP/1.1 101 Switching Protocols\r\n", "Host: a\r\n", "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\n", "Connection: keep-alive, Upgrade\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Protocol: chat, superchat\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Origin: http://a\r\n", "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "X: y\r\n", "\r\n", "\n",
    " folded\r\n", "no colon\r\n"};

/* Puts something at the colon, before or behind. */
static size_t around_colon(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    static const char *const spaces[] = {" ", "\t", "  ", "", "\r\n ", "\r\n\t", ":", "\"", "\x01", "\xc3\xa9", "\r"};
    const uint8_t *colon = memchr(unit, ':', size);
    size_t at = colon ? (size_t)(colon - unit) + prng_below(chance, 2) : text_size(unit, size);
    return put_text(unit, size, max, at, 0, chance_of(chance, spaces));
}

static size_t tweak_value(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    static const char *const more[] = {", Upgrade", ",", ", x", " ,", "Upgrade,", "/", ";", " 13", "=", "websocket"};
    static const char *const values[] = {"websocket", "Upgrade", "13", "8", "0",
                                        "close", "a:80", "[::1]:9", "chat", "*"};
    const uint8_t *colon = memchr(unit, ':', size);
    size_t end = text_size(unit, size), at = colon ? (size_t)(colon - unit) + 1 : 0, length = end > at ? end - at : 0;
    if (colon == NULL || chance_one_in(chance, 3))
        return put_text(unit, size, max, end, 0, chance_of(chance, more));
    if (chance_one_in(chance, 2))
        return put_text(unit, size, max, at, length, chance_of(chance, values));
    /* the value alone, as a list; the rest of the line moves with it */
    size_t first = length ? element(unit + at, length) : 0, room = max - size + first;
    uint8_t copy[256];
    if (first > sizeof copy)
        return size;
    if (first != 0)
        memcpy(copy, unit + at, first);
    size_t made = tweak_element(chance, copy, first, room < sizeof copy ? room : sizeof copy);
    return mutator_put(unit, size, max, at, first, copy, made);
}

static size_t tweak_line(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n", "\r\n\r\n"};
    size_t at = 0, word = some_word(chance, unit, size, &at), end = text_size(unit, size);
    if (size == 0)
        return put_text(unit, size, max, 0, 0, chance_of(chance, fresh_lines));
    switch (prng_below(chance, 8)) {
    case 0: return put_text(unit, size, max, end, size - end, chance_of(chance, ends));
    case 1: return other_case(chance, unit, size, at, word);
    case 2: return around_colon(chance, unit, size, max);
    case 3: return put_text(unit, size, max, 0, size, chance_of(chance, fresh_lines));
    case 4: return mutator_few_bytes(chance, unit, size, max);
    case 5:
        if (word != 0 && unit[at] >= '0' && unit[at] <= '9')
            return other_number(chance, unit, size, max, at, word);
        return tweak_value(chance, unit, size, max);
    default: return tweak_value(chance, unit, size, max);
    }
}

const struct mutator_grammar mutator_HEAD = {line, tweak_line, NULL};
const struct mutator_grammar mutator_LIST = {element, tweak_element, NULL};

/* ---- lines of a scenario ---- */

/* Words that go together: a verb with its form, an option. */
static const char *const phrases[] = {
#define VERB(id, word, place, summary) "  " word " ",
#define FORM(verb, id, words, group, arg1, need1, arg2, need2, help) words,
#define SLOT(id, word, legal) " " word " ",
#define PIECE(id, example, help) example,
#include "engine/language/verbs.def"
};

static const char *const steps[] = {
    "case a \"a\"\n", "scenario \"a\"\n", "  open\n", "  open deflate\n",
    "  open deflate \"server_max_window_bits=9\"\n",
    "  send text \"Hello\"\n", "  send text \"a\" more\n", "  send continue \"b\"\n", "  send ping hex(00 ff)\n",
    "  send text text(300) fragment 7 deflate\n", "  send binary random(126) mask none\n",
    "  send close 1000 \"bye\"\n",
    "  send raw hex(81 85 00 00 00 00)\n", "  send text \"x\" rsv 4\n", "  expect echo\n", "  expect close 1000\n",
    "  expect fail 1002|1007\n", "  or close 1002\n", "  expect eof\n", "  expect pong\n", "  fence\n",
    "  drop reset\n",
    "  drop fin\n", "  reconnect backoff 10ms..1s jitter 20% tries 3\n", "  wait 50ms\n", "  repeat 3\n", "  end\n",
    "  fault latency 20ms jitter 5ms\n", "  fault slice 3\n", "  fault cut after 100\n", "  fault off\n",
    "  a: open\n", "  a: send text \"a\"\n", "  testee server\n", "  needs deflate\n", "  timeout 1s\n"};

static const char *const times[] = {"0ms", "1ms", "2s", "1m", "1.5s", "1us", "10ms..1s", "24h", "100h"};

static size_t tweak_step(struct prng *chance, uint8_t *unit, size_t size, size_t max)
{
    size_t at = 0, word = some_word(chance, unit, size, &at), end = text_size(unit, size);
    bool number = word != 0 && unit[at] >= '0' && unit[at] <= '9';
    if (size == 0 || chance_one_in(chance, 6))
        return put_text(unit, size, max, 0, size, chance_of(chance, steps));
    switch (prng_below(chance, 6)) {
    case 0: return put_text(unit, size, max, end, 0, chance_of(chance, phrases));
    case 1: return put_text(unit, size, max, at, word, chance_of(chance, phrases));
    case 2: return mutator_few_bytes(chance, unit, size, max);
    case 3: return put_text(unit, size, max, at + word, 0, " ");
    case 4: return put_text(unit, size, max, end, 0, chance_of(chance, times));
    default:
        if (!number)
            return put_text(unit, size, max, at, word, "");
        return chance_one_in(chance, 2) ? other_number(chance, unit, size, max, at, word)
                                        : put_text(unit, size, max, at, word, chance_of(chance, times));
    }
}

const struct mutator_grammar mutator_SCRIPT = {line, tweak_step, NULL};
