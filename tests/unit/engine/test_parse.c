/* The scenario language is read: what is wrong is said once, where it is, with
 * a hint; and no bytes crash, hang or cost more than their share. */
#include "scripts.h"

#include "base/limits.h"
#include "base/prng.h"

#include <time.h>

/* ---- what a script becomes ---- */

START_TEST(a_case_has_what_its_lines_say)
{
    struct script *s = good_script("suite \"pings\"\ntimeout 3s\n"
                                   "case 5.5.2/x \"a \\u00e9 title\"\n"
                                   "must 6455-1\nshould 6455-2\nmay 6455-3\n"
                                   "alias autobahn 2.4\nalias autobahn 2.5\n"
                                   "testee client\nneeds deflate\nneeds protocol \"p\"\ntimeout 500ms\n"
                                   "open\nexpect close 1000|none|4xx\nor eof\nrepeat 2\nfence\nend\n");
    ck_assert_uint_eq(s->case_count, 1);
    const struct test_case *t = &s->cases[0];
    ck_assert_str_eq(t->id, "5.5.2/x");
    ck_assert_str_eq(t->title, "a \xc3\xa9 title");
    ck_assert_str_eq(t->suite, "pings");
    ck_assert_str_eq(t->file, "test.wsg");
    ck_assert_int_eq(t->line, 3);
    ck_assert_int_eq(t->tested, TESTED_CLIENT);
    ck_assert_uint_eq(t->timeout_ns, 500000000);
    ck_assert_str_eq(t->requirements[2], "6455-3");
    ck_assert_ptr_null(t->requirements[3]);
    ck_assert_int_eq(t->grades[0], GRADE_MUST);
    ck_assert_int_eq(t->grades[2], GRADE_MAY);
    ck_assert_str_eq(t->autobahn[1], "2.5");
    ck_assert(t->needs[FORM_NEEDS_DEFLATE] && !t->needs[FORM_NEEDS_TLS]);
    ck_assert_str_eq(t->needs_protocol, "p");
    ck_assert_uint_eq(t->step_count, 5);
    const struct step *expect = t->steps->next;
    const struct value *codes = &step_setting(expect, SLOT_CODES)->value;
    ck_assert(value_has_code(codes, 1000) && value_has_code(codes, SCRIPT_CODE_NONE) && value_has_code(codes, 450));
    ck_assert(!value_has_code(codes, 500));
    ck_assert_int_eq(expect->alternatives->form, FORM_EXPECT_EOF);
    ck_assert_int_eq(expect->alternatives->verb, VERB_OR);
    ck_assert_int_eq(expect->next->body->verb, VERB_FENCE);
    ck_assert_ptr_null(expect->next->next);
    script_free(s);
}
END_TEST

START_TEST(a_family_has_its_value_in_place)
{
    struct script *s = good_script("case a/b \"code ${code}\" each code 0 999\n  alias autobahn 7.1 -\n"
                                   "  must 1-${code}\n  timeout ${code}ms\n"
                                   "  send close ${code} \"it is ${code}\"\n  expect close ${code}|none\n"
                                   "case c\n  open\n");
    ck_assert_uint_eq(s->case_count, 3);
    ck_assert_str_eq(s->cases[1].id, "a/b/999");
    ck_assert_str_eq(s->cases[1].title, "code 999");
    ck_assert_str_eq(s->cases[0].autobahn[0], "7.1");
    ck_assert_ptr_null(s->cases[1].autobahn[0]);
    ck_assert_uint_eq(step_number(s->cases[0].steps, SLOT_CODE, 7), 0);
    ck_assert_uint_eq(step_number(s->cases[1].steps, SLOT_CODE, 7), 999);
    ck_assert_ptr_null(step_setting(s->cases[1].steps, SLOT_CODE)->value.written);
    ck_assert_str_eq(s->cases[1].requirements[0], "1-999");
    ck_assert_uint_eq(s->cases[1].timeout_ns, 999000000);
    ck_assert(value_has_code(&step_setting(s->cases[1].steps->next, SLOT_CODES)->value, 999));
    ck_assert_str_eq(s->cases[1].each[0].name, "code");
    ck_assert_str_eq(family_value(&s->cases[1], "code"), "999");
    script_free(s);
}
END_TEST

