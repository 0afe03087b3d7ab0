/* See secrets.h. The lists are of names that are secrets wherever they occur. */
#include "engine/proxy/secrets.h"

#include <string.h>
#include <strings.h>

static const char *const headers[] = {
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "x-csrf-token",
};

static const char *const keys[] = {
    "token", "accesstoken", "refreshtoken", "idtoken", "auth", "authorization", "apikey", "key", "secret", "password",
    "passwd", "pwd", "jwt", "session", "sessionid", "sessiontoken", "sig", "signature", "ticket", "code", "credential",
    "privatekey", "clientsecret", "cookie", "csrf", "xsrf",
};

bool secrets_is_header(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (strlen(headers[i]) == size && strncasecmp(headers[i], name, size) == 0)
            return true;
    return false;
}

bool secrets_is_key(const char *name, size_t size)
{
    char plain[32];
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        if (name[i] != '-' && name[i] != '_') {
            if (n + 1 == sizeof plain)
                return false;
            plain[n++] = name[i];
        }
    plain[n] = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcasecmp(keys[i], plain) == 0)
            return true;
    return false;
}

void secrets_target(const char *target, size_t size, bool whole, struct buf *out)
{
    const char *end = target + size, *query = whole || size == 0 ? NULL : memchr(target, '?', size);
    if (query == NULL) {
        buf_append(out, target, size);
        return;
    }
    buf_append(out, target, (size_t)(query + 1 - target));
    for (const char *at = query + 1; at < end;) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        const char *stop = next == NULL ? end : next;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        bool secret = equals != NULL && secrets_is_key(at, (size_t)(equals - at));
        buf_append(out, at, (size_t)((secret ? equals + 1 : stop) - at));
        buf_append_text(out, secret ? SECRETS_MASK : "");
        buf_append_text(out, next == NULL ? "" : "&");
        at = stop + (next != NULL);
    }
}

static void start_line(const char *line, size_t size, struct buf *out)
{
    const char *space = memchr(line, ' ', size);
    const char *target = space == NULL ? NULL : space + 1;
    const char *behind = target == NULL ? NULL : memchr(target, ' ', size - (size_t)(target - line));
    if (behind == NULL || *target != '/') {
        buf_append(out, line, size);
        return;
    }
    buf_append(out, line, (size_t)(target - line));
    secrets_target(target, (size_t)(behind - target), false, out);
    buf_append(out, behind, size - (size_t)(behind - line));
}

void secrets_head(const char *head, size_t size, bool whole, struct buf *out)
{
    bool first = true, hidden = false;
    if (whole) {
        buf_append(out, head, size);
        return;
    }
    for (const char *end = head + size; head < end; first = false) {
        const char *feed = memchr(head, '\n', (size_t)(end - head));
        const char *next = feed == NULL ? end : feed + 1;
        size_t length = (size_t)(next - head);
        const char *colon = memchr(head, ':', length);
        bool folded = *head == ' ' || *head == '\t';
        hidden = folded ? hidden : colon != NULL && secrets_is_header(head, (size_t)(colon - head));
        if (first)
            start_line(head, length, out);
        else if (!hidden)
            buf_append(out, head, length);
        else if (!folded)
            buf_printf(out, "%.*s: %s\r\n", (int)(colon - head), head, SECRETS_MASK);
        head = next;
    }
}
