/* See storm.h. The server's side, and the sum: the clients are in processes of
 * their own (part.c), each with as many descriptors as one process may have. */
#include "modes/storm/storm.h"

#include "engine/fleet/fleet.h"
#include "engine/fleet/paper.h"
#include "engine/placeholder.h"
#include "modes/storm/part.h"
#include "modes/storm/tell.h"
#include "net/descriptors.h"
#include "report/merge.h"
#include "report/sinks.h"

#include <stdlib.h>
#include <string.h>

#define PAPER_QUEUE 4096u /* the kernel's: net.core.somaxconn */
#define SPARE 256u        /* descriptors of a process that are no connections */
#define PARTS_MAX 64u

static const char *const usual_policies[] = {
    "after 1s backoff 1s",             /* setTimeout(connect, 1000), as everybody writes it first */
    "after 1s backoff 2s..30s",        /* longer and longer, all alike */
    "after 1s backoff 2s..30s jitter 100%", /* longer and longer, each by its own dice */
    NULL,
};

struct storm {
    const struct storm_options *options;
    const char *const *policies;
    size_t all;                 /* clients, of all shards */
    size_t clients, first;      /* of this shard; the number of its first */
    struct crew parts;          /* the clients */
    struct crew peers;          /* of the built-in peer, beside the one here */
    struct part_there there;    /* of all parts */
    struct whom whom;
    struct whom_options against;
    struct result_set results;  /* one run, once something was measured */
    struct terminal terminal;
    struct buf replay;          /* the command that does all of it again, without its policy */
    struct diag *why;
    bool interrupted;
};

static void on_interrupt(void *arg)
{
    struct storm *s = arg;
    s->interrupted = true;
    loop_stop(s->whom.loop);
}

uint64_t storm_most_ns(const struct storm_options *options)
{
    return options->most_ns == 0 ? 60 * NS_PER_S : options->most_ns;
}

uint64_t storm_ramp(const struct storm_options *options)
{
    return options->ramp == 0 ? 2000 : options->ramp;
}

static uint64_t outage_ns(const struct storm_options *options)
{
    return options->outage_ns == 0 ? 2 * NS_PER_S : options->outage_ns;
}

static uint64_t handshakes(const struct storm_options *options)
{
    return options->handshakes == 0 ? 2000 : options->handshakes;
}

static bool builtin(const struct storm *s)
{
    return s->options->whom.url == NULL && s->options->whom.command == NULL;
}

static enum storm_drop drop_of(const struct storm *s)
{
    enum storm_drop drop = s->options->drop;
    bool ours = s->whom.testee.ops != NULL && s->whom.testee.ops->restart != NULL;
    return drop != STORM_DROP_AUTO ? drop : ours ? STORM_DROP_RESTART : STORM_DROP_RESET;
}

/* ---- once more ---- */

static void add_number(struct buf *out, const char *option, uint64_t number, const char *unit)
{
    if (number != 0)
        buf_printf(out, " %s %llu%s", option, (unsigned long long)number, unit);
}

/* All that makes the storm what it is; what is as by default is left out. Of a shard, the whole: `report merge` keeps
 * the words of one. */
static void write_replay(struct storm *s, const char *against)
{
    static const char *const drops[] = {NULL, "restart", "reset", "fin"};
    const struct storm_options *options = s->options;
    buf_printf(&s->replay, "%s --seed 0x%llx --clients %zu", against, (unsigned long long)options->whom.seed, s->all);
    add_number(&s->replay, "--ramp", options->ramp, "");
    shell_option(&s->replay, "--drop", drops[options->drop]);
    add_number(&s->replay, "--time", options->most_ns / NS_PER_MS, "ms");
    add_number(&s->replay, "--workers", options->workers, "");
    add_number(&s->replay, "--handshakes", options->handshakes, "");
    add_number(&s->replay, "--outage", options->outage_ns / NS_PER_MS, "ms");
}

static void add_replay(const struct storm *s, const char *policy, struct run_result *run, struct case_result *result)
{
    struct buf replay;
    buf_init(&replay, 0);
    buf_append_text(&replay, buf_text(&s->replay));
    shell_option(&replay, "--policy", policy);
    const char *text = arena_text(&run->arena, buf_text(&replay));
    result->replay = text == NULL ? "" : text;
    buf_free(&replay);
}

