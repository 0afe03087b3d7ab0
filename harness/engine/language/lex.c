/* See lex.h. Any bytes are a line; nothing is read behind its end. */
#include "engine/language/lex.h"

#include <string.h>

struct lexer lex_line(const char *line, size_t size)
{
    return (struct lexer){.at = line, .end = line + size, .column = 1};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_word(char c)
{
    return is_blank(c) || strchr("\"'()#", c) != NULL;
}

static void advance(struct lexer *lexer, size_t size)
{
    lexer->column += text_columns(lexer->at, size);
    lexer->at += size;
}

/* Length of what is between the quotes; SIZE_MAX when the second one is missing. */
static size_t quoted_size(const struct lexer *lexer)
{
    char quote = *lexer->at;
    const char *p = lexer->at + 1;
    while (p < lexer->end && *p != quote)
        p += *p == '\\' && quote == '"' && p + 1 < lexer->end ? 2 : 1;
    return p < lexer->end ? (size_t)(p - lexer->at - 1) : SIZE_MAX;
}

static struct token quoted(struct lexer *lexer)
{
    struct token token = {.kind = *lexer->at == '"' ? TOKEN_QUOTED : TOKEN_RAW,
                          .at = lexer->at + 1, .size = quoted_size(lexer), .column = lexer->column};
    size_t whole = token.size + 2;
    if (token.size == SIZE_MAX) {
        token.kind = TOKEN_OPEN_QUOTE;
        whole = (size_t)(lexer->end - lexer->at);
        token.size = whole - 1;
    }
    advance(lexer, whole);
    return token;
}

struct token lex_next(struct lexer *lexer)
{
    const char *behind = lexer->at;
    while (lexer->at < lexer->end && is_blank(*lexer->at))
        advance(lexer, 1);
    struct token token = {.kind = TOKEN_END, .at = lexer->at, .column = lexer->column};
    if (lexer->at == lexer->end)
        return token;
    switch (*lexer->at) {
    case '#':
        lexer->comment = lexer->at + 1;
        lexer->comment_size = (size_t)(lexer->end - lexer->at - 1);
        lexer->end = lexer->at;
        return token;
    case '"':
    case '\'':
        return quoted(lexer);
    case '(':
    case ')':
        token.kind = *lexer->at == '(' ? TOKEN_LEFT : TOKEN_RIGHT;
        token.size = 1;
        break;
    default:
        token.kind = TOKEN_WORD;
        token.size = 1; /* a NUL too, so that every token is a step forward */
        while (lexer->at + token.size < lexer->end && !ends_word(lexer->at[token.size]))
            token.size++;
        token.tight = lexer->at == behind && lexer->column > 1 && strchr("\"'", behind[-1]) != NULL;
        token.call = lexer->at + token.size < lexer->end && lexer->at[token.size] == '(';
    }
    advance(lexer, token.size);
    return token;
}

bool token_is(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && token->size == strlen(word) &&
           memcmp(token->at, word, token->size) == 0;
}

int token_column(const struct token *token, const char *at)
{
    int quote = token->kind == TOKEN_QUOTED || token->kind == TOKEN_RAW;
    return token->column + quote + text_columns(token->at, (size_t)(at - token->at));
}

int text_columns(const char *text, size_t size)
{
    int n = 0;
    for (size_t i = 0; i < size; i++)
        n += ((uint8_t)text[i] & 0xc0) != 0x80;
    return n;
}

size_t text_character(const char *text, size_t size, uint32_t *character)
{
    static const struct { uint8_t mask, lead; uint32_t least; } forms[] = {
        {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000},
    };
    uint8_t lead = size == 0 ? 0xff : (uint8_t)text[0];
    for (size_t more = 0; more < 4; more++) {
        if ((lead & forms[more].mask) != forms[more].lead)
            continue;
        if (size <= more)
            return 0;
        uint32_t c = lead & (uint8_t)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if (((uint8_t)text[i] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | ((uint8_t)text[i] & 0x3f);
        }
        *character = c;
        bool bad = c < forms[more].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff);
        return bad ? 0 : more + 1;
    }
    return 0;
}

size_t text_encode(uint32_t c, uint8_t bytes[static 4])
{
    size_t more = (size_t)(c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
    static const uint8_t leads[] = {0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, c >>= 6)
        bytes[i] = (uint8_t)(0x80 | (c & 0x3f));
    bytes[0] = (uint8_t)(leads[more] | c);
    return more + 1;
}

/* Characters that hide what a line says from the person who reviews it. */
static const struct { uint32_t from, to; const char *what; } unwanted[] = {
    {0x00, 0x08, "a control character"},
    {0x0a, 0x1f, "a control character"},
    {0x7f, 0x9f, "a control character"},
    {0x200b, 0x200f, "an invisible character"},
    {0x2028, 0x202e, "an invisible character"},
    {0x2060, 0x206f, "an invisible character"},
    {0xfeff, 0xfeff, "a byte order mark"},
};

size_t text_bad(const char *line, size_t size, const char **what)
{
    for (size_t i = 0; i < size;) {
        uint32_t c = 0;
        size_t n = text_character(line + i, size - i, &c);
        if (n == 0) {
            *what = "not UTF-8";
            return i;
        }
        for (size_t k = 0; k < sizeof unwanted / sizeof *unwanted; k++) {
            if (c >= unwanted[k].from && c <= unwanted[k].to) {
                *what = unwanted[k].what;
                return i;
            }
        }
        i += n;
    }
    return SIZE_MAX;
}
