/* RFC 7692 section 7.1: what an offer of permessage-deflate means, what a
 * server answers, and which answers a client must refuse. */
#include "extension.h"

#include <stdio.h>
#include <string.h>

#define EXTENSION_NAME "permessage-deflate"

enum param_id {
    SERVER_NO_CONTEXT_TAKEOVER,
    CLIENT_NO_CONTEXT_TAKEOVER,
    SERVER_MAX_WINDOW_BITS,
    CLIENT_MAX_WINDOW_BITS,
    PARAM_IDS,
};

struct name {
    const char *text;
    size_t size;
};
#define NAME(text) {text, sizeof(text) - 1}
static const struct name extension_name = NAME(EXTENSION_NAME);
static const struct name param_names[PARAM_IDS] = {
    NAME("server_no_context_takeover"),
    NAME("client_no_context_takeover"),
    NAME("server_max_window_bits"),
    NAME("client_max_window_bits"),
};

static inline bool is_named(struct ws_span s, const struct name *name)
{
    return s.size == name->size && memcmp(s.at, name->text, s.size) == 0;
}

static const char *const break_texts[WS_DEFLATE_BREAKS] = {
    [WS_DEFLATE_FINE] = "",
    [WS_DEFLATE_OTHER_NAME] = "is not permessage-deflate",
    [WS_DEFLATE_UNKNOWN_PARAM] = "has an undefined parameter",
    [WS_DEFLATE_REPEATED_PARAM] = "has a parameter twice",
    [WS_DEFLATE_VALUE_UNWANTED] = "gives a no_context_takeover parameter a value",
    [WS_DEFLATE_VALUE_MISSING] = "has max_window_bits without a value",
    [WS_DEFLATE_VALUE_RANGE] = "has max_window_bits that are not 8 to 15 in plain decimal",
    [WS_DEFLATE_UNOFFERED_CLIENT_BITS] = "has client_max_window_bits, which was not offered",
    [WS_DEFLATE_GREATER_SERVER_BITS] = "has greater server_max_window_bits than offered",
    [WS_DEFLATE_GREATER_CLIENT_BITS] = "has greater client_max_window_bits than offered",
    [WS_DEFLATE_UNACKNOWLEDGED] = "leaves out a parameter that the offer asked the server for",
};

const char *ws_deflate_break_text(enum ws_deflate_break broken) { return break_texts[broken]; }

/* 8 .. 15 without leading zero; 0 when it is anything else. */
static uint8_t bits_of(const char *text)
{
    if ((text[0] == '8' || text[0] == '9') && text[1] == '\0')
        return (uint8_t)(text[0] - '0');
    if (text[0] == '1' && text[1] >= '0' && text[1] <= '5' && text[2] == '\0')
        return (uint8_t)(10 + text[1] - '0');
    return 0;
}

static enum ws_deflate_break read_flag(const struct ws_extension_param *p, bool *flag)
{
    *flag = true;
    return p->has_value ? WS_DEFLATE_VALUE_UNWANTED : WS_DEFLATE_FINE;
}

static enum ws_deflate_break read_bits(const struct ws_extension_param *p, uint8_t *bits)
{
    if (!p->has_value)
        return WS_DEFLATE_VALUE_MISSING;
    *bits = bits_of(p->text);
    return *bits ? WS_DEFLATE_FINE : WS_DEFLATE_VALUE_RANGE;
}

static enum ws_deflate_break read_param(const struct ws_extension_param *p, enum param_id id,
                                        bool is_offer, struct ws_deflate_params *out)
{
    switch (id) {
    case SERVER_NO_CONTEXT_TAKEOVER:
        return read_flag(p, &out->server_no_context_takeover);
    case CLIENT_NO_CONTEXT_TAKEOVER:
        return read_flag(p, &out->client_no_context_takeover);
    case SERVER_MAX_WINDOW_BITS:
        return read_bits(p, &out->server_max_window_bits);
    case CLIENT_MAX_WINDOW_BITS:
        out->client_max_window_bits_bare = is_offer && !p->has_value;
        return out->client_max_window_bits_bare ? WS_DEFLATE_FINE
                                                : read_bits(p, &out->client_max_window_bits);
    default:
        return WS_DEFLATE_UNKNOWN_PARAM;
    }
}

static enum ws_deflate_break read_params(const struct ws_extension *e, bool is_offer,
                                         struct ws_deflate_params *out)
{
    unsigned seen = 0;
    *out = (struct ws_deflate_params){0};
    if (!is_named(e->name, &extension_name))
        return WS_DEFLATE_OTHER_NAME;
    for (size_t i = 0; i < e->param_count; i++) {
        unsigned id = 0;
        while (id < PARAM_IDS && !is_named(e->params[i].name, &param_names[id]))
            id++;
        if (seen & 1u << id)
            return WS_DEFLATE_REPEATED_PARAM;
        seen |= 1u << id;
        const enum ws_deflate_break broken = read_param(&e->params[i], (enum param_id)id, is_offer, out);
        if (broken)
            return broken;
    }
    return WS_DEFLATE_FINE;
}

