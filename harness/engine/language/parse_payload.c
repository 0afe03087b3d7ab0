/* Payloads: quoted texts with their escapes and ${names}, and hex(), fill(),
 * repeat(), random(), text(), file(). The token behind them is left to see. */
#include "engine/language/parse.h"
#include "engine/language/value.h"

#include <stdio.h>
#include <string.h>

enum { NESTING_MAX = 8 };

bool parse_is_payload(const struct token *token)
{
    return token->kind == TOKEN_QUOTED || token->kind == TOKEN_RAW ||
           (token->kind == TOKEN_WORD && token->call);
}

/* ---- quoted text ---- */

/* A text between quotes, on its way into pieces. */
struct text {
    struct parser *p;
    const struct token *token;
    const char *at, *end;
    uint8_t *out;            /* room for all of it: no escape grows */
    size_t begin, size;      /* of the piece under way */
    struct piece *first, **tail;
    bool failed;
};

static bool text_wrong(struct text *t, const char *at, const char *message, const char *hint)
{
    struct parser *p = t->p;
    mistake_add(&p->mistakes, p->line, token_column(t->token, at), "%s", message);
    if (hint[0] != 0)
        mistake_hint(&p->mistakes, "%s", hint);
    t->failed = true;
    return false;
}

static struct piece *text_piece(struct text *t, enum piece_kind kind)
{
    struct piece *piece = parse_alloc(t->p, sizeof *piece);
    if (piece == NULL)
        return NULL;
    piece->kind = kind;
    piece->glued = t->first != NULL;
    if (t->first == NULL)
        t->first = piece;
    *t->tail = piece;
    t->tail = &piece->next;
    return piece;
}

/* What was read since the last piece becomes one; nothing needs none, but for an empty text. */
static void text_flush(struct text *t, bool at_end)
{
    if (t->size == t->begin && (t->first != NULL || !at_end))
        return;
    struct piece *piece = text_piece(t, t->token->kind == TOKEN_RAW ? PIECE_RAW : PIECE_QUOTED);
    if (piece != NULL) {
        piece->bytes = t->out + t->begin;
        piece->size = t->size - t->begin;
    }
    t->begin = t->size;
}

