/* What was said, in words of the language: what one side makes up and the other repeats becomes a capture, what
 * varies a pattern, what is secret a mask. */
#include "engine/story/teller.h"

#include "engine/language/script.h"
#include "engine/proxy/secrets.h"
#include "engine/story/tokens.h"
#include "wire/utf8.h"

#include <string.h>

#define SECRET_LEAST 4u               /* bytes: a shorter one would mask half the text */

/* ---- values that one side makes up and the other repeats ---- */

static const struct recurring *value_find(const struct teller *t, const uint8_t *bytes, size_t size)
{
    for (unsigned i = 0; i < t->value_count; i++)
        if (t->values[i].size == size && memcmp(t->values[i].bytes, bytes, size) == 0)
            return &t->values[i];
    return NULL;
}

bool teller_is_text(const struct story_event *e)
{
    return e->kind == STORY_MESSAGE && e->opcode == 1 && e->size == e->whole && e->size != 0 &&
           memchr(e->bytes, 1, e->size) == NULL;
}

/* Did our side say that word before event `end`, or (behind) after it? */
static bool we_say(const struct teller *t, size_t begin, size_t end, const uint8_t *word, size_t size)
{
    for (size_t i = begin; i < end; i++) {
        const struct story_event *e = &t->story->events[i];
        if (teller_is_text(e) && e->client == t->client && story_has_word(e->bytes, e->size, word, size))
            return true;
    }
    return false;
}

static void find_secrets(struct teller *t)
{
    for (size_t i = 0; i < t->story->count && !t->options->secrets; i++) {
        const struct story_event *e = &t->story->events[i];
        struct story_token token;
        for (size_t from = 0; teller_is_text(e) && story_token_next(e->bytes, e->size, &from, &token);)
            if (token.kind == TOKEN_SECRET && token.size >= SECRET_LEAST && t->secret_count < SECRETS_MAX)
                t->secrets[t->secret_count++] = (struct recurring){.bytes = e->bytes + token.at, .size = token.size};
    }
}

/* The next part of the text that varies or is secret. */
static bool next_token(const struct teller *t, const struct story_event *e, size_t *from, struct story_token *token)
{
    size_t start = *from;
    bool found = story_token_next(e->bytes, e->size, from, token);
    for (unsigned i = 0; i < t->secret_count; i++) {
        const struct recurring *secret = &t->secrets[i];
        size_t end = found ? token->at + token->size : e->size;
        const uint8_t *at = memmem(e->bytes + start, end - start, secret->bytes, secret->size);
        if (at == NULL || (found && token->kind == TOKEN_SECRET && token->at <= (size_t)(at - e->bytes)))
            continue;
        *token = (struct story_token){.at = (size_t)(at - e->bytes), .size = secret->size, .kind = TOKEN_SECRET};
        *from = token->at + token->size;
        found = true;
    }
    return found;
}

void teller_find_values(struct teller *t)
{
    find_secrets(t);
    for (size_t i = 0; i < t->story->count; i++) {
        const struct story_event *e = &t->story->events[i];
        if (!teller_is_text(e) || e->client == t->client || e->size > EXACT_MAX)
            continue;
        struct story_token token;
        for (size_t from = 0; next_token(t, e, &from, &token) && t->value_count < VALUES_MAX;) {
            const uint8_t *word = e->bytes + token.at;
            if (value_find(t, word, token.size) == NULL && !we_say(t, 0, i, word, token.size) &&
                we_say(t, i + 1, t->story->count, word, token.size))
                t->values[t->value_count++] = (struct recurring){.bytes = word, .size = token.size};
        }
    }
}

/* ---- payloads ---- */

/* In a text under way a name stands between two bytes that no text has. */
static void put_name(struct buf *out, unsigned index)
{
    buf_printf(out, "\x01%u\x02", index + 1);
}

/* Can it stand in single quotes, which have no escapes? */
static bool fits_raw(const struct buf *text)
{
    size_t bad;
    for (size_t i = 0; i < text->size; i++) {
        uint8_t c = text->data[i];
        if (c == '\'' || c == 0x7f || (c < 0x20 && c != 1 && c != 2) || (c == '$' && text->data[i + 1] == '{'))
            return false; /* a NUL stands behind the bytes of a buf */
    }
    return ws_utf8_valid(text->data, text->size, &bad);
}

static void print_raw(struct teller *t, const struct buf *text)
{
    buf_append_byte(t->out, '\'');
    for (size_t i = 0; i < text->size; i++)
        if (text->data[i] == 1)
            buf_append_text(t->out, "${v");
        else
            buf_append_byte(t->out, text->data[i] == 2 ? '}' : text->data[i]);
    buf_append_byte(t->out, '\'');
}

