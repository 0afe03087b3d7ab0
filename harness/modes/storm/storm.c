/* See storm.h. */
#include "modes/storm/storm.h"

#include "engine/fleet/fleet.h"
#include "engine/fleet/paper.h"
#include "modes/storm/tell.h"
#include "net/descriptors.h"
#include "report/sinks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPENING_NS (120 * NS_PER_S)
#define PATIENCE_NS (10 * NS_PER_S) /* of a client, for one try */
#define PAPER_QUEUE 4096u           /* the kernel's: net.core.somaxconn */

static const char *const usual_policies[] = {
    "after 1s backoff 1s",             /* setTimeout(connect, 1000), as everybody writes it first */
    "after 1s backoff 2s..30s",        /* longer and longer, all alike */
    "after 1s backoff 2s..30s jitter 100%", /* longer and longer, each by its own dice */
    NULL,
};

struct storm {
    const struct storm_options *options;
    const char *const *policies;
    size_t clients;
    struct whom whom;
    struct whom_options against;
    struct fleet *fleet;
    struct run_result *run;
    struct terminal terminal;
    struct buf replay;
    struct diag *why;
    bool interrupted;
};

static void on_interrupt(void *arg)
{
    struct storm *s = arg;
    s->interrupted = true;
    loop_stop(s->whom.loop);
}

static uint64_t most_ns(const struct storm *s)
{
    return s->options->most_ns == 0 ? 60 * NS_PER_S : s->options->most_ns;
}

/* ---- a real one ---- */

