/* See read.h. The first trouble is kept and everything behind it is read as if it were empty, so that no reader needs
 * to ask after each value. */
#include "report/read.h"

#include "base/file.h"
#include "base/limits.h"
#include "report/json_words.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1e15 /* of anything that is counted or measured, but for a payload length */

/* A place in the document: "cases[3].events[0]". */
struct place {
    const struct place *above;
    const char *name;
    size_t index; /* SIZE_MAX: in no array */
};

struct reader {
    struct run_result *run;
    const char *name; /* of the file */
    struct diag *why;
    bool failed;
};

/* ---- what is wrong, and where ---- */

static void place_words(struct buf *out, const struct place *place)
{
    if (place == NULL)
        return;
    place_words(out, place->above);
    buf_printf(out, "%s%s", out->size == 0 ? "" : ".", place->name);
    if (place->index != SIZE_MAX)
        buf_printf(out, "[%zu]", place->index);
}

static void wrong(struct reader *r, const struct place *place, const char *name, const char *what)
{
    struct buf words;
    if (r->failed)
        return;
    r->failed = true;
    buf_init(&words, 0);
    place_words(&words, place);
    buf_printf(&words, "%s%s", words.size == 0 ? "" : ".", name);
    diag_set(r->why, DIAG_USAGE, "%s is no result file: %s %s", r->name, buf_text(&words), what);
    buf_free(&words);
}

static void no_memory(struct reader *r)
{
    if (!r->failed)
        diag_set(r->why, DIAG_TROUBLE, "out of memory for %s", r->name);
    r->failed = true;
}

/* ---- values ---- */

enum need { OPTIONAL, REQUIRED };

/* NULL when it is not there, or not of this type; what must be there is missed. */
static json_t *get(struct reader *r, const struct place *place, json_t *object, const char *name, json_type type,
                   enum need need)
{
    static const char *const types[] = {
        [JSON_OBJECT] = "is no object", [JSON_ARRAY] = "is no array",    [JSON_STRING] = "is no string",
        [JSON_INTEGER] = "is no number", [JSON_REAL] = "is no number",   [JSON_TRUE] = "is neither true nor false",
    };
    json_t *value = json_object_get(object, name);
    if (value == NULL && need == REQUIRED)
        wrong(r, place, name, "is missing");
    if (value == NULL)
        return NULL;
    bool fits = type == JSON_REAL ? json_is_number(value)
              : type == JSON_TRUE ? json_is_boolean(value)
                                  : json_typeof(value) == type;
    if (!fits)
        wrong(r, place, name, types[type]);
    return fits ? value : NULL;
}

static const char *get_text(struct reader *r, const struct place *place, json_t *object, const char *name,
                            enum need need)
{
    const json_t *value = get(r, place, object, name, JSON_STRING, need);
    if (value == NULL)
        return "";
    const char *copy = arena_text(&r->run->arena, json_string_value(value));
    if (copy == NULL)
        no_memory(r);
    return copy == NULL ? "" : copy;
}

static bool get_bool(struct reader *r, const struct place *place, json_t *object, const char *name)
{
    return json_is_true(get(r, place, object, name, JSON_TRUE, REQUIRED));
}

static double get_number(struct reader *r, const struct place *place, json_t *object, const char *name,
                         enum need need, double least, double most)
{
    const json_t *value = get(r, place, object, name, JSON_REAL, need);
    double number = json_number_value(value);
    if (value != NULL && !(number >= least && number <= most))
        wrong(r, place, name, "is out of range");
    return r->failed ? 0 : number;
}

static uint64_t get_count(struct reader *r, const struct place *place, json_t *object, const char *name, double most)
{
    double number = get_number(r, place, object, name, REQUIRED, 0, most);
    if (number != floor(number))
        wrong(r, place, name, "is no whole number");
    return r->failed ? 0 : (uint64_t)number;
}

/* Milliseconds; to the microsecond, as they are written. */
static uint64_t get_time(struct reader *r, const struct place *place, json_t *object, const char *name)
{
    return (uint64_t)llround(get_number(r, place, object, name, REQUIRED, 0, NUMBER_MAX / 1e3) * 1e3) * 1000u;
}

