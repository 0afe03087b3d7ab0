/* Result files of anybody (report/read.h). Oracles: what is refused is refused
 * in one clean line; what is read, written as JSON and read again, is written
 * the same; and every format that is one file can be made of it. */
#include "fuzz.h"

#include "plain_utf8.h"
#include "report/json.h"
#include "report/read.h"
#include "report/report.h"

FUZZ_TARGET("result");

#define FORMATS_SIZE_MAX 2048u /* of an input that is written in every format */

static void refused(const struct result_set *set, const struct diag *why)
{
    bool complete;
    size_t size = strlen(why->text);
    must(set->count == 0, "refused, with %zu runs", set->count);
    must(why->kind == DIAG_USAGE && size > 0, "refused for nothing (%d)", why->kind);
    must(plain_utf8_bad((const uint8_t *)why->text, size, &complete) == size && complete, "a sentence of no text");
    for (size_t i = 0; i < size; i++)
        must((uint8_t)why->text[i] >= ' ' && why->text[i] != 0x7f, "a sentence with the byte %02x", why->text[i]);
}

static struct report report_of(const struct result_set *set)
{
    return (struct report){.runs = set->runs, .count = set->count, .trace = true};
}

static void write_and_back(const struct result_set *set)
{
    struct result_set again = {0};
    struct diag why = {0};
    struct buf once, twice;
    buf_init(&once, 0);
    buf_init(&twice, 0);
    const struct report first = report_of(set);
    must(json_report(&first, &once, &why), "not written: %s", why.text);
    must(result_read(&again, once.data, once.size, "x", &why), "what was written is not read: %s\n%s", why.text,
         buf_text(&once));
    const struct report second = report_of(&again);
    must(json_report(&second, &twice, &why), "not written again: %s", why.text);
    must(strcmp(buf_text(&once), buf_text(&twice)) == 0, "written again, it is another:\n%s\n-- then\n%s",
         buf_text(&once), buf_text(&twice));
    result_set_free(&again);
    buf_free(&once);
    buf_free(&twice);
}

static void write_formats(const struct result_set *set)
{
    const struct report report = report_of(set);
    for (const struct report_format *format = report_formats; format->word != NULL; format++) {
        struct buf out;
        struct diag why = {0};
        buf_init(&out, 0);
        must(format->render == NULL || format->render(&report, &out, &why), "%s is not written: %s", format->word,
             why.text);
        buf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result_set set = {0};
    struct diag why = {0};
    uint8_t *bytes = fuzz_copy(data, size);
    if (result_read(&set, bytes, size, "x", &why)) {
        write_and_back(&set);
        if (size <= FORMATS_SIZE_MAX)
            write_formats(&set);
    } else {
        refused(&set, &why);
    }
    result_set_free(&set);
    free(bytes);
    return 0;
}
