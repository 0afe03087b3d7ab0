/* See fuzz.h: a campaign from its options to its exit status. */
#include "modes/livefuzz/fuzz.h"

#include "modes/livefuzz/campaign.h"
#include "report/sinks.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- manners ---- */

/* RFC 1918, and RFC 4193 below. Link-local is not among them: at 169.254.169.254 a cloud's own service answers. */
static bool private_v4(uint32_t a)
{
    return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8;
}

static bool private_v6(const struct in6_addr *a)
{
    uint32_t v4;
    memcpy(&v4, a->s6_addr + 12, sizeof v4);
    return IN6_IS_ADDR_LOOPBACK(a) || (a->s6_addr[0] & 0xfe) == 0xfc ||
           (IN6_IS_ADDR_V4MAPPED(a) && private_v4(ntohl(v4)));
}

static bool is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return private_v4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    return private_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

/* Loopback and private addresses only, unless the user vouches for it. */
static bool may_be_fuzzed(const struct whom *whom, const struct fuzz_options *options, struct diag *why)
{
    struct addrinfo *list = NULL, hints = {.ai_socktype = SOCK_STREAM};
    if (options->own_target || options->whom.url == NULL)
        return true;
    if (getaddrinfo(whom->testee.url.host, NULL, &hints, &list) != 0)
        return true; /* nobody will be reached, and the first connection says so */
    bool fine = true;
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next)
        fine &= is_private(at->ai_addr);
    freeaddrinfo(list);
    return fine || diag_set(why, DIAG_USAGE, "%s is no private address: give --i-own-this-target if it is yours",
                            whom->testee.url.host);
}

/* ---- beginning ---- */

/* How many of the suite's cases are sessions. */
static size_t seed_pool(struct campaign *c, struct suite *suite)
{
    struct prng random = prng_stream(c->seed, "seeds");
    size_t count = 0;
    for (size_t i = 0; i < suite->case_count; i++) {
        struct session *session = session_of_case(suite->cases[i].test);
        if (session != NULL && session_size(session) < 8192) {
            pool_add(c->pool, session, &random);
            count++;
        }
        session_free(session);
    }
    suite_free(suite);
    return count;
}

/* How much of what was given is of use. */
static void tell_seeds(struct campaign *c, const char *path, size_t sessions, size_t cases, size_t passed_over)
{
    struct buf text;
    buf_init(&text, 0);
    buf_printf(&text, "%s: %zu of %zu cases are sessions to begin with", path, sessions, cases);
    if (passed_over != 0)
        buf_printf(&text, "; %zu other file%s no scenario", passed_over, passed_over == 1 ? " is" : "s are");
    status_note(c, buf_text(&text));
    buf_free(&text);
}

/* The user's own: a file that is broken, or has nothing that a client sends, is told. */
static bool add_seeds(struct campaign *c, const char *path)
{
    struct suite suite = {.any_name = true};
    struct buf errors;
    buf_init(&errors, 0);
    bool fine = suite_add_path(&suite, path, &errors, c->why);
    size_t cases = suite.case_count, passed_over = suite.passed_over, sessions = 0;
    if (errors.size != 0)
        fprintf(c->options->tell.errors, "%s", buf_text(&errors));
    if (!fine)
        suite_free(&suite);
    else if ((sessions = seed_pool(c, &suite)) == 0)
        fine = diag_set(c->why, DIAG_USAGE, "%s: none of its %zu cases is a session to begin with: open, send, drop",
                        path, cases);
    else
        tell_seeds(c, path, sessions, cases, passed_over);
    buf_free(&errors);
    return fine;
}

static bool fill_pool(struct campaign *c)
{
    struct suite suite = {0};
    if (!c->options->no_seeds && !suite_add_embedded(&suite, NULL, c->why)) {
        suite_free(&suite);
        return false;
    }
    seed_pool(c, &suite);
    for (const char *const *path = c->options->seeds; path != NULL && *path != NULL; path++)
        if (!add_seeds(c, *path))
            return false;
    struct buf path, errors;
    struct diag none = {0};
    buf_init(&path, 0);
    buf_init(&errors, 0);
    store_path(&c->store, "corpus", &path);
    /* An empty folder is no error, a broken file is left out. */
    suite_add_path(&suite, buf_text(&path), &errors, &none);
    seed_pool(c, &suite);
    buf_free(&path);
    buf_free(&errors);
    return true;
}