/* ---- the processes ---- */

/* Forked before there is a loop: as many as it takes, so that none has more connections than descriptors. */
static bool start_processes(struct storm *s)
{
    const struct storm_options *options = s->options;
    size_t wanted = s->clients + SPARE, may = descriptors_want(wanted); /* the server inherits them */
    size_t holds = may > 2 * SPARE ? may - SPARE : SPARE;
    size_t parts = options->workers != 0 ? options->workers : (s->clients + holds - 1) / holds;
    size_t uneven = s->clients / 20; /* the kernel shares them out by their ports */
    size_t peers = builtin(s) ? (s->clients + uneven + holds - 1) / holds : 1;
    parts = parts < s->clients ? parts : s->clients;
    if (parts > PARTS_MAX || peers > PARTS_MAX)
        return diag_set(s->why, DIAG_USAGE,
                        "%zu clients need %zu processes with %zu open files each, and %u are the most: raise "
                        "`ulimit -Hn`, or play in parts on several machines: --shard 1/2",
                        s->clients, parts > peers ? parts : peers, may, PARTS_MAX);
    return crew_start(&s->parts, "the clients' process", parts, part_live, (void *)(uintptr_t)options, s->why) &&
           crew_start(&s->peers, "the built-in peer's process", peers - 1, part_serve, NULL, s->why);
}

static bool start_peers(struct storm *s)
{
    struct part_peer order = {.port = s->whom.testee.url.port};
    crew_meet(&s->peers, s->whom.loop);
    snprintf(order.certificate, sizeof order.certificate, "%s", buf_text(&s->whom.certificate_file));
    snprintf(order.key, sizeof order.key, "%s", buf_text(&s->whom.key_file));
    crew_tell_all(&s->peers, PART_SERVE, &order, sizeof order);
    return crew_hear(&s->peers, PART_SERVES, NULL, NULL, s->why);
}

static void on_there(void *arg, size_t member, const uint8_t *bytes, size_t size)
{
    struct storm *s = arg;
    struct part_there there;
    (void)member;
    if (size != sizeof there)
        return;
    memcpy(&there, bytes, sizeof there);
    s->there.clients += there.clients;
    s->there.bytes += there.bytes;
    s->there.took_ns = there.took_ns > s->there.took_ns ? there.took_ns : s->there.took_ns;
}

/* Who is not there comes: all of them at first, later those of a part that did not get all of its own back. */
static bool gather(struct storm *s, bool told)
{
    size_t count = s->parts.count, first = s->first;
    const char *ca = whom_trusts(&s->whom);
    s->there = (struct part_there){0};
    for (size_t i = 0; i < count; i++) {
        struct part_order order = {.clients = s->clients / count + (i < s->clients % count), .first = first,
                                   .ramp = storm_ramp(s->options) / count + 1};
        snprintf(order.url, sizeof order.url, "%s", buf_text(&s->whom.url));
        snprintf(order.ca, sizeof order.ca, "%s", ca == NULL ? "" : ca);
        first += order.clients;
        crew_tell(&s->parts, i, PART_GATHER, &order, sizeof order);
    }
    if (!crew_hear(&s->parts, PART_IS_THERE, on_there, s, s->why))
        return false;
    char how[48] = "";
    if (count > 1)
        snprintf(how, sizeof how, ", in %zu processes", count);
    if (told)
        fprintf(s->options->tell.out, "%llu open in %.2f s; %.1f KiB of ours for each%s\n",
                (unsigned long long)s->there.clients, (double)s->there.took_ns / 1e9,
                (double)s->there.bytes / (double)s->clients / 1024, how);
    fflush(s->options->tell.out);
    return true;
}

/* ---- a real one ---- */

static void on_answers(void *arg)
{
    (void)arg; /* the clients see for themselves */
}

static bool check_drop(const struct storm *s)
{
    const struct testee *testee = &s->whom.testee;
    bool ours = testee->ops != NULL && testee->ops->restart != NULL;
    return ours || drop_of(s) != STORM_DROP_RESTART ||
           diag_set(s->why, DIAG_USAGE, "--drop restart needs a server that we start: --exec 'CMD {port}'");
}

