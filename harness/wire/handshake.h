/* RFC 6455 section 4: the opening handshake, judged from both sides by one
 * table of rules (handshake_rules.def: role, check, requirement id, certainty,
 * status, sentence). */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include "extension.h"
#include "frame.h"
#include "http1.h"
#include "violation.h"

#define WS_KEY_SIZE 24u    /* base64 of 16 bytes */
#define WS_ACCEPT_SIZE 28u /* base64 of a SHA-1 */
#define WS_PROTOCOLS_MAX 32u
#define WS_HANDSHAKE_BREACHES_MAX 64u /* more than one side has rules */

/* RFC 6455 section 4.2.2 item 5.4: base64(SHA-1(key + GUID)). Any key bytes. */
void ws_accept_key(const char *key, size_t key_size, char out[WS_ACCEPT_SIZE + 1]);
/* base64 of 16 bytes: a Sec-WebSocket-Key. */
void ws_key_make(const uint8_t nonce[16], char out[WS_KEY_SIZE + 1]);

/* ---- server: a request ---- */

struct ws_server_policy {
    const char *const *protocols; /* we speak, best first; NULL-terminated, may be NULL */
    struct ws_deflate_policy deflate;
    bool lenient;  /* refuse only what the table calls must or should */
};

/* A rule that the peer broke. */
struct ws_breach {
    const struct ws_handshake_rule *rule;
    struct ws_span where; /* the bytes, when there are some */
};

struct ws_handshake_rule {
    const char *name;        /* "request-key-length" */
    const char *requirement; /* id of requirements.tsv */
    enum ws_certainty certainty;
    enum ws_role judged_by;  /* WS_SERVER: a rule about requests */
    int status;              /* requests: the answer, 400 ..., 0 when only noted; responses: 0 */
    bool refused;            /* our own endpoints refuse it (not all of it when lenient); else it is noted */
    const char *sentence;    /* what the peer did, "sends two Sec-WebSocket-Key headers" */
};

struct ws_server_answer {
    bool accept;              /* 101 */
    int status;               /* 101, 400, 405, 426, 431, 501, 505 ... */
    bool say_version;         /* the answer must carry "Sec-WebSocket-Version: 13" */
    char accept_key[WS_ACCEPT_SIZE + 1];
    const char *protocol;     /* one of policy->protocols, or NULL */
    bool deflate;
    struct ws_deflate_params deflate_params;
    size_t breach_count;      /* all of them, the deciding one first */
    struct ws_breach breaches[WS_HANDSHAKE_BREACHES_MAX];
};

/* Scratch for both validators, so that nothing is allocated. */
struct ws_handshake_scratch {
    struct ws_extension_list extensions;
};

void ws_request_validate(const struct ws_head *head, const struct ws_server_policy *policy,
                         struct ws_handshake_scratch *scratch, struct ws_server_answer *answer);
/* The same without computing accept_key, which is left empty: for who only judges. */
void ws_request_judge(const struct ws_head *head, const struct ws_server_policy *policy,
                      struct ws_handshake_scratch *scratch, struct ws_server_answer *answer);
/* The answer to a head that could not be read (`scan.broken`). */
void ws_request_broken(struct ws_head_scan scan, struct ws_server_answer *answer);

/* Writes the response head for the answer; extra: further header lines, each
 * with CRLF, or NULL. Returns its bytes; 0 when it does not fit. */
size_t ws_response_write(const struct ws_server_answer *answer, const char *extra, char *out, size_t size);

/* ---- client: a response ---- */

struct ws_client_offer {
    const char *key;                       /* the one we sent */
    const char *const *protocols;          /* we offered; NULL-terminated, may be NULL */
    const struct ws_deflate_params *deflate; /* permessage-deflate offers, in order */
    size_t deflate_count;                  /* 0: no extension was offered */
};

struct ws_client_answer {
    bool accept;             /* the connection is open; else it must be failed */
    bool interim;            /* neither: a 1xx other than 101; drop its head and read the next */
    struct ws_span protocol; /* into the head; size 0 when none */
    bool deflate;
    struct ws_deflate_params deflate_params;
    size_t breach_count;     /* the deciding one first; lenient ones may stand beside accept */
    struct ws_breach breaches[WS_HANDSHAKE_BREACHES_MAX];
};

void ws_response_validate(const struct ws_head *head, const struct ws_client_offer *offer,
                          struct ws_handshake_scratch *scratch, struct ws_client_answer *answer);
void ws_response_broken(struct ws_head_scan scan, struct ws_client_answer *answer);

/* A client's request. Everything is optional but host, target and key. */
struct ws_request {
    const char *host;   /* with port, where it is not the default */
    const char *target; /* "/chat?x=1" */
    const char *key;
    const char *origin;
    const char *const *protocols;
    const struct ws_deflate_params *deflate;
    size_t deflate_count;
    const char *extra;  /* further header lines, each with CRLF */
};
size_t ws_request_write(const struct ws_request *request, char *out, size_t size);

/* All rules, for coverage and documentation. */
const struct ws_handshake_rule *ws_handshake_rules(size_t *count);

#endif
