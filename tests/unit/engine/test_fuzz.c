/* Sessions, the oracle that writes scenarios for them, and the minimiser. That the
 * correct peer passes thousands of them is seen in tests/e2e/fuzz.py. */
#include "engine/fuzz/generate.h"
#include "engine/fuzz/minimise.h"
#include "engine/fuzz/oracle.h"
#include "engine/fuzz/twin.h"
#include "engine/suite/suite.h"

#include "unit.h"

static const struct generate_config grammar = {.deflate = true, .handshake = true, .host = "localhost", .target = "/"};

static void write(const struct session *session, struct buf *out)
{
    buf_clear(out);
    oracle_write(session, &(struct oracle_config){.title = "x", .echoes = true}, out);
}

static struct script *parse(const struct buf *text)
{
    struct buf errors;
    unsigned mistakes = 0;
    buf_init(&errors, 0);
    struct script *script = script_parse("x.wsg", buf_text(text), text->size, &errors, &mistakes);
    ck_assert_msg(mistakes == 0, "%s\n%s", buf_text(&errors), buf_text(text));
    buf_free(&errors);
    return script;
}

/* What the oracle makes of one move behind a plain `open`; limit: the server's on messages, 0: it has none. */
static void check_move_at_limit(const struct move *move, const void *bytes, size_t size, uint64_t limit,
                                const char *due)
{
    struct session *session = session_new();
    struct buf text;
    buf_init(&text, 0);
    session_add(session, MOVE_OPEN, 0);
    struct move *added = session_add(session, move->kind, 0);
    *added = *move;
    ck_assert(session_bytes(session, added, bytes, size));
    oracle_write(session, &(struct oracle_config){.title = "x", .echoes = true, .message_max = limit}, &text);
    ck_assert_msg(strstr(buf_text(&text), due) != NULL, "no '%s' in\n%s", due, buf_text(&text));
    script_free(parse(&text));
    buf_free(&text);
    session_free(session);
}

static void check_move(const struct move *move, const void *bytes, size_t size, const char *due)
{
    check_move_at_limit(move, bytes, size, 0, due);
}

START_TEST(the_oracle_knows_what_is_due)
{
    check_move(&(struct move){.kind = MOVE_TEXT}, "hello", 5, "expect echo # echo");
    check_move(&(struct move){.kind = MOVE_PING}, "abc", 3, "expect pong \"abc\" # pong");
    check_move(&(struct move){.kind = MOVE_PONG}, "abc", 3, "send pong \"abc\"\n");
    check_move(&(struct move){.kind = MOVE_TEXT}, "\xff", 1, "expect fail 1007 # text-invalid");
    check_move(&(struct move){.kind = MOVE_TEXT, .rsv = 2}, "a", 1, "expect fail 1002 # rsv-data");
    check_move(&(struct move){.kind = MOVE_TEXT, .opcode_set = true, .opcode = 3}, "a", 1,
               "expect fail 1002 # reserved-data-opcode");
    check_move(&(struct move){.kind = MOVE_CONTINUE}, "a", 1, "expect fail 1002 # continuation-alone");
    check_move(&(struct move){.kind = MOVE_PING, .more = true}, "a", 1, "expect fail 1002 # control-fragmented");
    check_move(&(struct move){.kind = MOVE_TEXT, .mask = SESSION_MASK_NONE}, "a", 1, "expect fail # unmasked");
    check_move(&(struct move){.kind = MOVE_CLOSE, .code_set = true, .code = 1000}, NULL, 0,
               "expect close 1000|none # close\n  expect eof # tcp-ends\n  or reset as non-strict");
    check_move(&(struct move){.kind = MOVE_CLOSE, .code_set = true, .code = 1005}, NULL, 0, "expect fail 1002");
    check_move(&(struct move){.kind = MOVE_TEXT, .claim = true, .length = UINT64_C(1) << 63, .long_length = 64}, "a", 1,
               "# length-top-bit");
    check_move(&(struct move){.kind = MOVE_TEXT, .long_length = 64}, "a", 1, "or fail 1002");
    check_move(&(struct move){.kind = MOVE_TEXT, .cut_set = true, .cut = 3}, "abc", 3, "drop reset");
    check_move(&(struct move){.kind = MOVE_TEXT, .cut_set = true, .cut = 10}, "abc", 3, "expect text \"abc\" # echo");
}
END_TEST

