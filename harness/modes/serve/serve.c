/* See serve.h. */
#include "modes/serve/serve.h"

#include "base/file.h"
#include "engine/exec_client.h"
#include "engine/serve/serve.h"
#include "engine/suite/spec.h"
#include "report/sinks.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#define WRITE_EVERY_NS (500 * NS_PER_MS) /* results are on disk so soon at the latest ... */
#define WRITE_EVERY    256u              /* ... and so much later with each so many: a report is written whole */
#define GRACE_NS (2 * NS_PER_S)
#define AGENTS_SHOWN 256u

/* One serving, from its options to its exit status. */
struct desk {
    const struct serve_options *options;
    struct spec spec;
    struct suite suite;
    struct autobahn_filter filter;
    struct baseline known;
    struct loop *loop;
    struct tls_context *tls;
    struct serve *serve;
    struct exec_client *client;
    struct sinks sinks;
    struct text_report text;
    struct buf url, outdir;
    struct timer *write;      /* due */
    struct diag trouble;      /* of writing */
    bool client_ended, interrupted;
};

/* ---- the cases ---- */

static bool gather(struct desk *d, struct diag *why)
{
    const struct serve_options *options = d->options;
    if (options->paths == NULL || options->paths[0] == NULL)
        return suite_add_embedded(&d->suite, NULL, why);
    struct buf errors;
    buf_init(&errors, 0);
    bool fine = true;
    for (const char *const *path = options->paths; *path != NULL; path++)
        fine &= suite_add_path(&d->suite, *path, &errors, fine ? why : NULL);
    fputs(buf_text(&errors), options->tell.errors);
    buf_free(&errors);
    return fine;
}

static bool plays_by_autobahn(const struct desk *d)
{
    return d->options->autobahn || d->options->spec_file != NULL;
}

/* Is there one that a driver can call for? */
static bool some_left(const struct desk *d)
{
    bool some = !plays_by_autobahn(d) && d->suite.case_count != 0;
    for (size_t i = 0; i < d->suite.case_count && !some; i++)
        for (const char *const *id = d->suite.cases[i].test->autobahn; id != NULL && *id != NULL; id++)
            some |= spec_includes(&d->spec, *id);
    return some;
}

static bool choose(struct desk *d, struct diag *why)
{
    const struct serve_options *options = d->options;
    struct suite_filter filter = options->filter;
    filter.role = TESTED_CLIENT;
    filter.no_scenarios = options->paths == NULL || options->paths[0] == NULL;
    if (!gather(d, why))
        return false;
    const char *option, *glob = suite_filter_idle(&d->suite, &filter, &option);
    if (glob != NULL)
        return diag_set(why, DIAG_USAGE, "no case matches %s '%s'; `wsgauntlet list` has them all", option, glob);
    const struct spec *spec = options->spec_file == NULL ? NULL : &d->spec;
    if (spec != NULL)
        spec_tell_idle(spec, &d->suite, options->tell.errors);
    size_t of_others = suite_filter(&d->suite, &filter);
    if (options->timeout_ns != 0)
        suite_set_timeout(&d->suite, options->timeout_ns);
    d->filter = (struct autobahn_filter){.include = d->spec.cases, .exclude = d->spec.exclude};
    return some_left(d) || spec_nothing_left(spec, &filter, of_others, "servers", why);
}

/* ---- results ---- */

/* What the spec file says goes where it says, unless it is said otherwise. */
static bool open_sinks(struct desk *d, struct diag *why)
{
    const struct serve_options *options = d->options;
    const char *reports[] = {NULL, NULL};
    if (options->tell.reports == NULL && options->tell.json_file == NULL && d->spec.outdir != NULL) {
        buf_printf(&d->outdir, "autobahn=%s", d->spec.outdir);
        reports[0] = buf_text(&d->outdir);
    }
    return sinks_open(&d->sinks, reports[0] != NULL ? reports : options->tell.reports, options->tell.json_file, why);
}

static bool write_reports(struct desk *d, bool stopped)
{
    struct run_result *runs[AGENTS_SHOWN];
    size_t count = 0;
    const struct run_result *run;
    timer_stop(d->write);
    d->write = NULL;
    while (count < AGENTS_SHOWN && (run = serve_run(d->serve, count)) != NULL) {
        runs[count] = (struct run_result *)run;
        runs[count]->mode = "serve";
        runs[count]->interrupted = stopped && run->count < run->planned;
        count++;
    }
    const struct report report = {.runs = runs, .count = count, .trace = d->options->tell.trace};
    return count == 0 || sinks_write(&d->sinks, &report, &d->trouble);
}

