/* Result files read back: what we write comes back as it was, and nothing that is cut or changed does harm. */
#include "report/read.h"

#include "base/prng.h"
#include "report/json.h"

#include "sample.h"

static void write_json(struct run_result *const *runs, size_t count, struct buf *out)
{
    buf_init(out, 0);
    ck_assert(json_report(&(struct report){.runs = runs, .count = count, .trace = true}, out, NULL));
}

static void sample_json(size_t count, struct buf *out)
{
    struct run_result *runs[2] = {sample_whole(), sample_whole()};
    runs[1]->testee.agent = "Other/2.0";
    runs[1]->cases[0]->known = "a reason";
    runs[1]->cases[0]->round = 2;
    runs[1]->cases[0]->not_played = true;
    runs[1]->rounds = 2;
    runs[1]->testee.role = ROLE_CLIENT;
    write_json(runs, count, out);
    run_result_free(runs[0]);
    run_result_free(runs[1]);
}

static bool read_text(struct result_set *set, const void *text, size_t size, struct diag *why)
{
    *set = (struct result_set){0};
    *why = (struct diag){0};
    return result_read(set, text, size, "x.json", why);
}

/* One line that names the file. */
static void ck_assert_refused(const struct diag *why)
{
    ck_assert_msg(why->kind == DIAG_USAGE, "%d: %s", why->kind, why->text);
    ck_assert_msg(strncmp(why->text, "x.json is no result file: ", 26) == 0, "%s", why->text);
    ck_assert_ptr_null(strpbrk(why->text, "\n\r\033"));
}

START_TEST(what_is_written_comes_back)
{
    for (size_t count = 1; count <= 2; count++) {
        struct buf before, after;
        struct result_set set;
        struct diag why;
        sample_json(count, &before);
        ck_assert_msg(read_text(&set, before.data, before.size, &why), "%s", why.text);
        ck_assert_uint_eq(set.count, count);
        ck_assert_uint_eq(set.runs[0]->count, SAMPLE_CASES);
        write_json(set.runs, set.count, &after);
        ck_assert_str_eq(buf_text(&before), buf_text(&after));
        result_set_free(&set);
        buf_free(&before);
        buf_free(&after);
    }
}
END_TEST

/* At an unreadable page, so that nothing looks behind the end. */
/* An older file does not say how many frames there were. */
START_TEST(what_is_kept_is_counted_where_nothing_is_said)
{
    struct buf text;
    struct result_set set;
    struct diag why;
    sample_json(1, &text);
    for (char *at = (char *)text.data; (at = strstr(at, "\"frames\":")) != NULL; at++)
        at[1] = 'F';
    ck_assert_msg(read_text(&set, text.data, text.size, &why), "%s", why.text);
    ck_assert_uint_eq(set.runs[0]->cases[1]->counts.frames[true][9], 1);
    ck_assert_uint_eq(set.runs[0]->cases[1]->counts.frames[false][8], 1);
    result_set_free(&set);
    buf_free(&text);
}
END_TEST

START_TEST(cut_anywhere_it_is_refused)
{
    struct buf text;
    sample_json(1, &text);
    for (size_t size = 0; size + 1 < text.size; size += size % 7 == 0 ? 3 : 1) { /* the last byte is a newline */
        struct guard guard = guard_end(text.data, size);
        struct result_set set;
        struct diag why;
        ck_assert(!read_text(&set, guard.bytes, guard.size, &why));
        ck_assert_refused(&why);
        ck_assert_uint_eq(set.count, 0);
        result_set_free(&set);
        guard_free(&guard);
    }
    buf_free(&text);
}
END_TEST

