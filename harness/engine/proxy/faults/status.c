/* `fault status 503`: the answer of a server, or of something before it, that does
 * not let anybody in. */
#include "engine/proxy/inside.h"

static const struct { int status; const char *reason; } reasons[] = {
    {301, "Moved Permanently"}, {302, "Found"}, {307, "Temporary Redirect"}, {400, "Bad Request"},
    {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {407, "Proxy Authentication Required"},
    {408, "Request Timeout"}, {426, "Upgrade Required"}, {429, "Too Many Requests"},
    {500, "Internal Server Error"}, {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Refused";
}

static void request(struct proxy_conn *conn, struct armed *armed, const struct ws_head *head)
{
    int status = (int)step_number(armed->step, SLOT_HTTP_STATUS, 503);
    struct buf text;
    (void)head;
    buf_init(&text, 0);
    buf_printf(&text, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n", status, reason_of(status));
    for (const struct setting *s = step_setting(armed->step, SLOT_HEADER); s != NULL; s = step_next_setting(s)) {
        struct payload_scope scope = {.random = &conn->random};
        if (payload_bytes(s->value.bytes, &scope, &text, NULL))
            buf_append_text(&text, "\r\n");
    }
    buf_append_text(&text, "\r\n");
    way_write(&conn->down, text.data, text.size);
    buf_free(&text);
    conn_finish_client(conn);
}

const struct proxy_fault proxy_fault_STATUS = {.first = true, .request = request};
