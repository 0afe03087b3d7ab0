/* The JSON report: golden, and read back whatever a peer wrote. */
#include "report/json.h"

#include "sample.h"

#include <jansson.h>

static void report_of(bool trace, struct buf *out)
{
    struct run_result *run = sample_run();
    for (size_t i = 0; i < SAMPLE_CASES; i++)
        sample_add(run, i);
    run->interrupted = true;
    struct diag why = {0};
    buf_init(out, 0);
    ck_assert(json_report(&(struct report){.runs = &run, .count = 1, .trace = trace}, out, &why));
    run_result_free(run);
}

START_TEST(golden)
{
    struct buf text;
    report_of(false, &text);
    unit_golden("report/result.json", buf_text(&text));
    buf_free(&text);
    report_of(true, &text);
    unit_golden("report/result-trace.json", buf_text(&text));
    buf_free(&text);
}
END_TEST

START_TEST(any_byte_stays_valid)
{
    struct run_result *run = sample_run();
    char bytes[256];
    for (int i = 0; i < 255; i++)
        bytes[i] = (char)(i + 1);
    bytes[255] = 0;
    sample_add(run, 0)->seen = bytes;
    run->seed = UINT64_MAX;
    struct buf text;
    buf_init(&text, 0);
    ck_assert(json_report(&(struct report){.runs = &run, .count = 1}, &text, NULL));
    json_error_t error;
    json_t *root = json_loads(buf_text(&text), 0, &error);
    ck_assert_msg(root != NULL, "%s", error.text);
    ck_assert_str_eq(json_string_value(json_object_get(root, "seed")), "0xffffffffffffffff");
    const json_t *first = json_array_get(json_object_get(root, "cases"), 0);
    const char *seen = json_string_value(json_object_get(first, "seen"));
    ck_assert_ptr_nonnull(strstr(seen, "~\x7f\\x80\\x81"));
    ck_assert_int_eq(seen[0], 1);
    ck_assert_int_eq(strncmp(seen + strlen(seen) - 4, "\\xff", 4), 0);
    json_decref(root);
    buf_free(&text);
    run_result_free(run);
}
END_TEST

/* The worst of its cases is what a requirement shows; a document counts it once. */
START_TEST(requirements_are_told)
{
    static const char *const names[] = {"6455-5.5.3-pong-identical", NULL};
    struct run_result *run = sample_run();
    sample_add(run, 0)->requirements = names;
    sample_add(run, 1)->requirements = names;
    struct buf text;
    buf_init(&text, 0);
    ck_assert(json_report(&(struct report){.runs = &run, .count = 1}, &text, NULL));
    json_t *root = json_loads(buf_text(&text), 0, NULL);
    const json_t *rows = json_object_get(root, "requirements"), *row = json_array_get(rows, 0);
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(json_string_value(json_object_get(row, "verdict")), "FAIL");
    ck_assert_int_eq(json_integer_value(json_object_get(row, "cases")), 2);
    ck_assert_str_eq(json_string_value(json_object_get(row, "section")), "5.5.3");
    const json_t *document = json_array_get(json_object_get(root, "coverage"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(document, "document")), "RFC6455");
    const json_t *counts = json_object_get(document, "explicit");
    ck_assert_int_eq(json_integer_value(json_object_get(counts, "shown")), 1);
    ck_assert_int_gt(json_integer_value(json_object_get(counts, "testable")), 100);
    json_decref(root);
    buf_free(&text);
    run_result_free(run);
}
END_TEST

/* jansson's allocations: the n-th fails, and those behind it. */
static unsigned long left;

static void *scarce(size_t size)
{
    if (left == 0)
        return NULL;
    left--;
    return malloc(size);
}

START_TEST(without_memory_it_is_whole_or_refused)
{
    struct run_result *run = sample_run();
    for (size_t i = 0; i < SAMPLE_CASES; i++)
        sample_add(run, i);
    const struct report report = {.runs = &run, .count = 1, .trace = true};
    struct buf whole;
    buf_init(&whole, 0);
    ck_assert(json_report(&report, &whole, NULL));
    json_set_alloc_funcs(scarce, free);
    bool fine = false;
    unsigned long n = 0;
    for (; !fine && n < 10000; n++) {
        struct buf text;
        struct diag why = {0};
        buf_init(&text, 0);
        left = n;
        fine = json_report(&report, &text, &why);
        ck_assert_int_eq(why.kind, fine ? DIAG_NONE : DIAG_TROUBLE);
        if (fine)
            ck_assert_str_eq(buf_text(&text), buf_text(&whole));
        buf_free(&text);
    }
    json_set_alloc_funcs(malloc, free);
    ck_assert(fine && n > 100);
    buf_free(&whole);
    run_result_free(run);
}
END_TEST

UNIT_MAIN("json", golden, any_byte_stays_valid, requirements_are_told, without_memory_it_is_whole_or_refused)
