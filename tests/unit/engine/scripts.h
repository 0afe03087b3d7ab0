/* Scripts in tests: parsing a text, and files that lie in a folder. */
#ifndef SCRIPTS_H
#define SCRIPTS_H

#include "same_script.h"
#include "unit.h"

#include <ftw.h>

struct parsed {
    struct script *script; /* NULL without memory */
    struct buf errors;
    unsigned mistakes;
};

static inline struct parsed parsed_text(const char *name, const char *text, size_t size)
{
    struct parsed p = {0};
    buf_init(&p.errors, 0);
    p.script = script_parse(name, text, size, &p.errors, &p.mistakes);
    return p;
}

static inline void parsed_free(struct parsed *p)
{
    script_free(p->script);
    buf_free(&p->errors);
}

/* A script that must be right. */
static inline struct script *good_script(const char *text)
{
    struct parsed p = parsed_text("test.wsg", text, strlen(text));
    ck_assert_msg(p.mistakes == 0, "%s", buf_text(&p.errors));
    ck_assert_ptr_nonnull(p.script);
    buf_free(&p.errors);
    return p.script;
}

/* ---- files ---- */

/* Texts that ought to be equal; says the first line that is not. */
static inline void check_same_lines(const char *path, const char *got, const char *expected)
{
    int line = 1;
    const char *g = got, *e = expected;
    while (*g != 0 && *e != 0) {
        size_t gn = strcspn(g, "\n"), en = strcspn(e, "\n");
        if (gn != en || memcmp(g, e, gn) != 0)
            break;
        g += gn + (g[gn] == '\n');
        e += en + (e[en] == '\n');
        line++;
    }
    ck_assert_msg(strcmp(got, expected) == 0, "%s:%d:\n  is '%.*s'\n  not '%.*s'", path, line,
                  (int)strcspn(g, "\n"), g, (int)strcspn(e, "\n"), e);
}

/* What `say` appends for X.wsg must be X.out. */
static inline void check_golden_file(const char *path, void (*say)(const struct parsed *parsed, struct buf *out))
{
    char expected_path[4096];
    size_t size;
    struct buf said;
    snprintf(expected_path, sizeof expected_path, "%.*sout", (int)strlen(path) - 3, path);
    char *text = unit_file(path, &size), *expected = unit_file(expected_path, NULL);
    struct parsed p = parsed_text(path, text, size);
    buf_init(&said, 0);
    say(&p, &said);
    check_same_lines(expected_path, buf_text(&said), expected);
    buf_free(&said);
    parsed_free(&p);
    free(text);
    free(expected);
}

static void (*each_file_fn)(const char *path_below_root);

static inline int each_file_visit(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)ftw;
    size_t n = strlen(path), root = strlen(getenv("WSG_ROOT")) + 1;
    if (type == FTW_F && n > 4 && strcmp(path + n - 4, ".wsg") == 0)
        each_file_fn(path + root);
    return 0;
}

/* Calls fn with every .wsg file below a folder of the project. */
static inline void each_file(const char *folder, void (*fn)(const char *path_below_root))
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("WSG_ROOT"), folder);
    each_file_fn = fn;
    ck_assert_int_eq(nftw(path, each_file_visit, 8, FTW_PHYS), 0);
}

#endif