static void write_now(struct desk *d)
{
    if (!write_reports(d, false))
        loop_stop(d->loop);
}

static void write_due(void *arg)
{
    struct desk *d = arg;
    d->write = NULL;
    write_now(d);
}

/* How long what is new may wait, so that writing costs little however long the report gets. */
static uint64_t write_pause(const struct desk *d)
{
    size_t results = 0;
    const struct run_result *run;
    for (size_t i = 0; i < AGENTS_SHOWN && (run = serve_run(d->serve, i)) != NULL; i++)
        results += run->count;
    return WRITE_EVERY_NS * (1 + results / WRITE_EVERY);
}

static void on_result(void *arg, const struct run_result *run, const struct case_result *done)
{
    struct desk *d = arg;
    d->text.options.agents = serve_run(d->serve, 1) != NULL;
    text_case(&d->text, run, done);
    if (d->write == NULL && d->sinks.count != 0)
        d->write = timer_start(d->loop, write_pause(d), write_due, d);
}

static void on_update(void *arg) { write_now(arg); }

static bool is_excluded(void *arg, const char *agent, const char *id)
{
    const struct desk *d = arg;
    return spec_excludes(&d->spec, agent, id);
}

/* Which known failures this agent no longer has. */
static void tell_mended(struct desk *d, const struct run_result *run)
{
    struct buf line;
    buf_init(&line, 0);
    for (size_t i = 0; i < d->known.count; i++) {
        if (!baseline_is_mended(&d->known.rows[i], run))
            continue;
        buf_clear(&line);
        buf_printf(&line, "%s no longer fails: line %d of %s can go", d->known.rows[i].id, d->known.rows[i].line,
                   d->known.path);
        text_note(&d->text, buf_text(&line));
    }
    buf_free(&line);
}

/* --write-baseline FILE: {agent} in it is the client's name; where it does not stand, the first one has FILE, and each
 * further one FILE.NAME. */
static void known_path(const char *file, const char *agent, bool first, struct buf *out)
{
    static const char place[] = "{agent}";
    const char *at = strstr(file, place);
    buf_printf(out, "%.*s", at == NULL ? (int)strlen(file) : (int)(at - file), file);
    if (at == NULL && !first)
        buf_append_byte(out, '.');
    for (const char *c = agent; (at != NULL || !first) && *c != 0; c++)
        buf_append_byte(out, (uint8_t)(strchr("/ \t:*?\\", *c) != NULL ? '-' : *c));
    buf_append_text(out, at == NULL ? "" : at + sizeof place - 1);
}

/* Before anybody comes: can it be written, as far as is known without the client's name? */
static bool known_writable(const char *file, struct diag *why)
{
    struct buf path;
    buf_init(&path, 0);
    known_path(file, "client", true, &path);
    const char *place = strstr(file, "{agent}");
    char *slash = place == NULL ? NULL : strchr(buf_text(&path) + (place - file), '/');
    if (slash != NULL)
        *slash = 0; /* a folder of its own */
    bool fine = file_writable(buf_text(&path), why);
    buf_free(&path);
    return fine;
}

static bool write_known(struct desk *d, struct diag *why)
{
    const char *file = d->options->baseline_out;
    const struct run_result *run;
    bool fine = true;
    for (size_t i = 0; file != NULL && fine && (run = serve_run(d->serve, i)) != NULL; i++) {
        struct buf path, line;
        size_t fresh = 0;
        buf_init(&path, 0);
        buf_init(&line, 0);
        known_path(file, run->testee.agent, i == 0, &path);
        fine = baseline_write(&d->known, run, buf_text(&path), &fresh, why);
        buf_printf(&line, "%s is written, %zu failure%s new in it%s", buf_text(&path), fresh, fresh == 1 ? "" : "s",
                   fresh == 0 ? "" : ": put a reason behind each");
        if (fine)
            text_note(&d->text, buf_text(&line));
        buf_free(&path);
        buf_free(&line);
    }
    return fine;
}

/* ---- ends ---- */

static void on_shutdown(void *arg) { loop_stop(((struct desk *)arg)->loop); }

