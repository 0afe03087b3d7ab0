/* Do two scripts say the same, lines and columns aside? For the unit tests and
 * the fuzz targets. */
#ifndef SAME_SCRIPT_H
#define SAME_SCRIPT_H

#include "engine/language/script.h"

#include <string.h>

static inline bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline bool same_bytes(const void *a, size_t an, const void *b, size_t bn)
{
    return an == bn && (an == 0 || memcmp(a, b, an) == 0);
}

static inline bool same_payload(const struct payload *a, const struct payload *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    const struct piece *p = a->pieces, *q = b->pieces;
    for (; p != NULL && q != NULL; p = p->next, q = q->next)
        if (p->kind != q->kind || p->glued != q->glued || !same_bytes(p->bytes, p->size, q->bytes, q->size) ||
            !same_text(p->name, q->name) || p->byte != q->byte || p->times != q->times ||
            !same_payload(p->inner, q->inner))
            return false;
    return p == q;
}

static inline bool same_value(const struct value *a, const struct value *b)
{
    bool same = a->kind == b->kind && same_text(a->written, b->written) && a->number == b->number &&
                a->from == b->from && a->to == b->to && a->real == b->real && same_text(a->word, b->word) &&
                a->word_count == b->word_count && same_payload(a->bytes, b->bytes) &&
                same_bytes(a->codes, a->code_count * sizeof *a->codes, b->codes, b->code_count * sizeof *b->codes);
    for (size_t i = 0; same && i < a->word_count; i++)
        same = strcmp(a->words[i], b->words[i]) == 0;
    return same;
}

static inline bool same_steps(const struct step *a, const struct step *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        const struct setting *s = a->settings, *t = b->settings;
        for (; s != NULL && t != NULL; s = s->next, t = t->next)
            if (s->slot != t->slot || !same_value(&s->value, &t->value))
                return false;
        if (s != t || a->verb != b->verb || a->form != b->form || !same_text(a->actor, b->actor) ||
            !same_text(a->comment, b->comment) || !same_steps(a->body, b->body) ||
            !same_steps(a->alternatives, b->alternatives))
            return false;
    }
    return a == b;
}

#endif
