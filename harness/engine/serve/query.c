/* See query.h. */
#include "engine/serve/query.h"

#include "wire/utf8.h"

#include <string.h>

static const char *const key_names[QUERY_KEYS] = {"case", "casetuple", "agent", "shutdownOnComplete", "outcome"};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes into out[QUERY_VALUE_MAX + 1]. */
static bool decode(struct ws_span from, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < from.size; i++) {
        char c = from.at[i] == '+' ? ' ' : from.at[i];
        if (c == '%') {
            int high = i + 2 < from.size ? hex_value(from.at[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_value(from.at[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (n == QUERY_VALUE_MAX || (unsigned char)c < 0x20 || c == 0x7f)
            return false;
        out[n++] = c;
    }
    out[n] = 0;
    struct ws_utf8 utf8 = {0};
    return ws_utf8_feed(&utf8, (const uint8_t *)out, n) == n && ws_utf8_complete(&utf8);
}

static bool read_pair(struct query *query, struct ws_span pair, struct diag *why)
{
    const char *equals = pair.size == 0 ? NULL : memchr(pair.at, '=', pair.size);
    size_t name_size = equals == NULL ? pair.size : (size_t)(equals - pair.at);
    struct ws_span name = {pair.at, name_size};
    struct ws_span value = {pair.at + name_size + (equals != NULL), pair.size - name_size - (equals != NULL)};
    for (int key = 0; key < QUERY_KEYS; key++) {
        if (!ws_span_is(name, key_names[key]))
            continue;
        if (query->has[key])
            return diag_set(why, DIAG_USAGE, "%s is given twice", key_names[key]);
        if (!decode(value, query->values[key]) || value.size == 0)
            return diag_set(why, DIAG_USAGE, "%s has to be 1 to %u characters of text", key_names[key],
                            QUERY_VALUE_MAX);
        query->has[key] = true;
    }
    return true;
}

/* "http://host/path" becomes "/path" (RFC 9112 section 3.2.2). */
static struct ws_span origin_form(struct ws_span target)
{
    const char *scheme = target.size == 0 ? NULL : memmem(target.at, target.size, "://", 3);
    if (target.size == 0 || target.at[0] == '/' || scheme == NULL)
        return target;
    size_t skip = (size_t)(scheme - target.at) + 3;
    while (skip < target.size && target.at[skip] != '/' && target.at[skip] != '?')
        skip++;
    return (struct ws_span){target.at + skip, target.size - skip};
}

bool query_read(struct query *query, struct ws_span target, struct diag *why)
{
    struct ws_span rest = origin_form(target);
    const char *mark = rest.size == 0 ? NULL : memchr(rest.at, '?', rest.size);
    size_t path_size = mark == NULL ? rest.size : (size_t)(mark - rest.at);
    memset(query, 0, sizeof *query);
    if (path_size >= QUERY_PATH_MAX)
        return diag_set(why, DIAG_USAGE, "there is no such path");
    memcpy(query->path, path_size == 0 ? "/" : rest.at, path_size == 0 ? 1 : path_size);
    while (mark != NULL) {
        const char *begin = mark + 1;
        size_t left = rest.size - (size_t)(begin - rest.at);
        mark = left == 0 ? NULL : memchr(begin, '&', left);
        if (!read_pair(query, (struct ws_span){begin, mark == NULL ? left : (size_t)(mark - begin)}, why))
            return false;
    }
    return true;
}