START_TEST(several_values_make_every_pair)
{
    struct script *s = good_script("case a \"${x}\" each x p q each size 1 2 3\n"
                                   "  alias autobahn 12.1.8..10 - 13.4 7\n  open\n"
                                   "  send text sample(json ${size}) fragment ${size}\n"
                                   "case b\n  alias autobahn 9.7.1..3\n  open\n");
    ck_assert_uint_eq(s->case_count, 7);
    ck_assert_str_eq(s->cases[0].id, "a/p/1");
    ck_assert_str_eq(s->cases[5].id, "a/q/3");
    ck_assert_str_eq(s->cases[4].title, "q");
    ck_assert_str_eq(s->cases[2].autobahn[0], "12.1.10");
    ck_assert_ptr_null(s->cases[3].autobahn[0]);
    ck_assert_str_eq(s->cases[4].autobahn[0], "13.4");
    ck_assert_str_eq(s->cases[5].autobahn[0], "7");
    ck_assert_str_eq(s->cases[6].autobahn[2], "9.7.3");
    ck_assert_str_eq(family_value(&s->cases[4], "x"), "q");
    ck_assert_uint_eq(step_number(s->cases[4].steps->next, SLOT_FRAGMENT, 0), 2);
    ck_assert_ptr_null(family_value(&s->cases[4], "y"));
    script_free(s);
}
END_TEST

START_TEST(scenarios_are_named_by_their_file)
{
    struct script *s = good_script("scenario \"one\"\n  open\n");
    ck_assert_str_eq(s->cases[0].id, "test");
    script_free(s);
    s = good_script("scenario \"one\"\n  open\nscenario \"two\"\n");
    ck_assert_str_eq(s->cases[1].id, "test:3");
    script_free(s);
}
END_TEST

START_TEST(values_are_what_they_say)
{
    struct script *s = good_script("scenario \"x\"\n"
                                   "wait 1.5s\nsend ping chunk 64KiB every 2m cut 3B length 0xffffffffffffffff\n"
                                   "expect text within 1s\nexpect text within 500us..1500ms\n"
                                   "reconnect backoff 1s jitter 2.5% factor 1.5\nfault bandwidth 1MiB/s\n"
                                   "open version 13\n");
    const struct step *step = s->cases[0].steps;
    ck_assert_uint_eq(step_number(step, SLOT_DURATION, 0), 1500000000);
    step = step->next;
    ck_assert_uint_eq(step_number(step, SLOT_CHUNK, 0), 65536);
    ck_assert_uint_eq(step_number(step, SLOT_EVERY, 0), UINT64_C(120000000000));
    ck_assert_uint_eq(step_number(step, SLOT_CUT, 0), 3);
    ck_assert_uint_eq(step_number(step, SLOT_LENGTH, 0), UINT64_MAX);
    ck_assert_uint_eq(step_number(step, SLOT_RSV, 42), 42);
    step = step->next;
    ck_assert_uint_eq(step_setting(step, SLOT_WITHIN)->value.from, 0);
    ck_assert_uint_eq(step_setting(step, SLOT_WITHIN)->value.to, 1000000000);
    step = step->next;
    ck_assert_uint_eq(step_setting(step, SLOT_WITHIN)->value.from, 500000);
    step = step->next;
    ck_assert_uint_eq(step_setting(step, SLOT_BACKOFF)->value.from, 1000000000);
    ck_assert_double_eq(step_setting(step, SLOT_JITTER)->value.real, 0.025);
    ck_assert_double_eq(step_setting(step, SLOT_FACTOR)->value.real, 1.5);
    step = step->next;
    ck_assert_uint_eq(step_number(step, SLOT_SPEED, 0), 1 << 20);
    step = step->next;
    ck_assert_uint_eq(step_setting(step, SLOT_VERSION)->value.bytes->pieces->size, 2);
    script_free(s);
}
END_TEST