static bool resume(struct campaign *c)
{
    struct store_state state;
    c->seed = c->options->whom.seed;
    if (!store_read_state(&c->store, &state, c->why))
        return c->why->kind == DIAG_NONE;
    if (strncmp(state.against, buf_text(&c->target.whom.replay), sizeof state.against - 1) != 0)
        return diag_set(c->why, DIAG_USAGE, "%s belongs to another testee (%s): give another --dir",
                        buf_text(&c->store.folder), state.against);
    if (c->options->seed_given && c->seed != state.seed)
        return diag_set(c->why, DIAG_USAGE, "%s is a campaign of seed %#llx: leave --seed out, or give another --dir",
                        buf_text(&c->store.folder), (unsigned long long)state.seed);
    c->seed = state.seed;
    c->sessions = c->first_session = state.sessions;
    c->spent_before = state.spent_ns;
    return true;
}

static void on_note(void *arg, const char *text)
{
    status_note(arg, text);
}

static void on_progress(void *arg, const struct run_result *run, const struct case_result *done)
{
    struct campaign *c = arg;
    (void)done;
    c->waiting = c->batch > run->ended ? c->batch - run->ended : 0;
    status_tick(c);
}

/* Between two plays. The second time: at once. */
static void on_interrupt(void *arg)
{
    struct campaign *c = arg;
    if (c->stopped) {
        player_deafen(&c->target);
        raise(SIGINT);
    }
    c->stopped = true;
    c->end = PLAY_INTERRUPTED;
    loop_stop(c->target.whom.loop);
}

static bool start_players(struct campaign *c)
{
    const struct whom_options correct = {
        .simulated = true, .patience = 1, .replay = "", .message_max = c->options->message_max};
    struct whom_options against = c->options->whom;
    against.replay = "wsgauntlet run";
    against.url_option = true;
    c->target.parallel = c->edges != NULL ? 1 : c->options->parallel;
    c->target.echoes = c->reference.echoes = true;
    c->target.interrupted = on_interrupt;
    c->target.interrupted_arg = c;
    c->target.note = on_note;
    c->target.progress = on_progress;
    c->target.told = c;
    if (c->options->rate != 0) {
        c->pacing = pacing_of(c->options->rate);
        c->target.pacing = &c->pacing;
    }
    return player_start(&c->reference, &correct, c->why) && player_start(&c->target, &against, c->why) &&
           may_be_fuzzed(&c->target.whom, c->options, c->why);
}

static void introduce(struct campaign *c)
{
    const struct whom *whom = &c->target.whom;
    c->report->version = c->options->tell.version;
    c->report->mode = "fuzz";
    c->report->started = c->options->tell.started;
    c->report->seed = c->seed;
    c->report->testee = (struct testee_info){
        .url = buf_text(&whom->url),
        .command = c->options->whom.command == NULL ? "" : c->options->whom.command,
        .agent = "",
        .builtin = whom->builtin,
        .fault = c->options->whom.fault,
        .tls = whom->testee.url.secure,
    };
}

