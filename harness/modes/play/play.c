/* See play.h. */
#include "modes/play/play.h"

#include "engine/suite/suite.h"
#include "modes/play/known.h"
#include "modes/play/listen.h"
#include "report/sinks.h"
#include "report/text.h"

#include <string.h>

/* ---- the suite ---- */

static bool gather(struct suite *suite, const struct play_options *options, struct diag *why)
{
    if (options->paths == NULL)
        return suite_add_embedded(suite, NULL, why);
    struct buf errors;
    buf_init(&errors, 0);
    bool fine = true;
    for (const char *const *path = options->paths; *path != NULL; path++)
        fine &= suite_add_path(suite, *path, &errors, fine ? why : NULL);
    fputs(buf_text(&errors), options->errors);
    buf_free(&errors);
    return fine;
}

/* A glob that nothing matches is a typo: an error where nothing is left to play, else a word. */
static bool tell_idle(const struct suite *suite, const struct suite_filter *filter, FILE *errors, struct diag *why)
{
    const char *option, *glob = suite_filter_idle(suite, filter, &option);
    if (glob == NULL)
        return true;
    diag_set(why, DIAG_USAGE, "no case matches %s '%s'; `wsgauntlet list` has them all", option, glob);
    if (strcmp(option, "--exclude") != 0)
        return false;
    fprintf(errors, "note: %s\n", why->text);
    *why = (struct diag){0};
    return true;
}

/* Files, then filters. False with the reason; what files say of themselves is already printed. */
static bool choose(struct suite *suite, struct baseline *known, const struct play_options *options, struct diag *why)
{
    struct suite_filter filter = {
        .include = options->include,
        .exclude = options->exclude,
        .sections = options->sections,
        .requirements = options->requirements,
        .role = options->listen != NULL ? TESTED_CLIENT : TESTED_SERVER,
        .no_scenarios = options->paths == NULL,
        .shard = options->shard,
        .shards = options->shards,
    };
    if (!gather(suite, options, why) || !known_read(known, suite, options, why) ||
        !tell_idle(suite, &filter, options->errors, why))
        return false;
    size_t of_others = suite_filter(suite, &filter);
    if (options->timeout_ns != 0)
        suite_set_timeout(suite, options->timeout_ns);
    if (of_others != 0 && options->paths != NULL) /* of the suite everybody knows: `serve` plays them */
        fprintf(options->errors, "note: %zu case%s for %s left out\n", of_others, of_others == 1 ? "" : "s",
                options->listen != NULL ? "servers" : "clients");
    if (suite->case_count == 0)
        return diag_set(why, DIAG_USAGE, "no case to play: none matches");
    return suite_repeat(suite, options->repeat) || diag_set(why, DIAG_TROUBLE, "out of memory");
}

/* ---- what is told ---- */

static struct text_options text_form(const struct play_options *options)
{
    struct terminal terminal = terminal_of(options->out, options->color);
    return (struct text_options){
        .out = options->out,
        .color = terminal.color,
        .live = terminal.live,
        .columns = terminal.columns,
        .verbose = options->verbose,
        .trace = options->trace,
    };
}

static void on_progress(void *arg, const struct run_result *run, const struct case_result *done)
{
    text_case(arg, run, done);
}

static void on_note(void *arg, const char *text)
{
    text_note(arg, text);
}

/* ---- the run ---- */

static void introduce(struct run_result *run, const struct whom *whom, const struct play_options *options)
{
    run->mode = options->mode;
    run->started = options->started;
    run->seed = whom->options->seed;
    run->testee = (struct testee_info){
        .url = buf_text(&whom->url),
        .command = whom->options->command == NULL ? "" : whom->options->command,
        .agent = "",
        .builtin = whom->builtin,
        .tls = whom->testee.url.secure,
    };
}

/* Our own troubles go before what the cases say, but for a testee that is lost:
 * then a case has failed. */
static int status_of(enum play_end end, const struct run_result *run)
{
    if (end == PLAY_NO_TESTEE || end == PLAY_INTERRUPTED)
        return DIAG_TROUBLE;
    int status = run_exit_status(run);
    return end == PLAY_LOST && status == 0 ? DIAG_TROUBLE : status;
}

