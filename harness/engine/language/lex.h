/* One line of a scenario as tokens. Knows quotes, brackets and comments, and
 * no word of the language. */
#ifndef ENGINE_LEX_H
#define ENGINE_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_END,    /* of the line, or where its comment begins */
    TOKEN_WORD,
    TOKEN_QUOTED, /* "...", escapes as they stand in the source */
    TOKEN_RAW,    /* '...' */
    TOKEN_LEFT,   /* ( */
    TOKEN_RIGHT,
    TOKEN_OPEN_QUOTE, /* a quote that is never closed: the rest of the line */
};

struct token {
    enum token_kind kind;
    const char *at; /* QUOTED, RAW: what is between the quotes */
    size_t size;
    int column;     /* in characters, from 1; of the opening quote */
    bool call;      /* WORD: "(" stands right behind it */
    bool tight;     /* WORD: it stands right behind a closing quote */
};

struct lexer {
    const char *at, *end;
    int column;
    const char *comment; /* at END: what is behind '#', or NULL */
    size_t comment_size;
};

struct lexer lex_line(const char *line, size_t size);
struct token lex_next(struct lexer *lexer);

bool token_is(const struct token *token, const char *word);
/* Column of a byte within the token. */
int token_column(const struct token *token, const char *at);

/* How many characters begin in these bytes. */
int text_columns(const char *text, size_t size);
/* The first thing that must not stand in a line: its offset, and what it is;
 * SIZE_MAX when the line is fine. */
size_t text_bad(const char *line, size_t size, const char **what);
/* Decodes one character (never reads behind size): its length, 0 when it is not UTF-8. */
size_t text_character(const char *text, size_t size, uint32_t *character);
/* Encodes one, up to U+10FFFF, surrogates included; returns its length, 1 to 4. */
size_t text_encode(uint32_t character, uint8_t bytes[static 4]);

#endif