static void on_interrupt(void *arg)
{
    struct desk *d = arg;
    d->interrupted = true;
    loop_stop(d->loop);
}

/* The client has ended and its last case too. */
static void on_idle(void *arg)
{
    struct desk *d = arg;
    if (d->client_ended)
        loop_stop(d->loop);
}

static void on_client_ended(void *arg, struct process_exit exit, const char *how)
{
    struct desk *d = arg;
    (void)exit, (void)how;
    d->client_ended = true;
    if (serve_is_idle(d->serve))
        loop_stop(d->loop);
}

/* ---- the whole ---- */

static bool make_tls(struct desk *d, bool wanted, struct diag *why)
{
    const struct serve_options *options = d->options;
    const char *certificate = options->certificate_file != NULL ? options->certificate_file : d->spec.certificate;
    const char *key = options->key_file != NULL ? options->key_file : d->spec.key;
    if (!wanted)
        return tls_certificate_unused(options->certificate_file, options->key_file, options->certificate_out, "--tls",
                                      why);
    d->tls = tls_server_new(&(struct tls_server_options){.certificate_file = certificate, .key_file = key,
                                                         .alpn = "http/1.1"}, why);
    return d->tls != NULL && tls_certificate_save(d->tls, options->certificate_out, why);
}

/* Where: the options, else the spec, else any free port of the loopback. */
static bool find_place(struct desk *d, struct net_address *at, bool *secure, struct diag *why)
{
    const struct serve_options *options = d->options;
    struct ws_url url = {0};
    const char *reason = "";
    *at = (struct net_address){.port = options->port};
    *secure = options->tls;
    if (d->spec.url != NULL && !ws_url_parse(&url, d->spec.url, false, &reason))
        return diag_set(why, DIAG_USAGE, "%s: \"url\" is not a WebSocket URL: %s", options->spec_file, reason);
    if (d->spec.url != NULL) {
        *secure |= url.secure;
        at->port = options->port_set ? options->port : url.port;
        if (strcmp(url.host, "127.0.0.1") != 0 && strcmp(url.host, "localhost") != 0)
            snprintf(at->host, sizeof at->host, "%s", url.host);
    }
    if (options->host != NULL && strlen(options->host) >= sizeof at->host)
        return diag_set(why, DIAG_USAGE, "the address to listen on is too long");
    if (options->host != NULL)
        snprintf(at->host, sizeof at->host, "%s", options->host);
    return true;
}

static void write_url(struct desk *d, const struct net_address *at)
{
    bool any = at->host[0] == 0 || strcmp(at->host, "0.0.0.0") == 0 || strcmp(at->host, "::") == 0;
    const char *host = any ? "127.0.0.1" : at->host;
    bool brackets = strchr(host, ':') != NULL;
    buf_printf(&d->url, "%s://%s%s%s:%u", d->tls != NULL ? "wss" : "ws", brackets ? "[" : "", host,
               brackets ? "]" : "", serve_port(d->serve));
}

static bool start(struct desk *d, const char *replay, struct diag *why)
{
    const struct serve_options *options = d->options;
    struct net_address at;
    bool secure;
    if (!find_place(d, &at, &secure, why) || !make_tls(d, secure, why) || (d->loop = loop_uv_new(why)) == NULL)
        return false;
    loop_on_interrupt(d->loop, on_interrupt, d); /* before anyone can know that we are here */
    d->serve = serve_start(
        &(struct serve_config){
            .loop = d->loop, .suite = &d->suite, .at = at, .tls = d->tls, .seed = options->seed,
            .autobahn = plays_by_autobahn(d) ? &d->filter : NULL,
            .patience = options->patience, .full = options->full, .weights = options->weights,
            .replay_prefix = replay,
            .started = options->tell.started, .began = options->tell.began,
            .command = options->command, .excluded = is_excluded, .result = on_result, .update = on_update,
            .shutdown = on_shutdown, .idle = on_idle, .baseline = &d->known, .arg = d},
        why);
    if (d->serve == NULL)
        return false;
    write_url(d, &at);
    return true;
}

static bool start_client(struct desk *d, struct diag *why)
{
    static const struct exec_client_events events = {.ended = on_client_ended};
    const struct serve_options *options = d->options;
    const char *ca = options->certificate_out != NULL ? options->certificate_out : options->certificate_file;
    if (options->command == NULL)
        return true;
    d->client = exec_client_start(
        d->loop,
        &(struct exec_client_options){.command = options->command, .url = buf_text(&d->url), .ca_file = ca,
                                      .agent = options->agent == NULL ? "client" : options->agent},
        &events, d, why);
    return d->client != NULL;
}

