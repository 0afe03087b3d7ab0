/* Payload expressions: what bytes they make, from which randomness, and what
 * they refuse: unknown names, files outside of their folder, too many bytes. */
#include "scripts.h"

#include "base/limits.h"
#include "wire/utf8.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct capture captures[] = {
    {"sid", (const uint8_t *)"7f3a", 4},
    {"n", (const uint8_t *)"3", 1},
    {"size", (const uint8_t *)"2KiB", 4},
    {"big", (const uint8_t *)"1GiB", 4},
    {"odd", (const uint8_t *)"7f3", 3},
    {"path", (const uint8_t *)"../x", 4},
};

struct made {
    struct script *script;
    struct buf bytes;
    struct diag why;
    bool fine;
};

/* What `send raw EXPRESSION` sends; file("...") reads below `file_dir`. */
static struct made make_in(const char *expression, uint64_t seed, const char *file_dir)
{
    char text[1000];
    struct prng random = prng_stream(seed, "payload");
    struct payload_scope scope = {.captures = captures, .capture_count = sizeof captures / sizeof *captures,
                                  .random = &random, .file_dir = file_dir};
    struct made made = {0};
    snprintf(text, sizeof text, "case x\nsend raw %s\n", expression);
    made.script = good_script(text);
    buf_init(&made.bytes, 0);
    const struct setting *payload = step_setting(made.script->cases[0].steps, SLOT_PAYLOAD);
    made.fine = payload_bytes(payload->value.bytes, &scope, &made.bytes, &made.why);
    return made;
}

static struct made make(const char *expression)
{
    return make_in(expression, 1, NULL);
}

static void made_free(struct made *made)
{
    script_free(made->script);
    buf_free(&made->bytes);
}

static const struct { const char *expression, *bytes; size_t size; } exact[] = {
    {"\"\"", "", 0},
    {"\"a\\n\\r\\t\\0\\\\\\\"\\$\\x00\\xff\"", "a\n\r\t\0\\\"$\0\xff", 10},
    {"\"\\u00e9\\u{1F600}\\u{41}\"", "\xc3\xa9\xf0\x9f\x98\x80" "A", 7},
    {"'\\n\"$ {'", "\\n\"$ {", 6},
    {"\"id=${sid};\" '${sid}'", "id=7f3a;7f3a", 12},
    {"\"\\${sid}\"", "${sid}", 6},
    {"hex(81 05 ff00)", "\x81\x05\xff\x00", 4},
    {"hex()", "", 0},
    {"hex(${sid})", "\x7f\x3a", 2},
    {"fill(0x61 x 3) fill(98 x ${n})", "aaabbb", 6},
    {"fill(0x61 x 0)", "", 0},
    {"repeat(\"ab\" 'c' x 3)", "abcabcabc", 9},
    {"repeat(repeat(\"a\" x 2) hex(00) x ${n})", "aa\0aa\0aa\0", 9},
    {"repeat(\"\" x 64MiB)", "", 0},
    {"repeat(\"x\" x 0)", "", 0},
    {"repeat(\"abc\" to 7) \"!\"", "abcabca!", 8},
    {"repeat(\"abc\" to 2)", "ab", 2},
    {"repeat(\"abc\" to ${n})", "abc", 3},
    {"repeat(\"abc\" to 0)", "", 0},
    {"repeat(\"\" to 9)", "", 0},
};

START_TEST(expressions_make_their_bytes)
{
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        struct made m = make(exact[i].expression);
        ck_assert_msg(m.fine, "%s: %s", exact[i].expression, m.why.text);
        ck_assert_msg(same_bytes(m.bytes.data, m.bytes.size, exact[i].bytes, exact[i].size), "%s",
                      exact[i].expression);
        made_free(&m);
    }
}
END_TEST

static const struct { const char *expression, *why; } refused[] = {
    {"\"${sidd}\"", "nothing was captured as ${sidd}"},
    {"fill(0 x ${sid})", "${sid}: "},
    {"fill(0 x ${big})", "larger than 64 MiB"},
    {"hex(${odd})", "odd number"},
    {"hex(${path})", "is not hex"},
    {"fill(0 x 64MiB) \"x\"", "larger than 64 MiB"},
    {"repeat(fill(0 x 1KiB) x 65537)", "larger than 64 MiB"},
    {"repeat(repeat(repeat(\"x\" x 64MiB) x 64MiB) x 64MiB)", "larger than 64 MiB"},
    {"repeat(\"abc\" to 64MiB) \"x\"", "larger than 64 MiB"},
    {"sample(json 1)", "sample() cannot stand here"},
    {"file(\"x\")", "files cannot be read here"},
};

START_TEST(what_cannot_be_made_is_said)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct made m = make(refused[i].expression);
        ck_assert_msg(!m.fine, "%s", refused[i].expression);
        ck_assert_msg(strstr(m.why.text, refused[i].why) != NULL, "%s: %s", refused[i].expression, m.why.text);
        ck_assert_uint_le(m.bytes.size, LIMIT_PAYLOAD_BYTES);
        made_free(&m);
    }
}
END_TEST