enum ws_deflate_break ws_deflate_offer_break(const struct ws_extension *offer,
                                             struct ws_deflate_params *out)
{
    return read_params(offer, true, out);
}

bool ws_deflate_offer_read(const struct ws_extension *offer, struct ws_deflate_params *out,
                           const char **reason)
{
    const enum ws_deflate_break broken = ws_deflate_offer_break(offer, out);
    if (reason)
        *reason = break_texts[broken];
    return broken == WS_DEFLATE_FINE;
}

static uint8_t smaller_bits(uint8_t a, uint8_t b) { return a && (!b || a < b) ? a : b; }

void ws_deflate_agree(const struct ws_deflate_params *offer, const struct ws_deflate_policy *policy,
                      struct ws_deflate_params *agreed)
{
    const bool client_bits_offered = offer->client_max_window_bits || offer->client_max_window_bits_bare;
    *agreed = (struct ws_deflate_params){
        .server_no_context_takeover =
            offer->server_no_context_takeover || policy->server_no_context_takeover,
        /* From a client this is a hint; taking it saves its window here. */
        .client_no_context_takeover =
            offer->client_no_context_takeover || policy->client_no_context_takeover,
        .server_max_window_bits =
            smaller_bits(offer->server_max_window_bits, policy->server_max_window_bits),
    };
    if (client_bits_offered && policy->client_max_window_bits)
        agreed->client_max_window_bits =
            smaller_bits(offer->client_max_window_bits, policy->client_max_window_bits);
}

bool ws_deflate_accept(const struct ws_extension_list *offers, const struct ws_deflate_policy *policy,
                       struct ws_deflate_params *agreed)
{
    for (size_t i = 0; policy->enabled && i < offers->count; i++) {
        struct ws_deflate_params offer;
        if (ws_deflate_offer_break(&offers->items[i], &offer))
            continue; /* declined; the next may do */
        ws_deflate_agree(&offer, policy, agreed);
        return true;
    }
    return false;
}

/* Does the answer accept this one offer? */
static enum ws_deflate_break compare(const struct ws_deflate_params *answer,
                                     const struct ws_deflate_params *offer)
{
    if (answer->client_max_window_bits) {
        if (!offer->client_max_window_bits && !offer->client_max_window_bits_bare)
            return WS_DEFLATE_UNOFFERED_CLIENT_BITS;
        if (offer->client_max_window_bits && answer->client_max_window_bits > offer->client_max_window_bits)
            return WS_DEFLATE_GREATER_CLIENT_BITS;
    }
    if (offer->server_max_window_bits && answer->server_max_window_bits > offer->server_max_window_bits)
        return WS_DEFLATE_GREATER_SERVER_BITS;
    if (offer->server_max_window_bits && !answer->server_max_window_bits)
        return WS_DEFLATE_UNACKNOWLEDGED;
    if (offer->server_no_context_takeover && !answer->server_no_context_takeover)
        return WS_DEFLATE_UNACKNOWLEDGED;
    return WS_DEFLATE_FINE;
}

enum ws_deflate_break ws_deflate_answer_break(const struct ws_extension *answer,
                                              const struct ws_deflate_params *offers,
                                              size_t offer_count, struct ws_deflate_params *agreed)
{
    const enum ws_deflate_break broken = read_params(answer, false, agreed);
    if (broken)
        return broken;
    /* Which offer it answers is not said: the one that it fits best. */
    enum ws_deflate_break best = WS_DEFLATE_OTHER_NAME;
    for (size_t i = 0; i < offer_count; i++) {
        const enum ws_deflate_break one = compare(agreed, &offers[i]);
        if (one == WS_DEFLATE_FINE)
            return one;
        best = one > best ? one : best;
    }
    return best;
}

bool ws_deflate_check_answer(const struct ws_extension *answer, const struct ws_deflate_params *offers,
                             size_t offer_count, struct ws_deflate_params *agreed, const char **reason)
{
    const enum ws_deflate_break broken = ws_deflate_answer_break(answer, offers, offer_count, agreed);
    if (reason)
        *reason = break_texts[broken];
    return broken == WS_DEFLATE_FINE;
}

size_t ws_deflate_params_write(const struct ws_deflate_params *params, char *out, size_t size)
{
    char server_bits[40] = "", client_bits[40] = "";
    if (params->server_max_window_bits)
        snprintf(server_bits, sizeof server_bits, "; %s=%u", param_names[SERVER_MAX_WINDOW_BITS].text,
                 params->server_max_window_bits);
    if (params->client_max_window_bits)
        snprintf(client_bits, sizeof client_bits, "; %s=%u", param_names[CLIENT_MAX_WINDOW_BITS].text,
                 params->client_max_window_bits);
    else if (params->client_max_window_bits_bare)
        snprintf(client_bits, sizeof client_bits, "; %s", param_names[CLIENT_MAX_WINDOW_BITS].text);
    const int written =
        snprintf(out, size, EXTENSION_NAME "%s%s%s%s",
                 params->server_no_context_takeover ? "; server_no_context_takeover" : "",
                 params->client_no_context_takeover ? "; client_no_context_takeover" : "",
                 server_bits, client_bits);
    return written > 0 && (size_t)written < size ? (size_t)written : 0;
}
