/* Commands of --exec: {port}, {url} and so on in them become their values. */
#ifndef ENGINE_PLACEHOLDER_H
#define ENGINE_PLACEHOLDER_H

#include "base/buf.h"
#include "base/diag.h"

struct placeholder {
    const char *name;  /* "{port}"; NULL ends the table */
    const char *value; /* NULL: there is none, and a command that names it is wrong */
};

/* Appends the text with its placeholders filled in. */
bool placeholders_fill(const char *text, const struct placeholder *rows, struct buf *out, struct diag *why);

/* A word as the shell takes it, quoted where it must be; " --name word", nothing for a NULL value. */
void shell_word(struct buf *out, const char *word);
void shell_option(struct buf *out, const char *name, const char *value);

#endif
