/* See play.h. */
#include "modes/play/play.h"

#include "modes/play/choose.h"
#include "modes/play/known.h"
#include "modes/play/listen.h"
#include "report/sinks.h"
#include "report/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is told ---- */

static struct text_options text_form(const struct play_options *options)
{
    struct terminal terminal = terminal_of(options->tell.out, options->tell.color);
    return (struct text_options){
        .out = options->tell.out,
        .color = terminal.color,
        .live = terminal.live,
        .columns = terminal.columns,
        .verbose = options->tell.verbose,
        .trace = options->tell.trace,
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

/* One testee, and what becomes of it. */
struct target {
    const struct play_options *options;
    const struct spec *spec;     /* NULL: none */
    const char *agent;           /* how it is to be called; NULL: as it calls itself */
    bool first;                  /* of those that the spec names */
    struct whom_options against;
    struct suite suite;
    struct baseline known;
    struct whom whom;
    struct run_result *run;
    bool interrupted;
};

static void introduce(struct target *t)
{
    struct run_result *run = t->run;
    run->mode = t->options->tell.mode;
    run->started = t->options->tell.started;
    run->began = t->options->tell.began;
    run->seed = t->against.seed;
    run->profile = weights_word(t->options->weights);
    run->testee = (struct testee_info){
        .url = arena_text(&run->arena, buf_text(&t->whom.url)),
        .command = t->against.command == NULL ? "" : t->against.command,
        .agent = t->agent == NULL ? "" : arena_text(&run->arena, t->agent),
        .builtin = t->whom.builtin,
        .fault = t->options->whom.fault,
        .tls = t->whom.testee.url.secure,
    };
    run->planned = t->suite.case_count;
    run->rounds = t->suite.rounds;
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

/* The baseline anew, then the summary; a diag when it could not be written. */
static void conclude(struct target *t, struct text_report *text, const char *stopped, struct diag *why)
{
    if (!known_write(&t->known, t->run, t->options, text, why))
        return;
    known_tell(&t->known, t->run, text);
    text_end(text, t->run, stopped);
}

static int play(struct target *t, struct diag *why)
{
    const struct play_options *options = t->options;
    struct text_options form = text_form(options);
    struct text_report text;
    introduce(t);
    text_begin(&text, &form, t->run, buf_text(&t->whom.against));
    struct play_config config = {
        .runner = {.loop = t->whom.loop, .testee = &t->whom.testee, .role = WS_CLIENT, .seed = t->against.seed,
                   .patience = t->against.patience,
                   .eio = options->whom.eio, .full = options->full, .weights = options->weights,
                   .troubles_only = !options->tell.trace,
                   .replay_prefix = buf_text(&t->whom.replay)},
        .parallel = options->parallel,
        .fail_fast = options->fail_fast,
        .baseline = &t->known,
        .echoes = options->paths == NULL && !options->whom.socketio,
        .progress = on_progress,
        .note = on_note,
        .arg = &text,
    };
    struct diag stopped = {0};
    enum play_end end = suite_play(&t->suite, &config, t->run, &stopped);
    bool refused = strncmp(stopped.text, "nothing listens", strlen("nothing listens")) == 0;
    t->interrupted = end == PLAY_INTERRUPTED;
    if (end == PLAY_NO_TESTEE)
        diag_set(why, DIAG_TROUBLE, "%s%s", stopped.text,
                 refused ? "; start the server or give --exec 'CMD {port}'" : "");
    else
        conclude(t, &text, end == PLAY_FAIL_FAST ? "--fail-fast" : stopped.text, why);
    return status_of(end, t->run);
}

/* What of the replay command is about how, not whom. */
static void write_replay(struct buf *out, const struct play_options *options)
{
    if (options->weights != WEIGHTS_RFC)
        buf_printf(out, " --profile %s", weights_word(options->weights));
    if (options->full)
        buf_append_text(out, " --full");
    if (options->timeout_ns != 0)
        buf_printf(out, " --timeout %.0fms", (double)options->timeout_ns / 1e6);
    else if (options->whom.patience != 1)
        buf_printf(out, " --timeout %g", options->whom.patience);
}

/* We are the server. */
static int play_clients(struct target *t, struct diag *why)
{
    struct text_options form = text_form(t->options);
    struct text_report text;
    introduce(t);
    t->run->testee.role = ROLE_CLIENT;
    text_begin(&text, &form, t->run, t->against.command == NULL ? "the client that comes" : t->against.command);
    if (!listen_play(&t->suite, t->options, &t->known, t->run, on_progress, &text, why))
        return DIAG_TROUBLE;
    conclude(t, &text, t->run->interrupted ? "stopped" : "", why);
    return status_of(t->run->interrupted ? PLAY_INTERRUPTED : PLAY_DONE, t->run);
}

/* From the choice of the cases to the last of them. Everything but the result is gone afterwards. */
static int visit(struct target *t, struct diag *why)
{
    int status = 0;
    t->against.replay = t->options->paths != NULL ? "wsgauntlet run" : "wsgauntlet test";
    t->against.url_option = t->options->paths != NULL;
    t->run = run_result_new();
    if (t->run == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (!choose_cases(&t->suite, &t->known, t->options, t->spec, t->agent == NULL ? "" : t->agent, t->first,
                           why))
        status = (int)why->kind;
    else if (t->options->listen != NULL)
        status = play_clients(t, why);
    else if (whom_start(&t->whom, &t->against, why)) {
        write_replay(&t->whom.replay, t->options);
        status = play(t, why);
    }
    whom_end(&t->whom);
    baseline_free(&t->known);
    suite_free(&t->suite);
    return why->kind != DIAG_NONE ? (int)why->kind : status;
}

/* ---- one server, or those of a spec file ---- */

struct visits {
    struct spec spec;
    struct target *targets;
    struct run_result **runs; /* of those that were visited */
    size_t count, done;
};

static bool plan(struct visits *v, const struct play_options *options, struct diag *why)
{
    bool own = options->whom.url != NULL || options->whom.command != NULL;
    const struct spec_server *server = NULL;
    if (options->listen != NULL && (options->whom.url != NULL || options->whom.simulated))
        return diag_set(why, DIAG_USAGE, "--listen is for clients: leave out --url and --sim");
    if (options->listen == NULL && !proxy_certificates_unused(&options->certificates, "--listen wss://", why))
        return false;
    if (options->spec_file != NULL && !spec_read(&v->spec, options->spec_file, SPEC_OF_SERVERS, why))
        return false;
    if (!own) /* as with Autobahn's -w: a server that is named here goes before those of the file */
        server = v->spec.servers;
    v->count = 1;
    while (server != NULL && server[v->count - 1].url != NULL && server[v->count].url != NULL)
        v->count++;
    if (v->count > 1 && (options->baseline_file != NULL || options->baseline_out != NULL))
        return diag_set(why, DIAG_USAGE, "a baseline is of one server, and %s names %zu: give the URL of one of them",
                        options->spec_file, v->count);
    v->targets = calloc(v->count, sizeof *v->targets);
    v->runs = calloc(v->count, sizeof(struct run_result *));
    if (v->targets == NULL || v->runs == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    for (size_t i = 0; i < v->count; i++) {
        struct target *t = &v->targets[i];
        *t = (struct target){.options = options, .against = options->whom, .first = i == 0};
        t->spec = options->spec_file == NULL ? NULL : &v->spec;
        if (server == NULL || server[i].url == NULL)
            continue;
        t->agent = server[i].agent;
        t->against.url = server[i].url;
        t->against.origin = options->whom.origin != NULL ? options->whom.origin : server[i].origin;
        t->against.protocols = options->whom.protocols != NULL ? options->whom.protocols : server[i].protocols;
    }
    return true;
}

/* The values of --report, and the folder that the spec file wants its reports in. */
static const char *const *reports_of(const struct visits *v, const struct play_options *options, char *outdir,
                                     size_t size, const char **list)
{
    const char *const *given = options->tell.reports;
    size_t count = 0;
    for (; given != NULL && *given != NULL && count < LIMIT_REPORTS; given++)
        list[count++] = *given;
    if (v->spec.outdir != NULL && count < LIMIT_REPORTS) {
        snprintf(outdir, size, "autobahn=%s", v->spec.outdir);
        list[count++] = outdir;
    }
    list[count] = NULL;
    return list;
}

/* A failed case counts before our own trouble, and one server that is not there does not keep the others. */
static int visit_all(struct visits *v, const struct play_options *options, struct diag *why)
{
    bool failed = false, interrupted = false;
    int trouble = 0;
    for (size_t i = 0; i < v->count && !interrupted; i++) {
        struct diag own = {0};
        int status = visit(&v->targets[i], &own);
        struct run_result *run = v->targets[i].run;
        if (run != NULL && run->planned != 0) /* it came to playing */
            v->runs[v->done++] = run;
        else
            run_result_free(run);
        interrupted = v->targets[i].interrupted;
        failed |= status == 1;
        trouble = status > trouble ? status : trouble;
        if (own.kind != DIAG_NONE && v->count > 1)
            fprintf(options->tell.errors, "note: %s: %s\n", v->targets[i].against.url, own.text);
        else if (own.kind != DIAG_NONE)
            *why = own;
    }
    return failed ? 1 : trouble;
}

int play_main(const struct play_options *options, struct diag *why)
{
    struct visits v = {0};
    struct sinks sinks = {0};
    const char *list[LIMIT_REPORTS + 1];
    char outdir[PATH_MAX];
    int status = 0;
    if (plan(&v, options, why) &&
        sinks_open(&sinks, reports_of(&v, options, outdir, sizeof outdir, list), options->tell.json_file, why)) {
        status = visit_all(&v, options, why);
        const struct report report = {.runs = v.runs, .count = v.done, .trace = options->tell.trace};
        struct diag unwritten = {0};
        if (v.done != 0 && !sinks_write(&sinks, &report, &unwritten)) {
            status = DIAG_TROUBLE;
            *why = unwritten;
        }
    }
    status = why->kind != DIAG_NONE ? (int)why->kind : status;
    sinks_free(&sinks);
    for (size_t i = 0; i < v.done; i++)
        run_result_free(v.runs[i]);
    free(v.targets);
    free(v.runs);
    spec_free(&v.spec);
    return status;
}