/* Up to 2^64-1: an integer where JSON has one, else a real. */
static uint64_t get_length(struct reader *r, const struct place *place, json_t *object, const char *name)
{
    const json_t *value = get(r, place, object, name, JSON_REAL, REQUIRED);
    if (json_is_integer(value) && json_integer_value(value) >= 0)
        return (uint64_t)json_integer_value(value);
    double number = json_number_value(value);
    if (!(number >= 0))
        wrong(r, place, name, "is out of range");
    return r->failed ? 0 : number >= 0x1p64 ? UINT64_MAX : (uint64_t)number;
}

static uint64_t get_hexadecimal(struct reader *r, const struct place *place, json_t *object, const char *name)
{
    const json_t *value = get(r, place, object, name, JSON_STRING, REQUIRED);
    const char *text = value == NULL ? "0x0" : json_string_value(value);
    size_t digits = strncmp(text, "0x", 2) == 0 ? strspn(text + 2, "0123456789abcdef") : 0;
    if (digits == 0 || digits > 16 || text[2 + digits] != 0)
        wrong(r, place, name, "is no number of 64 bits such as \"0x2a\"");
    return r->failed ? 0 : strtoull(text + 2, NULL, 16);
}

/* Which of the words it is; 0 when none. */
static unsigned get_word(struct reader *r, const struct place *place, json_t *object, const char *name,
                         const char *(*word_of)(unsigned), unsigned words)
{
    const json_t *value = get(r, place, object, name, JSON_STRING, REQUIRED);
    for (unsigned i = 0; value != NULL && i < words; i++)
        if (strcmp(word_of(i), json_string_value(value)) == 0)
            return i;
    if (value != NULL)
        wrong(r, place, name, "is none of the words that may stand there");
    return 0;
}

