/* `matches` and `capture`: PCRE2 over a payload that may be hostile. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/runner/play.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_EFFORT 1000000u /* steps of the matcher: an expression and a payload can be made to take for ever */
#define PATTERN_HEAP_KIB 16384u

static bool keep_capture(struct runner *r, const char *name, const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < r->capture_count && strcmp(r->captures[i].name, name) != 0)
        i++;
    if (i == LIMIT_CAPTURES) {
        end_case(r, VERDICT_ERROR, "", "", "more than %u captures", LIMIT_CAPTURES);
        return false;
    }
    uint8_t *copy = realloc((void *)(uintptr_t)r->captures[i].bytes, size + 1);
    if (!copy) {
        end_case(r, VERDICT_ERROR, "", "", "no memory for a capture");
        return false;
    }
    memcpy(copy, bytes, size);
    r->captures[i] = (struct capture){.name = name, .bytes = copy, .size = size};
    r->capture_count += i == r->capture_count;
    return true;
}

/* The first name takes the first group (the whole match where there is none). */
static bool keep_groups(struct runner *r, const struct step *step, const uint8_t *bytes, const size_t *ends,
                        uint32_t groups)
{
    uint32_t group = groups > 1 ? 1 : 0;
    for (const struct setting *s = step_setting(step, SLOT_CAPTURE); s; s = step_next_setting(s), group++) {
        if (group >= groups || ends[2 * group] == PCRE2_UNSET) {
            end_case(r, VERDICT_ERROR, "", "", "the expression has no group for ${%s}", s->value.word);
            return false;
        }
        if (!keep_capture(r, s->value.word, bytes + ends[2 * group], ends[2 * group + 1] - ends[2 * group]))
            return false;
    }
    return true;
}

static pcre2_code *compile(struct runner *r, const struct setting *matches)
{
    struct buf pattern;
    int error;
    size_t at;
    buf_init(&pattern, 0);
    pcre2_code *code = NULL;
    if (runner_payload(r, matches->value.bytes, &pattern)) {
        code = pcre2_compile((PCRE2_SPTR)buf_text(&pattern), pattern.size, 0, &error, &at, NULL);
        if (!code) {
            char text[128] = "";
            pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text);
            end_case(r, VERDICT_ERROR, "", "", "the expression is wrong at its byte %zu: %s", at, text);
        }
    }
    buf_free(&pattern);
    return code;
}

static enum match run_pattern(struct runner *r, const struct step *step, pcre2_code *code, const uint8_t *bytes,
                              size_t size, struct outcome *outcome)
{
    enum match match = MATCH_NO;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    int found = PCRE2_ERROR_NOMEMORY;
    if (data && context) {
        pcre2_set_match_limit(context, PATTERN_EFFORT);
        pcre2_set_depth_limit(context, PATTERN_EFFORT);
        pcre2_set_heap_limit(context, PATTERN_HEAP_KIB);
        found = pcre2_match(code, bytes, size, 0, 0, data, context);
    }
    if (found > 0) {
        bool kept = keep_groups(r, step, bytes, pcre2_get_ovector_pointer(data), pcre2_get_ovector_count(data));
        match = kept ? MATCH_YES : MATCH_NO;
    } else {
        outcome->why = found == PCRE2_ERROR_NOMATCH ? "the expression does not match"
                                                    : "the expression was given up: too much effort";
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return match;
}

enum match pattern_match(struct runner *r, const struct step *step, const uint8_t *bytes, size_t size,
                         struct outcome *outcome)
{
    const struct setting *matches = step_setting(step, SLOT_MATCHES);
    const struct setting *capture = step_setting(step, SLOT_CAPTURE);
    if (!bytes) /* an empty payload may come without a place */
        bytes = (const uint8_t *)"";
    if (!matches) {
        if (capture && !keep_capture(r, capture->value.word, bytes, size))
            return MATCH_NO;
        return MATCH_YES;
    }
    pcre2_code *code = compile(r, matches);
    if (!code)
        return MATCH_NO;
    enum match match = run_pattern(r, step, code, bytes, size, outcome);
    pcre2_code_free(code);
    return match;
}

void pattern_free_captures(struct runner *r)
{
    for (size_t i = 0; i < r->capture_count; i++)
        free((void *)(uintptr_t)r->captures[i].bytes);
    r->capture_count = 0;
}