static bool let_loose(struct storm *s)
{
    const struct testee *testee = &s->whom.testee;
    enum storm_drop drop = drop_of(s);
    uint8_t how = drop == STORM_DROP_FIN ? FLEET_FIN : FLEET_RESET;
    if (drop != STORM_DROP_RESTART) {
        crew_tell_all(&s->parts, PART_DROP, &how, sizeof how);
        return true;
    }
    crew_tell_all(&s->peers, PART_RESTART, NULL, 0);
    return testee->ops->restart(testee->ops_arg, on_answers, NULL, s->why);
}

static void on_result(void *arg, size_t member, const uint8_t *bytes, size_t size)
{
    struct storm *s = arg;
    (void)member;
    result_read(&s->results, bytes, size, "a part of the storm", s->why);
}

static bool play_real(struct storm *s, const char *policy)
{
    struct part_policy said = {.all = s->all};
    snprintf(said.policy, sizeof said.policy, "%s", policy);
    crew_tell_all(&s->parts, PART_STORM, &said, sizeof said);
    return crew_hear(&s->parts, PART_IS_READY, NULL, NULL, s->why) && let_loose(s) &&
           crew_hear(&s->parts, PART_RESULT, on_result, s, s->why) && s->why->kind == DIAG_NONE &&
           result_merge(&s->results, s->why);
}

/* ---- on paper ---- */

static bool paper_run(const struct storm *s, const char *policy, struct run_result *run)
{
    const struct storm_options *options = s->options;
    struct measure measure = {0};
    struct paper paper = {
        .clients = s->clients,
        .seed = options->whom.seed,
        .outage_ns = outage_ns(options),
        .handshake_ns = NS_PER_S / handshakes(options),
        .queue = PAPER_QUEUE,
        .patience_ns = STORM_PATIENCE_NS,
        .most_ns = storm_most_ns(options),
    };
    run->mode = "storm";
    bool fine = backoff_parse(policy, &paper.policy, s->why) && measure_init(&measure, s->clients) &&
                paper_play(&paper, &measure) && report_storm(run, policy, &measure, "") != NULL;
    measure_free(&measure);
    return fine;
}

static bool play_on_paper(struct storm *s, const char *policy)
{
    struct run_result *run = run_result_new();
    bool fine = run != NULL && paper_run(s, policy, run);
    if (!fine)
        run_result_free(run);
    if (fine && result_set_add(&s->results, run) && result_merge(&s->results, s->why))
        return true;
    return s->why->kind != DIAG_NONE ? false : diag_set(s->why, DIAG_TROUBLE, "out of memory");
}

/* ---- the whole ---- */

static struct run_result *run_of(const struct storm *s)
{
    return s->results.count == 0 ? NULL : s->results.runs[0];
}

/* Each policy begins with a full house. */
static bool play_all(struct storm *s)
{
    tell_header(s->options->tell.out);
    for (const char *const *policy = s->policies; *policy != NULL; policy++) {
        bool again = !s->options->whom.simulated && policy != s->policies;
        bool fine = !again || gather(s, false);
        fine = fine && (s->options->whom.simulated ? play_on_paper : play_real)(s, *policy);
        if (!fine)
            return s->interrupted && s->why->kind == DIAG_NONE;
        struct run_result *run = run_of(s);
        add_replay(s, *policy, run, run->cases[run->count - 1]);
        tell_storm(s->options->tell.out, &s->terminal, *policy, run->cases[run->count - 1]);
    }
    return true;
}

static bool check_policies(const struct storm *s)
{
    struct backoff unused;
    for (const char *const *policy = s->policies; *policy != NULL; policy++) {
        if (!backoff_parse(*policy, &unused, s->why))
            return false;
        if (strlen(*policy) >= PART_TEXT)
            return diag_set(s->why, DIAG_USAGE, "a policy of more than 1000 letters");
        for (const char *const *other = s->policies; other != policy; other++)
            if (strcmp(*other, *policy) == 0)
                return diag_set(s->why, DIAG_USAGE, "the policy '%s' is given twice", *policy);
    }
    return true;
}

