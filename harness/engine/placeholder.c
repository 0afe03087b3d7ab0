/* See placeholder.h. Values are put in as they are: what is no placeholder is the shell's. */
#include "engine/placeholder.h"

#include <string.h>

bool placeholders_fill(const char *text, const struct placeholder *rows, struct buf *out, struct diag *why)
{
    while (*text) {
        const struct placeholder *row = rows;
        while (row->name && strncmp(text, row->name, strlen(row->name)) != 0)
            row++;
        if (!row->name) {
            buf_append_byte(out, (uint8_t)*text++);
            continue;
        }
        if (!row->value)
            return diag_set(why, DIAG_USAGE, "the command names %s, but there is none", row->name);
        buf_append_text(out, row->value);
        text += strlen(row->name);
    }
    return !out->failed || diag_set(why, DIAG_TROUBLE, "no memory");
}

void shell_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (word[0] != 0 && word[strspn(word, plain)] == 0) {
        buf_append_text(out, word);
        return;
    }
    buf_append_byte(out, '\'');
    for (; *word != 0; word++) {
        if (*word == '\'')
            buf_append_text(out, "'\\''");
        else
            buf_append_byte(out, (uint8_t)*word);
    }
    buf_append_byte(out, '\'');
}

void shell_option(struct buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_printf(out, " %s ", name);
    shell_word(out, value);
}
