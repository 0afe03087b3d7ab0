/* ws_response_validate (RFC 6455 section 4.1). Oracles: heads.h; only a 101 that
 * proves our key is accepted, and nothing that was not offered is agreed on. */
#include "heads.h"

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