START_TEST(a_byte_order_mark_and_crlf_are_taken)
{
    struct script *s = good_script("\xef\xbb\xbfscenario \"x\"\r\n\topen\r\n\r\n");
    struct buf out;
    buf_init(&out, 0);
    script_print(s, &out);
    ck_assert_str_eq(buf_text(&out), "scenario \"x\"\n  open\n");
    buf_free(&out);
    script_free(s);
}
END_TEST

/* ---- mistakes ---- */

/* Steps of a case: what is wrong, its column in line 2, and the hint. */
static const struct { const char *line; int column; const char *message, *hint; } mistakes[] = {
    {"sned text \"x\"", 1, "unknown verb", "did you mean 'send'?"},
    {"wobble", 1, "unknown verb", "`wsgauntlet help` lists them"},
    {"\"text\"", 1, "a line begins with a verb", ""},
    {"send txt \"x\"", 6, "unknown kind of 'send'", "did you mean 'text'?"},
    {"send", 5, "missing word behind 'send'", "one of: text, binary"},
    {"expect testee memory 1MiB", 22, "unknown kind of 'expect'", "one of: <, grows"},
    {"expect text \"x\" whithin 1s", 17, "unknown option", "did you mean 'within'?"},
    {"expect text \"x\" within 1", 24, "a time needs its unit", "ms, s, m or h"},
    {"expect text within 1sec", 20, "unknown unit", "ms, s, m or h"},
    {"fault slice 1KB", 13, "unknown unit", "did you mean 'KiB'?"},
    {"send text \"a\\qb\"", 13, "unknown escape", "\\n \\r"},
    {"send text \"\\x4\"", 12, "a byte is \\x and two hex digits", "\\x00"},
    {"send text \"ab", 11, "this quote is not closed", "\\\" for a quote"},
    {"send text 'its", 11, "this quote is not closed", "needs double quotes"},
    {"send text 'it's'", 15, "the text ends before this", "a quote in a text"},
    {"send raw", 9, "missing PAYLOAD", "bytes: \"text"},
    {"send text hello", 11, "unknown option", "bytes stand in quotes: \"hello\""},
    {"send text rsv 8", 15, "rsv is out of range", "0 to 7"},
    {"send text opcode 16", 18, "opcode is out of range", "0 to 15"},
    {"send close 65536", 12, "CODE is out of range", "0 to 65535"},
    {"send text more more", 16, "'more' stands here twice", ""},
    {"send raw \"x\" more", 14, "'more' does not go with 'send raw'", "here may stand: chunk, every"},
    {"send text mask 123", 16, "not a value of 'mask'", "none|00000000"},
    {"send text \"x\" as pass", 15, "unknown option", "here may stand"},
    {"expect text as non-strikt", 16, "not a value of 'as'", "did you mean 'non-strict'?"},
    {"end", 1, "there is no repeat to end", "repeat N"},
    {"or close", 1, "'or' stands right below an expect", ""},
    {"repeat 3", 1, "this repeat is not closed", "'end' on a line of its own"},
    {"repeat 1000001\nend", 8, "N is out of range", "1 to 1000000"},
    {"open\n  must x", 0, "this stands before the first step", "move it up"},
    {"open\x01", 5, "a control character", "\\xHH"},
    {"open # \xff", 8, "not UTF-8", ""},
    {"open # \xe2\x80\xae", 8, "an invisible character", ""},
    {"send text \"a\tb\"", 13, "a tab in a text", "\\t"},
    {"send text \"\xe6\x97\xa5\xe6\x9c\xac\" moer", 16, "unknown option", "did you mean 'more'?"},
    {"\tsend\ttext\tmoer", 12, "unknown option", "did you mean 'more'?"},
    {"send text fil(0 x 1)", 11, "unknown kind of bytes", "did you mean 'fill'?"},
    {"send text fill(300 x 1)", 16, "expected a byte", "fill(0xfe x 126)"},
    {"send text fill(0 x 65MiB)", 20, "over the limit of a payload", "64 MiB"},
    {"send text random(1MiB", 22, "expected ')'", "random(64KiB)"},
    {"send text hex(123)", 18, "expected one more hex digit", ""},
    {"expect close none|${x}", 14, "only the value of a family", "each NAME VALUE"},
    {"case y each n 1\n  timeout ${n}\n  open", 8, "value 1: a time needs its unit", "it stands in '${n}' in line 3"},
    {"fault slice 99999999999999GiB", 13, "does not fit 64 bits", ""},
    {"wait 1.5ns", 6, "finer than a nanosecond", ""},
    {"reconnect factor 1234567890123", 18, "too many digits", ""},
    {"wait 1 s", 6, "a time needs its unit", "ms, s, m or h"},
    {"expect close 1000,1002", 14, "unexpected letters behind a code", "joined with '|'"},
    {"expect fail 1002 or close", 18, "unknown option", "'or' begins a line of its own"},
    {"wait ${x}", 6, "only the value of a family", "each NAME VALUE"},
    {"wait 25h", 6, "a time this long is over the limit", "24h"},
    {"expect text within 2s..1s", 20, "a range runs", ""},
    {"expect close 1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17", 14, "more codes than 16", "a range"},
    {"reconnect jitter 20", 18, "the percent sign is missing", "20%"},
    {"b4: open", 1, "the name of an actor is letters", ""},
    {"suite \"late\"", 1, "this stands before the first case", ""},
    {"case x", 0, "the id x is taken", "by line 1"},
    {"case y each n 1 1", 8, "the id y/1 is taken", ""},
    {"case y/${first}", 6, "only the value of a family may stand here", "each NAME"},
    {"must ${first}", 6, "only the value of a family may stand here", "each NAME"},
    {"send close ${second}", 12, "only the value of a family, or a promise, may stand here", "each NAME"},
    {"case y each n", 8, "a family has values", "each code"},
    {"case y each 1n 1", 8, "a family's value has a name", ""},
};