/* Changed at random it is refused in one line, or is a run that is written and read again as the same. */
START_TEST(changed_at_random_it_does_no_harm)
{
    static const char pieces[][12] = {"-1", "1e999", "null", "[]", "{}", "\"\"", "99999999999", "true", "\\u0000",
                                      "\xff", "0.5", "\"runs\":", ",", "}", "]", "\"0x\"", "1e300"};
    struct prng random = prng_stream(7, "mutation");
    struct buf text;
    size_t accepted = 0;
    sample_json(2, &text);
    for (int n = 0; n < 3000; n++) {
        struct buf changed, again;
        struct result_set set, second;
        struct diag why;
        const char *piece = pieces[prng_below(&random, sizeof pieces / sizeof *pieces)];
        size_t at = prng_below(&random, text.size), gone = prng_below(&random, 4) * prng_below(&random, 8);
        gone = gone < text.size - at ? gone : text.size - at;
        buf_init(&changed, 0);
        buf_append(&changed, text.data, at);
        if (prng_below(&random, 2) == 0)
            buf_append_text(&changed, piece);
        else
            buf_append_byte(&changed, (uint8_t)prng_below(&random, 256));
        buf_append(&changed, text.data + at + gone, text.size - at - gone);
        if (!read_text(&set, changed.data, changed.size, &why)) {
            ck_assert_refused(&why);
        } else {
            accepted++;
            buf_clear(&changed);
            buf_free(&changed);
            write_json(set.runs, set.count, &changed);
            ck_assert_msg(read_text(&second, changed.data, changed.size, &why), "%s", why.text);
            write_json(second.runs, second.count, &again);
            ck_assert_str_eq(buf_text(&changed), buf_text(&again));
            result_set_free(&second);
            buf_free(&again);
        }
        result_set_free(&set);
        buf_free(&changed);
    }
    ck_assert_uint_gt(accepted, 100); /* both ways were walked */
    ck_assert_uint_lt(accepted, 2900);
    buf_free(&text);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    static const struct { const char *is, *becomes, *said; } rows[] = {
        {"\"tool\": \"wsgauntlet\"", "\"tool\": \"other\"", "tool is not \"wsgauntlet\""},
        {"\"tool\": \"wsgauntlet\"", "\"tool\": 3", "tool is no string"},
        {"\"planned\": 9", "\"planned\": -9", "planned is out of range"},
        {"\"planned\": 9", "\"planned\": 0.5", "planned is no whole number"},
        {"\"planned\": 9,", "", "planned is missing"},
        {"\"seed\": \"0x51f0\"", "\"seed\": \"0x51f0g\"", "seed is no number of 64 bits such as \"0x2a\""},
        {"\"interrupted\": false", "\"interrupted\": 1", "interrupted is neither true nor false"},
        {"\"role\": \"server\"", "\"role\": \"both\"", "testee.role is none of the words that may stand there"},
        {"\"verdict\": \"FAIL\"", "\"verdict\": \"FAIX\"",
         "cases[1].verdict is none of the words that may stand there"},
        {"\"duration_ms\": 1.5", "\"duration_ms\": 1e200", "cases[0].duration_ms is out of range"},
        {"\"opcode\": 9", "\"opcode\": 16", "cases[1].events[3].opcode is out of range"},
        {"\"length_form\": 7", "\"length_form\": 8", "cases[1].events[3].length_form is not 7, 16 or 64"},
        {"\"bytes\": \"61\"", "\"bytes\": \"6\"", "cases[1].events[3].bytes is not the hexadecimal of so many bytes"},
        {"\"bytes\": \"61\"", "\"bytes\": \"6161\"", "cases[1].events[3].size is less than the bytes that are there"},
        {"\"8\": 1", "\"8\": -1", "cases[1].frames.received.8 is out of range"},
        {"\"received\": {}", "\"received\": []", "cases[0].frames.received is no object"},
        {"\"kind\": \"spans\"", "\"kind\": \"spam\"",
         "figures[0].series[0].kind is none of the words that may stand there"},
        {"\"x\": 0.5", "\"x\": \"a\"", "figures[0].series[0].points[0].x is no number"},
        {"\"0000-1-example\"", "17", "cases[0].requirements[0].it is no id"},
        {"\"cases\": [", "\"cases\": [17,", "cases[0].it is no object"},
        {"\"planned\": 9", "\"planned\": 9, \"planned\": 9", "no JSON from line 9, column 25 on"},
        {"\"planned\": 9", "\"runs\": []", "runs is no array, or empty"},
        {"\"title\": \"a ping", "\"title\": \"\\u0000a ping", "no JSON from line 64, column 41 on"},
    };
    struct buf text;
    sample_json(1, &text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf changed;
        struct result_set set;
        struct diag why;
        const char *at = strstr(buf_text(&text), rows[i].is);
        ck_assert_msg(at != NULL, "%s", rows[i].is);
        buf_init(&changed, 0);
        buf_append(&changed, text.data, (size_t)(at - buf_text(&text)));
        buf_append_text(&changed, rows[i].becomes);
        buf_append_text(&changed, at + strlen(rows[i].is));
        ck_assert_msg(!read_text(&set, changed.data, changed.size, &why), "%s", rows[i].becomes);
        ck_assert_refused(&why);
        ck_assert_str_eq(why.text + 26, rows[i].said);
        result_set_free(&set);
        buf_free(&changed);
    }
    buf_free(&text);
}
END_TEST

START_TEST(without_memory_it_is_refused)
{
    struct buf text;
    struct result_set set;
    struct diag why;
    sample_json(2, &text);
    bool fine = false;
    for (unsigned long n = 1; !fine && n < 10000; n++) {
        nomem_at(n, true);
        fine = read_text(&set, text.data, text.size, &why);
        nomem_at(0, false);
        ck_assert_uint_eq(set.count, fine ? 2 : 0);
        ck_assert_int_eq(why.kind, fine ? DIAG_NONE : DIAG_TROUBLE);
        result_set_free(&set);
    }
    ck_assert(fine);
    buf_free(&text);
}
END_TEST

UNIT_MAIN("read", what_is_written_comes_back, what_is_kept_is_counted_where_nothing_is_said,
          cut_anywhere_it_is_refused, changed_at_random_it_does_no_harm,
          what_is_wrong_is_named, without_memory_it_is_refused)
