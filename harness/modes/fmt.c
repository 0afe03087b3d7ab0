/* See fmt.h. */
#include "modes/fmt.h"

#include "base/file.h"
#include "engine/suite/suite.h"

#include <string.h>

/* False when the machine refuses, with a sentence. */
static bool fmt_script(const struct script *script, const struct fmt_options *options, size_t *changed,
                       struct diag *why)
{
    struct buf before, after;
    buf_init(&before, 0);
    buf_init(&after, 0);
    bool fine = file_read(script->name, &before, why);
    script_print(script, &after);
    if (after.failed)
        fine = diag_set(why, DIAG_TROUBLE, "out of memory");
    bool same = before.size == after.size && memcmp(buf_text(&before), buf_text(&after), after.size) == 0;
    if (fine && !same) {
        ++*changed;
        if (options->write)
            fine = file_write(script->name, buf_text(&after), after.size, why);
    }
    if (fine && (options->check || options->write) && !same)
        fprintf(options->out, "%s\n", script->name);
    if (fine && !options->check && !options->write)
        fwrite(buf_text(&after), 1, after.size, options->out);
    buf_free(&before);
    buf_free(&after);
    return fine;
}

int fmt_main(const struct fmt_options *options, struct diag *why)
{
    struct suite suite = {0};
    struct buf errors;
    buf_init(&errors, 0);
    bool broken = false, fine = true;
    for (const char *const *path = options->paths; *path != NULL; path++)
        broken |= !suite_add_path(&suite, *path, &errors, NULL);
    fputs(buf_text(&errors), options->errors);
    size_t changed = 0;
    for (size_t i = 0; i < suite.script_count && fine; i++)
        fine = fmt_script(suite.scripts[i], options, &changed, why);
    buf_free(&errors);
    suite_free(&suite);
    if (!fine)
        return (int)why->kind;
    return broken ? DIAG_USAGE : options->check && changed != 0;
}