static void check_mistake(const char *line, int column, const char *message, const char *hint)
{
    char text[400], where[80] = "error: ";
    snprintf(text, sizeof text, "case x\n%s\n", line);
    struct parsed p = parsed_text("test.wsg", text, strlen(text));
    const char *said = buf_text(&p.errors);
    if (column > 0)
        snprintf(where, sizeof where, "test.wsg:2:%d: error: ", column);
    ck_assert_msg(p.mistakes == 1, "%s: %u mistakes\n%s", line, p.mistakes, said);
    ck_assert_msg(strstr(said, where) != NULL, "%s: not at %s\n%s", line, where, said);
    ck_assert_msg(strstr(said, message) != NULL, "%s: not '%s'\n%s", line, message, said);
    ck_assert_msg(strstr(said, hint) != NULL, "%s: no '%s'\n%s", line, hint, said);
    parsed_free(&p);
}

START_TEST(each_mistake_is_said_once_in_its_place)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        check_mistake(mistakes[i].line, mistakes[i].column, mistakes[i].message, mistakes[i].hint);
}
END_TEST

/* Else a line of thirty bytes asks for gigabytes. */
START_TEST(a_row_of_ids_is_short)
{
    static const struct { const char *ids; size_t count; } rows[] = {
        {"9.7.1..6", 6}, {"9.7.0..99", 100}, {"9.7.1..-4", 1}, {"9.7.3..3", 1}, {"9.7.1..100", 1}, {"9.7.6..1", 1},
        {"9.7.1..", 1}, {"..6", 1}, {"1..6", 6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100];
        int size = snprintf(text, sizeof text, "case x\nmust y\nalias autobahn %s\nopen\n", rows[i].ids);
        struct parsed p = parsed_text("x", text, (size_t)size);
        size_t n = 0;
        while (p.script->cases[0].autobahn[n] != NULL)
            n++;
        ck_assert_msg(p.mistakes == 0 && n == rows[i].count, "%s: %zu ids", rows[i].ids, n);
        bool told = n > 1 || strcmp(rows[i].ids, "9.7.3..3") == 0; /* each one by itself */
        ck_assert_msg(told == (strstr(p.script->cases[0].autobahn[0], "..") == NULL), "%s", rows[i].ids);
        parsed_free(&p);
    }
}
END_TEST

