/* See tokens.h. */
#include "engine/story/tokens.h"

#include "engine/proxy/secrets.h"

#include <ctype.h>
#include <string.h>

#define DIGITS_LEAST 9u
#define HEX_LEAST 8u
#define WORD_LEAST 12u

static bool in_word(uint8_t c)
{
    return isalnum(c) || c == '_' || c == '-';
}

/* "2026-01-31T12:00:00.000Z": how long it is; 0 when it is none. */
static size_t time_size(const uint8_t *at, size_t size)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    size_t n = sizeof form - 1;
    if (size < n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (form[i] == 'd' ? !isdigit(at[i]) : at[i] != form[i] && !(form[i] == 'T' && at[i] == ' '))
            return 0;
    while (n < size && (isdigit(at[n]) || at[n] == '.'))
        n++;
    if (n < size && at[n] == 'Z')
        n++;
    else if (n + 5 < size && (at[n] == '+' || at[n] == '-') && at[n + 3] == ':')
        n += 6;
    return n;
}

static enum token_kind classify(const uint8_t *word, size_t size)
{
    size_t digits = 0, hex = 0, upper = 0, lower = 0;
    for (size_t i = 0; i < size; i++) {
        digits += isdigit(word[i]) != 0;
        hex += isdigit(word[i]) || (word[i] >= 'a' && word[i] <= 'f');
        upper += isupper(word[i]) != 0;
        lower += islower(word[i]) != 0;
    }
    if (digits == size)
        return size >= DIGITS_LEAST ? TOKEN_DIGITS : TOKEN_PLAIN;
    if (hex == size && size >= HEX_LEAST && digits != 0)
        return TOKEN_HEX;
    if (size >= WORD_LEAST && digits != 0)
        return TOKEN_WORD;
    return size >= 20 && upper > 2 && lower > 2 && digits + upper + lower == size ? TOKEN_WORD : TOKEN_PLAIN;
}

/* The value of "token": "...", when the word at `at` is such a key in quotes. */
static bool secret_value(const uint8_t *text, size_t size, size_t at, size_t key_size, struct story_token *token)
{
    size_t i = at + key_size;
    if (at == 0 || text[at - 1] != '"' || i >= size || text[i] != '"' ||
        !secrets_is_key((const char *)text + at, key_size))
        return false;
    for (i++; i < size && (text[i] == ' ' || text[i] == ':'); i++)
        continue;
    if (i >= size || text[i] != '"')
        return false;
    size_t begin = ++i;
    for (; i < size && text[i] != '"'; i++)
        i += text[i] == '\\';
    if (i >= size || i == begin)
        return false;
    *token = (struct story_token){.at = begin, .size = i - begin, .kind = TOKEN_SECRET};
    return true;
}

bool story_token_next(const uint8_t *text, size_t size, size_t *from, struct story_token *token)
{
    for (size_t at = *from; at < size;) {
        size_t time = time_size(text + at, size - at), n = 0;
        while (at + n < size && in_word(text[at + n]))
            n++;
        *token = (struct story_token){.at = at, .size = time != 0 ? time : n,
                                      .kind = time != 0 ? TOKEN_TIME : classify(text + at, n)};
        if (n != 0 && time == 0 && secret_value(text, size, at, n, token)) {
            *from = token->at + token->size;
            return true;
        }
        at += token->size == 0 ? 1 : token->size;
        *from = at;
        if (token->kind != TOKEN_PLAIN && token->size != 0)
            return true;
    }
    *from = size;
    return false;
}

const char *story_token_pattern(enum token_kind kind)
{
    static const char *const patterns[] = {
        [TOKEN_PLAIN] = "",           [TOKEN_DIGITS] = "[0-9]+",           [TOKEN_HEX] = "[0-9a-f]+",
        [TOKEN_WORD] = "[\\w-]+", [TOKEN_TIME] = "[0-9T:.Z+ -]+", [TOKEN_SECRET] = "[^\"]*",
    };
    return patterns[kind];
}

bool story_has_word(const uint8_t *text, size_t size, const uint8_t *word, size_t word_size)
{
    const uint8_t *at = text;
    while (word_size != 0 && (at = memmem(at, size - (size_t)(at - text), word, word_size)) != NULL) {
        const uint8_t *end = at + word_size;
        if ((at == text || !in_word(at[-1])) && (end == text + size || !in_word(*end)))
            return true;
        at++;
    }
    return false;
}
