/* What of a message is a value, a secret, or just text; and the scenarios that a
 * story becomes. A real browser's session goes through tests/e2e/record.py. */
#include "engine/language/script.h"
#include "engine/proxy/secrets.h"
#include "engine/story/tokens.h"
#include "net/loop.h"

#include "unit.h"

START_TEST(tokens_are_told_apart)
{
    static const struct { const char *text, *tokens; } rows[] = {
        {"hello world 12345", ""},
        {"{\"t\":1700000000123}", "1:1700000000123 "},
        {"id=a81fc2b09d;", "2:a81fc2b09d "},
        {"{\"sid\":\"Yjk1Z-_3aaAAB\"}", "3:Yjk1Z-_3aaAAB "},
        {"at 2026-01-31T12:00:00.123Z, or 2026-01-31 12:00:00+01:00",
         "4:2026-01-31T12:00:00.123Z 4:2026-01-31 12:00:00+01:00 "},
        {"{\"token\":\"hush\",\"access_token\" : \"x y\"}", "5:hush 5:x y "},
        {"{\"token\":17}", ""},
        {"{\"token\":\"open", ""},
        {"123e4567-e89b-12d3-a456-426614174000", "3:123e4567-e89b-12d3-a456-426614174000 "},
        {"subscribe-to-everything", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct guard g = guard_end(rows[i].text, strlen(rows[i].text));
        struct story_token token;
        struct buf out;
        buf_init(&out, 0);
        for (size_t from = 0; story_token_next(g.bytes, g.size, &from, &token);)
            buf_printf(&out, "%d:%.*s ", (int)token.kind, (int)token.size, (const char *)g.bytes + token.at);
        ck_assert_str_eq(buf_text(&out), rows[i].tokens);
        buf_free(&out);
        guard_free(&g);
    }
}
END_TEST

START_TEST(heads_lose_their_secrets)
{
    static const char head[] = "GET /a?b=1&token=x&Access-Token=y&c HTTP/1.1\r\nHost: h\r\nCookie: id=1;\r\n more\r\n"
                               "authorization: Basic zzz\r\nX: token=x\r\n\r\n";
    struct buf out;
    buf_init(&out, 0);
    secrets_head(head, sizeof head - 1, false, &out);
    ck_assert_str_eq(buf_text(&out), "GET /a?b=1&token=***&Access-Token=***&c HTTP/1.1\r\nHost: h\r\n"
                                     "Cookie: ***\r\nauthorization: ***\r\nX: token=x\r\n\r\n");
    buf_clear(&out);
    secrets_head(head, sizeof head - 1, true, &out);
    ck_assert_str_eq(buf_text(&out), head);
    buf_free(&out);
}
END_TEST

static void add(struct story *story, enum story_kind kind, uint64_t ms, bool client, const char *text)
{
    story_add(story, &(struct story_event){.kind = kind, .connection = 1, .at_ns = ms * NS_PER_MS, .client = client,
                                           .opcode = 1, .code = kind == STORY_CLOSE ? 1000 : 0,
                                           .bytes = (const uint8_t *)text, .size = strlen(text),
                                           .whole = strlen(text)});
}

static void tell(struct story *story, bool secrets, struct buf *out)
{
    struct diag why = {0};
    buf_init(out, 0);
    struct story_options options = {.title = "t", .secrets = secrets};
    ck_assert_msg(story_write(story, &options, out, &why), "%s", why.text);
}

START_TEST(a_story_is_told_from_both_sides)
{
    struct story story;
    struct buf out;
    story_init(&story);
    add(&story, STORY_OPEN, 1000, true, "/x");
    add(&story, STORY_MESSAGE, 1010, false, "{\"sid\":\"a81fc2b09d\",\"t\":1700000000123}");
    add(&story, STORY_MESSAGE, 1200, true, "resume a81fc2b09d it's $(x) ${y}");
    add(&story, STORY_MESSAGE, 2700, false, "late");
    add(&story, STORY_MESSAGE, 4000, false, "pushed");
    add(&story, STORY_CLOSE, 4000, true, "");
    add(&story, STORY_CLOSE, 4001, false, "");
    add(&story, STORY_FIN, 4002, false, "");
    tell(&story, false, &out);
    ck_assert_str_eq(buf_text(&out),
                     "scenario \"t\"\n"
                     "  testee server\n"
                     "  timeout 5s\n"
                     "  open path \"/x\"\n"
                     "  expect text matches '^\\{\"sid\":\"([0-9a-f]+)\",\"t\":[0-9]+\\}$' capture v1\n"
                     "  wait 190ms\n"
                     "  send text \"resume \" \"${v1}\" \" it's $(x) \\${y}\"\n"
                     "  expect text \"late\" within 4s\n"
                     "  expect text \"pushed\" within 650ms..3600ms\n"
                     "  send close 1000\n"
                     "  expect close 1000\n"
                     "\n"
                     "scenario \"t, mirrored: we are the server\"\n"
                     "  testee client\n"
                     "  timeout 5s\n"
                     "  accept\n"
                     "  send text '{\"sid\":\"a81fc2b09d\",\"t\":1700000000123}'\n"
                     "  expect text \"resume a81fc2b09d it's $(x) \\${y}\"\n"
                     "  wait 1500ms\n"
                     "  send text \"late\"\n"
                     "  wait 1300ms\n"
                     "  send text \"pushed\"\n"
                     "  expect close 1000\n"
                     "  send close 1000\n");
    buf_free(&out);
    story_free(&story);
}
END_TEST

START_TEST(a_secret_is_the_same_everywhere)
{
    struct story story;
    struct buf out;
    story_init(&story);
    add(&story, STORY_OPEN, 1, true, "/x?token=hush");
    add(&story, STORY_MESSAGE, 2, true, "{\"token\":\"hush hush\"}");
    add(&story, STORY_MESSAGE, 3, false, "welcome hush hush");
    tell(&story, false, &out);
    ck_assert_ptr_null(strstr(buf_text(&out), "hush"));
    buf_free(&out);
    tell(&story, true, &out);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "welcome hush hush"));
    buf_free(&out);
    story_free(&story);
}
END_TEST

