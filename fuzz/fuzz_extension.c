/* ws_extension_parse and the negotiation of permessage-deflate (RFC 6455
 * section 9.1, RFC 7692 section 7.1). Oracles: what was parsed, written anew,
 * parses to the same; parameters written parse back; the answer to an offer that
 * is accepted passes the client's check, and grants nothing beyond offer and policy. */
#include "fuzz.h"

#include "base/buf.h"
#include "wire/extension.h"

FUZZ_TARGET("extension");

static struct ws_extension_list offers, again;

static void check_list(const struct ws_extension_list *list)
{
    must(list->count <= WS_EXTENSIONS_MAX, "%zu extensions", list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct ws_extension *e = &list->items[i];
        must(ws_span_is_token(e->name) && e->param_count <= WS_EXTENSION_PARAMS_MAX, "extension %zu", i);
        for (size_t k = 0; k < e->param_count; k++) {
            const struct ws_extension_param *p = &e->params[k];
            struct ws_span text = {p->text, strlen(p->text)};
            must(ws_span_is_token(p->name), "a name that is no token");
            must(p->has_value || (p->value.size == 0 && !p->quoted && text.size == 0), "a value of nothing");
            must(!p->has_value || (p->too_long ? text.size == 0 : ws_span_is_token(text)),
                 "a value that is no token");
        }
    }
}

/* As a header value, quoted where it was quoted. False when a value was not kept. */
static bool write_list(const struct ws_extension_list *list, struct buf *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct ws_extension *e = &list->items[i];
        buf_printf(out, "%s%.*s", i ? ", " : "", (int)e->name.size, e->name.at);
        for (size_t k = 0; k < e->param_count; k++) {
            const struct ws_extension_param *p = &e->params[k];
            const char *quote = p->quoted ? "\"" : "";
            if (p->too_long)
                return false;
            buf_printf(out, "; %.*s", (int)p->name.size, p->name.at);
            if (p->has_value)
                buf_printf(out, "=%s%s%s", quote, p->text, quote);
        }
    }
    return true;
}

static void parse_back(const struct ws_extension_list *list)
{
    struct buf text;
    buf_init(&text, 0);
    again.count = 0;
    if (write_list(list, &text)) {
        struct ws_extension_scan scan = ws_extension_parse(&again, (struct ws_span){buf_text(&text), text.size});
        must(scan.broken == WS_EXTENSION_FINE && again.count == list->count, "written anew, it breaks: %s",
             buf_text(&text));
        for (size_t i = 0; i < list->count; i++) {
            must(again.items[i].param_count == list->items[i].param_count, "written anew, another: %s",
                 buf_text(&text));
            for (size_t k = 0; k < list->items[i].param_count; k++)
                must(strcmp(again.items[i].params[k].text, list->items[i].params[k].text) == 0 &&
                         again.items[i].params[k].has_value == list->items[i].params[k].has_value,
                     "written anew, another value: %s", buf_text(&text));
        }
    }
    buf_free(&text);
}

static bool same_params(const struct ws_deflate_params *a, const struct ws_deflate_params *b)
{
    return a->server_no_context_takeover == b->server_no_context_takeover &&
           a->client_no_context_takeover == b->client_no_context_takeover &&
           a->server_max_window_bits == b->server_max_window_bits &&
           a->client_max_window_bits == b->client_max_window_bits &&
           a->client_max_window_bits_bare == b->client_max_window_bits_bare;
}

/* Writes them and reads what is written; the extension is again.items[0]. */
static const struct ws_extension *write_params(const struct ws_deflate_params *params, char *out, size_t size)
{
    size_t length = ws_deflate_params_write(params, out, size);
    must(length > 0 && length < size && strlen(out) == length, "parameters are not written");
    again.count = 0;
    must(ws_extension_parse(&again, (struct ws_span){out, length}).broken == WS_EXTENSION_FINE && again.count == 1,
         "parameters do not parse: %s", out);
    return &again.items[0];
}

