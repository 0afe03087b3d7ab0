/* See words.h. */
#include "report/words.h"

#include "report/clean.h"

#include <string.h>

void words_of_case(struct buf *out, const struct case_result *result)
{
    const char *parts[][2] = {{"", result->detail}, {"expected ", result->expected}, {"got ", result->seen}};
    const char *separators[] = {"", "; ", ", "};
    bool first = true;
    for (int i = 0; i < 3; i++) {
        if (parts[i][1][0] == 0)
            continue;
        buf_append_text(out, first ? "" : separators[i]);
        buf_append_text(out, parts[i][0]);
        buf_append_text(out, parts[i][1]);
        first = false;
    }
}

const char *words_of_testee(const struct run_result *run)
{
    const struct testee_info *testee = &run->testee;
    if (testee->agent[0] != 0)
        return testee->agent;
    if (testee->builtin)
        return "the built-in peer";
    if (testee->command[0] == 0)
        return testee->url;
    return strncmp(testee->command, "exec ", 5) == 0 ? testee->command + 5 : testee->command;
}

bool words_alike(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void words_of_agent(struct buf *out, const struct report *report, size_t at)
{
    const char *name = words_of_testee(report->runs[at]);
    size_t before = 0;
    const char *fault = report->runs[at]->testee.fault;
    for (size_t i = 0; i < at; i++) {
        bool same = words_alike(fault, report->runs[i]->testee.fault);
        before += same && strcmp(words_of_testee(report->runs[i]), name) == 0;
    }
    struct buf whole;
    buf_init(&whole, 0);
    clean_line(&whole, name);
    const char *place = strstr(buf_text(&whole), " {"); /* "node server.js {port}" */
    buf_append(out, buf_text(&whole), place == NULL ? whole.size : (size_t)(place - buf_text(&whole)));
    buf_free(&whole);
    if (fault != NULL)
        buf_printf(out, " with %s", fault);
    if (before != 0)
        buf_printf(out, " (%zu)", before + 1);
}
