/* See autobahn.h. What our result does not have (octet statistics, `expected`) is there empty, as its own reports have
 * it when a case does not ask for it. */
#include "report/autobahn.h"

#include "base/file.h"
#include "report/autobahn_case.h"
#include "report/html.h"
#include "report/words.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* "the built-in peer" -> "the_built_in_peer_case_1_1_1.json" */
static void report_file(struct buf *out, const char *agent, const char *id)
{
    bool begun = false;
    size_t gap = 0;
    for (; *agent != 0; agent++) {
        char c = *agent >= 'A' && *agent <= 'Z' ? (char)(*agent + 'a' - 'A') : *agent;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain) {
            gap++;
            continue;
        }
        buf_append_fill(out, '_', begun ? gap : 0);
        gap = 0;
        begun = true;
        buf_append_byte(out, (uint8_t)c);
    }
    buf_append_text(out, "_case_");
    for (; *id != 0; id++)
        buf_append_byte(out, *id == '.' ? '_' : (uint8_t)*id);
    buf_append_text(out, ".json");
}

/* "9.10.2" behind "9.9.1". An alias may be anything in a file that we read. */
static int by_id(const void *a, const void *b)
{
    const char *left = (*(const struct case_result *const *)a)->alias;
    const char *right = (*(const struct case_result *const *)b)->alias;
    for (;;) {
        char *left_end, *right_end;
        unsigned long x = strtoul(left, &left_end, 10), y = strtoul(right, &right_end, 10);
        if (x != y || left_end == left || right_end == right || *left_end != '.' || *right_end != '.')
            return x != y ? (x < y ? -1 : 1) : strcmp(left_end, right_end);
        left = left_end + 1;
        right = right_end + 1;
    }
}

static bool is_id(const char *alias)
{
    return alias[0] != 0 && strlen(alias) <= 32 && alias[strspn(alias, "0123456789.")] == 0;
}

/* Those with an id, sorted. free() it; NULL without memory. */
static const struct case_result **sorted_cases(const struct run_result *run, size_t *count)
{
    const struct case_result **sorted = malloc((run->count + 1) * sizeof(const struct case_result *));
    *count = 0;
    for (size_t i = 0; sorted != NULL && i < run->count; i++)
        if (is_id(run->cases[i]->alias) && !run->cases[i]->not_played)
            sorted[(*count)++] = run->cases[i];
    if (sorted != NULL)
        qsort(sorted, *count, sizeof(const struct case_result *), by_id);
    return sorted;
}

static bool write_json(const char *folder, const char *name, json_t *json, struct diag *why)
{
    char path[PATH_MAX];
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(3) | JSON_SORT_KEYS);
    bool fine = text != NULL || diag_set(why, DIAG_TROUBLE, "out of memory for the Autobahn report");
    if (fine && snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        fine = diag_set(why, DIAG_USAGE, "the name of a file is longer than %d bytes", PATH_MAX - 1);
    fine = fine && file_write(path, text, strlen(text), why);
    free(text);
    return fine;
}

static bool write_run(const struct run_result *run, const char *agent, const char *folder, json_t *index,
                      struct diag *why)
{
    size_t count;
    const struct case_result **sorted = sorted_cases(run, &count);
    bool fine = sorted != NULL || diag_set(why, DIAG_TROUBLE, "out of memory for the Autobahn report");
    for (size_t i = 0; i < count && fine; i++) {
        struct buf name;
        buf_init(&name, 0);
        report_file(&name, agent, sorted[i]->alias);
        json_t *whole = autobahn_case(run, sorted[i], agent, i + 1);
        fine = write_json(folder, buf_text(&name), whole, why);
        json_t *entry = json_pack("{sO sO sO sO ss}", "behavior", json_object_get(whole, "behavior"), "behaviorClose",
                                  json_object_get(whole, "behaviorClose"), "duration",
                                  json_object_get(whole, "duration"), "remoteCloseCode",
                                  json_object_get(whole, "remoteCloseCode"), "reportfile", buf_text(&name));
        if (fine && json_object_set_new(index, sorted[i]->alias, entry) != 0)
            fine = diag_set(why, DIAG_TROUBLE, "out of memory for the Autobahn report");
        json_decref(whole);
        buf_free(&name);
    }
    free(sorted);
    return fine;
}

static bool write_page(const struct report *report, const char *folder, struct diag *why)
{
    char path[PATH_MAX];
    struct buf page;
    buf_init(&page, 0);
    bool fine = html_report(report, &page, why);
    if (fine && snprintf(path, sizeof path, "%s/index.html", folder) < (int)sizeof path)
        fine = file_write(path, buf_text(&page), page.size, why);
    buf_free(&page);
    return fine;
}

bool autobahn_spread(const struct report *report, const char *folder, struct diag *why)
{
    json_t *index = json_object();
    bool fine = index != NULL || diag_set(why, DIAG_TROUBLE, "out of memory for the Autobahn report");
    for (size_t i = 0; i < report->count && fine; i++) {
        struct buf agent;
        buf_init(&agent, 0);
        words_of_agent(&agent, report, i);
        json_t *cases = json_object();
        fine = cases != NULL && json_object_set_new(index, buf_text(&agent), cases) == 0;
        fine = fine ? write_run(report->runs[i], buf_text(&agent), folder, cases, why)
                    : diag_set(why, DIAG_TROUBLE, "out of memory for the Autobahn report");
        buf_free(&agent);
    }
    fine = fine && write_page(report, folder, why) && write_json(folder, "index.json", index, why);
    json_decref(index);
    return fine;
}