/* Told with its line, and not read as the end of a text. */
START_TEST(a_nul_in_a_word_is_one_mistake)
{
    static const char text[] = "case x each n 1 2\nsend text \"a\" opcode\0${n}\n";
    struct parsed p = parsed_text("x", text, sizeof text - 1);
    ck_assert_uint_eq(p.mistakes, 1);
    ck_assert_msg(strstr(buf_text(&p.errors), "x:2:21: error: a control character") != NULL, "%s",
                  buf_text(&p.errors));
    parsed_free(&p);
}
END_TEST

static void say_errors(const struct parsed *parsed, struct buf *out)
{
    buf_append(out, parsed->errors.data, parsed->errors.size);
}

/* tests/golden/lint/X.wsg and what `wsgauntlet lint` says of it, X.out. */
static void check_golden(const char *path)
{
    check_golden_file(path, say_errors);
}

START_TEST(wrong_files_give_their_golden_text)
{
    each_file("tests/golden/lint", check_golden);
}
END_TEST

START_TEST(ten_mistakes_are_ten_messages)
{
    size_t size;
    char *text = unit_file("tests/golden/lint/ten-mistakes.wsg", &size);
    struct parsed p = parsed_text("x", text, size);
    ck_assert_uint_eq(p.mistakes, 10);
    parsed_free(&p);
    free(text);
}
END_TEST

/* ---- files ---- */

static void check_load(const char *path, const char *why_part, enum diag_kind kind)
{
    struct buf errors;
    struct diag why = {0};
    buf_init(&errors, 0);
    struct script *s = script_load(path, &errors, &why);
    ck_assert_msg((s != NULL) == (why_part == NULL), "%s: %s", path, why.text);
    ck_assert_int_eq(why.kind, kind);
    ck_assert_msg(why_part == NULL || strstr(why.text, why_part) != NULL, "%s: %s", path, why.text);
    script_free(s);
    buf_free(&errors);
}

static void write_file(const char *path, const char *text, size_t times)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < times; i++)
        fputs(text, file);
    fclose(file);
}

START_TEST(files_are_loaded)
{
    write_file("right.wsg", "scenario \"x\"\nopen\n", 1);
    write_file("wrong.wsg", "scenario \"x\"\nopne\nsned\n", 1);
    write_file("large.wsg", "# 16 bytes long\n", LIMIT_SCRIPT_BYTES / 16 + 1);
    check_load("right.wsg", NULL, DIAG_NONE);
    check_load("wrong.wsg", "wrong.wsg: 2 mistakes", DIAG_USAGE);
    check_load("large.wsg", "large.wsg: 1 mistake", DIAG_USAGE);
    check_load("missing.wsg", "missing.wsg: No such file", DIAG_USAGE);
    check_load(".", "Is a directory", DIAG_USAGE);
    int hit = 1;
    for (unsigned long n = 1; hit; n++) {
        struct buf errors;
        struct diag why = {0};
        buf_init(&errors, 0);
        nomem_at(n, 1);
        struct script *s = script_load("right.wsg", &errors, &why);
        hit = nomem_hit();
        nomem_at(0, 0);
        /* Without memory for its buffer, the C library still reads. */
        ck_assert(s != NULL || (hit && why.text[0] != 0));
        script_free(s);
        buf_free(&errors);
    }
}
END_TEST

/* ---- limits ---- */

