/* `open ask "no_context_takeover; max_window_bits=9"`: how the testee shall pack
 * what it sends, in the words of RFC 7692 section 7.1 without the role in front.
 * As a client we offer that, and all that we can; as a server we agree to the
 * first that the client's offers allow. */
#include "engine/runner/play.h"

#include <string.h>

#define ASK_TEXT 256u

/* "permessage-deflate; server_no_context_takeover ..." with the testee's role in front of each. */
static bool ask_text(struct runner *r, const struct setting *ask, const char *role, struct buf *out)
{
    struct buf words;
    buf_init(&words, ASK_TEXT);
    bool fine = runner_payload(r, ask->value.bytes, &words);
    const char *at = buf_text(&words);
    buf_append_text(out, "permessage-deflate");
    while (fine && *(at += strspn(at, "; ")) != 0) {
        size_t size = strcspn(at, "; ");
        buf_printf(out, "; %s_%.*s", role, (int)size, at);
        at += size;
    }
    buf_free(&words);
    return fine && !out->failed;
}

bool asking_put_offers(struct runner *r, const struct step *step, struct buf *out)
{
    const struct setting *ask = step_setting(step, SLOT_ASK);
    buf_append_text(out, "Sec-WebSocket-Extensions: ");
    for (; ask; ask = step_next_setting(ask)) {
        if (!ask_text(r, ask, "server", out))
            return false;
        buf_append_text(out, "; client_no_context_takeover; client_max_window_bits");
        if (step_next_setting(ask))
            buf_append_text(out, ", ");
    }
    return buf_append_text(out, "\r\n");
}

/* What is asked, as a policy; false: the case is over. */
static bool read_ask(struct runner *r, const struct setting *ask, struct ws_deflate_policy *policy)
{
    struct ws_extension_list *list = &r->scratch->extensions;
    struct ws_deflate_params params = {0};
    struct buf text;
    buf_init(&text, 0);
    bool fine = ask_text(r, ask, "client", &text);
    memset(list, 0, sizeof *list);
    if (fine)
        ws_extension_parse(list, (struct ws_span){buf_text(&text), text.size});
    if (fine && (list->count != 1 || !ws_deflate_offer_read(&list->items[0], &params, NULL))) {
        end_case(r, VERDICT_ERROR, "", "", "these are no parameters to ask for: %.100s", buf_text(&text));
        fine = false;
    }
    buf_free(&text);
    *policy = (struct ws_deflate_policy){.enabled = true,
                                         .client_no_context_takeover = params.client_no_context_takeover,
                                         .client_max_window_bits = params.client_max_window_bits};
    return fine;
}

/* The first offer that allows it. */
static bool agree(const struct ws_extension_list *offers, const struct ws_deflate_policy *policy,
                  struct ws_deflate_params *agreed)
{
    for (size_t i = 0; i < offers->count; i++) {
        struct ws_deflate_params offer;
        if (!ws_deflate_offer_read(&offers->items[i], &offer, NULL))
            continue;
        bool bits = offer.client_max_window_bits || offer.client_max_window_bits_bare;
        if (policy->client_max_window_bits && !bits)
            continue;
        ws_deflate_agree(&offer, policy, agreed);
        return true;
    }
    return false;
}

bool asking_agree(struct runner *r, struct conn *c)
{
    const struct setting *ask = step_setting(c->opened_by, SLOT_ASK);
    if (!ask || !c->request.accept)
        return true;
    c->request.deflate = false;
    for (; ask && !c->request.deflate; ask = step_next_setting(ask)) {
        struct ws_deflate_policy policy;
        if (!read_ask(r, ask, &policy))
            return false;
        c->request.deflate = agree(opening_extensions(r, &c->head.head), &policy, &c->request.deflate_params);
    }
    return true;
}
