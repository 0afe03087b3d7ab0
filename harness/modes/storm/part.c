/* See part.h: the process that has a part of the clients. */
#include "modes/storm/part.h"

#include "engine/fleet/fleet.h"
#include "modes/storm/tell.h"
#include "report/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPENING_NS (120 * NS_PER_S)

struct part {
    const struct storm_options *options;
    struct loop *loop;
    struct line *line;
    struct testee testee;
    struct script *script;     /* whose fleet it plays */
    struct fleet *fleet;
    struct part_order order;
    struct part_policy said;   /* of the storm */
    struct backoff policy;
    struct timer *most;        /* it takes too long */
    bool gathering, storming;
    uint64_t began;            /* gathering */
    size_t before;             /* resident bytes, then */
};

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

static void trouble(struct part *p, const struct diag *why)
{
    timer_stop(p->most);
    p->most = NULL;
    p->gathering = p->storming = false;
    crew_say_trouble(p->line, why);
}

/* ---- they come ---- */

void part_scenario(const struct storm_options *options, size_t clients, uint64_t ramp, const char *policy,
                   struct buf *out)
{
    bool ours = options->whom.url == NULL && options->drop != STORM_DROP_RESET && options->drop != STORM_DROP_FIN;
    buf_printf(out, "scenario \"%zu clients come back\"\n  testee server\n%s  timeout %llus\n  fleet %zu ramp %llu/s",
               clients, ours ? "  needs exec\n" : "", (unsigned long long)(STORM_PATIENCE_NS / NS_PER_S), clients,
               (unsigned long long)ramp);
    uint64_t most = storm_most_ns(options) / NS_PER_MS;
    bool whole = most % 1000 == 0;
    buf_printf(out, "\n    open\n    reconnect %s\n  end\n  %s\n  expect recovered all < %llu%s\n", policy,
               ours ? "testee restart" : options->drop == STORM_DROP_FIN ? "drop fin" : "drop reset",
               (unsigned long long)(whole ? most / 1000 : most), whole ? "s" : "ms");
}

static void check(struct part *p);

static void on_changed(void *arg)
{
    check(arg);
}

static void on_most(void *arg)
{
    struct part *p = arg;
    p->most = NULL;
    check(p);
}

static bool read_order(struct part *p, const uint8_t *bytes, size_t size, struct diag *why)
{
    struct buf text, errors;
    unsigned mistakes = 0;
    if (size != sizeof p->order)
        return diag_set(why, DIAG_TROUBLE, "a message that is none");
    memcpy(&p->order, bytes, sizeof p->order);
    if (p->script != NULL)
        return true;
    buf_init(&text, 0);
    buf_init(&errors, 0);
    part_scenario(p->options, p->order.clients, p->order.ramp, "after 1s", &text);
    p->script = script_parse("storm", buf_text(&text), text.size, &errors, &mistakes);
    bool fine = p->script != NULL && mistakes == 0;
    if (!fine)
        diag_set(why, DIAG_TROUBLE, "%.*s", (int)strcspn(buf_text(&errors), "\n"), buf_text(&errors));
    buf_free(&text);
    buf_free(&errors);
    return fine && whom_aim(&p->testee, &p->options->whom, p->order.url, p->order.ca[0] == 0 ? NULL : p->order.ca, why);
}

/* Who did not come back is fetched: all anew. */
static void gather(struct part *p, const uint8_t *bytes, size_t size)
{
    struct diag why = {0};
    p->began = loop_now(p->loop);
    p->gathering = true;
    if (p->fleet != NULL && fleet_count(p->fleet) == p->order.clients) {
        check(p);
        return;
    }
    fleet_free(p->fleet);
    p->fleet = NULL;
    bool fine = read_order(p, bytes, size, &why);
    p->before = resident_bytes();
    struct fleet_config config = {
        .testee = &p->testee, .clients = p->order.clients, .first = p->order.first, .patience_ns = STORM_PATIENCE_NS,
        .expect_ns = STORM_PATIENCE_NS, .stretch = 1, .seed = p->options->whom.seed, .changed = on_changed, .arg = p};
    if (fine) {
        config.block = fleet_block_of(p->script->cases[0].steps, NULL, NULL);
        p->fleet = fleet_new(&config, &why);
    }
    if (p->fleet == NULL) {
        trouble(p, &why);
        return;
    }
    p->most = timer_start(p->loop, OPENING_NS, on_most, p);
    fleet_begin(p->fleet);
}

