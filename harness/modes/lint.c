/* See lint.h. */
#include "modes/lint.h"

#include "engine/suite/requirement.h"
#include "engine/suite/suite.h"

static unsigned lint_scripts(const struct suite *suite, const struct requirements *requirements,
                             struct buf *said)
{
    unsigned findings = 0;
    for (size_t i = 0; i < suite->script_count; i++)
        findings += script_lint(suite->scripts[i], requirements->ids, said);
    return findings;
}

int lint_main(const char *const *paths, FILE *out, struct diag *why)
{
    struct requirements requirements;
    if (!requirements_read(&requirements)) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return DIAG_TROUBLE;
    }
    struct suite suite = {0};
    struct buf said;
    buf_init(&said, 0);
    bool broken = false;
    for (; *paths != NULL; paths++)
        broken |= !suite_add_path(&suite, *paths, &said, NULL);
    unsigned findings = lint_scripts(&suite, &requirements, &said);
    fputs(buf_text(&said), out);
    if (!broken && findings == 0)
        fprintf(out, "%zu file%s, %zu case%s, nothing to report\n", suite.script_count,
                suite.script_count == 1 ? "" : "s", suite.case_count, suite.case_count == 1 ? "" : "s");
    buf_free(&said);
    suite_free(&suite);
    requirements_free(&requirements);
    return broken ? DIAG_USAGE : findings != 0;
}
