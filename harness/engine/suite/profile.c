/* See profile.h. */
#include "engine/suite/profile.h"

#include "base/nearest.h"
#include "engine/suite/embedded.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "profiles/"
#define NAME_MAX_SIZE 80u

/* "profiles/sockette.wsg" -> "sockette"; false for another file. */
static bool carried_name(const struct embedded_file *file, char name[NAME_MAX_SIZE])
{
    size_t folder = strlen(FOLDER), size = strlen(file->path);
    if (strncmp(file->path, FOLDER, folder) != 0 || size < folder + 5 || size - folder - 4 >= NAME_MAX_SIZE)
        return false;
    snprintf(name, NAME_MAX_SIZE, "%.*s", (int)(size - folder - 4), file->path + folder);
    return true;
}

/* NULL when none is carried under that name. */
static const struct embedded_file *carried(const char *wanted)
{
    char name[NAME_MAX_SIZE];
    for (const struct embedded_file *file = embedded_files; file->path != NULL; file++)
        if (carried_name(file, name) && strcmp(name, wanted) == 0)
            return file;
    return NULL;
}

static struct script *parse_carried(const struct embedded_file *file, struct diag *why)
{
    struct buf errors;
    unsigned mistakes = 0;
    buf_init(&errors, 0);
    struct script *script = script_parse(file->path, file->text, file->size, &errors, &mistakes);
    if (script == NULL || mistakes > 0)
        diag_set(why, DIAG_TROUBLE, "carried %.*s", (int)strcspn(buf_text(&errors), "\n"), buf_text(&errors));
    if (mistakes > 0) {
        script_free(script);
        script = NULL;
    }
    buf_free(&errors);
    return script;
}

static bool unknown(const char *wanted, struct diag *why)
{
    struct nearest nearest = {0};
    char name[NAME_MAX_SIZE], best[NAME_MAX_SIZE] = "";
    for (const struct embedded_file *file = embedded_files; file->path != NULL; file++) {
        if (!carried_name(file, name))
            continue;
        nearest_offer(&nearest, wanted, name);
        if (nearest.word == name)
            snprintf(best, sizeof best, "%s", name);
        nearest.word = best[0] == 0 ? NULL : best;
    }
    if (best[0] != 0)
        return diag_set(why, DIAG_USAGE, "no profile '%s'; did you mean '%s'?", wanted, best);
    return diag_set(why, DIAG_USAGE, "no profile '%s'; `--profile list` shows those that there are",
                    wanted);
}

static bool add(struct profile *profile, struct script *script, struct diag *why)
{
    if (script == NULL)
        return false;
    profile->scripts[profile->count++] = script;
    return promises_add(&profile->promises, script, why);
}

static bool add_named(struct profile *profile, const char *name, struct buf *errors, struct diag *why)
{
    const struct embedded_file *file = carried(name);
    buf_printf(&profile->name, "%s%s", profile->name.size > 0 ? ", " : "", name);
    if (profile->count > PROFILES_MAX)
        return diag_set(why, DIAG_USAGE, "more than %u profiles", PROFILES_MAX);
    if (file == NULL && strchr(name, '/') == NULL && access(name, F_OK) != 0)
        return unknown(name, why);
    return add(profile, file != NULL ? parse_carried(file, why) : script_load(name, errors, why), why);
}

bool profile_load(struct profile *profile, const char *const *names, struct buf *errors, struct diag *why)
{
    *profile = (struct profile){0};
    buf_init(&profile->name, 0);
    bool fine = add(profile, parse_carried(carried("generic"), why), why);
    for (; fine && names != NULL && *names != NULL; names++)
        fine = add_named(profile, *names, errors, why);
    if (profile->name.size == 0)
        buf_append_text(&profile->name, "generic");
    return fine;
}

void profile_free(struct profile *profile)
{
    for (size_t i = 0; i < profile->count; i++)
        script_free(profile->scripts[i]);
    buf_free(&profile->name);
    *profile = (struct profile){0};
}

void profile_list(struct buf *out)
{
    char name[NAME_MAX_SIZE];
    for (const struct embedded_file *file = embedded_files; file->path != NULL; file++) {
        struct diag why = {0};
        struct promises promises = {0};
        struct script *script = carried_name(file, name) ? parse_carried(file, &why) : NULL;
        if (script == NULL)
            continue;
        const struct payload_scope nothing = {0};
        promises_add(&promises, script, &why);
        buf_printf(out, "%-28s ", name);
        payload_bytes(promises.title, &nothing, out, &why);
        buf_append_byte(out, '\n');
        script_free(script);
    }
}