static bool begin(struct campaign *c)
{
    const struct fuzz_options *options = c->options;
    bool builtin = options->whom.url == NULL && options->whom.command == NULL;
    if (options->message_max != 0 && builtin)
        return diag_set(c->why, DIAG_USAGE, "--max-message is what a server of yours is configured with; for the "
                        "built-in peer: --exec 'wsgauntlet echo --port {port} --max-message SIZE'");
    if (options->message_max > SESSION_LIMIT_MAX)
        return diag_set(c->why, DIAG_USAGE, "--max-message: sessions go beyond a limit of %u KiB at most; configure "
                        "your server with a smaller one", SESSION_LIMIT_MAX >> 10);
    if (options->coverage && options->whom.command == NULL)
        return diag_set(c->why, DIAG_USAGE, "--coverage needs a server that we start: --exec 'CMD {port}'");
    if (options->rate != 0 && options->whom.simulated)
        return diag_set(c->why, DIAG_USAGE,
                        "--rate spares a server, and simulated time has none: leave out --rate or --sim");
    if (options->coverage && (c->edges = edge_map_new(c->why)) == NULL)
        return false;
    if (!store_open(&c->store, options->folder == NULL ? "wsgauntlet-fuzz" : options->folder, c->why) ||
        !start_players(c) || !resume(c) || !fill_pool(c))
        return false;
    c->target.seed = c->reference.seed = c->seed;
    c->reference.unchecked = true;
    c->terminal = terminal_of(options->tell.out, options->tell.color);
    c->generate = (struct generate_config){
        .handshake = true, .host = c->target.whom.testee.url.host, .target = c->target.whom.testee.url.resource,
        .message_max = options->message_max};
    c->oracle = (struct oracle_config){
        .target = c->target.whom.testee.url.resource, .echoes = true, .message_max = options->message_max,
        .timeout_ns = options->timeout_ns == 0 ? NS_PER_S : options->timeout_ns};
    introduce(c);
    return true;
}

/* ---- the whole ---- */

/* A campaign that found nothing says so where reports are read. */
static void report_nothing(struct campaign *c)
{
    struct case_result *result = c->report->count == 0 || campaign_found(c) == 0 ? run_result_add(c->report) : NULL;
    if (result == NULL)
        return;
    result->id = result->title = arena_printf(&c->report->arena, "fuzz: %llu sessions, nothing found",
                                              (unsigned long long)(c->sessions - c->first_session));
    result->section = "fuzz";
    result->verdict = VERDICT_PASS;
    c->report->ended++;
}

static int finish(struct campaign *c, const struct sinks *sinks)
{
    if (c->end == PLAY_INTERRUPTED)
        player_deafen(&c->target); /* once more, and it ends here */
    report_nothing(c);
    c->report->duration_ns = c->options->clock() - c->began;
    c->report->planned = c->report->count;
    const struct report report = {.runs = &c->report, .count = 1};
    bool no_testee = c->end == PLAY_NO_TESTEE && c->sessions - c->first_session <= BATCH_SESSIONS_MAX;
    struct diag trouble = {0};
    bool written = sinks_write(sinks, &report, &trouble);
    if (!written)
        *c->why = trouble;
    else if (c->stopped && !no_testee && c->end != PLAY_INTERRUPTED)
        status_note(c, c->why->text);
    if (no_testee)
        return DIAG_TROUBLE;
    status_end(c);
    if (!written)
        return DIAG_TROUBLE;
    *c->why = c->unsaved;
    bool lost = c->stopped && c->end != PLAY_INTERRUPTED; /* Ctrl-C is how a campaign ends */
    return campaign_found(c) != 0 ? 1 : lost ? DIAG_TROUBLE : 0;
}

int fuzz_main(const struct fuzz_options *options, struct diag *why)
{
    struct campaign *c = calloc(1, sizeof *c);
    struct sinks sinks = {0};
    int status = DIAG_TROUBLE;
    if (c != NULL)
        *c = (struct campaign){.options = options, .why = why, .began = options->clock(),
                               .pool = calloc(1, sizeof *c->pool), .report = run_result_new()};
    if (c == NULL || c->pool == NULL || c->report == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
    } else if (sinks_open(&sinks, options->tell.reports, options->tell.json_file, why) && begin(c)) {
        c->report->mode = "fuzz";
        status_begin(c);
        bool there = campaign_probe(c);
        c->target.unchecked = c->edges != NULL; /* one session at a time: three connections would be a waste */
        if (there)
            campaign_recall(c);
        if (there)
            campaign_run(c);
        status = finish(c, &sinks);
    }
    if (why->kind != DIAG_NONE)
        status = (int)why->kind;
    sinks_free(&sinks);
    if (c == NULL)
        return status;
    player_end(&c->target);
    player_end(&c->reference);
    store_close(&c->store);
    edge_map_free(c->edges);
    walks_free(&c->walks);
    if (c->pool != NULL)
        pool_free(c->pool);
    free(c->pool);
    run_result_free(c->report);
    free(c);
    return status;
}