static void introduce(struct desk *d)
{
    const struct serve_options *options = d->options;
    struct terminal terminal = terminal_of(options->tell.out, options->tell.color);
    size_t cases = serve_cases(d->serve), numbers = serve_numbers(d->serve);
    d->text = (struct text_report){.options = {
        .out = options->tell.out, .color = terminal.color, .live = terminal.live, .columns = terminal.columns,
        .verbose = options->tell.verbose, .trace = options->tell.trace}};
    fprintf(options->tell.out, "%zu case%s for clients in %zu connections at %s; a browser: %s%s/; seed 0x%llx\n",
            cases, cases == 1 ? "" : "s", numbers, buf_text(&d->url), d->tls != NULL ? "https" : "http",
            strstr(buf_text(&d->url), "://"), (unsigned long long)options->seed);
    fflush(options->tell.out);
}

/* Worst of all agents: a failure of one stands, whatever trouble there was with another. */
static int conclude(struct desk *d, struct diag *why)
{
    const struct run_result *run;
    bool failed = false, trouble = d->client != NULL && d->interrupted, short_of = false;
    size_t agents = 0;
    for (; (run = serve_run(d->serve, agents)) != NULL; agents++) {
        int status = run_exit_status(run);
        failed |= status == 1;
        trouble |= status == 3;
        short_of |= run->count < run->planned;
        tell_mended(d, run);
        text_end(&d->text, run, d->interrupted ? "interrupted" : "the client did not call for them");
    }
    if (d->trouble.kind != DIAG_NONE)
        diag_set(why, d->trouble.kind, "%s", d->trouble.text);
    else if (!write_known(d, why))
        trouble = true;
    else if (agents == 0 && d->client == NULL)
        diag_set(why, DIAG_TROUBLE, "no client came");
    else if (agents == 0)
        diag_set(why, DIAG_TROUBLE, "the client called for no case: %s", exec_client_last_words(d->client));
    else if (d->client != NULL && short_of && !failed)
        diag_set(why, DIAG_TROUBLE, "the client ended before it had called for every case: %s",
                 exec_client_last_words(d->client));
    return failed ? 1 : trouble || why->kind != DIAG_NONE ? 3 : 0;
}

static int run(struct desk *d, struct diag *why)
{
    introduce(d);
    if (!start_client(d, why))
        return (int)why->kind;
    loop_run(d->loop);
    loop_on_interrupt(d->loop, NULL, NULL);
    write_reports(d, d->client != NULL);
    return conclude(d, why);
}

/* The rest of the client's life, when it was not its end that ended us. */
static void end_client(struct desk *d)
{
    if (d->client != NULL && !d->client_ended) {
        exec_client_end(d->client, GRACE_NS);
        loop_run(d->loop);
    }
    exec_client_release(d->client);
}

int serve_main(const struct serve_options *options, struct diag *why)
{
    struct desk d = {.options = options};
    struct buf replay;
    int status = 0;
    buf_init(&replay, 0);
    buf_init(&d.url, 0);
    buf_init(&d.outdir, 0);
    buf_append_text(&replay, "wsgauntlet serve");
    if (options->weights != WEIGHTS_RFC)
        buf_printf(&replay, " --profile %s", weights_word(options->weights));
    bool fine = options->spec_file == NULL || spec_read(&d.spec, options->spec_file, SPEC_OF_CLIENTS, why);
    fine = fine && (options->baseline_file == NULL || baseline_read(&d.known, options->baseline_file, why)) &&
           (options->baseline_out == NULL || known_writable(options->baseline_out, why));
    if (fine && choose(&d, why) && open_sinks(&d, why) &&
        start(&d, buf_text(&replay), why))
        status = run(&d, why);
    else
        status = (int)why->kind;
    end_client(&d);
    timer_stop(d.write);
    serve_stop(d.serve);
    if (d.loop != NULL)
        loop_free(d.loop);
    tls_context_free(d.tls);
    sinks_free(&d.sinks);
    suite_free(&d.suite);
    baseline_free(&d.known);
    spec_free(&d.spec);
    buf_free(&d.url);
    buf_free(&d.outdir);
    buf_free(&replay);
    return status;
}
