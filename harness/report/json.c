/* See json.h. Bytes that are not UTF-8 appear as \xNN, so that the file is always valid. */
#include "report/json.h"

#include "report/json_words.h"
#include "report/shown.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static json_t *texts(struct writer *w, const char *const *values)
{
    json_t *array = json_array();
    for (; values != NULL && *values != NULL; values++)
        add(w, array, json_text(*values));
    return array;
}

/* A payload length may be over what a JSON integer of jansson holds. */
static json_t *length_json(uint64_t length)
{
    return length <= INT64_MAX ? json_integer((json_int_t)length) : json_real((double)length);
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

/* ---- what happened ---- */

static json_t *hex(const uint8_t *bytes, size_t size)
{
    struct buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < size; i++)
        buf_printf(&text, "%02x", bytes[i]);
    json_t *string = text.failed ? NULL : json_string(buf_text(&text));
    buf_free(&text);
    return string;
}

/* A head of ours that leaves the form to the writer has the shortest. */
static unsigned length_form(const struct ws_frame_head *head)
{
    if (head->length_form != WS_LENGTH_MINIMAL)
        return head->length_form;
    return head->payload_length < 126 ? WS_LENGTH_7 : head->payload_length < 65536 ? WS_LENGTH_16 : WS_LENGTH_64;
}

static json_t *event_json(struct writer *w, const struct trace_event *event)
{
    const struct ws_frame_head *head = &event->head;
    json_t *object = json_object();
    put(w, object, "at_ms", milliseconds(event->at_ns));
    put(w, object, "kind", json_string(event_kind_word(event->kind)));
    put(w, object, "ours", json_boolean(event->ours));
    put(w, object, "connection", json_integer(event->connection));
    if (event->kind == TRACE_FRAME) {
        put(w, object, "opcode", json_integer(head->opcode));
        put(w, object, "fin", json_boolean(head->fin));
        put(w, object, "rsv", json_integer(head->rsv));
        put(w, object, "masked", json_boolean(head->masked));
        put(w, object, "length_form", json_integer(length_form(head)));
        put(w, object, "length", length_json(head->payload_length));
    }
    if (event_has_bytes(event->kind)) {
        put(w, object, "bytes", hex(event->bytes, event->size));
        put(w, object, "size", length_json(event->whole));
    }
    if (event->text != NULL && event->text[0] != 0)
        put(w, object, "text", json_text(event->text));
    return object;
}

static json_t *events_json(struct writer *w, const struct case_result *result)
{
    json_t *array = json_array();
    for (size_t i = 0; i < result->event_count; i++)
        add(w, array, event_json(w, &result->events[i]));
    return array;
}

static json_t *opcodes_json(struct writer *w, const uint64_t counts[16])
{
    json_t *object = json_object();
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        char name[4];
        snprintf(name, sizeof name, "%u", opcode);
        if (counts[opcode] != 0)
            put(w, object, name, json_integer((json_int_t)counts[opcode]));
    }
    return object;
}

static json_t *frames_json(struct writer *w, const struct trace_counts *counts)
{
    json_t *object = json_object();
    put(w, object, "sent", opcodes_json(w, counts->frames[true]));
    put(w, object, "received", opcodes_json(w, counts->frames[false]));
    return object;
}

/* ---- pictures ---- */

static json_t *series_json(struct writer *w, const struct figure_series *series)
{
    json_t *object = json_object(), *points = json_array();
    for (size_t i = 0; i < series->count; i++) {
        const struct figure_point *point = &series->points[i];
        json_t *one = json_object();
        put(w, one, "x", json_real(point->x));
        put(w, one, "y", json_real(point->y));
        if (series->kind == FIGURE_SPANS)
            put(w, one, "until", json_real(point->until));
        if (point->label[0] != 0)
            put(w, one, "label", json_text(point->label));
        add(w, points, one);
    }
    put(w, object, "kind", json_string(figure_kind_word(series->kind)));
    put(w, object, "name", json_text(series->name));
    put(w, object, "left_out", json_integer((json_int_t)series->left_out));
    put(w, object, "points", points);
    return object;
}