/* `times` copies of a line behind a head. */
static struct parsed parsed_lines(const char *head, const char *line, size_t times, const char *tail)
{
    struct buf text;
    buf_init(&text, 0);
    buf_append_text(&text, head);
    for (size_t i = 0; i < times; i++)
        buf_append_text(&text, line);
    buf_append_text(&text, tail);
    struct parsed p = parsed_text("x", buf_text(&text), text.size);
    buf_free(&text);
    return p;
}

static void check_limit(const char *head, const char *line, size_t times, const char *tail, const char *message)
{
    struct parsed p = parsed_lines(head, line, times, tail);
    ck_assert_msg(message == NULL ? p.mistakes == 0 : p.mistakes == 1, "%u: %.300s", p.mistakes, buf_text(&p.errors));
    ck_assert_msg(message == NULL || strstr(buf_text(&p.errors), message) != NULL, "%.300s", buf_text(&p.errors));
    parsed_free(&p);
}

START_TEST(limits_are_messages)
{
    check_limit("case x\n", "fence\n", LIMIT_SCRIPT_STEPS - 1, "", NULL);
    check_limit("case x\n", "fence\n", LIMIT_SCRIPT_STEPS, "", "more steps than 100000");
    check_limit("case x each n 1 2 3 4 5 6 7 8 9 10 11\n", "fence\n", 10000, "", "families are expanded");
    check_limit("case x\n", "repeat 2\n", LIMIT_REPEAT_DEPTH, "end\nend\nend\nend\n", NULL);
    check_limit("case x\n", "repeat 2\n", LIMIT_REPEAT_DEPTH + 1, "end\nend\nend\nend\nend\n", "goes too deep");
    check_limit("case x\n", "expect text capture a\n", LIMIT_CAPTURES, "", NULL);
    check_limit("case x\n", "expect text capture a\n", LIMIT_CAPTURES + 1, "", "more captures");
    check_limit("case x\nsend text ", "repeat(", 9, "\"x\"", "goes too deep");
    check_limit("#", "x", LIMIT_SCRIPT_BYTES - 1, "", NULL);
    check_limit("#", "x", LIMIT_SCRIPT_BYTES, "", "larger than a scenario file may be");
    struct buf words;
    buf_init(&words, 0);
    buf_append_text(&words, "case x each n");
    for (unsigned i = 0; i < LIMIT_FAMILY_CASES; i++)
        buf_printf(&words, " %u", i);
    check_limit(buf_text(&words), "\n", 1, "", NULL);
    check_limit(buf_text(&words), " more\n", 1, "", "more values in a family");
    buf_free(&words);
}
END_TEST

START_TEST(the_table_agrees_with_the_limits)
{
    char text[100];
    snprintf(text, sizeof text, "repeat %u\n", LIMIT_REPEAT_TIMES);
    check_limit("case x\n", text, 1, "end\n", NULL);
    snprintf(text, sizeof text, "repeat %u\n", LIMIT_REPEAT_TIMES + 1);
    check_limit("case x\n", text, 1, "end\n", "N is out of range");
}
END_TEST

START_TEST(many_mistakes_are_counted_and_not_all_printed)
{
    struct parsed p = parsed_lines("case x\n", "sned\n", 2000, "");
    ck_assert_uint_eq(p.mistakes, 2000);
    ck_assert_ptr_nonnull(strstr(buf_text(&p.errors), "x: 1950 more errors, not shown\n"));
    ck_assert_uint_lt(p.errors.size, 10000);
    parsed_free(&p);
}
END_TEST

START_TEST(a_long_line_is_shown_in_part)
{
    struct parsed p = parsed_lines("case x\nsend text ", "\"\xe6\x97\xa5\" ", 50000, "moer\n");
    ck_assert_uint_eq(p.mistakes, 1);
    ck_assert_uint_lt(p.errors.size, 1500);
    ck_assert_ptr_nonnull(strstr(buf_text(&p.errors), "x:2:200011: error: unknown option"));
    parsed_free(&p);
}
END_TEST