static const uint8_t *get_bytes(struct reader *r, const struct place *place, json_t *object, const char *name,
                                size_t *size)
{
    const json_t *value = get(r, place, object, name, JSON_STRING, REQUIRED);
    const char *text = value == NULL ? "" : json_string_value(value);
    size_t length = value == NULL ? 0 : json_string_length(value);
    *size = 0;
    if (length % 2 != 0 || length / 2 > LIMIT_TRACE_BYTES || strspn(text, "0123456789abcdef") != length) {
        wrong(r, place, name, "is not the hexadecimal of so many bytes");
        return NULL;
    }
    uint8_t *bytes = length == 0 ? NULL : arena_alloc(&r->run->arena, length / 2);
    if (bytes == NULL && length != 0)
        no_memory(r);
    if (bytes == NULL)
        return NULL;
    for (size_t i = 0; i < length / 2; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    *size = length / 2;
    return bytes;
}

/* ---- what happened ---- */

static void read_frame_head(struct reader *r, const struct place *at, json_t *object, struct ws_frame_head *head)
{
    head->opcode = (uint8_t)get_count(r, at, object, "opcode", 15);
    head->fin = get_bool(r, at, object, "fin");
    head->rsv = (uint8_t)get_count(r, at, object, "rsv", 7);
    head->masked = get_bool(r, at, object, "masked");
    head->length_form = (uint8_t)get_count(r, at, object, "length_form", 64);
    head->payload_length = get_length(r, at, object, "length");
    if (head->length_form != WS_LENGTH_7 && head->length_form != WS_LENGTH_16 && head->length_form != WS_LENGTH_64)
        wrong(r, at, "length_form", "is not 7, 16 or 64");
}

static struct trace_event read_event(struct reader *r, const struct place *at, json_t *object)
{
    struct trace_event event = {
        .kind = (enum trace_kind)get_word(r, at, object, "kind", event_kind_word, TRACE_NOTE + 1),
        .ours = get_bool(r, at, object, "ours"),
        .at_ns = get_time(r, at, object, "at_ms"),
        .connection = (unsigned)get_count(r, at, object, "connection", 1e9),
        .text = get_text(r, at, object, "text", OPTIONAL),
    };
    if (event.kind == TRACE_FRAME)
        read_frame_head(r, at, object, &event.head);
    if (event_has_bytes(event.kind)) {
        event.bytes = get_bytes(r, at, object, "bytes", &event.size);
        event.whole = get_length(r, at, object, "size");
        if (event.whole < event.size)
            wrong(r, at, "size", "is less than the bytes that are there");
    }
    return event;
}

static void read_events(struct reader *r, const struct place *above, json_t *object, struct case_result *result)
{
    json_t *array = get(r, above, object, "events", JSON_ARRAY, OPTIONAL);
    size_t count = json_array_size(array);
    if (count > LIMIT_TRACE_EVENTS)
        wrong(r, above, "events", "are more than a trace keeps");
    struct trace_event *events = r->failed || count == 0 ? NULL : arena_alloc(&r->run->arena, count * sizeof *events);
    if (events == NULL && count != 0)
        no_memory(r);
    if (events == NULL)
        return;
    for (size_t i = 0; i < count && !r->failed; i++)
        events[i] = read_event(r, &(struct place){above, "events", i}, json_array_get(array, i));
    result->events = events;
    result->event_count = count;
}

/* A file that does not say how many frames there were has those that it keeps. */
static void read_frames(struct reader *r, const struct place *above, json_t *object, struct case_result *result)
{
    static const char *const sides[] = {"received", "sent"};
    const struct place *at = &(struct place){above, "frames", SIZE_MAX};
    json_t *frames = get(r, above, object, "frames", JSON_OBJECT, OPTIONAL);
    for (size_t i = 0; frames == NULL && i < result->event_count; i++)
        trace_count(&result->counts, &result->events[i]);
    for (int ours = 0; frames != NULL && ours < 2; ours++) {
        json_t *side = get(r, at, frames, sides[ours], JSON_OBJECT, REQUIRED);
        for (unsigned opcode = 0; opcode < 16; opcode++) {
            char name[4];
            snprintf(name, sizeof name, "%u", opcode);
            if (json_object_get(side, name) != NULL)
                result->counts.frames[ours][opcode] =
                    get_count(r, &(struct place){at, sides[ours], SIZE_MAX}, side, name, NUMBER_MAX);
        }
    }
}

/* ---- pictures ---- */

static void read_series(struct reader *r, const struct place *at, json_t *object, struct figure *figure)
{
    enum figure_kind kind = get_word(r, at, object, "kind", figure_kind_word_of, FIGURE_KINDS);
    struct figure_series *series =
        figure_series(&r->run->arena, figure, kind, get_text(r, at, object, "name", REQUIRED));
    json_t *points = get(r, at, object, "points", JSON_ARRAY, REQUIRED);
    for (size_t i = 0; i < json_array_size(points) && !r->failed; i++) {
        const struct place place = {at, "points", i};
        json_t *point = json_array_get(points, i);
        figure_point(&r->run->arena, series, &(struct figure_point){
            .x = get_number(r, &place, point, "x", REQUIRED, -NUMBER_MAX, NUMBER_MAX),
            .y = get_number(r, &place, point, "y", REQUIRED, -NUMBER_MAX, NUMBER_MAX),
            .until = get_number(r, &place, point, "until", OPTIONAL, -NUMBER_MAX, NUMBER_MAX),
            .label = get_text(r, &place, point, "label", OPTIONAL),
        });
    }
    if (series == NULL)
        no_memory(r);
    else
        series->left_out += get_count(r, at, object, "left_out", NUMBER_MAX);
}

static void read_figures(struct reader *r, const struct place *above, json_t *object, struct figure **figures)
{
    json_t *array = get(r, above, object, "figures", JSON_ARRAY, OPTIONAL);
    if (json_array_size(array) > LIMIT_FIGURES)
        wrong(r, above, "figures", "are too many");
    for (size_t i = 0; i < json_array_size(array) && !r->failed; i++) {
        const struct place at = {above, "figures", i};
        json_t *one = json_array_get(array, i);
        json_t *all = get(r, &at, one, "series", JSON_ARRAY, REQUIRED);
        struct figure *figure = figure_add(&r->run->arena, figures, get_text(r, &at, one, "title", REQUIRED),
                                           get_text(r, &at, one, "x_unit", REQUIRED),
                                           get_text(r, &at, one, "y_unit", REQUIRED));
        if (json_array_size(all) > LIMIT_FIGURES)
            wrong(r, &at, "series", "are too many");
        for (size_t k = 0; k < json_array_size(all) && !r->failed; k++)
            read_series(r, &(struct place){&at, "series", k}, json_array_get(all, k), figure);
    }
}

/* ---- cases and runs ---- */

static const char *const *read_requirements(struct reader *r, const struct place *at, json_t *object,
                                            const char *const *otherwise)
{
    json_t *array = get(r, at, object, "requirements", JSON_ARRAY, REQUIRED);
    size_t count = json_array_size(array);
    const char **ids = arena_alloc(&r->run->arena, (count + 1) * sizeof *ids);
    for (size_t i = 0; ids != NULL && i < count && !r->failed; i++) {
        const char *id = json_string_value(json_array_get(array, i));
        if (id == NULL || id[0] == 0)
            wrong(r, &(struct place){at, "requirements", i}, "it", "is no id");
        ids[i] = id == NULL ? "" : arena_text(&r->run->arena, id);
        if (ids[i] == NULL)
            no_memory(r);
    }
    return ids == NULL || r->failed ? otherwise : ids;
}

static void read_case(struct reader *r, const struct place *at, json_t *object)
{
    struct case_result *result = run_result_add(r->run);
    if (result == NULL) {
        no_memory(r);
        return;
    }
    if (!json_is_object(object))
        wrong(r, at, "it", "is no object");
    const struct { const char *name; const char **to; enum need need; } texts[] = {
        {"id", &result->id, REQUIRED},             {"title", &result->title, REQUIRED},
        {"alias", &result->alias, REQUIRED},       {"section", &result->section, REQUIRED},
        {"file", &result->file, REQUIRED},         {"expected", &result->expected, REQUIRED},
        {"seen", &result->seen, REQUIRED},         {"detail", &result->detail, REQUIRED},
        {"replay", &result->replay, REQUIRED},     {"source", &result->source, OPTIONAL},
        {"started", &result->started, OPTIONAL},
        {"trace", &result->trace, OPTIONAL},       {"stderr", &result->stderr_tail, OPTIONAL},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i].to = get_text(r, at, object, texts[i].name, texts[i].need);
    result->line = (int)get_count(r, at, object, "line", 1e9);
    result->step_line = (int)get_count(r, at, object, "step_line", 1e9);
    result->verdict = get_word(r, at, object, "verdict", verdict_word_of, VERDICTS);
    result->close_verdict = get_word(r, at, object, "close_verdict", close_verdict_word_of, CLOSE_VERDICTS);
    result->requirements = read_requirements(r, at, object, result->requirements);
    result->duration_ns = get_time(r, at, object, "duration_ms");
    result->sent_digest = get_hexadecimal(r, at, object, "sent_digest");
    if (json_object_get(object, "known") != NULL)
        result->known = get_text(r, at, object, "known", REQUIRED);
    if (json_object_get(object, "round") != NULL)
        result->round = (unsigned)get_count(r, at, object, "round", 1e9);
    result->not_played = json_is_true(json_object_get(object, "not_played"));
    result->timed_out = json_is_true(json_object_get(object, "timed_out"));
    read_events(r, at, object, result);
    read_frames(r, at, object, result);
    read_figures(r, at, object, &result->figures);
}

static void read_testee(struct reader *r, const struct place *above, json_t *root)
{
    struct testee_info *testee = &r->run->testee;
    const struct place *at = &(struct place){above, "testee", SIZE_MAX};
    json_t *object = get(r, above, root, "testee", JSON_OBJECT, REQUIRED);
    if (object == NULL)
        return;
    testee->role = get_word(r, at, object, "role", tested_role_word_of, ROLES);
    testee->url = get_text(r, at, object, "url", REQUIRED);
    testee->command = get_text(r, at, object, "command", REQUIRED);
    testee->agent = get_text(r, at, object, "agent", REQUIRED);
    testee->builtin = get_bool(r, at, object, "builtin");
    if (json_object_get(object, "fault") != NULL)
        testee->fault = get_text(r, at, object, "fault", REQUIRED);
    testee->tls = get_bool(r, at, object, "tls");
}

static void read_run(struct reader *r, const struct place *at, json_t *root)
{
    struct run_result *run = r->run;
    const json_t *tool = get(r, at, root, "tool", JSON_STRING, REQUIRED);
    if (tool != NULL && strcmp(json_string_value(tool), "wsgauntlet") != 0)
        wrong(r, at, "tool", "is not \"wsgauntlet\"");
    run->version = get_text(r, at, root, "version", REQUIRED);
    run->mode = get_text(r, at, root, "mode", REQUIRED);
    run->started = get_text(r, at, root, "started", REQUIRED);
    run->seed = get_hexadecimal(r, at, root, "seed");
    if (json_object_get(root, "profile") != NULL)
        run->profile = get_text(r, at, root, "profile", REQUIRED);
    run->duration_ns = get_time(r, at, root, "duration_ms");
    run->interrupted = get_bool(r, at, root, "interrupted");
    run->planned = (size_t)get_count(r, at, root, "planned", NUMBER_MAX);
    if (json_object_get(root, "rounds") != NULL)
        run->rounds = (unsigned)get_count(r, at, root, "rounds", 1e9);
    read_testee(r, at, root);
    read_figures(r, at, root, &run->figures);
    json_t *cases = get(r, at, root, "cases", JSON_ARRAY, REQUIRED);
    for (size_t i = 0; i < json_array_size(cases) && !r->failed; i++)
        read_case(r, &(struct place){at, "cases", i}, json_array_get(cases, i));
    run->ended = run->count;
}

static bool add_run(struct result_set *set, json_t *root, const struct place *at, const char *name, struct diag *why)
{
    struct reader r = {.run = run_result_new(), .name = name, .why = why};
    if (r.run == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory for %s", name);
    if (!json_is_object(root))
        wrong(&r, at, "it", "is no object");
    read_run(&r, at, root);
    if (r.failed) {
        run_result_free(r.run);
        return false;
    }
    return result_set_add(set, r.run) || diag_set(why, DIAG_TROUBLE, "out of memory for %s", name);
}

/* ---- sets ---- */

bool result_set_add(struct result_set *set, struct run_result *run)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity == 0 ? 8 : 2 * set->capacity;
        struct run_result **runs = realloc(set->runs, capacity * sizeof(struct run_result *));
        if (runs == NULL) {
            run_result_free(run);
            return false;
        }
        set->runs = runs;
        set->capacity = capacity;
    }
    set->runs[set->count++] = run;
    return true;
}

