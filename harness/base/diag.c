/* See diag.h. */
#include "base/diag.h"

#include <stdio.h>
#include <string.h>

static void cut_mark(struct diag *d, int wanted)
{
    if (wanted >= (int)sizeof d->text)
        memcpy(d->text + sizeof d->text - 4, "...", 4);
}

bool diag_set(struct diag *d, enum diag_kind kind, const char *format, ...)
{
    if (d == NULL)
        return false;
    va_list args;
    va_start(args, format);
    d->kind = kind;
    cut_mark(d, vsnprintf(d->text, sizeof d->text, format, args));
    va_end(args);
    return false;
}

bool diag_prefix(struct diag *d, const char *format, ...)
{
    if (d == NULL)
        return false;
    char old[LIMIT_DIAG_TEXT];
    memcpy(old, d->text, sizeof old);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(d->text, sizeof d->text, format, args);
    va_end(args);
    if (n < 0 || n >= (int)sizeof d->text)
        return false;
    size_t room = sizeof d->text - (size_t)n;
    cut_mark(d, n + snprintf(d->text + n, room, "%s", old));
    return false;
}
