/* The opening handshake as a server reads it: 256 variants of a browser's
 * request of 518 bytes and 12 headers, against http-parser with callbacks that
 * fill the same head and then ask the same rules; the accept value against
 * OpenSSL's one-shot SHA1(). */
#include "bench.h"
#include "wire/handshake.h"

#include <http_parser.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <strings.h>

enum { VARIANTS = 256, REQUEST_SIZE = 518, HEADERS = 12 };

struct work {
    char requests[VARIANTS][REQUEST_SIZE + 1];
    struct ws_head head;
    struct ws_handshake_scratch scratch;
    struct ws_server_answer answer;
    struct ws_server_policy policy;
};

/* ---- the requests ---- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void make_request(char *out, unsigned n, bool shuffled, uint64_t *random)
{
    char host[32], key_line[60], agent[200], key[WS_KEY_SIZE + 1];
    uint8_t nonce[16];
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)next_random(random);
    ws_key_make(nonce, key);
    snprintf(host, sizeof host, "Host: server%03u.example.com", n);
    snprintf(key_line, sizeof key_line, "Sec-WebSocket-Key: %s", key);
    const char *lines[HEADERS] = {
        host, "Connection: Upgrade", "Pragma: no-cache", "Cache-Control: no-cache", agent,
        "Upgrade: websocket", "Origin: https://www.example.com", "Sec-WebSocket-Version: 13",
        "Accept-Encoding: gzip, deflate, br", "Accept-Language: en-GB,en;q=0.9,de;q=0.8", key_line,
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    };
    int size = snprintf(out, REQUEST_SIZE + 1, "GET /chat?room=%03u HTTP/1.1\r\n", n);
    int others = size + 2;
    agent[0] = '\0';
    for (size_t i = 0; i < HEADERS; i++)
        others += (int)strlen(lines[i]) + 2;
    snprintf(agent, sizeof agent, "User-Agent: %.*s", REQUEST_SIZE - others - 12,
             "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
             "Safari/537.36 and some more words of the usual kind");
    for (size_t i = HEADERS - 1; shuffled && i > 0; i--) {
        const size_t j = next_random(random) % (i + 1);
        const char *line = lines[i];
        lines[i] = lines[j];
        lines[j] = line;
    }
    for (size_t i = 0; i < HEADERS; i++)
        size += snprintf(out + size, (size_t)(REQUEST_SIZE + 1 - size), "%s\r\n", lines[i]);
    size += snprintf(out + size, (size_t)(REQUEST_SIZE + 1 - size), "\r\n");
    if (size != REQUEST_SIZE)
        abort();
}

/* ---- ours ---- */

static void check(bool fine)
{
    if (!fine)
        abort();
}

static void parse_one(struct work *w, const char *request)
{
    check(ws_head_parse(&w->head, false, request, REQUEST_SIZE, 0, 0).answer == WS_SCAN_DONE);
}

static void ours_parse(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++)
        parse_one(w, w->requests[i]);
}

static void ours_judge(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++) {
        parse_one(w, w->requests[i]);
        ws_request_judge(&w->head, &w->policy, &w->scratch, &w->answer);
        check(w->answer.accept);
    }
}

static void ours_complete(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++) {
        parse_one(w, w->requests[i]);
        ws_request_validate(&w->head, &w->policy, &w->scratch, &w->answer);
        check(w->answer.accept);
    }
}

/* ---- http-parser ---- */

static int on_url(http_parser *parser, const char *at, size_t size)
{
    struct ws_head *head = parser->data;
    head->target = (struct ws_span){at, size};
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t size)
{
    struct ws_head *head = parser->data;
    head->headers[head->header_count++].name = (struct ws_span){at, size};
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t size)
{
    struct ws_head *head = parser->data;
    head->headers[head->header_count - 1].value = (struct ws_span){at, size};
    return 0;
}

/* The usual way: a switch over the length, then one comparison. */
static enum ws_header_id known_id(struct ws_span name)
{
#define KNOWN(text, id) strncasecmp(name.at, text, sizeof text - 1) == 0 ? id
    switch (name.size) {
    case 4: return KNOWN("host", WS_HEADER_HOST) : WS_HEADER_OTHER;
    case 6: return KNOWN("origin", WS_HEADER_ORIGIN) : KNOWN("expect", WS_HEADER_EXPECT) : WS_HEADER_OTHER;
    case 7: return KNOWN("upgrade", WS_HEADER_UPGRADE) : WS_HEADER_OTHER;
    case 10: return KNOWN("connection", WS_HEADER_CONNECTION) : WS_HEADER_OTHER;
    case 14: return KNOWN("content-length", WS_HEADER_CONTENT_LENGTH) : WS_HEADER_OTHER;
    case 17: return KNOWN("sec-websocket-key", WS_HEADER_KEY)
                  : KNOWN("transfer-encoding", WS_HEADER_TRANSFER_ENCODING) : WS_HEADER_OTHER;
    case 20: return KNOWN("sec-websocket-accept", WS_HEADER_ACCEPT) : WS_HEADER_OTHER;
    case 21: return KNOWN("sec-websocket-version", WS_HEADER_VERSION) : WS_HEADER_OTHER;
    case 22: return KNOWN("sec-websocket-protocol", WS_HEADER_PROTOCOL) : WS_HEADER_OTHER;
    case 24: return KNOWN("sec-websocket-extensions", WS_HEADER_EXTENSIONS) : WS_HEADER_OTHER;
    default: return WS_HEADER_OTHER;
    }
#undef KNOWN
}

