/* See json_words.h. */
#include "report/json_words.h"

#include "report/clean.h"

const char *event_kind_word(unsigned kind)
{
    static const char *const words[] = {
        [TRACE_CONNECT] = "connect", [TRACE_HEAD] = "head",   [TRACE_FRAME] = "frame",         [TRACE_RAW] = "raw",
        [TRACE_EOF] = "eof",         [TRACE_RESET] = "reset", [TRACE_VIOLATION] = "violation", [TRACE_NOTE] = "note",
    };
    return kind < sizeof words / sizeof *words ? words[kind] : "?";
}

const char *verdict_word_of(unsigned verdict)
{
    return verdict_word((enum verdict)verdict);
}

const char *close_verdict_word_of(unsigned verdict)
{
    return close_verdict_word((enum close_verdict)verdict);
}

const char *figure_kind_word_of(unsigned kind)
{
    return figure_kind_word((enum figure_kind)kind);
}

const char *tested_role_word_of(unsigned role)
{
    return tested_role_word((enum tested_role)role);
}

json_t *json_text(const char *value)
{
    struct buf clean;
    buf_init(&clean, 0);
    clean_utf8(&clean, value == NULL ? "" : value);
    json_t *string = clean.failed ? NULL : json_string(buf_text(&clean));
    buf_free(&clean);
    return string;
}

bool event_has_bytes(enum trace_kind kind)
{
    return kind == TRACE_HEAD || kind == TRACE_FRAME || kind == TRACE_RAW;
}
