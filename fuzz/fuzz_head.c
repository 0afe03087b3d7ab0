/* ws_head_parse and ws_request_validate (RFC 9112, RFC 6455 section 4.2).
 * Oracles: heads.h; judging and validating agree; being lenient refuses nothing
 * that being strict accepts; each answer is a clean response, which the client
 * that sent an accepted request accepts, with the same subprotocol and parameters. */
#include "heads.h"

FUZZ_TARGET("head");

static const char *const spoken[] = {"chat", "superchat", NULL};
static struct ws_handshake_scratch scratch;

/* What the client of this request has offered. */
struct offered {
    char key[512];
    char texts[2048];
    const char *protocols[WS_PROTOCOLS_MAX + 1];
    struct ws_deflate_params deflate[WS_EXTENSIONS_MAX];
    struct ws_client_offer offer;
};

static void read_protocols(struct offered *o, const struct ws_head *head)
{
    const struct ws_header *h;
    size_t count = 0, used = 0;
    for (size_t from = 0; (h = ws_head_next(head, WS_HEADER_PROTOCOL, &from)) != NULL;) {
        struct ws_span rest = h->value, element;
        while (count < WS_PROTOCOLS_MAX && ws_list_next(&rest, &element) &&
               used + element.size + 1 <= sizeof o->texts) {
            o->protocols[count++] = memcpy(o->texts + used, element.at, element.size);
            o->texts[used + element.size] = 0;
            used += element.size + 1;
        }
    }
    o->protocols[count] = NULL;
    o->offer.protocols = o->protocols;
}

static void read_offer(struct offered *o, const struct ws_head *head)
{
    const struct ws_header *h, *key;
    size_t from = 0;
    memset(&o->offer, 0, sizeof o->offer);
    key = ws_head_next(head, WS_HEADER_KEY, &from);
    must(key != NULL && key->value.size < sizeof o->key, "accepted without a key");
    memcpy(o->key, key->value.at, key->value.size);
    o->key[key->value.size] = 0;
    o->offer.key = o->key;
    read_protocols(o, head);
    scratch.extensions.count = 0;
    for (from = 0; (h = ws_head_next(head, WS_HEADER_EXTENSIONS, &from)) != NULL;)
        ws_extension_parse(&scratch.extensions, h->value);
    o->offer.deflate = o->deflate;
    for (size_t i = 0; i < scratch.extensions.count; i++)
        o->offer.deflate_count +=
            ws_deflate_offer_read(&scratch.extensions.items[i], &o->deflate[o->offer.deflate_count], NULL);
}

static bool same_params(const struct ws_deflate_params *a, const struct ws_deflate_params *b)
{
    return a->server_no_context_takeover == b->server_no_context_takeover &&
           a->client_no_context_takeover == b->client_no_context_takeover &&
           a->server_max_window_bits == b->server_max_window_bits &&
           a->client_max_window_bits == b->client_max_window_bits;
}

/* The answer as bytes, read by a client. request NULL: there was none to read. */
static void check_answer(const struct ws_server_answer *answer, const struct ws_head *request)
{
    static struct ws_head head;
    static struct ws_client_answer client;
    static struct offered offered;
    char out[4096];
    must(answer->accept == (answer->status == 101), "accept is %d with status %d", answer->accept, answer->status);
    must(answer->accept || (answer->status >= 400 && answer->status < 600), "refused with status %d", answer->status);
    must(answer->accept || answer->breach_count > 0, "refused for nothing");
    size_t rules;
    const struct ws_handshake_rule *table = ws_handshake_rules(&rules);
    for (size_t i = 0; i < answer->breach_count; i++)
        must(answer->breaches[i].rule >= table && answer->breaches[i].rule < table + rules, "a rule of no table");
    size_t size = ws_response_write(answer, NULL, out, sizeof out);
    must(size > 0 && size <= sizeof out, "no response is written");
    must(ws_response_write(answer, "X-Y: z\r\n", out, size / 2) == 0, "%zu bytes in half of them", size);
    size = ws_response_write(answer, answer->breach_count & 1 ? "X-Y: z\r\n" : NULL, out, sizeof out);
    struct ws_head_scan scan = ws_head_parse(&head, true, out, size, 0, 0);
    must(scan.answer == WS_SCAN_DONE && scan.at == size, "our response does not parse:\n%.*s", (int)size, out);
    must(head.status == answer->status && head.oddities == 0 && head.start_oddities == 0,
         "our response is odd:\n%.*s", (int)size, out);
    if (!answer->accept)
        return;
    must(request != NULL, "accepted without a request");
    read_offer(&offered, request);
    ws_response_validate(&head, &offered.offer, &scratch, &client);
    must(client.accept, "the client refuses, for it %s:\n%.*s",
         client.breach_count ? client.breaches[0].rule->sentence : "?", (int)size, out);
    for (size_t i = 0; i < client.breach_count; i++) /* a choice may be noted: no subprotocol in common */
        must(client.breaches[i].rule->certainty == WS_POLICY, "the client says that it %s",
             client.breaches[i].rule->sentence);
    must(answer->protocol ? ws_span_is(client.protocol, answer->protocol) : client.protocol.size == 0,
         "another subprotocol");
    must(client.deflate == answer->deflate &&
             (!answer->deflate || same_params(&client.deflate_params, &answer->deflate_params)),
         "other parameters");
}

static void validate(const struct ws_head *head, struct ws_server_policy policy)
{
    static struct ws_server_answer strict, lenient, judged;
    ws_request_validate(head, &policy, &scratch, &strict);
    ws_request_judge(head, &policy, &scratch, &judged);
    must(judged.accept == strict.accept && judged.status == strict.status &&
             judged.breach_count == strict.breach_count && judged.protocol == strict.protocol &&
             judged.deflate == strict.deflate && judged.accept_key[0] == 0,
         "judged, it is another answer");
    for (size_t i = 0; i < strict.breach_count; i++)
        must(judged.breaches[i].rule == strict.breaches[i].rule, "judged, breach %zu is another", i);
    must(!strict.deflate || policy.deflate.enabled, "deflate, unasked");
    check_answer(&strict, head);
    policy.lenient = true;
    ws_request_validate(head, &policy, &scratch, &lenient);
    must(lenient.accept || !strict.accept, "refused for being lenient");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ws_head head;
    static struct ws_server_answer answer;
    uint8_t options = fuzz_take(&data, &size), seed = fuzz_take(&data, &size);
    static const uint8_t bits[] = {0, 8, 10, 15};
    struct ws_server_policy policy = {
        .protocols = options & 1 ? spoken : NULL,
        .deflate = {.enabled = options & 2,
                    .server_no_context_takeover = options & 4,
                    .client_no_context_takeover = options & 8,
                    .server_max_window_bits = bits[options >> 4 & 3],
                    .client_max_window_bits = bits[options >> 6]},
    };
    char *bytes = (char *)fuzz_copy(data, size);
    struct ws_head_scan scan = heads_parse(&head, false, bytes, size, fuzz_cut_by(1u + seed), seed & 1 ? 600 : 0);
    if (scan.answer == WS_SCAN_DONE) {
        validate(&head, policy);
    } else if (scan.answer == WS_SCAN_BROKEN) {
        ws_request_broken(scan, &answer);
        check_answer(&answer, NULL);
    }
    free(bytes);
    return 0;
}
