/* See choose.h. */
#include "modes/play/choose.h"

#include "modes/play/known.h"

#include <string.h>

static bool gather(struct suite *suite, const struct play_options *options, struct diag *why)
{
    if (options->paths == NULL)
        return suite_add_embedded(suite, options->whom.socketio ? suite_socketio : NULL, why);
    struct buf errors;
    buf_init(&errors, 0);
    bool fine = true;
    for (const char *const *path = options->paths; *path != NULL; path++)
        fine &= suite_add_path(suite, *path, &errors, fine ? why : NULL);
    fputs(buf_text(&errors), options->tell.errors);
    buf_free(&errors);
    return fine;
}

/* A glob that nothing matches is a typo: an error where nothing is left to play, else a word. */
static bool tell_idle(const struct suite *suite, const struct suite_filter *filter, const struct play_options *options,
                      struct diag *why)
{
    const char *option, *glob = suite_filter_idle(suite, filter, &option);
    if (glob == NULL)
        return true;
    diag_set(why, DIAG_USAGE, "no case matches %s '%s'; `wsgauntlet list%s` has them all", option, glob,
             options->whom.socketio ? " --socketio" : "");
    if (strcmp(option, "--exclude") != 0)
        return false;
    fprintf(options->tell.errors, "note: %s\n", why->text);
    *why = (struct diag){0};
    return true;
}

struct wish {
    const struct spec *spec;
    const char *agent;
};

/* A case is of Autobahn's when it has an id there; one with several is played when one of them is wanted. */
static bool spec_wants(void *arg, const struct test_case *test)
{
    const struct wish *wish = arg;
    for (const char *const *id = test->autobahn; id != NULL && *id != NULL; id++)
        if (spec_includes(wish->spec, *id) && !spec_excludes(wish->spec, wish->agent, *id))
            return true;
    return false;
}

bool choose_cases(struct suite *suite, struct baseline *known, const struct play_options *options,
                  const struct spec *spec, const char *agent, bool tells, struct diag *why)
{
    struct wish wish = {spec, agent};
    struct suite_filter filter = {
        .include = options->include,
        .exclude = options->exclude,
        .sections = options->sections,
        .requirements = options->requirements,
        .role = options->listen != NULL ? TESTED_CLIENT : TESTED_SERVER,
        .no_scenarios = options->paths == NULL,
        .wants = spec == NULL ? NULL : spec_wants,
        .wants_arg = &wish,
        .shard = options->shard,
        .shards = options->shards,
    };
    if (!gather(suite, options, why) || !known_read(known, suite, options, why) ||
        !tell_idle(suite, &filter, options, why))
        return false;
    if (spec != NULL && tells)
        spec_tell_idle(spec, suite, options->tell.errors);
    size_t of_others = suite_filter(suite, &filter);
    if (options->timeout_ns != 0)
        suite_set_timeout(suite, options->timeout_ns);
    if (of_others != 0 && options->paths != NULL) /* of the suite everybody knows: `serve` plays them */
        fprintf(options->tell.errors, "note: %zu case%s for %s left out\n", of_others, of_others == 1 ? "" : "s",
                options->listen != NULL ? "servers" : "clients");
    if (suite->case_count == 0)
        return spec_nothing_left(spec, &filter, of_others, options->listen != NULL ? "servers" : "clients", why);
    return suite_repeat(suite, options->repeat) || diag_set(why, DIAG_TROUBLE, "out of memory");
}