static void negotiate(const struct ws_extension_list *list, const struct ws_deflate_policy *policy)
{
    struct ws_deflate_params read[WS_EXTENSIONS_MAX], agreed, checked;
    size_t count = 0;
    char text[256];
    const char *reason = "";
    for (size_t i = 0; i < list->count; i++) {
        if (!ws_deflate_offer_read(&list->items[i], &read[count], &reason)) {
            enum ws_deflate_break broken = ws_deflate_offer_break(&list->items[i], &read[count]);
            must(broken != WS_DEFLATE_FINE && broken < WS_DEFLATE_BREAKS, "refused for nothing");
            must(reason != NULL && *reason, "no reason");
            must(strcmp(reason, ws_deflate_break_text(broken)) == 0, "another reason: %s", reason);
            continue;
        }
        must(ws_deflate_offer_read(write_params(&read[count], text, sizeof text), &checked, &reason),
             "an offer does not read back (%s): %s", reason, text);
        must(same_params(&checked, &read[count]), "an offer is read back as another: %s", text);
        count++;
    }
    bool accepted = ws_deflate_accept(list, policy, &agreed);
    must(accepted == (policy->enabled && count > 0), "%s with %zu good offers", accepted ? "accepted" : "declined",
         count);
    if (!accepted)
        return;
    const struct ws_extension *answer = write_params(&agreed, text, sizeof text);
    must(ws_deflate_check_answer(answer, read, 1, &checked, &reason), "the client refuses (%s): %s", reason, text);
    must(same_params(&checked, &agreed), "the client understands another thing: %s", text);
    must(ws_deflate_check_answer(answer, read, count, &checked, &reason), "with all offers, refused: %s", reason);
    must(!policy->server_max_window_bits || (agreed.server_max_window_bits &&
                                             agreed.server_max_window_bits <= policy->server_max_window_bits),
         "a larger window than the policy's: %s", text);
    must(!policy->server_no_context_takeover || agreed.server_no_context_takeover, "takeover against the policy");
}

/* The first extension as a server's answer to an offer of ours. */
static void answered(const struct ws_extension *answer, const struct ws_deflate_params *offer)
{
    struct ws_deflate_params agreed;
    const char *reason = NULL;
    if (!ws_deflate_check_answer(answer, offer, 1, &agreed, &reason)) {
        must(reason != NULL && *reason, "no reason");
        return;
    }
    must(!offer->server_no_context_takeover || agreed.server_no_context_takeover, "takeover that was declined");
    must(!offer->server_max_window_bits ||
             (agreed.server_max_window_bits && agreed.server_max_window_bits <= offer->server_max_window_bits),
         "a larger window than asked for");
    must(agreed.client_max_window_bits == 0 || offer->client_max_window_bits || offer->client_max_window_bits_bare,
         "client_max_window_bits that were not offered");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t bits[] = {0, 8, 10, 15};
    uint8_t options = fuzz_take(&data, &size), more = fuzz_take(&data, &size);
    struct ws_deflate_policy policy = {
        .enabled = options & 1,
        .server_no_context_takeover = options & 2,
        .client_no_context_takeover = options & 4,
        .server_max_window_bits = bits[options >> 3 & 3],
        .client_max_window_bits = bits[options >> 5 & 3],
    };
    struct ws_deflate_params ours = {
        .server_no_context_takeover = more & 1,
        .client_no_context_takeover = more & 2,
        .client_max_window_bits_bare = more & 4,
        .server_max_window_bits = bits[more >> 4 & 3],
    };
    char *text = (char *)fuzz_copy(data, size);
    offers.count = 0;
    struct ws_extension_scan scan = ws_extension_parse(&offers, (struct ws_span){text, size});
    must(scan.broken == WS_EXTENSION_FINE || scan.at <= size, "broken at %zu of %zu", scan.at, size);
    check_list(&offers);
    if (scan.broken == WS_EXTENSION_FINE)
        parse_back(&offers);
    negotiate(&offers, &policy);
    if (offers.count > 0)
        answered(&offers.items[0], &ours);
    free(text);
    return 0;
}