/* Any bytes at any time: what is written is always a scenario, twice the same. */
START_TEST(any_story_is_a_scenario)
{
    static const char letters[] = "a1 '\"\\${}\x01\x02:0123456789abcdef-token";
    struct prng random = prng_stream(9, "story");
    for (int round = 0; round < 300; round++) {
        struct story story;
        struct buf first, again;
        story_init(&story);
        for (uint64_t n = 1 + prng_below(&random, 20); n > 0; n--) {
            uint8_t bytes[40];
            size_t size = prng_below(&random, sizeof bytes);
            prng_fill(&random, bytes, size);
            for (size_t i = 0; i < size && round % 2 == 0; i++)
                bytes[i] = (uint8_t)letters[bytes[i] % (sizeof letters - 1)];
            story_add(&story, &(struct story_event){
                                  .kind = (enum story_kind)prng_below(&random, STORY_GONE + 1),
                                  .connection = 1 + (unsigned)prng_below(&random, 4),
                                  .at_ns = prng_below(&random, 1u << 30), .client = prng_below(&random, 2) != 0,
                                  .opcode = (uint8_t)(1 + prng_below(&random, 2)),
                                  .code = 1000, .bytes = bytes, .size = size, .whole = size + prng_below(&random, 2)});
        }
        tell(&story, round % 3 == 0, &first);
        tell(&story, round % 3 == 0, &again);
        ck_assert_str_eq(buf_text(&first), buf_text(&again));
        buf_free(&first);
        buf_free(&again);
        story_free(&story);
    }
}
END_TEST

START_TEST(nothing_is_told)
{
    struct story story;
    struct buf out;
    struct diag why = {0};
    story_init(&story);
    buf_init(&out, 0);
    ck_assert(!story_write(&story, &(struct story_options){.title = "t"}, &out, &why) && out.size == 0);
    ck_assert_str_eq(why.text, "nothing was recorded: no connection came");
}
END_TEST

UNIT_MAIN("engine/story", tokens_are_told_apart, heads_lose_their_secrets, a_story_is_told_from_both_sides,
          a_secret_is_the_same_everywhere, any_story_is_a_scenario, nothing_is_told)