/* A message that the Close cuts short may be called an error. */
START_TEST(the_oracle_knows_a_close_in_a_message)
{
    struct session *session = session_new();
    struct buf text;
    buf_init(&text, 0);
    session_add(session, MOVE_OPEN, 0);
    session_add(session, MOVE_TEXT, 0)->more = true;
    struct move *move = session_add(session, MOVE_CLOSE, 0);
    move->code_set = true;
    move->code = 1012; /* it may be refused for its code, too */
    oracle_write(session, &(struct oracle_config){.title = "x", .echoes = true}, &text);
    const char *due = "expect close 1012|1000|none # close-in-message\n  or close 1002 as non-strict\n  expect eof";
    ck_assert_msg(strstr(buf_text(&text), due) != NULL, "no '%s' in\n%s", due, buf_text(&text));
    script_free(parse(&text));
    buf_free(&text);
    session_free(session);
}
END_TEST

/* A server whose limit is known: at it a message comes back, beyond it it does not, and 1009 says why. */
START_TEST(the_oracle_knows_a_limit)
{
    static const uint8_t bytes[101];
    static const struct { struct move move; size_t size; const char *due; } rows[] = {
        {{.kind = MOVE_BINARY}, 100, "expect echo # echo\n"},
        {{.kind = MOVE_BINARY}, 101, "expect fail 1009 # message-too-big\n  or fail as non-strict\n"},
        {{.kind = MOVE_TEXT}, 101, "expect fail 1009 # message-too-big\n"},
        {{.kind = MOVE_BINARY, .fragment = 60}, 101, "expect fail 1009 # message-too-big\n"},
        {{.kind = MOVE_BINARY, .fragment = 60}, 100, "expect echo # echo\n"},
        {{.kind = MOVE_PING}, 101, "expect pong"},
        {{.kind = MOVE_BINARY, .rsv = 2}, 101, "drop reset"}, /* 1002 or 1009: whichever is seen first */
        {{.kind = MOVE_BINARY, .more = true}, 101, "drop reset"}, /* who counts whole messages waits for the rest */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_move_at_limit(&rows[i].move, bytes, rows[i].size, 100, rows[i].due);
}
END_TEST

/* Heads by hand: certain breaches are refused, certain rights are not, the rest is left open. */
/* What is due to a head from a server whose resource is at `target`; NULL: at "/". */
static void check_head(const char *head, const char *target, const char *due)
{
    struct session *session = session_new();
    struct buf text;
    buf_init(&text, 0);
    session_bytes(session, session_add(session, MOVE_HEAD, 0), head, strlen(head));
    oracle_write(session, &(struct oracle_config){.title = "x", .echoes = true, .target = target}, &text);
    ck_assert_msg(strstr(buf_text(&text), due) != NULL, "no '%s' in\n%s", due, buf_text(&text));
    script_free(parse(&text));
    buf_free(&text);
    session_free(session);
}

START_TEST(the_oracle_judges_heads)
{
#define LINES "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    static const struct { const char *head, *due; } rows[] = {
        {"GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "expect open # open\n"},
        {"GET / HTTP/1.1\r\n" LINES "\r\n",
         "expect status 4xx|5xx # request-version-missing\n  expect header \"Upgrade\""},
        {"POST / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "# request-method"},
        {"GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 12\r\n\r\n", "# version-said"},
        {"GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 8\r\n\r\n",
         "expect open # request-version-other\n  or refused"},
        {"GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n", "or refused"},
        {"GET / HTTP/1.1\r\nHost: x", "expect nothing for 50ms # head-without-end\n  or refused\n  drop reset"},
        {"DELETE / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n",
         "expect status 4xx|5xx # request-method\n  expect header \"Allow\" # allow-said\n"},
        {"HEAD / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n",
         "# allow-said\n  or status 200..404|406..599\n  expect no-body for 50ms # body-for-head\n"},
        {"GET /elsewhere HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "# place-said"},
        {"GET http://x/ HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "expect open # open\n"},
        {"GET http:/// HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "# place-said"},
        {"GET  / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "or open as non-strict"},
        {"\r\nGET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "or refused as non-strict"},
        {"GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\nOrigin:\r\nOrigin:\r\n\r\n",
         "expect open # open\n  or refused\n"},
        {"POST / HTTP/1.1\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n",
         "expect status 4xx|5xx # request-method\n  or refused\n  or nothing for 50ms\n  drop reset"},
        {"GET / HTTP/1.3\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n",
         "expect open # minor-version\n  or refused as non-strict"},
        {"GET / HTTP/1.1\r\nConnection: keep-alive\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n",
         "expect open # open\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_head(rows[i].head, NULL, rows[i].due);
    check_head("GET /chat HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "/chat?x=1",
               "expect open # open\n");
    check_head("GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Version: 13\r\n\r\n", "/chat", "# place-said");
#undef LINES
}
END_TEST

START_TEST(whatever_is_made_parses_and_is_made_again)
{
    struct session *other = NULL;
    struct buf text, again;
    buf_init(&text, 0);
    buf_init(&again, 0);
    for (uint64_t n = 0; n < 1500; n++) {
        struct prng one = prng_stream_n(7, "session", n), two = prng_stream_n(7, "session", n);
        struct session *session = session_generate(&grammar, &one), *twin = session_generate(&grammar, &two);
        for (int i = 0; i < 3; i++) {
            session_mutate(session, other, &one);
            session_mutate(twin, other, &two);
        }
        ck_assert_uint_le(session_size(session), SESSION_BYTES_MAX);
        write(session, &text);
        write(twin, &again);
        ck_assert_str_eq(buf_text(&text), buf_text(&again));
        if (text.size != 0)
            script_free(parse(&text));
        session_free(twin);
        session_free(other);
        other = session;
    }
    session_free(other);
    buf_free(&text);
    buf_free(&again);
}
END_TEST

/* A case becomes a session, its scenario a case, that the same session again. */
START_TEST(cases_become_sessions)
{
    struct suite suite = {0};
    struct diag why = {0};
    size_t converted = 0;
    struct buf text, again;
    buf_init(&text, 0);
    buf_init(&again, 0);
    ck_assert_msg(suite_add_embedded(&suite, NULL, &why), "%s", why.text);
    for (size_t i = 0; i < suite.case_count; i++) {
        struct session *session = session_of_case(suite.cases[i].test);
        if (session == NULL)
            continue;
        write(session, &text);
        if (text.size != 0) {
            struct script *script = parse(&text);
            struct session *back = session_of_case(&script->cases[0]);
            ck_assert_msg(back != NULL, "%s\n%s", suite.cases[i].test->id, buf_text(&text));
            write(back, &again);
            ck_assert_str_eq(buf_text(&text), buf_text(&again));
            session_free(back);
            script_free(script);
            converted++;
        }
        session_free(session);
    }
    ck_assert_uint_gt(converted, 200);
    suite_free(&suite);
    buf_free(&text);
    buf_free(&again);
}
END_TEST

/* What a seed waits stays in it, as far as a session may wait at all. */
START_TEST(waits_are_kept_and_capped)
{
    static const char story[] = "scenario \"x\"\n  open\n  send text \"a\" more\n  wait 5ms\n  send continue \"b\"\n"
                                "  wait 2s\n  send ping \"abc\" chunk 1 every 9s\n  send close 1000\n";
    struct buf text;
    buf_init(&text, 0);
    buf_append_text(&text, story);
    struct script *script = parse(&text);
    struct session *session = session_of_case(&script->cases[0]);
    ck_assert_ptr_nonnull(session);
    write(session, &text);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "more\n  wait 5ms\n  send continue \"b\"\n  expect echo # echo\n"
                                                  "  wait 45ms\n  send ping \"abc\" chunk 1\n"));
    script_free(script);
    session_free(session);
    buf_free(&text);
}
END_TEST

static unsigned waits_ms(const struct session *session)
{
    unsigned sum = 0;
    for (size_t i = 0; i < session->count; i++)
        sum += session->moves[i].wait_ms;
    return sum;
}

START_TEST(few_sessions_wait)
{
    unsigned between = 0, within = 0;
    for (uint64_t n = 0; n < 2000; n++) {
        struct prng random = prng_stream_n(7, "session", n);
        struct session *session = session_generate(&grammar, &random);
        ck_assert_uint_le(waits_ms(session), SESSION_WAIT_MS);
        for (size_t i = 0; i < session->count; i++) {
            between += session->moves[i].kind == MOVE_WAIT;
            within += session->moves[i].kind != MOVE_WAIT && session->moves[i].wait_ms != 0;
        }
        session_free(session);
    }
    ck_assert_uint_gt(between, 20);
    ck_assert_uint_gt(within, 10);
    ck_assert_uint_lt(between + within, 140);
}
END_TEST

/* ---- the minimiser ---- */

static unsigned asked;

/* A ping with an 'x' in it behind a text: what it "shows". */
static bool shows(void *arg, const struct session *session)
{
    (void)arg;
    asked++;
    bool text = false;
    for (size_t i = 0; i < session->count; i++) {
        const struct move *move = &session->moves[i];
        text |= move->kind == MOVE_TEXT;
        if (text && move->kind == MOVE_PING && move->size != 0 && memchr(move->bytes, 'x', move->size) != NULL)
            return true;
    }
    return false;
}

static struct session *large_session(void)
{
    struct session *session = session_new();
    session_add(session, MOVE_OPEN, 0)->offer = "server_max_window_bits=9";
    for (int i = 0; i < 6; i++)
        session_bytes(session, session_add(session, i % 2 ? MOVE_BINARY : MOVE_TEXT, (unsigned)i % 2), "payload", 7);
    struct move *ping = session_add(session, MOVE_PING, 1);
    session_bytes(session, ping, "padding x padding", 17);
    ping->chunk = 3;
    ping->wait_ms = 2;
    session_add(session, MOVE_WAIT, 1)->wait_ms = 9;
    session_add(session, MOVE_CLOSE, 0);
    return session;
}

START_TEST(it_gets_as_small_as_it_goes)
{
    struct session *session = large_session(), *small = session_minimise(session, 1000, shows, NULL);
    ck_assert(shows(NULL, small));
    ck_assert_uint_eq(small->count, 2);
    ck_assert_uint_eq(session_size(small), 1);
    ck_assert(!session_has_actors(small));
    ck_assert_uint_eq(small->moves[1].chunk, 0);
    ck_assert_uint_eq(small->moves[1].wait_ms, 0);
    session_free(small);
    session_free(session);
}
END_TEST

START_TEST(it_keeps_to_its_tries)
{
    for (unsigned tries = 0; tries < 40; tries++) {
        struct session *session = large_session();
        asked = 0;
        struct session *small = session_minimise(session, tries, shows, NULL);
        ck_assert_uint_le(asked, tries);
        ck_assert(shows(NULL, small));
        session_free(small);
        session_free(session);
    }
}
END_TEST

START_TEST(twins)
{
    uint8_t bytes[802];
    memset(bytes, 0xc3, sizeof bytes);
    bytes[99] = 'a';
    struct session *session = session_new();
    session_add(session, MOVE_OPEN, 0);
    ck_assert(session_bytes(session, session_add(session, MOVE_TEXT, 0), bytes, sizeof bytes));
    memset(bytes + 100, 0xa9, 4); /* goes on with a character: the cut stands before it */
    ck_assert(session_bytes(session, session_add(session, MOVE_BINARY, 0), bytes, sizeof bytes));
    struct session *letters = session_in_letters(session), *cut = session_cut_to_eighth(session);
    ck_assert_uint_eq(letters->count, 3);
    ck_assert_uint_eq(session_size(letters), session_size(session));
    for (size_t at = 0; at < sizeof bytes; at++)
        ck_assert(letters->moves[1].bytes[at] >= 'a' && letters->moves[1].bytes[at] <= 'z');
    ck_assert_uint_eq(cut->moves[1].size, 100);
    ck_assert_uint_eq(cut->moves[2].size, 99);
    ck_assert_ptr_null(session_in_letters(letters)); /* it is its own */
    session->moves[1].rsv = 4;
    ck_assert_ptr_null(session_in_letters(session));
    session_free(cut);
    session_free(letters);
    session_free(session);
}
END_TEST

/* One that is too long for a file would end the campaign that plays it. */
START_TEST(a_scenario_fits_into_its_file)
{
    static uint8_t bytes[SESSION_BYTES_MAX];
    const struct oracle_config config = {.title = "x", .echoes = true};
    struct buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i % 251 | 0x80);
    for (unsigned half = 0; half < 2; half++) {
        struct session *session = session_new();
        session_add(session, MOVE_OPEN, 0);
        ck_assert(session_bytes(session, session_add(session, MOVE_BINARY, 0), bytes, sizeof bytes >> half));
        buf_clear(&text);
        ck_assert_int_eq(oracle_write(session, &config, &text), half == 1);
        session_free(session);
    }
    script_free(parse(&text));
    buf_free(&text);
}
END_TEST

START_TEST(labels)
{
    static const char text[] = "scenario \"x\"\n  a: send text \"a # b\"\n  expect echo # echo\n  open deflate\n";
    char label[16];
    oracle_label(text, 3, label, sizeof label);
    ck_assert_str_eq(label, "echo");
    oracle_label(text, 4, label, sizeof label);
    ck_assert_str_eq(label, "open");
    oracle_label(text, 9, label, sizeof label);
    ck_assert_str_eq(label, "");
    oracle_label(text, 0, label, sizeof label);
    ck_assert_str_eq(label, "");
}
END_TEST

UNIT_MAIN("fuzz", the_oracle_knows_what_is_due, the_oracle_knows_a_close_in_a_message, the_oracle_knows_a_limit,
          the_oracle_judges_heads, whatever_is_made_parses_and_is_made_again, cases_become_sessions,
          waits_are_kept_and_capped, few_sessions_wait, it_gets_as_small_as_it_goes, it_keeps_to_its_tries, twins,
          a_scenario_fits_into_its_file, labels)