START_TEST(what_a_message_quotes_is_clean)
{
    static const char text[] = "case a each n 1\xef\ncase a each n 1\xef\n";
    struct parsed p = parsed_text("x", text, sizeof text - 1);
    ck_assert_ptr_nonnull(strstr(buf_text(&p.errors), "the id a/1\xef\xbf\xbd is taken\n"));
    ck_assert_ptr_null(strstr(buf_text(&p.errors), "1\xef is"));
    parsed_free(&p);
}
END_TEST

/* ---- hostile bytes ---- */

START_TEST(every_prefix_of_a_file_is_read)
{
    size_t size;
    char *text = unit_file("tests/golden/fmt/everything.wsg", &size);
    for (size_t n = 0; n <= size; n++) {
        struct guard g = guard_end(text, n);
        struct parsed p = parsed_text("x", (const char *)g.bytes, n);
        ck_assert_ptr_nonnull(p.script);
        parsed_free(&p);
        guard_free(&g);
    }
    free(text);
}
END_TEST

/* One slip: a byte changed, a run doubled, a run cut out, or two runs swapped. */
static size_t mutate(struct prng *random, char *text, size_t size, size_t room)
{
    size_t at = (size_t)prng_below(random, size), n = 1 + (size_t)prng_below(random, 12);
    n = n > size - at ? size - at : n;
    switch (prng_below(random, 4)) {
    case 0: text[at] = (char)prng_below(random, 256); break;
    case 1: text[at] = "\"'()#\n\\${}. :|0x"[prng_below(random, 16)]; break;
    case 2:
        if (size + n <= room) {
            memmove(text + at + n, text + at, size - at);
            return size + n;
        }
        break;
    default: memmove(text + at, text + at + n, size - at - n); return size - n;
    }
    return size;
}

START_TEST(mutated_files_are_read_and_right_ones_printed)
{
    static char text[8192], whole[8192];
    size_t size, right = 0;
    char *file = unit_file("tests/golden/fmt/everything.wsg", &size);
    ck_assert_uint_lt(size, 6000);
    memcpy(whole, file, size);
    free(file);
    struct prng random = prng_stream(1, "mutations");
    for (unsigned i = 0; i < 100000; i++) {
        /* Some lines of the file are enough for each round: what matters is one line and its neighbours. */
        size_t from = (size_t)prng_below(&random, size - 200), n = 200;
        memcpy(text, "case x each code 1 2\nexpect eof\n", 32);
        memcpy(text + 32, whole + from, n);
        n += 32;
        for (uint64_t k = prng_below(&random, 4); k > 0 && n > 0; k--)
            n = mutate(&random, text, n, sizeof text);
        struct parsed p = parsed_text("x", text, n);
        ck_assert_ptr_nonnull(p.script);
        ck_assert(p.errors.size == 0 || p.mistakes > 0);
        if (p.mistakes == 0) {
            struct buf out;
            buf_init(&out, 0);
            script_print(p.script, &out);
            struct parsed q = parsed_text("x", buf_text(&out), out.size);
            ck_assert_msg(q.mistakes == 0 && same_steps(p.script->lines, q.script->lines), "%.*s\n-- became\n%s\n%s",
                          (int)n, text, buf_text(&out), buf_text(&q.errors));
            script_lint(q.script, NULL, &out);
            right++;
            parsed_free(&q);
            buf_free(&out);
        }
        parsed_free(&p);
    }
    ck_assert_uint_gt(right, 100);
}
END_TEST

