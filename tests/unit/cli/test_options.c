/* The command line: what is understood, each mistake as one line that names the
 * mend, help within 80 columns, and the man page in step with the table. */
#include "cli/help.h"
#include "cli/options.h"
#include "cli/values.h"

#include "unit.h"

#define ARGUMENTS(...) (char *const[]){"wsgauntlet", __VA_ARGS__, NULL}
#define COUNT(...) ((int)(sizeof ARGUMENTS(__VA_ARGS__) / sizeof(char *)) - 1)
#define PARSE(options, why, ...) options_parse(options, COUNT(__VA_ARGS__), ARGUMENTS(__VA_ARGS__), why)
#define REFUSED(text, ...) refused(text, COUNT(__VA_ARGS__), ARGUMENTS(__VA_ARGS__))

static void refused(const char *text, int argc, char *const *argv)
{
    struct options options;
    struct diag why = {0};
    ck_assert(!options_parse(&options, argc, argv, &why));
    ck_assert_int_eq(why.kind, DIAG_USAGE);
    ck_assert_str_eq(why.text, text);
    options_free(&options);
}

START_TEST(understood)
{
    struct options options;
    struct diag why = {0};
    ck_assert(PARSE(&options, &why, "run", "a.wsg", "-j3", "--seed=0x51f0", "--case", "a*", "b", "--case=b*",
                    "--timeout", "2.5s", "--color", "never", "--fail-fast", "--shard=2/5", "--", "--c"));
    ck_assert_int_eq(options.command, COMMAND_RUN);
    ck_assert_uint_eq(options.word_count, 3);
    ck_assert_str_eq(options.words[1], "b");
    ck_assert_str_eq(options.words[2], "--c");
    ck_assert_ptr_null(options.words[3]);
    ck_assert_uint_eq(option_number(&options, OPTION_JOBS, 8), 3);
    ck_assert_uint_eq(option_number(&options, OPTION_SEED, 1), 0x51f0);
    ck_assert_uint_eq(option_number(&options, OPTION_TIMEOUT, 1), 2500000000);
    ck_assert_uint_eq(option_number(&options, OPTION_COLOR, 0), 2);
    ck_assert_uint_eq(option_number(&options, OPTION_PORT, 7), 7);
    ck_assert(options.values[OPTION_FAIL_FAST].set);
    ck_assert_uint_eq(option_number(&options, OPTION_SHARD, 0), 2);
    ck_assert_uint_eq(options.values[OPTION_SHARD].shards, 5);
    const char **cases = options.values[OPTION_CASE].list;
    ck_assert_str_eq(cases[0], "a*");
    ck_assert_str_eq(cases[1], "b*");
    ck_assert_ptr_null(cases[2]);
    options_free(&options);
}
END_TEST

START_TEST(mistakes_name_the_mend)
{
    REFUSED("unknown command 'rnu'; did you mean 'run'?", "rnu");
    REFUSED("unknown command 'banana'; `wsgauntlet help` lists them", "banana");
    REFUSED("unknown option '--jsn'; did you mean '--json'?", "run", "--jsn", "x");
    REFUSED("unknown option '--banana'; `wsgauntlet help run` lists them", "run", "--banana=1");
    REFUSED("unknown option '-z'; `wsgauntlet help run` lists them", "run", "-z");
    REFUSED("'--port' is an option of serve, resilience, echo, not of run", "run", "--port", "1");
    REFUSED("'--write' is an option of fmt, not of lint", "lint", "-w");
    REFUSED("--json takes a value: FILE", "run", "x", "--json");
    REFUSED("--fail-fast takes no value", "run", "x", "--fail-fast=yes");
    REFUSED("--shard takes a part of a whole such as 2/5, not '3/2'", "run", "x", "--shard", "3/2");
    REFUSED("--shard takes a part of a whole such as 2/5, not '0/2'", "run", "x", "--shard", "0/2");
    REFUSED("--shard takes a part of a whole such as 2/5, not '12345678/2'", "run", "x", "--shard", "12345678/2");
    REFUSED("--jobs takes a number from 1 to 1000, not '0'", "run", "x", "-j", "0");
    REFUSED("--port takes a number from 0 to 65535, not '65536'", "echo", "-p65536");
    REFUSED("--seed takes a number such as 7 or 0x51f0, not '-1'", "test", "--seed=-1");
    REFUSED("--max-message takes a size such as 64KiB or 1MiB, not '1kb'", "echo", "--max-message", "1kb");
    REFUSED("--timeout takes a factor (3, 0.5) or a time (500ms, 5s, 1m), not 'soon'", "test", "--timeout", "soon");
    REFUSED("--color takes auto|always|never, not 'al'", "test", "--color", "al");
    REFUSED("what is missing: wsgauntlet run FILE|DIR|FILE:LINE...", "run");
    REFUSED("'b' is one argument too many for wsgauntlet test [URL]", "test", "a", "b");
}
END_TEST

