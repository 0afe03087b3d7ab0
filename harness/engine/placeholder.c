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
