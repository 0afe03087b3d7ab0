/* RFC 6455 section 9.1: the grammar of Sec-WebSocket-Extensions. White space
 * is tolerated wherever the implied LWS of RFC 2616 allowed it, and so are
 * empty list elements. */
#include "extension.h"

#include "chars.h"

#include <string.h>

struct cursor {
    const char *at;
    const char *end;
};

static void skip_space(struct cursor *c)
{
    /* CR and LF can only be here in a folded value. */
    while (c->at != c->end && (ws_char_is_blank(*c->at) || *c->at == '\r' || *c->at == '\n'))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_token(struct cursor *c, struct ws_span *token)
{
    skip_space(c);
    const char *start = c->at;
    while (c->at != c->end && ws_char_is(*c->at, WS_CHAR_TOKEN))
        c->at++;
    *token = (struct ws_span){start, (size_t)(c->at - start)};
    return token->size > 0;
}

/* Adds an unescaped byte to the value that we keep. */
static void keep(struct ws_extension_param *p, size_t *size, char byte)
{
    if (*size < WS_PARAM_VALUE_MAX - 1)
        p->text[*size] = byte;
    else
        p->too_long = true;
    ++*size;
}

static void keep_end(struct ws_extension_param *p, size_t size)
{
    p->text[p->too_long ? 0 : size] = '\0';
}

/* Behind the opening quote; up to and with the closing one. */
static enum ws_extension_break take_quoted(struct cursor *c, struct ws_extension_param *p)
{
    const char *start = c->at;
    const char *bad = NULL;
    size_t size = 0;
    for (;; c->at++) {
        if (c->at == c->end)
            return WS_EXTENSION_SYNTAX;
        if (*c->at == '"')
            break;
        if (*c->at == '\\' && ++c->at == c->end)
            return WS_EXTENSION_SYNTAX;
        if (!ws_char_is(*c->at, WS_CHAR_QUOTED))
            return WS_EXTENSION_SYNTAX;
        if (!bad && !ws_char_is(*c->at, WS_CHAR_TOKEN))
            bad = c->at;
        keep(p, &size, *c->at);
    }
    p->value = (struct ws_span){start, (size_t)(c->at - start)};
    p->quoted = true;
    keep_end(p, size);
    if (bad || size == 0) {
        c->at = bad ? bad : start;
        return WS_EXTENSION_VALUE;
    }
    c->at++;
    return WS_EXTENSION_FINE;
}

static enum ws_extension_break take_value(struct cursor *c, struct ws_extension_param *p)
{
    p->has_value = true;
    if (take(c, '"'))
        return take_quoted(c, p);
    if (!take_token(c, &p->value))
        return WS_EXTENSION_SYNTAX;
    p->too_long = p->value.size >= sizeof p->text;
    const size_t size = p->too_long ? 0 : p->value.size;
    memcpy(p->text, p->value.at, size);
    p->text[size] = '\0';
    return WS_EXTENSION_FINE;
}

/* token *( ";" param ), up to the comma or the end. */
static enum ws_extension_break take_extension(struct cursor *c, struct ws_extension *e)
{
    e->param_count = 0;
    if (!take_token(c, &e->name))
        return WS_EXTENSION_SYNTAX;
    while (take(c, ';')) {
        if (e->param_count == WS_EXTENSION_PARAMS_MAX)
            return WS_EXTENSION_TOO_MANY;
        struct ws_extension_param *p = &e->params[e->param_count];
        p->value = (struct ws_span){NULL, 0};
        p->has_value = p->quoted = p->too_long = false;
        p->text[0] = '\0';
        if (!take_token(c, &p->name))
            return WS_EXTENSION_SYNTAX;
        const enum ws_extension_break broken = take(c, '=') ? take_value(c, p) : WS_EXTENSION_FINE;
        if (broken)
            return broken;
        e->param_count++;
    }
    skip_space(c);
    return c->at == c->end || *c->at == ',' ? WS_EXTENSION_FINE : WS_EXTENSION_SYNTAX;
}

struct ws_extension_scan ws_extension_parse(struct ws_extension_list *list, struct ws_span value)
{
    struct cursor c = {value.at, value.size ? value.at + value.size : value.at};
    enum ws_extension_break broken = WS_EXTENSION_FINE;
    for (;;) {
        while (take(&c, ','))
            ;
        if (c.at == c.end)
            break;
        if (list->count == WS_EXTENSIONS_MAX)
            broken = WS_EXTENSION_TOO_MANY;
        else
            broken = take_extension(&c, &list->items[list->count]);
        if (broken)
            return (struct ws_extension_scan){broken, (size_t)(c.at - value.at)};
        list->count++;
    }
    return (struct ws_extension_scan){WS_EXTENSION_FINE, 0};
}