static void text_put(struct text *t, const void *bytes, size_t size)
{
    memcpy(t->out + t->size, bytes, size);
    t->size += size;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits at the cursor, at most `most` of them; how many there were. */
static size_t read_hex(struct text *t, size_t most, uint32_t *value)
{
    size_t n = 0;
    *value = 0;
    for (; n < most && t->at < t->end && hex_of(*t->at) >= 0; n++, t->at++)
        *value = *value << 4 | (uint32_t)hex_of(*t->at);
    return n;
}

/* \uXXXX or \u{X...}; the cursor is behind the u. */
static bool escape_character(struct text *t, const char *begin)
{
    bool braces = t->at < t->end && *t->at == '{';
    uint32_t c;
    t->at += braces;
    size_t digits = read_hex(t, braces ? 6 : 4, &c);
    bool closed = !braces || (t->at < t->end && *t->at++ == '}');
    if (!closed || (braces ? digits == 0 : digits != 4))
        return text_wrong(t, begin, "a character is \\u and four hex digits, or \\u{...}", "\\u00e9, \\u{1F600}");
    if (c > 0x10ffff)
        return text_wrong(t, begin, "no such character", "\\u{10FFFF} is the last one");
    if (c >= 0xd800 && c <= 0xdfff)
        return text_wrong(t, begin, "a surrogate is not a character",
                          "\\u{1F600} for the character, \\xed\\xa0\\x80 for wrong bytes");
    uint8_t bytes[4];
    text_put(t, bytes, text_encode(c, bytes));
    return true;
}

static bool escape_byte(struct text *t, const char *begin)
{
    uint32_t byte;
    if (read_hex(t, 2, &byte) != 2)
        return text_wrong(t, begin, "a byte is \\x and two hex digits", "\\x00, \\xff");
    text_put(t, &(uint8_t){(uint8_t)byte}, 1);
    return true;
}

/* The cursor is at a backslash. */
static bool text_escape(struct text *t)
{
    static const char marks[] = "nrt0\\\"$", bytes[] = "\n\r\t\0\\\"$";
    const char *begin = t->at++;
    char mark = *t->at++; /* there is one: the lexer skips what is escaped */
    if (mark == 'x')
        return escape_byte(t, begin);
    if (mark == 'u')
        return escape_character(t, begin);
    const char *found = mark == 0 ? NULL : strchr(marks, mark);
    if (found == NULL) {
        t->at--;
        return text_wrong(t, begin, "unknown escape",
                          "\\n \\r \\t \\0 \\\\ \\\" \\$ \\xHH \\uXXXX \\u{...}; \\\\ for a backslash");
    }
    text_put(t, &bytes[found - marks], 1);
    return true;
}

/* The cursor is at "${". */
static bool text_capture(struct text *t)
{
    const char *begin = t->at, *close = begin + 2;
    while (close < t->end && (value_is_name(close, 1) || hex_of(*close) >= 0))
        close++;
    size_t name = close == t->end ? 0 : value_variable(begin, (size_t)(close + 1 - begin));
    if (name == 0) {
        t->at += 2;
        return text_wrong(t, begin, "${...} holds no name",
                          t->token->kind == TOKEN_RAW ? "a plain ${ is written \"\\${\", in double quotes"
                                                      : "a plain ${ is written \\${");
    }
    t->at = close + 1;
    text_flush(t, false);
    struct piece *piece = text_piece(t, PIECE_CAPTURE);
    if (piece != NULL)
        piece->name = parse_text(t->p, begin + 2, name);
    return true;
}

/* The quoted token as pieces; NULL when it has a mistake. Reads on behind a
 * mistake, so that each is reported. */
static struct piece *read_text(struct parser *p, struct piece ***tail)
{
    struct text t = {.p = p, .token = &p->token, .at = p->token.at, .end = p->token.at + p->token.size};
    t.tail = &t.first;
    t.out = parse_alloc(p, p->token.size + 1);
    if (t.out == NULL)
        return NULL;
    while (t.at < t.end && !p->no_memory) {
        if (*t.at == '\\' && p->token.kind == TOKEN_QUOTED)
            text_escape(&t);
        else if (*t.at == '$' && t.end - t.at > 1 && t.at[1] == '{')
            text_capture(&t);
        else if (*t.at == '\t') {
            text_wrong(&t, t.at++, "a tab in a text cannot be seen", "\\t, in double quotes");
        } else
            text_put(&t, t.at++, 1);
    }
    text_flush(&t, true);
    *tail = t.tail;
    parse_next(p);
    return t.failed || p->no_memory ? NULL : t.first;
}

/* ---- hex(), fill() and the others ---- */

static void value_wrong(struct parser *p, const struct value_fault *fault)
{
    parse_wrong(p, "%s", fault->message);
    if (fault->hint[0] != 0)
        mistake_hint(&p->mistakes, "%s", fault->hint);
}

static bool expected(struct parser *p, enum piece_kind kind, const char *what)
{
    parse_wrong(p, "expected %s", what);
    mistake_hint(&p->mistakes, "%s", piece_rows[kind].example);
    return false;
}

/* ${name} in the place of a number; its value is known when the payload is made. */
static bool read_variable(struct parser *p, struct piece *piece)
{
    size_t name = p->token.kind == TOKEN_WORD ? value_variable(p->token.at, p->token.size) : 0;
    if (name == 0)
        return false;
    piece->name = parse_text(p, p->token.at + 2, name);
    parse_next(p);
    return true;
}

/* How many bytes, or times. */
static bool read_times(struct parser *p, struct piece *piece)
{
    if (read_variable(p, piece))
        return true;
    if (p->token.kind != TOKEN_WORD)
        return expected(p, piece->kind, "a number");
    struct value_fault fault;
    if (!value_read_size(p->token.at, p->token.size, &piece->times, &fault)) {
        value_wrong(p, &fault);
        return false;
    }
    if (piece->times > LIMIT_PAYLOAD_BYTES) {
        parse_wrong(p, "over the limit of a payload");
        mistake_hint(&p->mistakes, "%u MiB at most", LIMIT_PAYLOAD_BYTES >> 20);
        return false;
    }
    parse_next(p);
    return true;
}

static bool read_x_times(struct parser *p, struct piece *piece)
{
    if (!token_is(&p->token, "x"))
        return expected(p, piece->kind, "'x' and how many times");
    parse_next(p);
    return read_times(p, piece);
}

static bool read_hex_piece(struct parser *p, struct piece *piece)
{
    if (read_variable(p, piece))
        return true;
    size_t room = (size_t)(p->lexer.end - p->token.at);
    const char *close = memchr(p->token.at, ')', room);
    uint8_t *bytes = parse_alloc(p, (close == NULL ? room : (size_t)(close - p->token.at)) / 2 + 1);
    if (bytes == NULL)
        return false;
    size_t digits = 0;
    for (; p->token.kind == TOKEN_WORD; parse_next(p)) {
        for (size_t i = 0; i < p->token.size; i++, digits++) {
            int digit = hex_of(p->token.at[i]);
            if (digit < 0) {
                mistake_add(&p->mistakes, p->line, token_column(&p->token, p->token.at + i), "not a hex digit");
                mistake_hint(&p->mistakes, "%s", piece_rows[PIECE_HEX].example);
                return false;
            }
            bytes[digits / 2] = (uint8_t)(bytes[digits / 2] << 4 | digit);
        }
    }
    if (digits % 2 != 0)
        return expected(p, PIECE_HEX, "one more hex digit");
    piece->bytes = bytes;
    piece->size = digits / 2;
    return true;
}

static bool read_fill(struct parser *p, struct piece *piece)
{
    uint64_t byte = 0;
    struct value_fault fault;
    if (p->token.kind != TOKEN_WORD ||
        !value_read_number(p->token.at, p->token.size, &byte, &fault) || byte > 255)
        return expected(p, PIECE_FILL, "a byte, 0x00 to 0xff");
    piece->byte = (uint8_t)byte;
    parse_next(p);
    return read_x_times(p, piece);
}

static bool read_repeat(struct parser *p, struct piece *piece)
{
    if (!parse_is_payload(&p->token))
        return expected(p, PIECE_REPEAT, "the bytes to repeat");
    piece->inner = parse_payload(p, false);
    if (piece->inner == NULL)
        return false;
    piece->to = token_is(&p->token, "to");
    if (piece->to)
        parse_next(p);
    return piece->to ? read_times(p, piece) : read_x_times(p, piece);
}

static bool read_sample(struct parser *p, struct piece *piece)
{
    size_t name = p->token.kind == TOKEN_WORD ? value_variable(p->token.at, p->token.size) : 0;
    piece->sample = name != 0 || p->token.kind != TOKEN_WORD ? SAMPLES : sample_find(p->token.at, p->token.size);
    if (name == 0 && piece->sample == SAMPLES) {
        struct suggestion near = suggest(p->token.at, p->token.size);
        for (enum sample_kind kind = 0; kind < SAMPLES; kind++)
            suggest_word(&near, sample_word(kind), strlen(sample_word(kind)));
        parse_wrong(p, "sample() needs a kind of data");
        if (!suggest_hint(&near, &p->mistakes))
            mistake_hint(&p->mistakes, "json html play bitmap pdf, as in %s", piece_rows[PIECE_SAMPLE].example);
        return false;
    }
    if (name != 0)
        piece->sample_name = parse_text(p, p->token.at + 2, name);
    parse_next(p);
    return read_times(p, piece);
}

static bool read_file(struct parser *p, struct piece *piece)
{
    if (p->token.kind != TOKEN_QUOTED && p->token.kind != TOKEN_RAW)
        return expected(p, PIECE_FILE, "a path in quotes");
    piece->inner = parse_payload(p, true);
    return piece->inner != NULL;
}

static bool (*const piece_readers[PIECES])(struct parser *p, struct piece *piece) = {
    [PIECE_HEX] = read_hex_piece, [PIECE_FILL] = read_fill,  [PIECE_REPEAT] = read_repeat,
    [PIECE_RANDOM] = read_times,  [PIECE_TEXT] = read_times, [PIECE_FILE] = read_file,
    [PIECE_SAMPLE] = read_sample,
};

/* The kind that the word at the token calls; PIECES when there is none, which is reported. */
static enum piece_kind called_kind(struct parser *p)
{
    struct suggestion near = suggest(p->token.at, p->token.size);
    for (enum piece_kind kind = 0; kind < PIECES; kind++) {
        if (piece_readers[kind] == NULL)
            continue;
        const char *word = piece_rows[kind].example;
        size_t size = (size_t)(strchr(word, '(') - word);
        if (p->token.size == size && memcmp(p->token.at, word, size) == 0)
            return kind;
        suggest_word(&near, word, size);
    }
    parse_wrong(p, "unknown kind of bytes");
    if (!suggest_hint(&near, &p->mistakes))
        mistake_hint(&p->mistakes, "hex() fill() repeat() random() text() sample() file(), or \"text\"");
    return PIECES;
}

/* After a mistake: to behind the bracket that closes the call. */
static void skip_call(struct parser *p, unsigned open)
{
    while (p->token.kind != TOKEN_END && open > 0) {
        open += p->token.kind == TOKEN_LEFT;
        open -= p->token.kind == TOKEN_RIGHT;
        parse_next(p);
    }
}

/* The token is the word of a call, "(" is behind it. */
static struct piece *read_call(struct parser *p)
{
    struct piece *piece = parse_alloc(p, sizeof *piece);
    enum piece_kind kind = called_kind(p);
    parse_next(p);
    parse_next(p);
    if (piece == NULL || kind == PIECES) {
        skip_call(p, 1);
        return NULL;
    }
    piece->kind = kind;
    if (!piece_readers[kind](p, piece)) {
        skip_call(p, 1);
        return NULL;
    }
    if (p->token.kind != TOKEN_RIGHT) {
        expected(p, kind, "')'");
        skip_call(p, 1);
        return NULL;
    }
    parse_next(p);
    return piece;
}

struct payload *parse_payload(struct parser *p, bool one)
{
    struct payload *payload = parse_alloc(p, sizeof *payload);
    bool failed = payload == NULL;
    if (payload == NULL)
        return NULL;
    if (p->nesting == NESTING_MAX) {
        parse_wrong(p, "repeat() inside repeat() goes too deep");
        mistake_hint(&p->mistakes, "%d at most", NESTING_MAX);
        return NULL;
    }
    p->nesting++;
    struct piece **tail = &payload->pieces;
    do {
        struct piece **end = NULL;
        bool call = p->token.kind == TOKEN_WORD;
        struct piece *piece = call ? read_call(p) : read_text(p, &end);
        failed = failed || piece == NULL;
        if (piece != NULL) {
            *tail = piece;
            tail = call ? &piece->next : end;
        }
    } while (!one && parse_is_payload(&p->token) && !p->no_memory);
    p->nesting--;
    return failed || p->no_memory ? NULL : payload;
}
