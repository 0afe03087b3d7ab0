/* The mistakes of a file: gathered in any order, printed in the order of the
 * file, each with its line, a caret and a hint. */
#ifndef ENGINE_MISTAKE_H
#define ENGINE_MISTAKE_H

#include "base/buf.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>

struct mistake {
    int line, column; /* column 0: of the whole line */
    unsigned order;   /* in which it was found */
    char message[120];
    char hint[320];
};

struct mistakes {
    const char *kind;  /* "error", "warning" */
    unsigned count;    /* all of them; the first LIMIT_SCRIPT_ERRORS are kept */
    bool quiet;        /* nothing is added: the line is known to be wrong */
    struct mistake items[LIMIT_SCRIPT_ERRORS];
};

void mistake_add(struct mistakes *m, int line, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Explains the one that was added last. */
void mistake_hint(struct mistakes *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sorts, and appends them to out. */
void mistakes_print(struct mistakes *m, const char *name, const char *text, size_t size, struct buf *out);

/* The nearest of several words: suggest_word for each, `best` is NULL when none is near. */
struct suggestion {
    const char *word;
    size_t size;
    unsigned cost;
    const char *best;
    size_t best_size;
};
struct suggestion suggest(const char *word, size_t size);
void suggest_word(struct suggestion *s, const char *candidate, size_t size);
/* "did you mean 'within'?" for the mistake that was added last; false when nothing is near. */
bool suggest_hint(const struct suggestion *s, struct mistakes *m);

#endif