START_TEST(the_limit_itself_is_allowed)
{
    struct made m = make("fill(0x2a x 64MiB)");
    ck_assert_msg(m.fine, "%s", m.why.text);
    ck_assert_uint_eq(m.bytes.size, LIMIT_PAYLOAD_BYTES);
    made_free(&m);
}
END_TEST

START_TEST(random_bytes_come_from_the_seed)
{
    struct made a = make_in("random(64) random(64)", 1, NULL), b = make_in("random(64) random(64)", 1, NULL);
    struct made c = make_in("random(64) random(64)", 2, NULL), d = make("repeat(random(8) x 2)");
    ck_assert_uint_eq(a.bytes.size, 128);
    ck_assert(same_bytes(a.bytes.data, 128, b.bytes.data, b.bytes.size));
    ck_assert(!same_bytes(a.bytes.data, 128, c.bytes.data, 128));
    ck_assert(!same_bytes(a.bytes.data, 64, a.bytes.data + 64, 64));
    ck_assert(same_bytes(d.bytes.data, 8, d.bytes.data + 8, 8));
    made_free(&a);
    made_free(&b);
    made_free(&c);
    made_free(&d);
}
END_TEST

START_TEST(random_text_is_utf_8_of_exactly_that_size)
{
    bool ascii = false, chinese = false, emoji = false;
    for (unsigned size = 0; size < 300; size++) {
        char expression[40];
        size_t bad;
        snprintf(expression, sizeof expression, "text(%u)", size);
        struct made m = make_in(expression, size, NULL);
        ck_assert_uint_eq(m.bytes.size, size);
        ck_assert(ws_utf8_valid(m.bytes.data, m.bytes.size, &bad));
        for (size_t i = 0; i < size; i++) {
            ascii = ascii || m.bytes.data[i] < 0x80;
            chinese = chinese || (m.bytes.data[i] >= 0xe4 && m.bytes.data[i] <= 0xe9);
            emoji = emoji || m.bytes.data[i] == 0xf0;
        }
        made_free(&m);
    }
    ck_assert(ascii && chinese && emoji);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(files_lie_beside_the_scenario_or_below)
{
    ck_assert(mkdir("folder", 0700) == 0 || errno == EEXIST);
    ck_assert(mkdir("folder/below", 0700) == 0 || errno == EEXIST);
    write_file("outside", "secret");
    write_file("folder/a", "one");
    write_file("folder/below/b..c", "two");
    struct made m = make_in("file(\"a\") file('below/b..c') file('./a')", 1, "folder");
    ck_assert_msg(m.fine, "%s", m.why.text);
    ck_assert_str_eq(buf_text(&m.bytes), "onetwoone");
    made_free(&m);
    static const char *const bad[] = {"file('../outside')", "file('below/../../outside')", "file('..')",
                                      "file('/etc/passwd')",
                                      "file('${path}')", "file('')", "file('missing')", "file('below')",
                                      "file(\"a\\0b\")"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        m = make_in(bad[i], 1, "folder");
        ck_assert_msg(!m.fine && m.bytes.size == 0 && m.why.text[0] != 0, "%s", bad[i]);
        made_free(&m);
    }
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    struct script *s = good_script("case x\nsend raw \"${sid}\" repeat(text(3KiB) x 9) random(8KiB) file('y')\n");
    const struct payload *payload = step_setting(s->cases[0].steps, SLOT_PAYLOAD)->value.bytes;
    write_file("y", "text");
    int hit = 1;
    for (unsigned long n = 1; hit; n++) {
        struct prng random = prng_stream(1, "x");
        struct payload_scope scope = {captures, sizeof captures / sizeof *captures, &random, NULL, "."};
        struct buf out;
        struct diag why = {0};
        buf_init(&out, 0);
        nomem_at(n, 0);
        bool fine = payload_bytes(payload, &scope, &out, &why);
        hit = nomem_hit();
        nomem_at(0, 0);
        ck_assert_msg(fine == !hit, "allocation %lu", n);
        ck_assert(fine || why.text[0] != 0);
        buf_free(&out);
    }
    script_free(s);
}
END_TEST

START_TEST(no_payload_is_no_bytes)
{
    struct payload_scope scope = {0};
    struct buf out;
    buf_init(&out, 0);
    ck_assert(payload_bytes(NULL, &scope, &out, NULL));
    ck_assert_uint_eq(out.size, 0);
    buf_free(&out);
}
END_TEST

UNIT_MAIN("engine/payload", expressions_make_their_bytes, what_cannot_be_made_is_said, the_limit_itself_is_allowed,
          random_bytes_come_from_the_seed, random_text_is_utf_8_of_exactly_that_size,
          files_lie_beside_the_scenario_or_below, each_allocation_may_fail, no_payload_is_no_bytes)
