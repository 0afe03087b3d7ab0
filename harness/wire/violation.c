/* The table of violations, and lookups in it. See violation.h. */
#include "violation.h"

#include <assert.h>
#include <string.h>

static const struct ws_violation violations[] = {
#define X(id, name, requirement, certainty, reaction, c1, c2, c3, sentence) \
    [WS_V_##id] = {name, requirement, certainty, reaction, {c1, c2, c3}, sentence},
#include "violations.def"
#undef X
};

const struct ws_violation *ws_violation_get(enum ws_violation_id id)
{
    assert(id < WS_VIOLATIONS);
    return &violations[id];
}

const struct ws_violation *ws_violation_find(const char *name)
{
    for (size_t i = 0; i < WS_VIOLATIONS; i++)
        if (strcmp(violations[i].name, name) == 0)
            return &violations[i];
    return NULL;
}

const char *ws_certainty_name(enum ws_certainty certainty)
{
    static const char *const names[] = {
        [WS_MUST] = "must",         [WS_STRICT] = "strict",   [WS_SHOULD] = "should",
        [WS_DISPUTED] = "disputed", [WS_LENIENT] = "lenient", [WS_POLICY] = "policy",
    };
    return names[certainty];
}
