/* What the parts of the parser share: lines (parse.c), payloads
 * (parse_payload.c), and cases made of lines (cases.c). */
#ifndef ENGINE_PARSE_H
#define ENGINE_PARSE_H

#include "base/limits.h"
#include "engine/language/lex.h"
#include "engine/language/mistake.h"
#include "engine/language/verbs.h"

/* An open `repeat` or `fleet`, or the file itself: where the next line is hung in. */
struct level {
    struct step *block; /* NULL: the file */
    struct step **tail;
};

struct parser {
    struct script *script;
    struct mistakes mistakes;
    bool no_memory;      /* sticky: nothing is worth reading any more */

    int line;
    struct lexer lexer;
    struct token token;  /* the one to look at */
    enum form form;      /* of this line; FORMS while unknown */
    bool among_steps;    /* this line is a step: a promise may stand in it */
    struct setting **setting_tail;
    unsigned nesting;    /* of repeat() */
    struct buf before;   /* comment and blank lines that wait for their step */

    struct level levels[LIMIT_REPEAT_DEPTH + 1];
    unsigned depth;
    unsigned too_deep;   /* open blocks that were refused */
    struct step *expect; /* the step just above, where `or` may follow */
    struct step **or_tail;
    bool after_unknown;  /* the line above could not be read: what belongs to it passes */
    size_t steps;        /* in the file */

    bool in_case, in_steps;
    bool told_no_case;
    bool seen[VERBS];    /* head lines of the case */
    const struct step *family; /* the line of a family's case, or NULL */
    bool family_unknown; /* its line has mistakes: any name passes */
};

/* Zeroed memory of the script; NULL sets no_memory. */
void *parse_alloc(struct parser *p, size_t size);
char *parse_text(struct parser *p, const char *text, size_t size);
/* On to the next token; an open quote is reported here and ends the line. */
void parse_next(struct parser *p);
/* Begins a mistake at the token. */
#define parse_wrong(p, ...) mistake_add(&(p)->mistakes, (p)->line, (p)->token.column, __VA_ARGS__)

/* Can a payload begin with this token? */
bool parse_is_payload(const struct token *token);
/* Reads pieces as long as there are some (`one`: one pair of quotes only).
 * NULL when there was a mistake, which is reported, or no memory. */
struct payload *parse_payload(struct parser *p, bool one);

/* Reads arguments and options into the step, whose form is known, to the end of the line. */
void parse_settings(struct parser *p, struct step *step);

/* May these steps stand in a fleet? What may not is reported. */
void parse_check_fleet(struct parser *p, const struct step *fleet);

/* script->lines to script->cases. */
void cases_build(struct parser *p);

#endif
