/* permessage-deflate where messages are lost, repeated or reordered on the way: each has to be packed by itself, or
 * what is behind it could not be unpacked. Both sides are asked for that (RFC 7692 sections 7.1.1.1 and 7.1.1.2):
 * the server by the offer, the client by an answer, which it has to take. */
#include "engine/proxy/inside.h"

#include "wire/extension.h"

#define LINE_MAX 256u

bool offers_alone(struct ws_span value, struct buf *out)
{
    struct ws_extension_list list = {0};
    bool some = false;
    ws_extension_parse(&list, value);
    for (size_t i = 0; i < list.count; i++) {
        struct ws_deflate_params params = {0};
        char text[LINE_MAX];
        if (!ws_deflate_offer_read(&list.items[i], &params, NULL))
            continue;
        params.server_no_context_takeover = params.client_no_context_takeover = true;
        if (ws_deflate_params_write(&params, text, sizeof text) == 0)
            continue;
        buf_printf(out, "%s%s", some ? ", " : "", text);
        some = true;
    }
    return some;
}