static json_t *figures_json(struct writer *w, const struct figure *figure)
{
    json_t *array = json_array();
    for (; figure != NULL; figure = figure->next) {
        json_t *object = json_object(), *all = json_array();
        for (const struct figure_series *series = figure->series; series != NULL; series = series->next)
            add(w, all, series_json(w, series));
        put(w, object, "title", json_text(figure->title));
        put(w, object, "x_unit", json_text(figure->x_unit));
        put(w, object, "y_unit", json_text(figure->y_unit));
        put(w, object, "series", all);
        add(w, array, object);
    }
    return array;
}

/* ---- requirements ---- */

static json_t *requirement_json(struct writer *w, const struct shown_requirement *shown)
{
    json_t *object = json_object();
    put(w, object, "id", json_text(shown->row->id));
    put(w, object, "document", json_text(shown->row->document));
    put(w, object, "section", json_text(shown->row->section));
    put(w, object, "level", json_text(shown->row->level));
    put(w, object, "text", json_text(shown->row->text));
    put(w, object, "derived", json_boolean(shown->row->basis == BASIS_DERIVED));
    put(w, object, "cases", json_integer((json_int_t)shown->cases));
    put(w, object, "verdict", json_string(verdict_word(shown->worst)));
    return object;
}

/* Of a document: how many can be shown to such a testee on the wire, how many of them this run shows. */
static json_t *document_json(struct writer *w, const struct shown *shown, const char *document, enum tested_role role)
{
    json_t *object = json_object();
    put(w, object, "document", json_text(document));
    for (int basis = 0; basis < BASES; basis++) {
        size_t testable = 0, seen = 0;
        for (size_t i = 0; i < shown->requirements.count; i++) {
            const struct requirement *row = shown->list[i].row;
            bool counts = row->testable[role] != TESTABLE_NO && (int)row->basis == basis &&
                          strcmp(row->document, document) == 0;
            testable += counts;
            seen += counts && shown->list[i].cases != 0;
        }
        json_t *one = json_object();
        put(w, one, "testable", json_integer((json_int_t)testable));
        put(w, one, "shown", json_integer((json_int_t)seen));
        put(w, object, basis == BASIS_DERIVED ? "derived" : "explicit", one);
    }
    return object;
}

/* What the cases name; nothing for a run whose cases name none. */
static void put_requirements(struct writer *w, json_t *root, const struct run_result *run)
{
    struct shown shown;
    bool fine = shown_of(run, &shown);
    w->failed |= !fine;
    if (fine && shown.named != 0) {
        json_t *rows = json_array(), *documents = json_array();
        const char *last = "";
        for (size_t i = 0; i < shown.requirements.count; i++) {
            const char *document = shown.list[i].row->document;
            if (strcmp(last, document) != 0)
                add(w, documents, document_json(w, &shown, document, run->testee.role));
            last = document;
            if (shown.list[i].cases != 0)
                add(w, rows, requirement_json(w, &shown.list[i]));
        }
        put(w, root, "coverage", documents);
        put(w, root, "requirements", rows);
    }
    shown_free(&shown);
}

/* ---- the whole ---- */

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
    put(w, object, "known", json_integer((json_int_t)summary.known));
    return object;
}

static json_t *testee_json(struct writer *w, const struct testee_info *testee)
{
    json_t *object = json_object();
    put(w, object, "role", json_string(tested_role_word(testee->role)));
    put(w, object, "url", json_text(testee->url));
    put(w, object, "command", json_text(testee->command));
    put(w, object, "agent", json_text(testee->agent));
    put(w, object, "builtin", json_boolean(testee->builtin));
    if (testee->fault != NULL)
        put(w, object, "fault", json_text(testee->fault));
    put(w, object, "tls", json_boolean(testee->tls));
    return object;
}