/* In whatever mode: a handshake that is broken by our own option is not the server's failure. */
START_TEST(what_would_break_the_handshake_is_refused)
{
    static char *const commands[] = {"run", "test", "storm", "fuzz"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        REFUSED("--header takes one header line such as 'X-Name: value', not 'bad'", commands[i], "--header", "bad");
        REFUSED("--header takes one header line such as 'X-Name: value', not 'X: a\nb'", commands[i], "--header",
                "X: a\nb");
        REFUSED("--header takes one header line such as 'X-Name: value', not 'X : a'", commands[i], "--header",
                "X : a");
        REFUSED("--origin takes one line such as https://example.com, not 'x\ny'", commands[i], "--origin", "x\ny");
        REFUSED("--origin takes one line such as https://example.com, not ''", commands[i], "--origin", "");
    }
    static char *const offering[] = {"run", "test", "echo"};
    for (size_t i = 0; i < sizeof offering / sizeof *offering; i++) {
        REFUSED("--subprotocol takes a word of letters, digits and !#$%&'*+-.^_`|~, and each only once, not 'a b'",
                offering[i], "--subprotocol", "a b");
        REFUSED("--subprotocol takes a word of letters, digits and !#$%&'*+-.^_`|~, and each only once, not 'a'",
                offering[i], "--subprotocol", "a", "--subprotocol", "b", "--subprotocol", "a");
    }
    struct options options;
    struct diag why = {0};
    ck_assert(PARSE(&options, &why, "test", "--header", "X-A:", "--header", "X-B:  b \"c\" \xc3\xa4",
                    "--origin", "null", "--subprotocol", "graphql-ws", "--subprotocol", "v1.chat"));
    ck_assert_str_eq(options.values[OPTION_HEADER].list[1], "X-B:  b \"c\" \xc3\xa4");
    ck_assert_str_eq(options.values[OPTION_SUBPROTOCOL].list[1], "v1.chat");
    options_free(&options);
}
END_TEST

START_TEST(no_command)
{
    struct options options;
    struct diag why = {0};
    char *const nothing[] = {"wsgauntlet", NULL};
    ck_assert(!options_parse(&options, 1, nothing, &why));
    ck_assert_str_eq(why.text, "a command is missing; `wsgauntlet help` lists them");
    options_free(&options);
}
END_TEST

START_TEST(help_needs_no_arguments)
{
    struct options options;
    ck_assert(PARSE(&options, NULL, "run", "--help"));
    options_free(&options);
    ck_assert(PARSE(&options, NULL, "fmt", "-h"));
    options_free(&options);
}
END_TEST

START_TEST(numbers)
{
    uint64_t n;
    double factor;
    ck_assert(value_number("18446744073709551615", &n) && n == UINT64_MAX);
    ck_assert(value_number("0xFF", &n) && n == 255);
    static const char *const not_numbers[] = {"", "0x", "18446744073709551616", " 1", "+1", "1 ", "0x-1", "1e3"};
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++)
        ck_assert_msg(!value_number(not_numbers[i], &n), "%s", not_numbers[i]);
    ck_assert(value_size("1.5KiB", &n) && n == 1536);
    ck_assert(!value_size("0", &n) && !value_size("-1", &n) && !value_size("99999999999GiB", &n));
    ck_assert(value_patience("250ms", &n, &factor) && n == 250000000);
    ck_assert(value_patience("0.5", &n, &factor) && n == 0 && factor == 0.5);
    ck_assert(value_patience("3x", &n, &factor) && n == 0 && factor == 3);
    static const char *const not_times[] = {"0", "0s", "-1s", "1h", "nan", "inf", "0x10", "1e5", "1001", "2000m"};
    for (size_t i = 0; i < sizeof not_times / sizeof *not_times; i++)
        ck_assert_msg(!value_patience(not_times[i], &n, &factor), "%s", not_times[i]);
}
END_TEST

static void assert_80_columns(const char *text)
{
    while (*text != 0) {
        size_t size = strcspn(text, "\n");
        ck_assert_msg(size <= 80, "%zu columns: %.*s", size, (int)size, text);
        text += size + (text[size] == '\n');
    }
}

START_TEST(help_fits)
{
    struct buf text;
    buf_init(&text, 0);
    help_overview(&text);
    assert_80_columns(buf_text(&text));
    for (int i = 0; i < COMMANDS; i++) {
        buf_clear(&text);
        help_command((enum command)i, &text);
        assert_80_columns(buf_text(&text));
        ck_assert_ptr_nonnull(strstr(buf_text(&text), "--help"));
    }
    buf_free(&text);
}
END_TEST

/* WSG_UPDATE=1 writes the page's two sections anew. */
START_TEST(the_man_page_agrees)
{
    static const char path[] = "docs/wsgauntlet.1";
    struct buf wanted;
    buf_init(&wanted, 0);
    char *page = unit_file(path, NULL);
    const char *begin = strstr(page, ".SH COMMANDS\n"), *end = strstr(page, ".SH VERDICTS\n");
    ck_assert(begin != NULL && end != NULL);
    buf_append(&wanted, page, (size_t)(begin - page));
    help_manual(&wanted);
    buf_append_text(&wanted, end);
    unit_update(path, buf_text(&wanted));
    free(page);
    page = unit_file(path, NULL);
    size_t same = 0;
    while (page[same] != 0 && page[same] == buf_text(&wanted)[same])
        same++;
    ck_assert_msg(strcmp(page, buf_text(&wanted)) == 0, "%s should go on with: %.300s", path, buf_text(&wanted) + same);
    free(page);
    buf_free(&wanted);
}
END_TEST

UNIT_MAIN("options", understood, mistakes_name_the_mend, what_would_break_the_handshake_is_refused, no_command,
          help_needs_no_arguments, numbers, help_fits,
          the_man_page_agrees)