static void check_gathering(struct part *p)
{
    struct diag why = {0};
    size_t there = fleet_count(p->fleet);
    const struct fleet_trouble *first = fleet_trouble(p->fleet);
    if (there < p->order.clients && p->most != NULL && !fleet_settled(p->fleet))
        return;
    if (there < p->order.clients) {
        diag_set(&why, DIAG_TROUBLE, "%zu of %zu clients are open: %s", there, p->order.clients,
                 first->client == 0 ? "time is over" : first->seen);
        trouble(p, &why);
        return;
    }
    timer_stop(p->most);
    p->most = NULL;
    p->gathering = false;
    struct part_there answer = {.clients = there, .took_ns = loop_now(p->loop) - p->began,
                                .bytes = resident_bytes() - p->before};
    line_send(p->line, PART_IS_THERE, &answer, sizeof answer);
}

/* ---- a storm ---- */

static void storm(struct part *p, const uint8_t *bytes, size_t size)
{
    struct diag why = {0};
    if (size != sizeof p->said || p->fleet == NULL)
        return;
    memcpy(&p->said, bytes, sizeof p->said);
    if (!backoff_parse(p->said.policy, &p->policy, &why)) {
        trouble(p, &why);
        return;
    }
    fleet_begin_storm(p->fleet, &p->policy);
    p->storming = true;
    p->most = timer_start(p->loop, storm_most_ns(p->options), on_most, p);
    line_send(p->line, PART_IS_READY, NULL, 0);
}

static bool write_result(struct part *p, struct buf *out, struct diag *why)
{
    struct run_result *run = run_result_new();
    struct buf source;
    buf_init(&source, 0);
    if (run == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    part_scenario(p->options, p->said.all, storm_ramp(p->options), p->said.policy, &source);
    run->mode = "storm";
    run->version = p->options->tell.version;
    run->started = p->options->tell.started;
    run->seed = p->options->whom.seed;
    run->testee = (struct testee_info){.url = p->order.url, .command = "", .agent = ""};
    run->planned = 1;
    bool fine = report_storm(run, p->said.policy, fleet_measure(p->fleet), buf_text(&source)) != NULL;
    struct report report = {.runs = &run, .count = 1};
    fine = fine && json_report(&report, out, why);
    run_result_free(run);
    buf_free(&source);
    return fine || why->kind != DIAG_NONE || diag_set(why, DIAG_TROUBLE, "out of memory");
}

static void check_storm(struct part *p)
{
    struct buf result;
    struct diag why = {0};
    if (!fleet_recovered(p->fleet) && p->most != NULL)
        return;
    buf_init(&result, LINE_MESSAGE_MAX);
    p->storming = false;
    bool fine = write_result(p, &result, &why);
    timer_stop(p->most);
    p->most = NULL;
    fleet_end_storm(p->fleet);
    if (fine)
        line_send(p->line, PART_RESULT, result.data, result.size);
    else
        trouble(p, &why);
    buf_free(&result);
}

/* Something happened to the fleet, or time is over. */
static void check(struct part *p)
{
    if (p->gathering && p->fleet != NULL)
        check_gathering(p);
    else if (p->storming)
        check_storm(p);
}

/* ---- the process ---- */

static void on_message(void *arg, unsigned kind, const uint8_t *bytes, size_t size, bool carries)
{
    struct part *p = arg;
    (void)carries;
    if (kind == PART_GATHER)
        gather(p, bytes, size);
    else if (kind == PART_STORM)
        storm(p, bytes, size);
    else if (kind == PART_DROP && size == 1 && p->fleet != NULL)
        fleet_drop(p->fleet, bytes[0] == FLEET_FIN ? FLEET_FIN : FLEET_RESET);
}

static void on_line_ended(void *arg)
{
    struct part *p = arg;
    loop_stop(p->loop);
}

int part_live(void *options, int line)
{
    static const struct line_events events = {.message = on_message, .ended = on_line_ended};
    struct part p = {.options = options};
    struct diag why = {0};
    p.loop = loop_uv_new(&why);
    if (p.loop == NULL)
        return DIAG_TROUBLE;
    p.testee.loop = p.loop;
    p.line = line_new(p.loop, line, &events, &p);
    loop_run(p.loop);
    timer_stop(p.most);
    fleet_free(p.fleet);
    line_free(p.line);
    tls_context_free(p.testee.tls);
    script_free(p.script);
    loop_free(p.loop);
    return 0;
}