/* Prints bytes whose marks stand for names: in one pair of quotes where that can be read. */
static void print_marked(struct teller *t, const struct buf *text)
{
    bool marked = text->size != 0 && memchr(text->data, 1, text->size) != NULL;
    bool quotes = text->size != 0 && (memchr(text->data, '"', text->size) || memchr(text->data, '\\', text->size));
    if ((marked || quotes) && fits_raw(text)) {
        print_raw(t, text);
        return;
    }
    if (!marked) {
        bytes_print(text->data, text->size, t->out);
        return;
    }
    const uint8_t *at = text->data, *end = at + text->size;
    for (const char *blank = ""; at < end; blank = " ") {
        const uint8_t *mark = memchr(at, 1, (size_t)(end - at));
        size_t size = (size_t)((mark == NULL ? end : mark) - at);
        if (size != 0) {
            buf_append_text(t->out, blank);
            bytes_print(at, size, t->out);
            blank = " ";
        }
        if (mark == NULL)
            return;
        const uint8_t *stop = memchr(mark, 2, (size_t)(end - mark));
        buf_printf(t->out, "%s\"${v%.*s}\"", blank, (int)(stop - mark - 1), (const char *)mark + 1);
        at = stop + 1;
    }
}

/* What we send: repeated values by name, secrets masked. */
void teller_our_text(struct teller *t, const struct story_event *e)
{
    struct buf text;
    struct story_token token;
    size_t done = 0;
    buf_init(&text, 0);
    for (size_t from = 0; next_token(t, e, &from, &token);) {
        const struct recurring *value = value_find(t, e->bytes + token.at, token.size);
        bool mask = token.kind == TOKEN_SECRET && !t->options->secrets;
        if ((value == NULL || !value->captured) && !mask)
            continue;
        buf_append(&text, e->bytes + done, token.at - done);
        if (value != NULL && value->captured)
            put_name(&text, (unsigned)(value - t->values));
        else
            buf_append_text(&text, SECRETS_MASK);
        done = token.at + token.size;
    }
    buf_append(&text, e->bytes + done, e->size - done);
    print_marked(t, &text);
    buf_free(&text);
}

static void pattern_literal(struct buf *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0 && strchr("\\^$.[]|()?*+{}", bytes[i]) != NULL)
            buf_append_byte(out, '\\');
        buf_append_byte(out, bytes[i]);
    }
}

static bool varies(const struct teller *t, size_t index, const struct story_event *e, const struct story_token *token)
{
    const uint8_t *word = e->bytes + token->at;
    return value_find(t, word, token->size) != NULL || (token->kind == TOKEN_SECRET && !t->options->secrets) ||
           !we_say(t, 0, index, word, token->size);
}

/* What they send: exact where nothing varies, else a pattern, its new values captured. */
void teller_their_text(struct teller *t, size_t index, const struct story_event *e)
{
    struct buf text, captures;
    struct story_token token;
    size_t done = 0;
    bool pattern = false;
    buf_init(&text, 0);
    buf_init(&captures, 0);
    buf_append_byte(&text, '^');
    for (size_t from = 0; next_token(t, e, &from, &token);) {
        if (!varies(t, index, e, &token))
            continue;
        struct recurring *value = (struct recurring *)value_find(t, e->bytes + token.at, token.size);
        pattern_literal(&text, e->bytes + done, token.at - done);
        bool word = token.kind != TOKEN_TIME && token.kind != TOKEN_SECRET; /* means itself in an expression */
        if (value != NULL && value->captured && word) {
            put_name(&text, (unsigned)(value - t->values));
        } else if (value != NULL && !value->captured) {
            value->captured = true;
            buf_printf(&text, "(%s)", story_token_pattern(token.kind));
            buf_printf(&captures, " capture v%u", (unsigned)(value - t->values) + 1);
        } else {
            buf_append_text(&text, story_token_pattern(token.kind));
        }
        done = token.at + token.size;
        pattern = true;
    }
    if (pattern) {
        pattern_literal(&text, e->bytes + done, e->size - done);
        buf_append_byte(&text, '$');
        buf_append_text(t->out, " matches ");
        print_marked(t, &text);
        buf_append(t->out, captures.data, captures.size);
    } else if (e->size != 0 || e->whole == 0) {
        buf_append_byte(t->out, ' ');
        buf_clear(&text);
        buf_append(&text, e->bytes, e->size);
        print_marked(t, &text);
    }
    buf_free(&text);
    buf_free(&captures);
}
