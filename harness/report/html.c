/* See html.h. The page is a template: what stands in {{ }} is put in once, so that nothing of the data is taken for
 * it. */
#include "report/html.h"

#include "report/clean.h"
#include "report/json.h"
#include "report/page.h"
#include "report/words.h"

#include <assert.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct page {
    const struct report *report;
    struct buf style, script;
    struct diag *why;
};

/* ---- style and script ---- */

static bool ends_with(const char *path, const char *end)
{
    size_t size = strlen(path), more = strlen(end);
    return size >= more && strcmp(path + size - more, end) == 0;
}

static const char *page_file(const char *name)
{
    for (const struct embedded_file *file = page_files; file->path != NULL; file++)
        if (strcmp(file->path, name) == 0)
            return file->text;
    return "";
}

static void gather(struct buf *out, const char *end)
{
    for (const struct embedded_file *file = page_files; file->path != NULL; file++)
        if (ends_with(file->path, end))
            buf_append(out, file->text, file->size);
}

/* sha256-... as a Content-Security-Policy names what may run. */
static void put_hash(struct buf *out, const struct buf *text)
{
    uint8_t digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(buf_text(text), text->size, digest, &size, EVP_sha256(), NULL) != 1)
        out->failed = true;
    EVP_EncodeBlock(base64, digest, (int)size);
    buf_printf(out, "sha256-%s", (const char *)base64);
}

/* ---- words for whoever does not run the script ---- */

static void put_title(struct buf *out, struct page *page)
{
    const struct report *report = page->report;
    buf_append_text(out, "wsgauntlet: ");
    for (size_t i = 0; i < report->count && i < 4; i++) {
        buf_append_text(out, i == 0 ? "" : ", ");
        clean_xml(out, words_of_testee(report->runs[i]));
    }
    if (report->count > 4)
        buf_printf(out, " and %zu more", report->count - 4);
}

static void put_summary(struct buf *out, struct page *page)
{
    const struct report *report = page->report;
    for (size_t i = 0; i < report->count; i++) {
        const struct run_result *run = report->runs[i];
        struct run_summary summary = run_summary(run);
        clean_xml(out, words_of_testee(run));
        buf_printf(out, ": %zu cases, %zu failed, %zu in error, %zu did not run. ", summary.total,
                   summary.by[VERDICT_FAIL], summary.by[VERDICT_ERROR],
                   run->planned > run->count ? run->planned - run->count : 0);
    }
}

/* ---- data ---- */

static bool is_tested(const struct report *report, const struct requirement *row)
{
    for (size_t i = 0; i < report->count; i++)
        if (row->testable[report->runs[i]->testee.role] != TESTABLE_NO)
            return true;
    return false;
}

/* For the page: what a requirement says, and why there may be no case for it. */
static json_t *requirement_json(const struct report *report, const struct requirement *row)
{
    enum tested_role role = report->count == 0 ? ROLE_SERVER : report->runs[0]->testee.role;
    return json_pack("{ss ss ss ss ss ss sb ss*}", "id", row->id, "document", row->document, "section", row->section,
                     "level", row->level, "text", row->text, "basis",
                     row->basis == BASIS_DERIVED ? "derived" : "explicit", "testable", is_tested(report, row),
                     "without", row->without[role]);
}

static bool put_requirements(struct buf *out, const struct report *report)
{
    struct requirements requirements;
    if (!requirements_read(&requirements))
        return false;
    json_t *array = json_array();
    bool fine = array != NULL;
    for (size_t i = 0; i < requirements.count; i++)
        fine &= json_array_append_new(array, requirement_json(report, &requirements.rows[i])) == 0;
    char *text = fine ? json_dumps(array, JSON_COMPACT) : NULL;
    if (text != NULL)
        json_inline(out, text);
    free(text);
    json_decref(array);
    requirements_free(&requirements);
    return text != NULL;
}

static void put_data(struct buf *out, struct page *page)
{
    buf_append_text(out, "{\"runs\":");
    bool fine = json_runs(page->report, out, page->why);
    buf_append_text(out, ",\"requirements\":");
    out->failed |= !fine || !put_requirements(out, page->report);
    buf_append_byte(out, '}');
}

/* ---- the template ---- */

static void put_style_hash(struct buf *out, struct page *page)
{
    put_hash(out, &page->style);
}

static void put_script_hash(struct buf *out, struct page *page)
{
    put_hash(out, &page->script);
}

static void put_style(struct buf *out, struct page *page)
{
    buf_append(out, buf_text(&page->style), page->style.size);
}

static void put_script(struct buf *out, struct page *page)
{
    buf_append(out, buf_text(&page->script), page->script.size);
}

/* What stands for {{name}}. */
static void put(struct buf *out, const char *name, size_t size, struct page *page)
{
    static const struct {
        const char *name;
        void (*put)(struct buf *out, struct page *page);
    } parts[] = {
        {"title", put_title},   {"summary", put_summary}, {"style-hash", put_style_hash}, {"style", put_style},
        {"script", put_script}, {"data", put_data},       {"script-hash", put_script_hash},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strlen(parts[i].name) == size && strncmp(parts[i].name, name, size) == 0) {
            parts[i].put(out, page);
            return;
        }
    }
    assert(false && "the page names a part that there is not");
}

bool html_report(const struct report *report, struct buf *out, struct diag *why)
{
    struct page page = {.report = report, .why = why};
    buf_init(&page.style, 0);
    buf_init(&page.script, 0);
    gather(&page.style, ".css");
    gather(&page.script, ".js");
    const char *at = page_file("page.html");
    for (const char *open; (open = strstr(at, "{{")) != NULL;) {
        const char *close = strstr(open, "}}");
        buf_append(out, at, (size_t)(open - at));
        put(out, open + 2, (size_t)(close - open - 2), &page);
        at = close + 2;
    }
    buf_append_text(out, at);
    out->failed |= page.style.failed || page.script.failed;
    buf_free(&page.style);
    buf_free(&page.script);
    return !out->failed || diag_set(why, DIAG_TROUBLE, "out of memory for the HTML report");
}
