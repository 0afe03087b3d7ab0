/* See json.h. Bytes that are not UTF-8 appear as \xNN, so that the file is always valid. */
#include "report/json.h"

#include "report/clean.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *text(const char *value)
{
    struct buf clean;
    buf_init(&clean, 0);
    clean_utf8(&clean, value == NULL ? "" : value);
    json_t *string = clean.failed ? NULL : json_string(buf_text(&clean));
    buf_free(&clean);
    return string;
}

static json_t *texts(const char *const *values)
{
    json_t *array = json_array();
    for (; values != NULL && *values != NULL; values++)
        json_array_append_new(array, text(*values));
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

static json_t *summary_json(const struct run_result *run)
{
    struct run_summary summary = run_summary(run);
    json_t *object = json_object();
    json_object_set_new(object, "total", json_integer((json_int_t)summary.total));
    static const char *const names[VERDICTS] = {
        [VERDICT_PASS] = "pass", [VERDICT_NON_STRICT] = "non_strict", [VERDICT_INFO] = "info",
        [VERDICT_UNIMPLEMENTED] = "unimplemented", [VERDICT_FAIL] = "fail", [VERDICT_ERROR] = "error",
    };
    for (int i = 0; i < VERDICTS; i++)
        json_object_set_new(object, names[i], json_integer((json_int_t)summary.by[i]));
    return object;
}

static json_t *testee_json(const struct testee_info *testee)
{
    json_t *object = json_object();
    json_object_set_new(object, "url", text(testee->url));
    json_object_set_new(object, "command", text(testee->command));
    json_object_set_new(object, "agent", text(testee->agent));
    json_object_set_new(object, "builtin", json_boolean(testee->builtin));
    json_object_set_new(object, "tls", json_boolean(testee->tls));
    return object;
}

static json_t *case_json(const struct case_result *result, bool trace)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", text(result->id));
    json_object_set_new(object, "title", text(result->title));
    json_object_set_new(object, "alias", text(result->alias));
    json_object_set_new(object, "section", text(result->section));
    json_object_set_new(object, "file", text(result->file));
    json_object_set_new(object, "line", json_integer(result->line));
    json_object_set_new(object, "verdict", text(verdict_word(result->verdict)));
    json_object_set_new(object, "close_verdict", text(close_verdict_word(result->close_verdict)));
    json_object_set_new(object, "requirements", texts(result->requirements));
    json_object_set_new(object, "duration_ms", milliseconds(result->duration_ns));
    json_object_set_new(object, "step_line", json_integer(result->step_line));
    json_object_set_new(object, "expected", text(result->expected));
    json_object_set_new(object, "seen", text(result->seen));
    json_object_set_new(object, "detail", text(result->detail));
    json_object_set_new(object, "replay", text(result->replay));
    json_object_set_new(object, "sent_digest", hexadecimal(result->sent_digest));
    if (result->stderr_tail != NULL && result->stderr_tail[0] != 0)
        json_object_set_new(object, "stderr", text(result->stderr_tail));
    if (trace) {
        json_object_set_new(object, "source", text(result->source));
        json_object_set_new(object, "trace", text(result->trace));
    }
    return object;
}

static json_t *run_json(const struct run_result *run, const struct json_options *options)
{
    json_t *root = json_object(), *cases = json_array();
    for (size_t i = 0; i < run->count; i++)
        json_array_append_new(cases, case_json(run->cases[i], options->trace));
    json_object_set_new(root, "tool", json_string("wsgauntlet"));
    json_object_set_new(root, "version", text(options->version));
    json_object_set_new(root, "seed", hexadecimal(run->seed));
    json_object_set_new(root, "started", text(run->started));
    json_object_set_new(root, "duration_ms", milliseconds(run->duration_ns));
    json_object_set_new(root, "interrupted", json_boolean(run->interrupted));
    json_object_set_new(root, "planned", json_integer((json_int_t)run->planned));
    json_object_set_new(root, "testee", testee_json(&run->testee));
    json_object_set_new(root, "summary", summary_json(run));
    json_object_set_new(root, "cases", cases);
    return root;
}

bool json_report(const struct run_result *run, const struct json_options *options, struct buf *out,
                 struct diag *why)
{
    json_t *root = run_json(run, options);
    char *dump = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    bool fine = dump != NULL && buf_append_text(out, dump) && buf_append_byte(out, '\n');
    free(dump);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory for the JSON report");
}