static json_t *case_json(struct writer *w, const struct case_result *result, bool trace)
{
    json_t *object = json_object();
    put(w, object, "id", json_text(result->id));
    put(w, object, "title", json_text(result->title));
    put(w, object, "alias", json_text(result->alias));
    put(w, object, "section", json_text(result->section));
    put(w, object, "file", json_text(result->file));
    put(w, object, "line", json_integer(result->line));
    put(w, object, "verdict", json_text(verdict_word(result->verdict)));
    put(w, object, "close_verdict", json_text(close_verdict_word(result->close_verdict)));
    put(w, object, "requirements", texts(w, result->requirements));
    if (result->started[0] != 0)
        put(w, object, "started", json_text(result->started));
    put(w, object, "duration_ms", milliseconds(result->duration_ns));
    if (result->timed_out)
        put(w, object, "timed_out", json_true());
    put(w, object, "step_line", json_integer(result->step_line));
    put(w, object, "expected", json_text(result->expected));
    put(w, object, "seen", json_text(result->seen));
    put(w, object, "detail", json_text(result->detail));
    put(w, object, "replay", json_text(result->replay));
    put(w, object, "sent_digest", hexadecimal(result->sent_digest));
    if (result->stderr_tail != NULL && result->stderr_tail[0] != 0)
        put(w, object, "stderr", json_text(result->stderr_tail));
    if (result->known != NULL)
        put(w, object, "known", json_text(result->known));
    if (result->round != 0)
        put(w, object, "round", json_integer(result->round));
    if (result->not_played)
        put(w, object, "not_played", json_true());
    put(w, object, "source", json_text(result->source));
    put(w, object, "frames", frames_json(w, &result->counts));
    put(w, object, "events", events_json(w, result));
    if (result->figures != NULL)
        put(w, object, "figures", figures_json(w, result->figures));
    if (trace)
        put(w, object, "trace", json_text(result->trace));
    return object;
}

static json_t *run_json(struct writer *w, const struct run_result *run, bool trace)
{
    json_t *root = json_object(), *cases = json_array();
    for (size_t i = 0; i < run->count; i++)
        add(w, cases, case_json(w, run->cases[i], trace));
    put(w, root, "tool", json_string("wsgauntlet"));
    put(w, root, "version", json_text(run->version));
    put(w, root, "mode", json_text(run->mode));
    put(w, root, "seed", hexadecimal(run->seed));
    if (run->profile != NULL)
        put(w, root, "profile", json_text(run->profile));
    put(w, root, "started", json_text(run->started));
    put(w, root, "duration_ms", milliseconds(run->duration_ns));
    put(w, root, "interrupted", json_boolean(run->interrupted));
    put(w, root, "planned", json_integer((json_int_t)run->planned));
    if (run->rounds > 1) {
        struct run_rounds played = run_rounds(run);
        put(w, root, "rounds", json_integer(run->rounds));
        put(w, root, "rounds_begun", json_integer(played.begun));
        put(w, root, "rounds_whole", json_integer(played.whole));
    }
    put(w, root, "testee", testee_json(w, &run->testee));
    put(w, root, "summary", summary_json(w, run));
    if (run->figures != NULL)
        put(w, root, "figures", figures_json(w, run->figures));
    put_requirements(w, root, run);
    put(w, root, "cases", cases);
    return root;
}

static json_t *runs_json(struct writer *w, const struct report *report)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < report->count; i++)
        add(w, runs, run_json(w, report->runs[i], report->trace));
    return runs;
}

static json_t *report_json(struct writer *w, const struct report *report)
{
    if (report->count == 1)
        return run_json(w, report->runs[0], report->trace);
    json_t *root = json_object();
    put(w, root, "tool", json_string("wsgauntlet"));
    put(w, root, "runs", runs_json(w, report));
    return root;
}

/* Of `root`, which it takes. NULL without memory. */
static char *dump(struct writer *w, json_t *root, size_t form)
{
    char *text = w->failed ? NULL : json_dumps(root, form | JSON_REAL_PRECISION(15));
    json_decref(root);
    return text;
}

bool json_report(const struct report *report, struct buf *out, struct diag *why)
{
    struct writer w = {0};
    char *text = dump(&w, report_json(&w, report), JSON_INDENT(2));
    bool fine = text != NULL && buf_append_text(out, text) && buf_append_byte(out, '\n');
    free(text);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory for the JSON report");
}

void json_inline(struct buf *out, const char *json)
{
    for (;;) {
        size_t plain = strcspn(json, "<");
        buf_append(out, json, plain);
        json += plain;
        if (*json == 0)
            return;
        buf_append_text(out, "\\u003c");
        json++;
    }
}

bool json_runs(const struct report *report, struct buf *out, struct diag *why)
{
    struct writer w = {0};
    char *text = dump(&w, runs_json(&w, report), JSON_COMPACT);
    if (text != NULL)
        json_inline(out, text);
    bool fine = text != NULL && !out->failed;
    free(text);
    return fine || diag_set(why, DIAG_TROUBLE, "out of memory for the report");
}
