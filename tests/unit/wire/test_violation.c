/* The table of violations against the table of requirements, and its own house rules. */
#include "unit.h"

#include "wire/judge.h"
#include "wire/violation.h"

#include <ctype.h>

/* The level ("MUST", "MUST NOT", "MAY" ...) of a requirement; NULL when there is none. */
static const char *requirement_level(const char *table, const char *id, char level[16])
{
    size_t size = strlen(id);
    for (const char *line = table; line != NULL && *line != 0; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, id, size) == 0 && line[size] == '\t' &&
            sscanf(line + size, "\t%*[^\t]\t%*[^\t]\t%15[^\t]", level) == 1)
            return level;
    }
    return NULL;
}

START_TEST(requirements_exist)
{
    char *table = unit_file("scenarios/requirements.tsv", NULL);
    for (enum ws_violation_id id = 0; id < WS_VIOLATIONS; id++) {
        const struct ws_violation *v = ws_violation_get(id);
        char level[16];
        ck_assert_msg(requirement_level(table, v->requirement, level) != NULL,
                      "%s: no requirement %s", v->name, v->requirement);
        bool must = v->certainty == WS_MUST || v->certainty == WS_STRICT;
        ck_assert_msg(!must || strncmp(level, "MUST", 4) == 0, "%s is %s, %s only %s", v->name,
                      ws_certainty_name(v->certainty), v->requirement, level);
    }
    char level[16];
    ck_assert_ptr_null(requirement_level(table, "6455-5.2-opcode", level));
    free(table);
}
END_TEST

START_TEST(rows_are_well_formed)
{
    for (enum ws_violation_id id = 0; id < WS_VIOLATIONS; id++) {
        const struct ws_violation *v = ws_violation_get(id);
        for (const char *c = v->name; *c != 0; c++)
            ck_assert_msg(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-',
                          "%s", v->name);
        /* "the peer " + sentence reads as one */
        ck_assert_msg(islower((unsigned char)v->sentence[0]), "%s", v->name);
        ck_assert_msg(v->sentence[strlen(v->sentence) - 1] != '.', "%s", v->name);
        ck_assert_msg((v->codes[0] != 0) == (v->reaction != WS_REACT_IGNORE), "%s", v->name);
        ck_assert_msg(v->reaction != WS_REACT_FAIL || v->certainty == WS_MUST, "%s", v->name);
        for (size_t i = 0; i < WS_VIOLATION_CODES_MAX && v->codes[i] != 0; i++)
            ck_assert_msg(ws_close_code_valid(v->codes[i]) || (i > 0 && v->codes[i] == WS_CODE_ANY),
                          "%s: code %u", v->name, (unsigned)v->codes[i]);
    }
}
END_TEST

START_TEST(names_are_unique_and_found)
{
    for (enum ws_violation_id id = 0; id < WS_VIOLATIONS; id++)
        ck_assert_ptr_eq(ws_violation_find(ws_violation_get(id)->name), ws_violation_get(id));
    ck_assert_ptr_null(ws_violation_find("no-such-violation"));
    ck_assert_ptr_null(ws_violation_find(""));
}
END_TEST

START_TEST(certainties_have_names)
{
    for (enum ws_certainty a = WS_MUST; a <= WS_POLICY; a++) {
        ck_assert_ptr_nonnull(ws_certainty_name(a));
        for (enum ws_certainty b = WS_MUST; b < a; b++)
            ck_assert_str_ne(ws_certainty_name(a), ws_certainty_name(b));
    }
}
END_TEST

/* RFC 6455 section 7.4 and the registry, every code there is. */
START_TEST(close_codes)
{
    for (unsigned code = 0; code <= 70000; code++) {
        bool valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                     (code >= 3000 && code <= 4999);
        if (ws_close_code_valid(code) != valid)
            ck_abort_msg("%u", code);
    }
}
END_TEST

UNIT_MAIN("violation", requirements_exist, rows_are_well_formed, names_are_unique_and_found,
          certainties_have_names, close_codes)
