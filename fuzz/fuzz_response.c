/* ws_response_validate (RFC 6455 section 4.1). Oracles: heads.h; only a 101 that
 * proves our key is accepted, and nothing that was not offered is agreed on. */
#include "heads.h"

FUZZ_TARGET("response");

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static void check(const struct ws_client_answer *answer, const struct ws_head *head,
                  const struct ws_client_offer *offer)
{
    char accept[WS_ACCEPT_SIZE + 1];
    size_t from = 0;
    must(answer->breach_count <= WS_HANDSHAKE_BREACHES_MAX, "%zu breaches", answer->breach_count);
    must(!answer->interim || (!answer->accept && head->status >= 100 && head->status < 200 && head->status != 101),
         "status %d is interim", head->status);
    must(answer->accept || answer->interim || answer->breach_count > 0, "refused for nothing");
    if (!answer->accept)
        return;
    ws_accept_key(KEY, strlen(KEY), accept);
    const struct ws_header *proof = ws_head_next(head, WS_HEADER_ACCEPT, &from);
    must(head->status == 101, "status %d is accepted", head->status);
    must(proof != NULL && ws_span_is(proof->value, accept), "accepted without the proof");
    bool asked = answer->protocol.size == 0;
    for (size_t i = 0; offer->protocols && offer->protocols[i]; i++)
        asked |= ws_span_is(answer->protocol, offer->protocols[i]);
    must(asked, "a subprotocol that was not offered");
    must(!answer->deflate || offer->deflate_count > 0, "deflate that was not offered");
    if (answer->deflate) {
        const struct ws_deflate_params *p = &answer->deflate_params;
        must(p->server_max_window_bits == 0 || (p->server_max_window_bits >= 8 && p->server_max_window_bits <= 15),
             "a window of %u bits", p->server_max_window_bits);
        must(p->client_max_window_bits == 0 || offer->deflate->client_max_window_bits != 0 ||
                 offer->deflate->client_max_window_bits_bare,
             "client_max_window_bits that were not offered");
        must(!offer->deflate->server_no_context_takeover || p->server_no_context_takeover,
             "server_no_context_takeover is not acknowledged");
    }
}

/* The request that makes this offer is one that our own server takes. */
static void ask(const struct ws_client_offer *offer, bool more, size_t room)
{
    static struct ws_head head;
    static struct ws_server_answer answer;
    static struct ws_handshake_scratch scratch;
    const struct ws_server_policy policy = {.protocols = offer->protocols, .deflate = {.enabled = true}};
    const struct ws_request request = {
        .host = "a:9001", .target = "/b?c", .key = KEY, .origin = more ? "http://a" : NULL,
        .protocols = offer->protocols, .deflate = offer->deflate, .deflate_count = offer->deflate_count,
        .extra = more ? "X-Y: z\r\n" : NULL};
    char out[1024];
    size_t size = ws_request_write(&request, out, sizeof out);
    must(size > 0 && size < sizeof out, "no request is written");
    struct ws_head_scan scan = ws_head_parse(&head, false, out, size, 0, 0);
    must(scan.answer == WS_SCAN_DONE && scan.at == size && head.oddities == 0 && head.start_oddities == 0,
         "our request is odd:\n%.*s", (int)size, out);
    ws_request_validate(&head, &policy, &scratch, &answer);
    must(answer.accept && answer.breach_count == 0, "our server refuses our request:\n%.*s", (int)size, out);
    must(answer.deflate == (offer->deflate_count > 0) && (answer.protocol != NULL) == (offer->protocols != NULL),
         "our server overlooks what we offer:\n%.*s", (int)size, out);
    must(ws_request_write(&request, out, room % size) == 0, "%zu bytes in %zu", size, room % size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const protocols[] = {"chat", "superchat", NULL};
    static struct ws_head head;
    static struct ws_client_answer answer;
    static struct ws_handshake_scratch scratch;
    uint8_t options = fuzz_take(&data, &size), seed = fuzz_take(&data, &size);
    struct ws_deflate_params deflate = {
        .client_max_window_bits_bare = options & 2,
        .server_max_window_bits = options & 4 ? 10 : 0,
        .server_no_context_takeover = options & 8,
    };
    struct ws_client_offer offer = {.key = KEY, .protocols = options & 16 ? protocols : NULL, .deflate = &deflate,
                                    .deflate_count = options & 1};
    ask(&offer, options & 32, seed * 3u);
    char *bytes = (char *)fuzz_copy(data, size);
    struct ws_head_scan scan = heads_parse(&head, true, bytes, size, fuzz_cut_by(1u + seed), 0);
    if (scan.answer == WS_SCAN_DONE) {
        ws_response_validate(&head, &offer, &scratch, &answer);
        check(&answer, &head, &offer);
    } else if (scan.answer == WS_SCAN_BROKEN) {
        ws_response_broken(scan, &answer);
        must(!answer.accept && answer.breach_count > 0, "a broken head is accepted");
    }
    free(bytes);
    return 0;
}
