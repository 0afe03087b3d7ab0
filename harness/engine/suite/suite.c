/* Gathering what is played. Choosing of it is filter.c, playing it suite_play.c. */
#include "engine/suite/suite.h"

#include "engine/suite/embedded.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDERS_DEEP 16u /* also where a loop of links ends */

static bool grow(void **items, size_t *capacity, size_t count, size_t item_size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity == 0 ? 64 : 2 * *capacity;
    void *more = realloc(*items, wanted * item_size);
    if (more == NULL)
        return false;
    *items = more;
    *capacity = wanted;
    return true;
}

static bool no_memory(struct diag *why)
{
    return diag_set(why, DIAG_TROUBLE, "out of memory");
}

/* To the list of mistakes, and to the diag when it is the first. */
static bool complain(struct buf *errors, struct diag *why, const char *path, const char *text)
{
    buf_printf(errors, "%s: %s\n", path, text);
    return why != NULL && why->kind != DIAG_NONE ? false : diag_set(why, DIAG_USAGE, "%s: %s", path, text);
}

/* The case that a line belongs to: the last that begins there or above (of a family, all). */
static int case_line_of(const struct script *script, int line)
{
    int found = 0;
    for (size_t i = 0; i < script->case_count; i++)
        if (script->cases[i].line <= line && script->cases[i].line > found)
            found = script->cases[i].line;
    return found;
}

/* Owns the script from here on. only_line 0: all its cases. */
static bool add_script(struct suite *suite, struct script *script, int only_line, struct diag *why)
{
    void *scripts = suite->scripts, *cases = suite->cases;
    if (!grow(&scripts, &suite->script_capacity, suite->script_count, sizeof *suite->scripts)) {
        script_free(script);
        return no_memory(why);
    }
    suite->scripts = scripts;
    suite->scripts[suite->script_count++] = script;
    for (size_t i = 0; i < script->case_count; i++) {
        if (only_line != 0 && script->cases[i].line != only_line)
            continue;
        if (!grow(&cases, &suite->case_capacity, suite->case_count, sizeof *suite->cases))
            return no_memory(why);
        suite->cases = cases;
        suite->cases[suite->case_count++] =
            (struct suite_case){.test = &script->cases[i], .script = script};
    }
    return true;
}

bool suite_add_script(struct suite *suite, struct script *script, struct diag *why)
{
    return add_script(suite, script, 0, why);
}