/* The n-th allocation fails: there is no script then, or nothing is missing in it. Was there an n-th? */
static bool check_without_memory(const struct parsed *whole, const char *name, const char *text, size_t size,
                                 unsigned long n)
{
    nomem_at(n, n % 2 == 0);
    struct parsed p = parsed_text(name, text, size);
    bool hit = nomem_hit();
    nomem_at(0, 0);
    ck_assert(p.script != NULL || (p.mistakes == 1 && hit));
    ck_assert(p.script != NULL || p.errors.failed || strstr(buf_text(&p.errors), "out of memory") != NULL);
    if (p.script != NULL && p.mistakes == 0) {
        ck_assert_msg(same_steps(p.script->lines, whole->script->lines), "allocation %lu", n);
        ck_assert_uint_eq(p.script->case_count, whole->script->case_count);
        for (size_t i = 0; i < p.script->case_count; i++)
            ck_assert_msg(same_steps(p.script->cases[i].steps, whole->script->cases[i].steps) &&
                              same_text(p.script->cases[i].title, whole->script->cases[i].title),
                          "allocation %lu, case %zu", n, i);
    }
    parsed_free(&p);
    return hit;
}

START_TEST(each_allocation_may_fail)
{
    size_t size;
    char *text = unit_file("tests/golden/fmt/everything.wsg", &size), name[16385];
    struct parsed whole = parsed_text("x", text, size);
    /* The arena asks for memory once in 16 KiB: names of many lengths move what is asked for there. */
    for (size_t length = 1; length < sizeof name; length += 160) {
        memset(name, 'x', length);
        name[length] = 0;
        text[size - 1] = length % 800 == 1 ? '(' : '\n';
        for (unsigned long n = 1; check_without_memory(&whole, name, text, size, n);)
            n++;
    }
    parsed_free(&whole);
    free(text);
}
END_TEST

/* ---- time ---- */

static double seconds_to_parse(const char *head, const char *line, size_t bytes)
{
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    struct parsed p = parsed_lines(head, line, (bytes - strlen(head)) / strlen(line), "");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    ck_assert_ptr_nonnull(p.script);
    parsed_free(&p);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Sixteen times the text in far less than 256 times the time. */
static void check_linear(const char *head, const char *line)
{
    double small = seconds_to_parse(head, line, LIMIT_SCRIPT_BYTES / 16);
    double large = seconds_to_parse(head, line, LIMIT_SCRIPT_BYTES);
    ck_assert_msg(large < 64 * small + 0.2, "%s...%.20s: %f s for a 16th, %f s for all", head, line, small, large);
}

START_TEST(a_mebibyte_takes_linear_time)
{
    check_linear("case x\n", "send text \"abc\" more within 3s rsv 9\n");
    check_linear("case x\nopen", " protocol \"x\"");
    check_linear("case x\nsend text ", "\"${a}\" ");
    check_linear("case x\nsend text \"", "${");
    check_linear("case x\nsend text \"", "\\q");
    check_linear("case x\nsend text ", "hex(00) ");
    check_linear("case x\nsend text ", "hex( ");
    check_linear("case x\nsend text ", "more ");
    check_linear("case x\nsend text ", "((\"");
    check_linear("case x\nsend text ", "repeat(");
    check_linear("case x\nsend text ", "\t");
    check_linear("case x each a", " b");
    check_linear("", "case x\n");
    check_linear("", "#\n\n");
    check_linear("", "sned 'x\n");
    check_linear("case x\n", "repeat 2\n");
    check_linear("case x\nexpect eof\n", "or eof\n");
    check_linear("case x\nexpect close ", "1|");
}
END_TEST

UNIT_MAIN("engine/parse", a_case_has_what_its_lines_say, a_family_has_its_value_in_place,
          several_values_make_every_pair,
          scenarios_are_named_by_their_file, values_are_what_they_say, a_byte_order_mark_and_crlf_are_taken,
          each_mistake_is_said_once_in_its_place, a_nul_in_a_word_is_one_mistake, a_row_of_ids_is_short,
          wrong_files_give_their_golden_text, ten_mistakes_are_ten_messages,
          files_are_loaded,
          limits_are_messages, the_table_agrees_with_the_limits, many_mistakes_are_counted_and_not_all_printed,
          what_a_message_quotes_is_clean, a_long_line_is_shown_in_part, every_prefix_of_a_file_is_read,
          mutated_files_are_read_and_right_ones_printed, each_allocation_may_fail, a_mebibyte_takes_linear_time)
