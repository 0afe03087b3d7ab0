/* What in a message may be another the next time: ids, keys, times. A message is
 * cut into words; a word that a peer made up and the other one repeats is a
 * captured value, one that only looks made up is a pattern. */
#ifndef ENGINE_STORY_TOKENS_H
#define ENGINE_STORY_TOKENS_H

#include "engine/story/story.h"

enum token_kind {
    TOKEN_PLAIN,    /* stays as it is */
    TOKEN_DIGITS,   /* nine or more: a time, a serial number */
    TOKEN_HEX,
    TOKEN_WORD,     /* letters and digits, long and mixed; a UUID */
    TOKEN_TIME,     /* 2026-01-31T12:00:00.000Z */
    TOKEN_SECRET,   /* the value of a key such as "token" */
};

struct story_token {
    size_t at, size;      /* in the message */
    enum token_kind kind;
};

/* The next token at or behind *from that is not plain, in text[0 .. size); false when there is none. */
bool story_token_next(const uint8_t *text, size_t size, size_t *from, struct story_token *token);
/* What matches one of its kind, as a regular expression. */
const char *story_token_pattern(enum token_kind kind);
/* Is it there as a whole word? */
bool story_has_word(const uint8_t *text, size_t size, const uint8_t *word, size_t word_size);

#endif