static bool start_on_paper(struct storm *s)
{
    const struct storm_options *options = s->options;
    write_replay(s, "wsgauntlet storm --sim");
    fprintf(options->tell.out,
            "%zu clients on paper: nobody listens for %.1f s, then %llu handshakes a second; seed %#llx\n", s->clients,
            (double)outage_ns(options) / 1e9, (unsigned long long)handshakes(options),
            (unsigned long long)options->whom.seed);
    return true;
}

static bool start(struct storm *s)
{
    const struct storm_options *options = s->options;
    if (!check_policies(s))
        return false;
    if (options->whom.simulated)
        return start_on_paper(s);
    if (!start_processes(s))
        return false;
    s->against = options->whom;
    s->against.replay = "wsgauntlet storm";
    s->against.shared_port = s->peers.count != 0;
    if (!whom_start(&s->whom, &s->against, s->why) || !check_drop(s))
        return false;
    write_replay(s, buf_text(&s->whom.replay));
    fprintf(options->tell.out, "%zu clients against %s; seed %#llx\n", s->clients, buf_text(&s->whom.against),
            (unsigned long long)options->whom.seed);
    fflush(options->tell.out);
    loop_on_interrupt(s->whom.loop, on_interrupt, s);
    crew_meet(&s->parts, s->whom.loop);
    return (s->peers.count == 0 || start_peers(s)) && gather(s, true);
}

static void introduce(struct storm *s, struct run_result *run)
{
    const struct storm_options *options = s->options;
    run->version = options->tell.version;
    run->mode = "storm";
    run->started = options->tell.started;
    run->seed = options->whom.seed;
    run->testee = (struct testee_info){
        .url = buf_text(&s->whom.url),
        .command = options->whom.command == NULL ? "" : options->whom.command,
        .agent = options->whom.simulated ? "a server on paper" : "",
        .builtin = s->whom.builtin,
        .tls = s->whom.testee.url.secure,
    };
    for (run->planned = 0; s->policies[run->planned] != NULL;)
        run->planned++;
    run->interrupted = s->interrupted || run->count < run->planned;
    run->duration_ns = 0;
    for (size_t i = 0; i < run->count; i++)
        run->duration_ns += run->cases[i]->duration_ns;
}

/* What was measured is reported, however it ended. */
static int play(struct storm *s, const struct sinks *sinks)
{
    bool fine = start(s) && play_all(s);
    struct run_result *run = run_of(s);
    struct diag trouble = {0};
    if (run != NULL) {
        introduce(s, run);
        const struct report report = {.runs = &run, .count = 1};
        if (!sinks_write(sinks, &report, &trouble) && s->why->kind == DIAG_NONE)
            *s->why = trouble;
    }
    if (s->interrupted) {
        *s->why = (struct diag){0};
        diag_set(s->why, DIAG_TROUBLE, "interrupted%s",
                 run == NULL ? "" : ": what was measured until then is reported");
    }
    return fine && run != NULL ? run_exit_status(run) : DIAG_TROUBLE;
}

int storm_main(const struct storm_options *options, struct diag *why)
{
    struct storm s = {.options = options, .why = why, .first = 1,
                      .policies = options->policies == NULL ? usual_policies : options->policies,
                      .clients = (size_t)(options->clients == 0 ? 1000 : options->clients),
                      .terminal = terminal_of(options->tell.out, options->tell.color)};
    struct sinks sinks = {0};
    int status = DIAG_TROUBLE;
    buf_init(&s.replay, 0);
    s.all = s.clients;
    if (options->shards > 1) {
        size_t share = s.clients / options->shards, more = s.clients % options->shards, before = options->shard - 1;
        s.first = 1 + before * share + (before < more ? before : more);
        s.clients = share + (before < more);
    }
    if (s.clients == 0)
        diag_set(why, DIAG_USAGE, "this shard has no clients: there are fewer clients than shards");
    else if (sinks_open(&sinks, options->tell.reports, options->tell.json_file, why))
        status = play(&s, &sinks);
    if (why->kind != DIAG_NONE)
        status = (int)why->kind;
    crew_end(&s.parts);
    if (s.whom.loop != NULL)
        loop_on_interrupt(s.whom.loop, NULL, NULL);
    crew_end(&s.peers);
    whom_end(&s.whom);
    sinks_free(&sinks);
    buf_free(&s.replay);
    result_set_free(&s.results);
    return status;
}