static bool add_file(struct suite *suite, const char *path, int line, struct buf *errors, struct diag *why)
{
    size_t said = errors->size;
    struct diag own = {0};
    struct script *script = script_load(path, errors, &own);
    if (script == NULL) {
        if (errors->size == said)
            buf_printf(errors, "%s\n", own.text);
        return why->kind != DIAG_NONE ? false : diag_set(why, own.kind, "%s", own.text);
    }
    int only = line == 0 ? 0 : case_line_of(script, line);
    if (line == 0 || only != 0)
        return add_script(suite, script, only, why);
    script_free(script);
    return complain(errors, why, path, "no case stands at this line or above it");
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(struct suite *suite, const char *path, unsigned depth, struct buf *errors,
                       struct diag *why);

/* A file that may be a scenario: if not, it is counted. False without memory only. */
static bool try_file(struct suite *suite, const char *path, bool regular, struct diag *why)
{
    struct buf errors;
    struct diag none = {0};
    buf_init(&errors, 0);
    struct script *script = regular ? script_load(path, &errors, &none) : NULL;
    bool scenario = script != NULL && script->case_count != 0;
    buf_free(&errors);
    if (scenario)
        return add_script(suite, script, 0, why);
    script_free(script);
    suite->passed_over++;
    return true;
}

/* What stands in a folder: a folder again, a scenario file, or of no interest. */
static bool add_entry(struct suite *suite, const char *path, unsigned depth, struct buf *errors,
                      struct diag *why)
{
    struct stat status = {0};
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return add_folder(suite, path, depth + 1, errors, why);
    if (ends_with(path, ".wsg"))
        return add_file(suite, path, 0, errors, why);
    return !suite->any_name || try_file(suite, path, S_ISREG(status.st_mode), why);
}

static bool add_folder(struct suite *suite, const char *path, unsigned depth, struct buf *errors,
                       struct diag *why)
{
    if (depth > FOLDERS_DEEP)
        return complain(errors, why, path, "folders in folders, too deep");
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, not_hidden, by_bytes);
    if (count < 0)
        return complain(errors, why, path, strerror(errno));
    bool fine = true;
    for (int i = 0; i < count; i++) {
        char *below = NULL;
        if (asprintf(&below, "%s%s%s", path, ends_with(path, "/") ? "" : "/", entries[i]->d_name) < 0)
            fine = no_memory(why);
        else
            fine &= add_entry(suite, below, depth, errors, why);
        free(below);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

/* FILE:LINE into its parts; 0 when the path has not that form. */
static int line_of_path(const char *path, char **file)
{
    const char *colon = strrchr(path, ':');
    if (colon == NULL || colon == path)
        return 0;
    char *end;
    long line = strtol(colon + 1, &end, 10);
    if (*end != 0 || end == colon + 1 || line < 1 || line > INT_MAX)
        return 0;
    *file = strndup(path, (size_t)(colon - path));
    return *file == NULL ? 0 : (int)line;
}

bool suite_add_path(struct suite *suite, const char *path, struct buf *errors, struct diag *why)
{
    struct stat status;
    struct diag first = {0};
    bool fine;
    size_t count = suite->script_count;
    char *file = NULL;
    bool there = stat(path, &status) == 0;
    int line = there ? 0 : line_of_path(path, &file);
    if (there && S_ISDIR(status.st_mode)) {
        fine = add_folder(suite, path, 0, errors, &first);
        if (fine && suite->script_count == count && !suite->may_be_empty)
            fine = complain(errors, &first, path, suite->any_name ? "no scenario here" : "no *.wsg file here");
    } else {
        fine = add_file(suite, line == 0 ? path : file, line, errors, &first);
    }
    free(file);
    return fine || diag_set(why, first.kind, "%s", first.text);
}

/* What is carried and not part of the conformance suite. */
static const char *const other_folders[] = {"profiles", "resilience", "socketio", NULL};

const char *const suite_socketio[] = {"socketio", NULL};
const char *const suite_resilience[] = {"resilience", NULL};

static bool in_folders(const char *path, const char *const *folders)
{
    if (!ends_with(path, ".wsg") || (folders == NULL && in_folders(path, other_folders)))
        return false;
    for (; folders != NULL && *folders != NULL; folders++) {
        size_t size = strlen(*folders);
        if (strncmp(path, *folders, size) == 0 && path[size] == '/')
            return true;
    }
    return folders == NULL;
}

bool suite_add_embedded(struct suite *suite, const char *const *folders, struct diag *why)
{
    for (const struct embedded_file *file = embedded_files; file->path != NULL; file++) {
        if (!in_folders(file->path, folders))
            continue;
        struct buf errors;
        unsigned error_count = 0;
        buf_init(&errors, 0);
        struct script *script = script_parse(file->path, file->text, file->size, &errors, &error_count);
        bool fine = script != NULL && error_count == 0;
        if (!fine) {
            int first_line = (int)strcspn(buf_text(&errors), "\n");
            diag_set(why, DIAG_TROUBLE, "embedded %.*s", first_line, buf_text(&errors));
            script_free(script);
        }
        buf_free(&errors);
        if (!fine)
            return false;
        for (size_t i = 0; i < script->case_count; i++)
            script->cases[i].file = ""; /* no such file where the program runs */
        if (!add_script(suite, script, 0, why))
            return false;
    }
    return true;
}

void suite_free(struct suite *suite)
{
    for (size_t i = 0; i < suite->script_count; i++)
        script_free(suite->scripts[i]);
    free(suite->scripts);
    free(suite->cases);
    *suite = (struct suite){0};
}

void suite_set_timeout(struct suite *suite, uint64_t timeout_ns)
{
    for (size_t i = 0; i < suite->script_count; i++)
        for (size_t j = 0; j < suite->scripts[i]->case_count; j++)
            suite->scripts[i]->cases[j].timeout_ns = timeout_ns;
}

bool suite_repeat(struct suite *suite, unsigned times)
{
    size_t count = suite->case_count;
    if (count == 0 || times < 2)
        return true;
    struct suite_case *cases = reallocarray(suite->cases, count * times, sizeof *cases);
    if (cases == NULL)
        return false;
    for (size_t i = count; i < count * times; i++)
        cases[i] = cases[i - count];
    suite->cases = cases;
    suite->case_count = suite->case_capacity = count * times;
    suite->rounds = times;
    return true;
}

void suite_section(const struct script *script, char *out, size_t size)
{
    const char *end = strrchr(script->name, '/');
    const char *begin = end;
    while (begin != NULL && begin > script->name && begin[-1] != '/')
        begin--;
    snprintf(out, size, "%.*s", begin == NULL ? 0 : (int)(end - begin), begin == NULL ? "" : begin);
}
