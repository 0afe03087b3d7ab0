/* See junit.h. NON_STRICT and INFO pass, as they do for the exit status; UNIMPLEMENTED is skipped. What XML 1.0
 * cannot hold stands as \xNN. */
#include "report/junit.h"

#include "report/clean.h"
#include "report/words.h"

#include <inttypes.h>
#include <string.h>

static void attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    clean_xml(out, value);
    buf_append_byte(out, '"');
}

static void seconds(struct buf *out, const char *name, uint64_t ns)
{
    buf_printf(out, " %s=\"%.6f\"", name, (double)ns / 1e9);
}

/* <name>text</name>, when there is text */
static void element(struct buf *out, const char *name, const char *text)
{
    if (text[0] == 0)
        return;
    buf_printf(out, "      <%s>", name);
    clean_xml(out, text);
    buf_printf(out, "</%s>\n", name);
}

static void verdict_element(struct buf *out, const struct case_result *result, const char *why)
{
    const char *name = result->verdict == VERDICT_FAIL ? "failure" : "error";
    bool known = case_result_is_known(result); /* seen by a reader of reports, and no red */
    if (known || result->verdict == VERDICT_UNIMPLEMENTED) {
        buf_printf(out, "      <skipped%s", known ? " type=\"known\"" : "");
        attribute(out, "message", why);
        buf_append_text(out, "/>\n");
    } else if (result->verdict >= VERDICT_FAIL) {
        buf_printf(out, "      <%s", name);
        attribute(out, "message", why);
        attribute(out, "type", verdict_word(result->verdict));
        buf_append_byte(out, '>');
        clean_xml(out, result->replay);
        buf_printf(out, "</%s>\n", name);
    }
}

static void testcase(struct buf *out, const struct case_result *result, const char *class)
{
    struct buf why;
    buf_init(&why, 0);
    words_of_case(&why, result);
    buf_append_text(out, "    <testcase");
    attribute(out, "name", result->id);
    attribute(out, "classname", class);
    if (result->file[0] != 0) {
        attribute(out, "file", result->file);
        buf_printf(out, " line=\"%d\"", result->line);
    }
    seconds(out, "time", result->duration_ns);
    buf_append_text(out, ">\n");
    verdict_element(out, result, buf_text(&why));
    bool told = result->verdict == VERDICT_NON_STRICT || result->verdict == VERDICT_INFO;
    if (told) {
        struct buf said;
        buf_init(&said, 0);
        buf_printf(&said, "%s: %s", verdict_word(result->verdict), buf_text(&why));
        element(out, "system-out", buf_text(&said));
        out->failed |= said.failed;
        buf_free(&said);
    }
    element(out, "system-err", result->stderr_tail);
    buf_append_text(out, "    </testcase>\n");
    out->failed |= why.failed;
    buf_free(&why);
}

struct count {
    size_t by[VERDICTS], total;
    uint64_t ns;
};

static struct count count_cases(const struct run_result *run, size_t from, size_t to)
{
    struct count count = {.total = to - from};
    for (size_t i = from; i < to; i++) {
        count.by[run->cases[i]->verdict] += !case_result_is_known(run->cases[i]);
        count.ns += run->cases[i]->duration_ns;
    }
    return count;
}

static void counts(struct buf *out, const struct count *count)
{
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", count->total, count->by[VERDICT_FAIL],
               count->by[VERDICT_ERROR]);
}

static void property(struct buf *out, const char *name, const char *value)
{
    if (value[0] == 0)
        return;
    buf_append_text(out, "      <property");
    attribute(out, "name", name);
    attribute(out, "value", value);
    buf_append_text(out, "/>\n");
}

static void properties(struct buf *out, const struct run_result *run)
{
    struct buf seed;
    buf_init(&seed, 0);
    buf_printf(&seed, "0x%" PRIx64, run->seed);
    buf_append_text(out, "    <properties>\n");
    property(out, "url", run->testee.url);
    property(out, "command", run->testee.command);
    property(out, "agent", run->testee.agent);
    property(out, "seed", buf_text(&seed));
    property(out, "interrupted", run->interrupted ? "true" : "");
    buf_append_text(out, "    </properties>\n");
    out->failed |= seed.failed;
    buf_free(&seed);
}

/* Where the section of a case ends: cases stand together by section. */
static size_t section_end(const struct run_result *run, size_t from)
{
    size_t to = from + 1;
    while (to < run->count && strcmp(run->cases[to]->section, run->cases[from]->section) == 0)
        to++;
    return to;
}

static void testsuite(struct buf *out, const struct run_result *run, size_t from, size_t to, bool several)
{
    const char *section = run->cases[from]->section;
    struct count count = count_cases(run, from, to);
    struct buf name, class;
    buf_init(&name, 0);
    buf_init(&class, 0);
    if (several)
        buf_printf(&name, "%s: ", words_of_testee(run));
    buf_append_text(&name, section[0] == 0 ? "cases" : section);
    buf_printf(&class, "wsgauntlet.%s", section[0] == 0 ? "cases" : section);
    buf_append_text(out, "  <testsuite");
    attribute(out, "name", buf_text(&name));
    counts(out, &count);
    buf_printf(out, " skipped=\"%zu\"", count.by[VERDICT_UNIMPLEMENTED]);
    seconds(out, "time", count.ns);
    if (run->started[0] != 0) {
        struct buf stamp;
        buf_init(&stamp, 0);
        buf_append(&stamp, run->started, strcspn(run->started, "Z")); /* the format has no time zone */
        attribute(out, "timestamp", buf_text(&stamp));
        out->failed |= stamp.failed;
        buf_free(&stamp);
    }
    buf_append_text(out, ">\n");
    properties(out, run);
    for (size_t i = from; i < to; i++)
        testcase(out, run->cases[i], buf_text(&class));
    buf_append_text(out, "  </testsuite>\n");
    out->failed |= name.failed || class.failed;
    buf_free(&name);
    buf_free(&class);
}

bool junit_report(const struct report *report, struct buf *out, struct diag *why)
{
    struct count all = {0};
    for (size_t r = 0; r < report->count; r++) {
        struct count count = count_cases(report->runs[r], 0, report->runs[r]->count);
        for (int v = 0; v < VERDICTS; v++)
            all.by[v] += count.by[v];
        all.total += count.total;
        all.ns += report->runs[r]->duration_ns;
    }
    buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wsgauntlet\"");
    counts(out, &all);
    seconds(out, "time", all.ns);
    buf_append_text(out, ">\n");
    for (size_t r = 0; r < report->count; r++) {
        const struct run_result *run = report->runs[r];
        for (size_t from = 0, to; from < run->count; from = to) {
            to = section_end(run, from);
            testsuite(out, run, from, to, report->count > 1);
        }
    }
    buf_append_text(out, "</testsuites>\n");
    return !out->failed || diag_set(why, DIAG_TROUBLE, "out of memory for the JUnit report");
}