static size_t resident_bytes(void)
{
    size_t size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    int fields = fscanf(file, "%zu %zu", &size, &resident);
    fclose(file);
    return fields == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool gather(struct storm *s)
{
    struct fleet_config config = {.testee = &s->whom.testee, .clients = s->clients,
                                  .both_ends = s->whom.builtin, .ramp = s->options->ramp,
                                  .patience_ns = PATIENCE_NS, .seed = s->options->whom.seed};
    size_t before = resident_bytes();
    uint64_t began = loop_now(s->whom.loop);
    s->fleet = fleet_new(&config, s->why);
    if (s->fleet == NULL || (fleet_open(s->fleet, OPENING_NS, s->why) < s->clients && !s->interrupted))
        return false;
    if (s->interrupted)
        return true;
    *s->why = (struct diag){0};
    size_t grown = resident_bytes() - before;
    fprintf(s->options->tell.out, "%zu open in %.2f s; %.1f KiB of ours for each%s\n", fleet_count(s->fleet),
            (double)(loop_now(s->whom.loop) - began) / 1e9, (double)grown / (double)s->clients / 1024,
            s->whom.builtin ? ", its end at the built-in peer included" : "");
    return true;
}

static void on_answers(void *arg)
{
    (void)arg; /* the clients see for themselves */
}

static bool let_loose(struct storm *s)
{
    const struct testee *testee = &s->whom.testee;
    bool can_restart = testee->ops != NULL && testee->ops->restart != NULL;
    enum storm_drop drop = s->options->drop;
    if (drop == STORM_DROP_AUTO)
        drop = can_restart ? STORM_DROP_RESTART : STORM_DROP_RESET;
    if (drop == STORM_DROP_RESTART && !can_restart)
        return diag_set(s->why, DIAG_USAGE, "--drop restart needs a server that we start: --exec 'CMD {port}'");
    if (drop == STORM_DROP_RESTART)
        return testee->ops->restart(testee->ops_arg, on_answers, NULL, s->why);
    fleet_drop(s->fleet, drop == STORM_DROP_FIN ? FLEET_FIN : FLEET_RESET);
    return true;
}

static bool play_real(struct storm *s, const struct backoff *policy, struct measure *measure)
{
    fleet_begin_storm(s->fleet, policy, measure);
    bool fine = let_loose(s);
    if (fine)
        fleet_wait(s->fleet, most_ns(s));
    fleet_begin_storm(s->fleet, NULL, NULL);
    return fine;
}

/* ---- on paper ---- */

static bool play_on_paper(struct storm *s, const struct backoff *policy, struct measure *measure)
{
    const struct storm_options *options = s->options;
    struct paper paper = {
        .clients = s->clients,
        .policy = *policy,
        .seed = options->whom.seed,
        .outage_ns = options->outage_ns == 0 ? 2 * NS_PER_S : options->outage_ns,
        .handshake_ns = NS_PER_S / (options->handshakes == 0 ? 2000 : options->handshakes),
        .queue = PAPER_QUEUE,
        .patience_ns = PATIENCE_NS,
        .most_ns = most_ns(s),
    };
    return paper_play(&paper, measure) || diag_set(s->why, DIAG_TROUBLE, "out of memory");
}

/* ---- the whole ---- */

static bool play_policy(struct storm *s, const char *text)
{
    struct backoff policy;
    struct measure measure;
    bool fine = backoff_parse(text, &policy, s->why);
    if (!fine)
        return false;
    fine = measure_init(&measure, s->clients) || diag_set(s->why, DIAG_TROUBLE, "out of memory");
    fine = fine && (s->fleet == NULL ? play_on_paper : play_real)(s, &policy, &measure);
    if (fine && !s->interrupted) {
        tell_storm(s->options->tell.out, &s->terminal, text, &measure);
        const char *replay = arena_printf(&s->run->arena, "%s --clients %zu --policy '%s'", buf_text(&s->replay),
                                          s->clients, text);
        report_storm(s->run, text, &measure, replay == NULL ? "" : replay);
    }
    measure_free(&measure);
    return fine;
}

/* With --exec each policy begins with a full house again: who did not come back is fetched. */
static bool play_all(struct storm *s)
{
    tell_header(s->options->tell.out);
    for (const char *const *policy = s->policies; *policy != NULL && !s->interrupted; policy++) {
        bool full = s->fleet == NULL || fleet_count(s->fleet) == s->clients;
        if (!full) {
            fleet_free(s->fleet);
            s->fleet = NULL;
            if (!gather(s))
                return false;
        }
        if (!play_policy(s, *policy))
            return false;
    }
    return true;
}

static bool check_policies(const struct storm *s)
{
    struct backoff unused;
    for (const char *const *policy = s->policies; *policy != NULL; policy++)
        if (!backoff_parse(*policy, &unused, s->why))
            return false;
    return true;
}

static bool start(struct storm *s)
{
    const struct storm_options *options = s->options;
    if (!check_policies(s))
        return false;
    s->against = options->whom;
    s->against.replay = "wsgauntlet storm";
    buf_append_text(&s->replay, options->whom.simulated ? "wsgauntlet storm --sim" : "");
    if (options->whom.simulated) {
        uint64_t outage = options->outage_ns == 0 ? 2 * NS_PER_S : options->outage_ns;
        fprintf(options->tell.out,
                "%zu clients on paper: nobody listens for %.1f s, then %llu handshakes a second; seed %#llx\n",
                s->clients, (double)outage / 1e9,
                (unsigned long long)(options->handshakes == 0 ? 2000 : options->handshakes),
                (unsigned long long)options->whom.seed);
        return true;
    }
    descriptors_want(s->clients + 1024); /* before the server starts: it inherits them */
    if (!whom_start(&s->whom, &s->against, s->why))
        return false;
    buf_append_text(&s->replay, buf_text(&s->whom.replay));
    fprintf(options->tell.out, "%zu clients against %s; seed %#llx\n", s->clients, buf_text(&s->whom.against),
            (unsigned long long)options->whom.seed);
    loop_on_interrupt(s->whom.loop, on_interrupt, s);
    return gather(s);
}

static void introduce(struct storm *s)
{
    const struct storm_options *options = s->options;
    s->run->version = options->tell.version;
    s->run->mode = "storm";
    s->run->started = options->tell.started;
    s->run->seed = options->whom.seed;
    s->run->testee = (struct testee_info){
        .url = buf_text(&s->whom.url),
        .command = options->whom.command == NULL ? "" : options->whom.command,
        .agent = options->whom.simulated ? "a server on paper" : "",
        .builtin = s->whom.builtin,
        .tls = s->whom.testee.url.secure,
    };
}

static int play(struct storm *s, const struct sinks *sinks)
{
    bool fine = start(s);
    introduce(s);
    fine = fine && play_all(s);
    for (s->run->planned = 0; s->policies[s->run->planned] != NULL;)
        s->run->planned++;
    s->run->interrupted = s->interrupted || s->run->count < s->run->planned;
    for (size_t i = 0; i < s->run->count; i++)
        s->run->duration_ns += s->run->cases[i]->duration_ns;
    const struct report report = {.runs = &s->run, .count = 1};
    struct diag trouble = {0};
    if (s->run->count != 0 && !sinks_write(sinks, &report, &trouble))
        *s->why = trouble;
    if (s->interrupted && s->why->kind == DIAG_NONE)
        diag_set(s->why, DIAG_TROUBLE, "interrupted");
    return fine ? run_exit_status(s->run) : DIAG_TROUBLE;
}

int storm_main(const struct storm_options *options, struct diag *why)
{
    struct storm s = {.options = options, .why = why, .run = run_result_new(),
                      .policies = options->policies == NULL ? usual_policies : options->policies,
                      .clients = (size_t)(options->clients == 0 ? 1000 : options->clients),
                      .terminal = terminal_of(options->tell.out, options->tell.color)};
    struct sinks sinks = {0};
    int status = DIAG_TROUBLE;
    buf_init(&s.replay, 0);
    if (options->shards > 1)
        s.clients = s.clients / options->shards + (options->shard <= s.clients % options->shards);
    if (s.run == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (sinks_open(&sinks, options->tell.reports, options->tell.json_file, why))
        status = play(&s, &sinks);
    if (why->kind != DIAG_NONE)
        status = (int)why->kind;
    fleet_free(s.fleet);
    if (s.whom.loop != NULL)
        loop_on_interrupt(s.whom.loop, NULL, NULL);
    whom_end(&s.whom);
    sinks_free(&sinks);
    buf_free(&s.replay);
    run_result_free(s.run);
    return status;
}
