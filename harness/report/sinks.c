/* See sinks.h. */
#include "report/sinks.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* ---- can they be written? ---- */

static bool join(char out[PATH_MAX], const char *folder, const char *name, struct diag *why)
{
    return snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ||
           diag_set(why, DIAG_USAGE, "the name of a file is longer than %d bytes", PATH_MAX - 1);
}

static bool check(const struct sink *sink, struct diag *why)
{
    const struct report_format *format = sink->format;
    char path[PATH_MAX];
    if (sink->path[0] == 0)
        return true;
    if (format->place == REPORT_FILE)
        return file_writable(sink->path, why);
    const char *name = format->file == NULL ? "index.json" : format->file;
    return file_make_folder(sink->path, why) && join(path, sink->path, name, why) && file_writable(path, why);
}

/* ---- the words ---- */

static const char *place_words(enum report_place place)
{
    return place == REPORT_FOLDER ? "DIR" : "FILE";
}

bool sinks_add(struct sinks *sinks, const struct report_format *format, const char *path, struct diag *why)
{
    for (size_t i = 0; i < sinks->count; i++)
        if (strcmp(sinks->list[i].path, path) == 0 && strcmp(path, "/dev/null") != 0)
            return diag_set(why, DIAG_USAGE, "%s and %s cannot both be written to %s", sinks->list[i].format->word,
                            format->word, path[0] == 0 ? "standard output" : path);
    if (sinks->count == LIMIT_REPORTS)
        return diag_set(why, DIAG_USAGE, "more than %u reports", LIMIT_REPORTS);
    const struct sink sink = {.format = format, .path = path};
    if (!check(&sink, why)) {
        why->kind = DIAG_USAGE; /* nothing was played yet: another place is the mend */
        return false;
    }
    sinks->list[sinks->count++] = sink;
    return true;
}

/* "html=DIR", or "github" */
static bool add_word(struct sinks *sinks, char *word, struct diag *why)
{
    char *path = strchr(word, '=');
    if (path != NULL)
        *path++ = 0;
    const struct report_format *format = report_format_find(word, why);
    if (format == NULL)
        return false;
    bool printed = format->place == REPORT_PRINT;
    if (printed && path != NULL)
        return diag_set(why, DIAG_USAGE, "the report %s is printed: it takes no place", word);
    if (!printed && (path == NULL || path[0] == 0))
        return diag_set(why, DIAG_USAGE, "the report %s takes a place: %s=%s", word, word,
                        place_words(format->place));
    return sinks_add(sinks, format, printed ? "" : path, why);
}

static bool add_list(struct sinks *sinks, const char *words, struct diag *why)
{
    char *rest = arena_text(&sinks->arena, words);
    if (rest == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ","))
        if (!add_word(sinks, word, why))
            return false;
    return true;
}

bool sinks_open(struct sinks *sinks, const char *const *reports, const char *json_file, struct diag *why)
{
    *sinks = (struct sinks){.out = stdout};
    arena_init(&sinks->arena);
    for (; reports != NULL && *reports != NULL; reports++)
        if (!add_list(sinks, *reports, why))
            return false;
    return json_file == NULL || sinks_add(sinks, report_format_find("json", NULL), json_file, why);
}

void sinks_free(struct sinks *sinks)
{
    arena_free(&sinks->arena);
    *sinks = (struct sinks){0};
}

/* ---- writing ---- */

static bool print(FILE *out, const struct buf *text, struct diag *why)
{
    bool fine = fwrite(buf_text(text), 1, text->size, out) == text->size && fflush(out) == 0;
    return fine || diag_set(why, DIAG_TROUBLE, "cannot write the output: %s", strerror(errno));
}

bool sink_write(const struct sink *sink, const struct report *report, FILE *out, struct diag *why)
{
    const struct report_format *format = sink->format;
    char path[PATH_MAX];
    if (format->render == NULL)
        return format->spread(report, sink->path, why);
    struct buf text;
    buf_init(&text, 0);
    bool fine = format->render(report, &text, why);
    if (fine && sink->path[0] == 0)
        fine = print(out, &text, why);
    else if (fine && format->place == REPORT_FILE)
        fine = file_write(sink->path, buf_text(&text), text.size, why);
    else if (fine)
        fine = join(path, sink->path, format->file, why) && file_write(path, buf_text(&text), text.size, why);
    buf_free(&text);
    return fine;
}

bool sinks_write(const struct sinks *sinks, const struct report *report, struct diag *why)
{
    size_t failed = 0;
    for (size_t i = 0; i < sinks->count; i++) {
        struct diag trouble = {0};
        if (sink_write(&sinks->list[i], report, sinks->out, &trouble))
            continue;
        if (failed++ == 0 && why->kind == DIAG_NONE)
            diag_set(why, DIAG_TROUBLE, "%s", trouble.text);
    }
    return failed == 0;
}
