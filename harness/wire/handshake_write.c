/* RFC 6455 sections 4.1 and 4.2.2: the heads that a client and a server send.
 * What they are given is written as it is, legal or not. */
#include "handshake.h"

#include <stdarg.h>
#include <stdio.h>

struct text {
    char *at;
    size_t size;
    size_t room; /* 0 once something did not fit */
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(t->at + t->size, t->room, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= t->room) {
        t->room = 0;
        t->size = 0;
        return;
    }
    t->size += (size_t)size;
    t->room -= (size_t)size;
}

static void add_deflate(struct text *t, const struct ws_deflate_params *params, const char *before)
{
    char line[200];
    ws_deflate_params_write(params, line, sizeof line);
    add(t, "%s%s", before, line);
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {400, "Bad Request"},        {405, "Method Not Allowed"},
        {408, "Request Timeout"},    {414, "URI Too Long"},
        {417, "Expectation Failed"}, {426, "Upgrade Required"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},    {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Refused";
}

static void add_acceptance(struct text *t, const struct ws_server_answer *answer)
{
    add(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: %s\r\n", answer->accept_key);
    if (answer->protocol)
        add(t, "Sec-WebSocket-Protocol: %s\r\n", answer->protocol);
    if (answer->deflate) {
        add_deflate(t, &answer->deflate_params, "Sec-WebSocket-Extensions: ");
        add(t, "\r\n");
    }
}

static void add_refusal(struct text *t, const struct ws_server_answer *answer)
{
    const bool upgrade = answer->status == 426; /* must say to what, RFC 9110 section 15.5.22 */
    add(t, "HTTP/1.1 %d %s\r\nConnection: %s\r\nContent-Length: 0\r\n", answer->status,
        reason_of(answer->status), upgrade ? "Upgrade, close" : "close");
    if (upgrade)
        add(t, "Upgrade: websocket\r\n");
    if (answer->status == 405)
        add(t, "Allow: GET\r\n");
    if (answer->say_version)
        add(t, "Sec-WebSocket-Version: 13\r\n");
}

size_t ws_response_write(const struct ws_server_answer *answer, const char *extra, char *out, size_t size)
{
    struct text t = {out, 0, size};
    if (answer->accept)
        add_acceptance(&t, answer);
    else
        add_refusal(&t, answer);
    add(&t, "%s\r\n", extra ? extra : "");
    return t.room ? t.size : 0;
}

size_t ws_request_write(const struct ws_request *request, char *out, size_t size)
{
    struct text t = {out, 0, size};
    add(&t, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n",
        request->target, request->host, request->key);
    if (request->origin)
        add(&t, "Origin: %s\r\n", request->origin);
    const char *const *protocol = request->protocols;
    for (; protocol && *protocol; protocol++)
        add(&t, "%s%s", protocol == request->protocols ? "Sec-WebSocket-Protocol: " : ", ", *protocol);
    if (protocol != request->protocols)
        add(&t, "\r\n");
    for (size_t i = 0; i < request->deflate_count; i++)
        add_deflate(&t, &request->deflate[i], i ? ", " : "Sec-WebSocket-Extensions: ");
    add(&t, "%s%s\r\n", request->deflate_count ? "\r\n" : "", request->extra ? request->extra : "");
    return t.room ? t.size : 0;
}
