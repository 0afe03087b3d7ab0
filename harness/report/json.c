/* See json.h. Bytes that are not UTF-8 appear as \xNN, so that the file is always valid. */
#include "report/json.h"

#include "report/clean.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* jansson passes over a value that there was no memory for; this remembers it. */
struct writer {
    bool failed;
};

static void put(struct writer *w, json_t *object, const char *name, json_t *value)
{
    w->failed |= json_object_set_new(object, name, value) != 0;
}

static void add(struct writer *w, json_t *array, json_t *value)
{
    w->failed |= json_array_append_new(array, value) != 0;
}

static json_t *text(const char *value)
{
    struct buf clean;
    buf_init(&clean, 0);
    clean_utf8(&clean, value == NULL ? "" : value);
    json_t *string = clean.failed ? NULL : json_string(buf_text(&clean));
    buf_free(&clean);
    return string;
}

static json_t *texts(struct writer *w, const char *const *values)
{
    json_t *array = json_array();
    for (; values != NULL && *values != NULL; values++)
        add(w, array, text(*values));
    return array;
}

static json_t *milliseconds(uint64_t ns)
{
    return json_real(round((double)ns / 1e3) / 1e3);
}

/* As text: a number of 64 bits would lose digits in many readers. */
static json_t *hexadecimal(uint64_t number)
{
    char hex[24];
    snprintf(hex, sizeof hex, "0x%" PRIx64, number);
    return json_string(hex);
}

static json_t *summary_json(struct writer *w, const struct run_result *run)
{
    struct run_summary summary = run_summary(run);
    json_t *object = json_object();
    put(w, object, "total", json_integer((json_int_t)summary.total));
    static const char *const names[VERDICTS] = {
        [VERDICT_PASS] = "pass", [VERDICT_NON_STRICT] = "non_strict", [VERDICT_INFO] = "info",
        [VERDICT_UNIMPLEMENTED] = "unimplemented", [VERDICT_FAIL] = "fail", [VERDICT_ERROR] = "error",
    };
    for (int i = 0; i < VERDICTS; i++)
        put(w, object, names[i], json_integer((json_int_t)summary.by[i]));
    return object;
}

static json_t *testee_json(struct writer *w, const struct testee_info *testee)
{
    json_t *object = json_object();
    put(w, object, "url", text(testee->url));
    put(w, object, "command", text(testee->command));
    put(w, object, "agent", text(testee->agent));
    put(w, object, "builtin", json_boolean(testee->builtin));
    put(w, object, "tls", json_boolean(testee->tls));
    return object;
}

static json_t *case_json(struct writer *w, const struct case_result *result, bool trace)
{
    json_t *object = json_object();
    put(w, object, "id", text(result->id));
    put(w, object, "title", text(result->title));
    put(w, object, "alias", text(result->alias));
    put(w, object, "section", text(result->section));
    put(w, object, "file", text(result->file));
    put(w, object, "line", json_integer(result->line));
    put(w, object, "verdict", text(verdict_word(result->verdict)));
    put(w, object, "close_verdict", text(close_verdict_word(result->close_verdict)));
    put(w, object, "requirements", texts(w, result->requirements));
    put(w, object, "duration_ms", milliseconds(result->duration_ns));
    put(w, object, "step_line", json_integer(result->step_line));
    put(w, object, "expected", text(result->expected));
    put(w, object, "seen", text(result->seen));
    put(w, object, "detail", text(result->detail));
    put(w, object, "replay", text(result->replay));
    put(w, object, "sent_digest", hexadecimal(result->sent_digest));
    if (result->stderr_tail != NULL && result->stderr_tail[0] != 0)
        put(w, object, "stderr", text(result->stderr_tail));
    if (trace) {
        put(w, object, "source", text(result->source));
        put(w, object, "trace", text(result->trace));
    }
    return object;
}

static json_t *run_json(struct writer *w, const struct run_result *run, const struct json_options *options)
{
    json_t *root = json_object(), *cases = json_array();
    for (size_t i = 0; i < run->count; i++)
        add(w, cases, case_json(w, run->cases[i], options->trace));
    put(w, root, "tool", json_string("wsgauntlet"));
    put(w, root, "version", text(options->version));
    put(w, root, "seed", hexadecimal(run->seed));
    put(w, root, "started", text(run->started));
    put(w, root, "duration_ms", milliseconds(run->duration_ns));
    put(w, root, "interrupted", json_boolean(run->interrupted));
    put(w, root, "planned", json_integer((json_int_t)run->planned));
    put(w, root, "testee", testee_json(w, &run->testee));
    put(w, root, "summary", summary_json(w, run));
    put(w, root, "cases", cases);
    return root;
}

bool json_report(const struct run_result *run, const struct json_options *options, struct buf *out,
                 struct diag *why)
{
    struct writer w = {0};
    json_t *root = run_json(&w, run, options);
    char *dump = w.failed ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    bool fine = dump != NULL && buf_append_text(out, dump) && buf_append_byte(out, '\n');
    free(dump);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory for the JSON report");
}