static void shrink(struct result_set *set, size_t count)
{
    while (set->count > count)
        run_result_free(set->runs[--set->count]);
}

void result_set_free(struct result_set *set)
{
    shrink(set, 0);
    free(set->runs);
    *set = (struct result_set){0};
}

/* ---- documents ---- */

static bool read_document(struct result_set *set, json_t *root, const char *name, struct diag *why)
{
    json_t *runs = json_object_get(root, "runs");
    size_t before = set->count;
    bool fine = true;
    if (!json_is_object(root))
        return diag_set(why, DIAG_USAGE, "%s is no result file: not a JSON object", name);
    if (runs == NULL)
        return add_run(set, root, NULL, name, why);
    if (!json_is_array(runs) || json_array_size(runs) == 0)
        return diag_set(why, DIAG_USAGE, "%s is no result file: runs is no array, or empty", name);
    for (size_t i = 0; i < json_array_size(runs) && fine; i++)
        fine = add_run(set, json_array_get(runs, i), &(struct place){NULL, "runs", i}, name, why);
    if (!fine)
        shrink(set, before);
    return fine;
}

bool result_read(struct result_set *set, const void *bytes, size_t size, const char *name, struct diag *why)
{
    json_error_t error;
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && json_error_code(&error) == json_error_out_of_memory)
        return diag_set(why, DIAG_TROUBLE, "out of memory for %s", name);
    if (root == NULL && json_error_code(&error) == json_error_premature_end_of_input)
        return diag_set(why, DIAG_USAGE, "%s is no result file: it ends in the middle, at line %d: was it cut short?",
                        name, error.line);
    if (root == NULL)
        return diag_set(why, DIAG_USAGE, "%s is no result file: no JSON from line %d, column %d on", name, error.line,
                        error.column); /* jansson's own words quote the file, whatever bytes it has */
    bool fine = read_document(set, root, name, why);
    json_decref(root);
    return fine;
}

bool result_read_file(struct result_set *set, const char *path, struct diag *why)
{
    struct buf text;
    buf_init(&text, LIMIT_RESULT_FILE);
    bool fine = file_read(path, &text, why) && result_read(set, buf_text(&text), text.size, path, why);
    buf_free(&text);
    return fine;
}
