/* RFC 6455 section 9.1: the grammar of Sec-WebSocket-Extensions; RFC 7692
 * section 7.1: negotiation of permessage-deflate, both roles. */
#ifndef WS_EXTENSION_H
#define WS_EXTENSION_H

#include "http1.h"

#define WS_EXTENSIONS_MAX 32u        /* offers in all header lines together */
#define WS_EXTENSION_PARAMS_MAX 16u  /* of one offer */
#define WS_PARAM_VALUE_MAX 64u       /* bytes of an unescaped value that we keep */

struct ws_extension_param {
    struct ws_span name;   /* as written */
    struct ws_span value;  /* as written, without the quotes; size 0 when there is none */
    bool has_value;
    bool quoted;
    char text[WS_PARAM_VALUE_MAX]; /* unescaped, NUL-terminated; "" and too_long when it does not fit */
    bool too_long;
};

struct ws_extension {
    struct ws_span name;
    size_t param_count;
    struct ws_extension_param params[WS_EXTENSION_PARAMS_MAX];
};

/* In order of preference, over all header lines. Large (about 50 KiB): keep one. */
struct ws_extension_list {
    size_t count;
    struct ws_extension items[WS_EXTENSIONS_MAX];
};

enum ws_extension_break {
    WS_EXTENSION_FINE,
    WS_EXTENSION_SYNTAX,        /* not the grammar of RFC 6455 9.1 */
    WS_EXTENSION_VALUE,         /* a quoted value that does not unescape to a token */
    WS_EXTENSION_TOO_MANY,
};

struct ws_extension_scan {
    enum ws_extension_break broken;
    size_t at; /* byte in the value, when broken */
};

/* Appends the elements of one header value to `list` (zero-initialise it). */
struct ws_extension_scan ws_extension_parse(struct ws_extension_list *list, struct ws_span value);

/* What two sides agreed on; also one offer. */
struct ws_deflate_params {
    bool server_no_context_takeover;
    bool client_no_context_takeover;
    uint8_t server_max_window_bits; /* 8 .. 15; 0: not mentioned (means 15) */
    uint8_t client_max_window_bits; /* 8 .. 15; 0: not mentioned (means 15) */
    bool client_max_window_bits_bare; /* offers only: named without a value */
};

/* What a server is willing to do. */
struct ws_deflate_policy {
    bool enabled;
    bool server_no_context_takeover; /* ask for it unasked, in every answer */
    bool client_no_context_takeover;
    uint8_t server_max_window_bits;  /* never use more; 0: 15 */
    uint8_t client_max_window_bits;  /* ask the client for at most this where it offered; 0: do not ask */
};

/* What is wrong with an offer or an answer. The nearer to the end, the nearer
 * it came to being right. */
enum ws_deflate_break {
    WS_DEFLATE_FINE,
    WS_DEFLATE_OTHER_NAME,            /* another extension; an answer when nothing was offered */
    WS_DEFLATE_UNKNOWN_PARAM,
    WS_DEFLATE_REPEATED_PARAM,
    WS_DEFLATE_VALUE_UNWANTED,        /* of a parameter that has none */
    WS_DEFLATE_VALUE_MISSING,
    WS_DEFLATE_VALUE_RANGE,           /* not 8 .. 15, leading zero, no number */
    WS_DEFLATE_UNOFFERED_CLIENT_BITS, /* answers only, as the following */
    WS_DEFLATE_GREATER_SERVER_BITS,
    WS_DEFLATE_GREATER_CLIENT_BITS,
    WS_DEFLATE_UNACKNOWLEDGED,        /* no offer is accepted without this parameter */
    WS_DEFLATE_BREAKS,
};
/* In a few words, for a sentence that begins "permessage-deflate ...". */
const char *ws_deflate_break_text(enum ws_deflate_break broken);
/* The two checks behind ws_deflate_offer_read and ws_deflate_check_answer. */
enum ws_deflate_break ws_deflate_offer_break(const struct ws_extension *offer,
                                             struct ws_deflate_params *out);
enum ws_deflate_break ws_deflate_answer_break(const struct ws_extension *answer,
                                              const struct ws_deflate_params *offers,
                                              size_t offer_count, struct ws_deflate_params *agreed);

/* Reads one element as a permessage-deflate offer (RFC 7692 section 7.1).
 * False: not that extension, or an invalid offer (unknown or duplicate
 * parameter, value missing, out of range, with leading zero ...); `reason`
 * (may be NULL) then names it in a few words. */
bool ws_deflate_offer_read(const struct ws_extension *offer, struct ws_deflate_params *out,
                           const char **reason);

/* Server: takes the first acceptable offer. False: none, answer without it. */
bool ws_deflate_accept(const struct ws_extension_list *offers, const struct ws_deflate_policy *policy,
                       struct ws_deflate_params *agreed);

/* Server: the answer to one offer that was read without a break. */
void ws_deflate_agree(const struct ws_deflate_params *offer, const struct ws_deflate_policy *policy,
                      struct ws_deflate_params *agreed);

/* Client: is this answer legal for what we offered (the offers, in order)?
 * False with the reason when the connection must be failed (RFC 7692 7.1). */
bool ws_deflate_check_answer(const struct ws_extension *answer, const struct ws_deflate_params *offers,
                             size_t offer_count, struct ws_deflate_params *agreed, const char **reason);

/* Writes "permessage-deflate; ..." with a NUL; returns its length, 0 when it does not fit. */
size_t ws_deflate_params_write(const struct ws_deflate_params *params, char *out, size_t size);

#endif
