/* --report: what is understood, what is refused before anything is played; one trouble does not keep the rest. */
#include "report/sinks.h"

#include "base/file.h"

#include "sample.h"

#include <sys/stat.h>
#include <unistd.h>

static void ck_assert_opens(struct sinks *sinks, const char *first, const char *second, const char *json, size_t count)
{
    const char *const reports[] = {first, second, NULL};
    struct diag why = {0};
    ck_assert_msg(sinks_open(sinks, reports, json, &why), "%s", why.text);
    ck_assert_uint_eq(sinks->count, count);
}

START_TEST(understood)
{
    struct sinks sinks;
    ck_assert_opens(&sinks, "html=a/b,json=r.json", "github", "second.json", 4);
    ck_assert_str_eq(sinks.list[0].format->word, "html");
    ck_assert_str_eq(sinks.list[0].path, "a/b");
    ck_assert_str_eq(sinks.list[2].path, "");
    ck_assert_str_eq(sinks.list[3].path, "second.json");
    struct stat status;
    ck_assert(stat("a/b", &status) == 0 && S_ISDIR(status.st_mode)); /* made, for what will be written */
    ck_assert(access("r.json", F_OK) != 0);                          /* nothing is there before the end */
    sinks_free(&sinks);
    ck_assert(sinks_open(&sinks, NULL, NULL, NULL));
    ck_assert_uint_eq(sinks.count, 0);
    sinks_free(&sinks);
}
END_TEST

START_TEST(refused)
{
    static const struct { const char *words, *said; } rows[] = {
        {"jsno=x", "no report format 'jsno'; did you mean 'json'?"},
        {"", "no report format ''; there are text, html, json, junit, tap, autobahn, sarif, github"},
        {"json=x,", "no report format ''; there are text, html, json, junit, tap, autobahn, sarif, github"},
        {"json", "the report json takes a place: json=FILE"},
        {"html=", "the report html takes a place: html=DIR"},
        {"github=x", "the report github is printed: it takes no place"},
        {"json=x,tap=x", "json and tap cannot both be written to x"},
        {"github,github", "github and github cannot both be written to standard output"},
        {"json=no/such/x", "cannot write no/such/x: No such file or directory"},
        {"html=/dev/null/x", "cannot make the folder /dev/null/x: Not a directory"},
        {"junit=.", "cannot write .: Is a directory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const reports[] = {rows[i].words, NULL};
        struct sinks sinks;
        struct diag why = {0};
        ck_assert(!sinks_open(&sinks, reports, NULL, &why));
        ck_assert_str_eq(why.text, rows[i].said);
        ck_assert_int_eq(why.kind, DIAG_USAGE);
        sinks_free(&sinks);
    }
}
END_TEST

START_TEST(one_trouble_does_not_keep_the_others)
{
    struct sinks sinks;
    struct run_result *run = sample_whole();
    struct diag why = {0};
    ck_assert_opens(&sinks, "json=/dev/full,junit=r.xml", "html=page", NULL, 3);
    ck_assert(!sinks_write(&sinks, &(struct report){.runs = &run, .count = 1}, &why));
    ck_assert_str_eq(why.text, "cannot write /dev/full: No space left on device");
    ck_assert_int_eq(why.kind, DIAG_TROUBLE);
    ck_assert(access("r.xml", F_OK) == 0 && access("page/index.html", F_OK) == 0);
    sinks_free(&sinks);
    run_result_free(run);
}
END_TEST

/* The page carries hostile text, and nothing of it ends an element or begins one. */
START_TEST(html_holds_its_data)
{
    struct run_result *run = sample_whole();
    struct buf page;
    struct diag why = {0};
    run->cases[0]->title = "</script><script>alert(1)</script>{{script}}<!--";
    run->testee.agent = "<img src=x onerror=alert(1)>\"'&";
    buf_init(&page, 0);
    ck_assert(report_format_find("html", NULL)->render(&(struct report){.runs = &run, .count = 1}, &page, &why));
    const char *data = strstr(buf_text(&page), "id=\"data\">");
    ck_assert_ptr_nonnull(data);
    const char *end = strstr(data, "</script>");
    data += strlen("id=\"data\">");
    ck_assert_ptr_null(memchr(data, '<', (size_t)(end - data)));
    ck_assert_ptr_nonnull(strstr(data, "\\u003c/script>\\u003cscript>alert(1)\\u003c/script>{{script}}\\u003c!--"));
    ck_assert_ptr_null(strstr(buf_text(&page), "<img"));
    ck_assert_ptr_nonnull(strstr(buf_text(&page), "<title>wsgauntlet: &lt;img src=x onerror=alert(1)&gt;&quot;'"));
    ck_assert_ptr_nonnull(strstr(buf_text(&page), "content=\"default-src 'none'; style-src 'sha256-"));
    buf_free(&page);
    run_result_free(run);
}
END_TEST

UNIT_MAIN("sinks", understood, refused, one_trouble_does_not_keep_the_others, html_holds_its_data)