static const http_parser_settings settings = {
    .on_url = on_url, .on_header_field = on_field, .on_header_value = on_value};

static void peer_parse_one(struct work *w, const char *request)
{
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &w->head;
    w->head.header_count = 0;
    check(http_parser_execute(&parser, &settings, request, REQUEST_SIZE) == REQUEST_SIZE && parser.upgrade);
    w->head.major = parser.http_major;
    w->head.minor = parser.http_minor;
    w->head.method = (struct ws_span){request, parser.method == HTTP_GET ? 3 : 0};
}

static void peer_judge_one(struct work *w, const char *request)
{
    struct ws_head *head = &w->head;
    peer_parse_one(w, request);
    head->start_oddities = head->oddities = 0;
    memset(head->id_count, 0, sizeof head->id_count);
    for (size_t i = 0; i < head->header_count; i++) {
        const enum ws_header_id id = known_id(head->headers[i].name);
        head->headers[i].id = (uint16_t)id;
        head->id_count[id]++;
        head->id_last[id] = (uint16_t)i;
    }
}

static void peer_parse(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++)
        peer_parse_one(w, w->requests[i]);
}

static void peer_judge(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++) {
        peer_judge_one(w, w->requests[i]);
        ws_request_judge(&w->head, &w->policy, &w->scratch, &w->answer);
        check(w->answer.accept);
    }
}

static void one_shot_accept(const char *key, char out[WS_ACCEPT_SIZE + 1])
{
    char text[WS_KEY_SIZE + 36 + 1];
    unsigned char digest[SHA_DIGEST_LENGTH];
    memcpy(text, key, WS_KEY_SIZE);
    memcpy(text + WS_KEY_SIZE, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 37);
    SHA1((const unsigned char *)text, sizeof text - 1, digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
}

static void peer_complete(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++) {
        peer_judge_one(w, w->requests[i]);
        ws_request_judge(&w->head, &w->policy, &w->scratch, &w->answer);
        check(w->answer.accept);
        size_t from = 0;
        one_shot_accept(ws_head_next(&w->head, WS_HEADER_KEY, &from)->value.at, w->answer.accept_key);
    }
}

/* ---- the accept value alone ---- */

static void ours_accept(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++)
        ws_accept_key(w->requests[i], WS_KEY_SIZE, w->answer.accept_key);
}

static void peer_accept(void *context)
{
    struct work *w = context;
    for (size_t i = 0; i < VARIANTS; i++)
        one_shot_accept(w->requests[i], w->answer.accept_key);
}

static void compare(const char *what, struct work *w, void (*ours)(void *), void (*peer)(void *),
                    const char *peer_name, double goal)
{
    struct bench_subject subjects[] = {
        {.name = what, .run = ours, .context = w},
        {.name = peer_name, .run = peer, .context = w},
    };
    char label[60];
    bench_run(subjects, 2);
    snprintf(label, sizeof label, "%s, %.0f ns", what, subjects[0].best / VARIANTS);
    bench_line(label, subjects[0].best, subjects[1].best, peer_name, goal);
}

int main(void)
{
    static struct work works[2];
    static const char *const orders[] = {"same order", "shuffled"};
    uint64_t random = 1;
    printf("opening handshake, per request of %d bytes and %d headers\n", REQUEST_SIZE, HEADERS);
    for (size_t i = 0; i < 2; i++) {
        struct work *w = &works[i];
        w->policy.deflate.enabled = true;
        for (unsigned n = 0; n < VARIANTS; n++)
            make_request(w->requests[n], n, i == 1, &random);
        printf("%s\n", orders[i]);
        compare("parse", w, ours_parse, peer_parse, "http-parser", 0);
        compare("parse, validate", w, ours_judge, peer_judge, "http-parser", 4);
        compare("parse, validate, accept", w, ours_complete, peer_complete, "http-parser + SHA1()", 0);
    }
    compare("accept alone", &works[0], ours_accept, peer_accept, "SHA1()", 0);
    return 0;
}
