/* Text of a peer: made harmless, measured and cut at whole characters. */
#include "report/clean.h"

#include "unit.h"

typedef void clean_fn(struct buf *out, const char *text);

static void cleaned(clean_fn *fn, const char *text, const char *wanted)
{
    struct buf out;
    buf_init(&out, 0);
    fn(&out, text);
    ck_assert_str_eq(buf_text(&out), wanted);
    buf_free(&out);
}

static void cut(const char *text, size_t columns, const char *wanted)
{
    struct buf out;
    buf_init(&out, 0);
    clean_cut(&out, text, columns);
    ck_assert_str_eq(buf_text(&out), wanted);
    buf_free(&out);
}

START_TEST(bytes_that_are_no_text)
{
    cleaned(clean_utf8, "a\xff\xc3z\n", "a\\xff\\xc3z\n");
    cleaned(clean_line, "a\xc3\xa9\n\033[1m\x7f\t", "a\xc3\xa9\\x0a\\x1b[1m\\x7f\\x09");
    cleaned(clean_line, "\xc2\x9b" "31m", "\\xc2\\x9b31m"); /* CSI in one character */
    cleaned(clean_line, "\xed\xa0\x80 \xf4\x90\x80\x80", "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
    cleaned(clean_line, "", "");
}
END_TEST

START_TEST(blocks)
{
    struct buf out;
    buf_init(&out, 0);
    clean_block(&out, "> ", "one\ntwo\r\n\nlast");
    ck_assert_str_eq(buf_text(&out), "> one\n> two\\x0d\n> \n> last\n");
    buf_free(&out);
}
END_TEST

START_TEST(columns)
{
    ck_assert_uint_eq(clean_columns(""), 0);
    ck_assert_uint_eq(clean_columns("abc"), 3);
    ck_assert_uint_eq(clean_columns("\xe5\x9b\x9e\xe6\x9d\xa5"), 4);
    ck_assert_uint_eq(clean_columns("e\xcc\x81"), 1);
    ck_assert_uint_eq(clean_columns("\xf0\x9f\x8e\x89"), 2);
}
END_TEST

START_TEST(cuts)
{
    cut("abc", 3, "abc");
    cut("abcd", 3, "ab\xe2\x80\xa6");
    cut("\xe5\x9b\x9e\xe6\x9d\xa5", 4, "\xe5\x9b\x9e\xe6\x9d\xa5");
    cut("\xe5\x9b\x9e\xe6\x9d\xa5", 3, "\xe5\x9b\x9e\xe2\x80\xa6");
    cut("\xe5\x9b\x9e\xe6\x9d\xa5", 2, "\xe2\x80\xa6"); /* a wide one does not fit beside the mark */
    cut("e\xcc\x81xyz", 2, "e\xcc\x81\xe2\x80\xa6");
    cut("abc", 0, "");
    cut("abc", 1, "\xe2\x80\xa6");
}
END_TEST

UNIT_MAIN("clean", bytes_that_are_no_text, blocks, columns, cuts)