static int play(const struct suite *suite, const struct baseline *known, const struct play_options *options,
                struct whom *whom, const struct sinks *sinks, struct run_result *run, struct diag *why)
{
    struct text_options form = text_form(options);
    struct text_report text;
    introduce(run, whom, options);
    run->planned = suite->case_count;
    run->rounds = suite->rounds;
    text_begin(&text, &form, run, buf_text(&whom->against));
    struct play_config config = {
        .runner = {.loop = whom->loop, .testee = &whom->testee, .role = WS_CLIENT, .seed = options->whom.seed,
                   .patience = options->whom.patience, .full = options->full,
                   .troubles_only = !options->trace,
                   .replay_prefix = buf_text(&whom->replay)},
        .parallel = options->parallel,
        .fail_fast = options->fail_fast,
        .baseline = known,
        .echoes = options->paths == NULL,
        .progress = on_progress,
        .note = on_note,
        .arg = &text,
    };
    struct diag stopped = {0};
    enum play_end end = suite_play(suite, &config, run, &stopped);
    bool refused = strncmp(stopped.text, "nothing listens", strlen("nothing listens")) == 0;
    if (end == PLAY_NO_TESTEE)
        diag_set(why, DIAG_TROUBLE, "%s%s", stopped.text,
                 refused ? "; start the server or give --exec 'CMD {port}'" : "");
    else if (known_write(known, run, options, &text, why)) {
        known_tell(known, run, &text);
        text_end(&text, run, end == PLAY_FAIL_FAST ? "--fail-fast" : stopped.text);
    }
    const struct report report = {.runs = &run, .count = 1, .trace = options->trace};
    return sinks_write(sinks, &report, why) ? status_of(end, run) : DIAG_TROUBLE;
}

/* What of the replay command is about how, not whom. */
static void write_replay(struct buf *out, const struct play_options *options)
{
    if (options->full)
        buf_append_text(out, " --full");
    if (options->timeout_ns != 0)
        buf_printf(out, " --timeout %.0fms", (double)options->timeout_ns / 1e6);
    else if (options->whom.patience != 1)
        buf_printf(out, " --timeout %g", options->whom.patience);
}

/* We are the server. */
static int play_clients(const struct suite *suite, const struct play_options *options, const struct sinks *sinks,
                        struct run_result *run, struct diag *why)
{
    struct text_options form = text_form(options);
    struct text_report text;
    run->mode = options->mode;
    run->started = options->started;
    run->seed = options->whom.seed;
    run->planned = suite->case_count;
    run->testee = (struct testee_info){
        .role = ROLE_CLIENT, .url = "", .agent = "",
        .command = options->whom.command == NULL ? "" : options->whom.command};
    text_begin(&text, &form, run, options->whom.command == NULL ? "the client that comes" : options->whom.command);
    if (!listen_play(suite, options, run, on_progress, &text, why))
        return DIAG_TROUBLE;
    text_end(&text, run, run->interrupted ? "stopped" : "");
    const struct report report = {.runs = &run, .count = 1, .trace = options->trace};
    return sinks_write(sinks, &report, why) ? status_of(run->interrupted ? PLAY_INTERRUPTED : PLAY_DONE, run)
                                            : DIAG_TROUBLE;
}

int play_main(const struct play_options *options, struct diag *why)
{
    struct whom_options against = options->whom;
    against.replay = options->paths != NULL ? "wsgauntlet run" : "wsgauntlet test";
    against.url_option = options->paths != NULL;
    struct suite suite = {0};
    struct baseline known = {0};
    struct whom whom = {0};
    struct sinks sinks = {0};
    struct run_result *run = run_result_new();
    int status = 0;
    if (run == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (options->listen != NULL && (options->whom.url != NULL || options->whom.simulated))
        diag_set(why, DIAG_USAGE, "--listen is for clients: leave out --url and --sim");
    else if (!choose(&suite, &known, options, why) ||
             !sinks_open(&sinks, options->reports, options->json_file, why)) {
        status = (int)why->kind;
    } else if (options->listen != NULL) {
        status = play_clients(&suite, options, &sinks, run, why);
    } else if (whom_start(&whom, &against, why)) {
        write_replay(&whom.replay, options);
        status = play(&suite, &known, options, &whom, &sinks, run, why);
    }
    status = why->kind != DIAG_NONE ? (int)why->kind : status;
    whom_end(&whom);
    sinks_free(&sinks);
    run_result_free(run);
    baseline_free(&known);
    suite_free(&suite);
    return status;
}
