/* handshake.h: keys, and what the writers write, the validators accept; each
 * single spoiling of a good request or response is told by its rule. */
#include "unit.h"

#include "wire/handshake.h"

static struct ws_head head;
static struct ws_handshake_scratch scratch;

START_TEST(keys)
{
    static const struct { const char *key, *accept; } rows[] = {
        {"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
        {"AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="},
        {"AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="},
    };
    char text[WS_ACCEPT_SIZE + 1];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ws_accept_key(rows[i].key, strlen(rows[i].key), text);
        ck_assert_str_eq(text, rows[i].accept);
    }
    ws_key_make((const uint8_t *)"the sample nonce", text);
    ck_assert_str_eq(text, rows[0].key);
}
END_TEST

static const char *const protocols[] = {"chat", "superchat", NULL};
static const struct ws_deflate_params offers[] = {{.client_max_window_bits_bare = true}};
static const struct ws_server_policy policy = {.protocols = protocols, .deflate = {.enabled = true}};

static size_t good_request(char *text, size_t size)
{
    return ws_request_write(&(struct ws_request){.host = "server.example.com", .target = "/chat",
                                                 .key = "dGhlIHNhbXBsZSBub25jZQ==", .origin = "http://example.com",
                                                 .protocols = protocols, .deflate = offers, .deflate_count = 1,
                                                 .extra = "X-More: 1\r\n"}, text, size);
}

static void judge_request(const char *text, size_t size, struct ws_server_answer *answer)
{
    ck_assert_int_eq(ws_head_parse(&head, false, text, size, 0, 0).answer, WS_SCAN_DONE);
    ws_request_validate(&head, &policy, &scratch, answer);
}

static const struct ws_client_offer offer = {.key = "dGhlIHNhbXBsZSBub25jZQ==", .protocols = protocols,
                                             .deflate = offers, .deflate_count = 1};

START_TEST(what_is_written_is_accepted)
{
    char request[1024], response[1024];
    static struct ws_server_answer answer;
    static struct ws_client_answer verdict;
    size_t size = good_request(request, sizeof request);
    ck_assert_uint_gt(size, 0);
    judge_request(request, size, &answer);
    ck_assert(answer.accept);
    ck_assert_int_eq(answer.status, 101);
    ck_assert_str_eq(answer.protocol, "chat");
    ck_assert(answer.deflate);
    ck_assert_uint_eq(answer.breach_count, 0);

    size = ws_response_write(&answer, "X-More: 2\r\n", response, sizeof response);
    ck_assert_uint_gt(size, 0);
    ck_assert_int_eq(ws_head_parse(&head, true, response, size, 0, 0).answer, WS_SCAN_DONE);
    ws_response_validate(&head, &offer, &scratch, &verdict);
    ck_assert(verdict.accept && verdict.deflate);
    ck_assert_uint_eq(verdict.breach_count, 0);
    ck_assert(ws_span_is(verdict.protocol, "chat"));

    /* Neither writer writes what does not fit. */
    for (size_t room = 0; room < size; room++) {
        struct guard g = guard_end(response, room);
        ck_assert_uint_eq(ws_response_write(&answer, "X-More: 2\r\n", (char *)g.bytes, room), 0);
        guard_free(&g);
    }
    for (size_t room = 0; room < 200; room++) {
        struct guard g = guard_end(request, room);
        ck_assert_uint_eq(good_request((char *)g.bytes, room), 0);
        guard_free(&g);
    }
}
END_TEST

