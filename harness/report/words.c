/* See words.h. */
#include "report/words.h"

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
    return testee->command[0] != 0 ? testee->command : testee->url;
}
