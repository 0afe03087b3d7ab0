/* `fault http-text`: behind the server's 101 comes an HTTP answer where frames
 * belong, as from a gateway that lost its server; then FIN. */
#include "engine/proxy/inside.h"

static const char usual[] = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 20\r\n"
                            "Connection: close\r\n\r\n<h1>Bad Gateway</h1>";

static bool response(struct proxy_conn *conn, struct armed *armed, const struct ws_head *head, struct buf *text)
{
    (void)conn;
    (void)head;
    armed->done = true;
    if (step_setting(armed->step, SLOT_PAYLOAD) == NULL)
        buf_append_text(text, usual);
    else
        armed_payload(armed, SLOT_PAYLOAD, text);
    return true;
}

const struct proxy_fault proxy_fault_HTTP_TEXT = {.response = response};