/* The text with `from` replaced by `to`. */
static size_t spoil(char *out, size_t room, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "no '%s'", from);
    return (size_t)snprintf(out, room, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

START_TEST(a_spoiled_request_is_refused)
{
    static const struct { const char *from, *to; int status; } rows[] = {
        {"GET", "POST", 405},
        {"HTTP/1.1", "HTTP/1.0", 400},
        {"Host: server.example.com\r\n", "", 400},
        {"Upgrade: websocket\r\n", "", 426},
        {"Upgrade: websocket", "Upgrade: h2c", 426},
        {"Connection: Upgrade\r\n", "", 400},
        {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400},
        {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400},
        {"Sec-WebSocket-Version: 13\r\n", "", 426},
        {"Version: 13", "Version: 14", 426},
        {"Version: 13", "Version: 013", 400},
        {"X-More: 1", "X-More : 1", 400},
    };
    char good[1024], bad[1200];
    static struct ws_server_answer answer;
    good[good_request(good, sizeof good)] = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        judge_request(bad, spoil(bad, sizeof bad, good, rows[i].from, rows[i].to), &answer);
        ck_assert_msg(!answer.accept && answer.status >= 400 && answer.breach_count > 0, "row %zu is accepted", i);
        ck_assert_msg(answer.status == rows[i].status, "row %zu: %d", i, answer.status);
        ck_assert_msg(answer.say_version == (strstr(rows[i].from, "Version") != NULL), "row %zu: the version?", i);
        ck_assert_int_eq(answer.breaches[0].rule->judged_by, WS_SERVER);
        char response[1024];
        size_t size = ws_response_write(&answer, NULL, response, sizeof response);
        ck_assert_int_eq(ws_head_parse(&head, true, response, size, 0, 0).answer, WS_SCAN_DONE);
        ck_assert_int_eq(head.status, answer.status);
    }
}
END_TEST

START_TEST(a_spoiled_response_fails_the_connection)
{
    static const struct { const char *from, *to; } rows[] = {
        {"101 ", "200 "},
        {"Upgrade: websocket\r\n", ""},
        {"Upgrade: websocket", "Upgrade: websockets"},
        {"Connection: Upgrade\r\n", ""},
        {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "t3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
        {"Sec-WebSocket-Accept", "X-Accept"},
        {"Protocol: chat", "Protocol: other"},
        {"Protocol: chat", "Protocol: chat, superchat"},
        {"permessage-deflate", "x-unoffered"},
        {"permessage-deflate", "permessage-deflate; unknown"},
    };
    char request[1024], good[1024], bad[1200];
    static struct ws_server_answer answer;
    static struct ws_client_answer verdict;
    judge_request(request, good_request(request, sizeof request), &answer);
    good[ws_response_write(&answer, NULL, good, sizeof good)] = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = spoil(bad, sizeof bad, good, rows[i].from, rows[i].to);
        ck_assert_int_eq(ws_head_parse(&head, true, bad, size, 0, 0).answer, WS_SCAN_DONE);
        ws_response_validate(&head, &offer, &scratch, &verdict);
        ck_assert_msg(!verdict.accept && verdict.breach_count > 0, "row %zu is accepted", i);
        ck_assert_int_eq(verdict.breaches[0].rule->judged_by, WS_CLIENT);
    }
}
END_TEST

START_TEST(what_cannot_be_read_has_an_answer)
{
    static const struct { enum ws_head_break broken; int status; } rows[] = {
        {WS_HEAD_TOO_LARGE, 431}, {WS_HEAD_TOO_MANY, 431}, {WS_HEAD_LINE_TOO_LONG, 414}, {WS_HEAD_NOT_HTTP, 400}};
    static struct ws_server_answer answer;
    static struct ws_client_answer verdict;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ws_head_scan scan = {WS_SCAN_BROKEN, 7, rows[i].broken};
        ws_request_broken(scan, &answer);
        ck_assert(!answer.accept);
        ck_assert_int_eq(answer.status, rows[i].status);
        ws_response_broken(scan, &verdict);
        ck_assert(!verdict.accept);
        ck_assert_uint_eq(verdict.breach_count, 1);
    }
}
END_TEST

UNIT_MAIN("wire/handshake", keys, what_is_written_is_accepted, a_spoiled_request_is_refused,
          a_spoiled_response_fails_the_connection, what_cannot_be_read_has_an_answer)
