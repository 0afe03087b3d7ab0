/* See resilience.h. The longest checks begin first, so that the whole takes little
 * longer than the longest of them. */
#include "modes/resilience/resilience.h"

#include "base/nearest.h"
#include "engine/placeholder.h"
#include "engine/suite/profile.h"
#include "engine/suite/suite.h"
#include "modes/resilience/check.h"
#include "modes/resilience/show.h"
#include "report/sinks.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_APART_NS (20 * NS_PER_MS)
#define STARTING_MOST 4u                 /* processes that start all at once disturb each other's waits ... */
#define STARTING_NS (2 * NS_PER_S)       /* ... so long */
#define WAITED_NS (200 * NS_PER_MS)      /* less is the end of a check, and nobody waited */
#define PROGRESS_NS (500 * NS_PER_MS)

struct entry {
    const struct suite_case *of;
    struct case_result *result;
    struct check *check;
    uint64_t worst_ns;
    bool done;
};

struct resilience {
    const struct resilience_options *options;
    struct suite suite;
    struct profile profile;
    struct place place;
    struct loop *loop;
    struct run_result *run;
    struct check_config config;
    struct show show;
    struct buf replay;
    struct entry *entries;  /* in the order of the suite */
    struct entry **order;   /* in that of their beginning */
    size_t next, under_way;
    struct timer *kick, *tick;
    struct diag *why;
    bool stopping, some_came;
    int interrupts;
};

/* ---- what is played ---- */

static bool gather(struct resilience *r)
{
    struct buf errors;
    bool fine = true;
    buf_init(&errors, 0);
    if (r->options->paths[0] == NULL)
        fine = suite_add_embedded(&r->suite, suite_resilience, r->why);
    for (const char *const *path = r->options->paths; *path != NULL; path++)
        fine &= suite_add_path(&r->suite, *path, &errors, fine ? r->why : NULL);
    fine = fine && profile_load(&r->profile, r->options->profiles, &errors, r->why);
    fputs(buf_text(&errors), r->options->tell.errors);
    buf_free(&errors);
    for (size_t i = 0; fine && i < r->suite.script_count; i++)
        fine = promises_bind(&r->profile.promises, r->suite.scripts[i], r->why);
    return fine;
}

/* A pattern that no check matches is a slip of the pen: said, with what may be meant. */
static bool names_something(struct resilience *r, const struct suite_filter *filter)
{
    static const char *const groups[] = {"back/*", "pacing/*", "liveness/*", "closing/*", "messages/*", "tls/*"};
    const char *option, *idle = suite_filter_idle(&r->suite, filter, &option);
    struct nearest nearest = {0};
    if (idle == NULL)
        return true;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        nearest_offer(&nearest, idle, groups[i]);
    for (size_t i = 0; i < r->suite.case_count; i++)
        nearest_offer(&nearest, idle, r->suite.cases[i].test->id);
    if (nearest.word != NULL)
        return diag_set(r->why, DIAG_USAGE, "no check matches %s '%s'; did you mean '%s'?", option, idle, nearest.word);
    return diag_set(r->why, DIAG_USAGE, "no check matches %s '%s'; `wsgauntlet list --resilience` has them all", option,
                    idle);
}

static bool choose(struct resilience *r)
{
    const struct suite_filter filter = {
        .include = r->options->include, .exclude = r->options->exclude, .role = TESTED_CLIENT};
    if (!gather(r) || !names_something(r, &filter))
        return false;
    size_t of_servers = suite_filter(&r->suite, &filter);
    if (of_servers != 0)
        fprintf(r->options->tell.errors, "note: %zu case%s for servers left out\n", of_servers,
                of_servers == 1 ? "" : "s");
    if (r->suite.case_count != 0)
        return true;
    return diag_set(r->why, DIAG_USAGE, "no check to play: --exclude leaves none, or all are for servers");
}

static int by_worst(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    if (x->worst_ns != y->worst_ns)
        return x->worst_ns < y->worst_ns ? 1 : -1;
    return (x > y) - (x < y);
}

/* "back" of "back/reset" */
static const char *section_of(struct resilience *r, const char *id)
{
    const char *slash = strchr(id, '/');
    const char *section = slash == NULL ? NULL : arena_text_n(&r->run->arena, id, (size_t)(slash - id));
    return section == NULL ? "" : section;
}

static bool make_entries(struct resilience *r)
{
    size_t count = r->suite.case_count;
    r->entries = calloc(count, sizeof *r->entries);
    r->order = calloc(count, sizeof(struct entry *));
    if (r->entries == NULL || r->order == NULL)
        return diag_set(r->why, DIAG_TROUBLE, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &r->entries[i];
        const struct test_case *test = r->suite.cases[i].test;
        *entry = (struct entry){.of = &r->suite.cases[i], .result = run_result_add(r->run),
                                .worst_ns = check_worst_ns(test, &r->config)};
        if (entry->result == NULL)
            return diag_set(r->why, DIAG_TROUBLE, "out of memory");
        *entry->result = (struct case_result){
            .id = test->id, .title = test->title, .alias = "", .file = test->file, .section = section_of(r, test->id),
            .line = test->line, .verdict = VERDICT_ERROR, .close_verdict = CLOSE_NONE, .expected = "", .seen = "",
            .started = "", .detail = "did not run", .replay = "", .source = "", .trace = "", .stderr_tail = ""};
        int width = (int)strlen(test->id);
        r->show.id_width = width > r->show.id_width ? width : r->show.id_width;
        r->order[i] = entry;
    }
    if (r->options->command != NULL)
        qsort(r->order, count, sizeof(struct entry *), by_worst);
    r->run->planned = count;
    return true;
}

/* ---- pictures ---- */

/* The same as the drawing on the terminal: attempts in rows, over time. */
static void draw_connections(struct run_result *run, struct case_result *result)
{
    struct arena *arena = &run->arena;
    struct figure *figure = figure_add(arena, &result->figures, "connections in time", "s", "connection");
    struct figure_series *open = figure_series(arena, figure, FIGURE_SPANS, "open");
    struct figure_series *left = figure_series(arena, figure, FIGURE_SPANS, "lost, not yet left");
    struct figure_series *came = figure_series(arena, figure, FIGURE_MARKS, "connected");
    struct figure_series *tried = figure_series(arena, figure, FIGURE_MARKS, "not let in");
    const struct attempt *last = &result->attempts[result->attempt_count - 1];
    struct figure_series *waited = figure_series(arena, figure, FIGURE_SPANS, "waited for");
    if (last->failed_ns && result->duration_ns > last->failed_ns + WAITED_NS)
        figure_point(arena, waited, &(struct figure_point){.x = (double)last->failed_ns / 1e9,
                                                           .y = (double)result->attempt_count + 1,
                                                           .until = (double)result->duration_ns / 1e9});
    for (size_t i = 0; i < result->attempt_count; i++) {
        const struct attempt *a = &result->attempts[i];
        double row = (double)i + 1, lost = (double)(a->failed_ns ? a->failed_ns : result->duration_ns) / 1e9;
        figure_point(arena, a->open_ns ? came : tried,
                     &(struct figure_point){.x = (double)a->came_ns / 1e9, .y = row, .label = a->fate});
        if (a->open_ns)
            figure_point(arena, open, &(struct figure_point){.x = (double)a->open_ns / 1e9, .y = row, .until = lost,
                                                             .label = a->fate});
        if (a->ended_ns > a->failed_ns && a->failed_ns)
            figure_point(arena, left, &(struct figure_point){.x = lost, .y = row, .until = (double)a->ended_ns / 1e9,
                                                             .label = a->fate});
    }
}

/* From the failure of one to the coming of the next. */
static void draw_waits(struct run_result *run, struct case_result *result)
{
    struct arena *arena = &run->arena;
    struct figure *figure = figure_add(arena, &result->figures, "waits between connections", "", "s");
    struct figure_series *waits = figure_series(arena, figure, FIGURE_BARS, "wait");
    for (size_t i = 1; i < result->attempt_count; i++) {
        double wait = (double)attempt_gap(result->attempts, i) / 1e9;
        const char *why = result->attempts[i - 1].fate;
        figure_point(arena, waits, &(struct figure_point){.x = (double)i, .y = wait, .label = why});
    }
}

static void make_figures(struct run_result *run, struct case_result *result)
{
    if (result->attempt_count > 0)
        draw_connections(run, result);
    if (result->attempt_count > 1)
        draw_waits(run, result);
}

/* ---- playing ---- */

static void advance(void *arg);

static void soon(struct resilience *r, uint64_t delay_ns)
{
    if (r->kick == NULL)
        r->kick = timer_start(r->loop, delay_ns, advance, r);
}

static void conclude(struct resilience *r, struct entry *entry)
{
    entry->done = true;
    make_figures(r->run, entry->result);
    if (r->run->interrupted)
        return;
    r->run->ended++;
    show_check(&r->show, entry->result);
}

/* The end of all, before they are. */
static void stop(struct resilience *r)
{
    r->stopping = r->run->interrupted = true;
    for (size_t i = 0; i < r->suite.case_count; i++)
        if (r->entries[i].check != NULL && !r->entries[i].done)
            check_interrupt(r->entries[i].check);
    soon(r, 0);
}

static void on_done(void *arg, struct check *check)
{
    struct resilience *r = arg;
    r->some_came |= check_came(check);
    if (check_hopeless(check) != NULL && !r->stopping && !r->some_came) { /* nor will the others */
        diag_set(r->why, DIAG_TROUBLE, "the client cannot be started: %s", check_hopeless(check));
        stop(r);
    }
    for (size_t i = 0; i < r->suite.case_count; i++)
        if (r->entries[i].check == check)
            conclude(r, &r->entries[i]);
    r->under_way--;
    soon(r, 0);
}

static void begin_next(struct resilience *r)
{
    struct entry *entry = r->order[r->next++];
    entry->check = check_start(&r->config, entry->of->test, entry->result, r->why);
    if (entry->check != NULL)
        r->under_way++;
    else
        r->stopping = true;
}

/* At most; the last ones that have not begun take the places of those that end first. */
static uint64_t time_left(const struct resilience *r)
{
    uint64_t now = loop_now(r->loop), running = 0, waiting = 0;
    for (size_t i = 0; i < r->suite.case_count; i++) {
        const struct entry *entry = &r->entries[i];
        uint64_t end = entry->check == NULL ? 0 : check_began(entry->check) + entry->worst_ns;
        if (entry->check == NULL)
            waiting += entry->worst_ns;
        else if (!entry->done && end > now + running)
            running = end - now;
    }
    return running + waiting / r->options->parallel;
}

static const char *waited_for(const struct resilience *r)
{
    for (size_t i = 0; i < r->suite.case_count && r->options->command == NULL; i++) {
        const struct entry *entry = &r->entries[i];
        if (entry->check != NULL && !entry->done && check_waits_for_client(entry->check))
            return check_url(entry->check);
    }
    return NULL;
}

static void on_tick(void *arg)
{
    struct resilience *r = arg;
    struct run_summary summary = {0};
    for (size_t i = 0; i < r->suite.case_count; i++)
        if (r->entries[i].done)
            summary.by[r->entries[i].result->verdict]++;
    show_progress(&r->show, &(struct show_state){
        .done = r->run->ended, .all = r->suite.case_count, .under_way = r->under_way,
        .failed = summary.by[VERDICT_FAIL] + summary.by[VERDICT_ERROR], .left_ns = time_left(r),
        .waiting = waited_for(r)});
    r->tick = timer_start(r->loop, PROGRESS_NS, on_tick, r);
}

/* Checks whose client is on its way. */
static unsigned starting(const struct resilience *r)
{
    unsigned count = 0;
    for (size_t i = 0; i < r->suite.case_count; i++) {
        const struct check *check = r->entries[i].check;
        count += check != NULL && !r->entries[i].done && check_waits_for_client(check) &&
                 loop_now(r->loop) < check_began(check) + STARTING_NS;
    }
    return count;
}

static void advance(void *arg)
{
    struct resilience *r = arg;
    r->kick = NULL;
    for (size_t i = 0; i < r->suite.case_count; i++) {
        struct entry *entry = &r->entries[i];
        if (entry->done && entry->check != NULL) {
            check_free(entry->check);
            entry->check = NULL;
        }
    }
    if (r->stopping || r->next == r->suite.case_count) {
        if (r->under_way == 0)
            loop_stop(r->loop);
        return;
    }
    if (r->under_way >= r->options->parallel)
        return;
    if (starting(r) < STARTING_MOST)
        begin_next(r);
    soon(r, BEGIN_APART_NS);
}

static void on_interrupt(void *arg)
{
    struct resilience *r = arg;
    if (r->interrupts++ > 0) { /* the second time: at once; what we started dies with us */
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    diag_set(r->why, DIAG_TROUBLE, "interrupted");
    stop(r);
}

static void play(struct resilience *r)
{
    uint64_t began = loop_now(r->loop);
    loop_on_interrupt(r->loop, on_interrupt, r);
    soon(r, 0);
    r->tick = timer_start(r->loop, 0, on_tick, r);
    loop_run(r->loop);
    loop_on_interrupt(r->loop, NULL, NULL);
    timer_stop(r->kick);
    timer_stop(r->tick);
    r->run->duration_ns = loop_now(r->loop) - began;
}

/* ---- the whole ---- */

static void write_replay(struct resilience *r)
{
    const struct resilience_options *o = r->options;
    buf_append_text(&r->replay, "wsgauntlet resilience");
    if (o->command != NULL)
        shell_option(&r->replay, "--exec", o->command);
    else
        buf_printf(&r->replay, " --port %u", o->place.port);
    buf_append_text(&r->replay, o->place.tls ? " --tls" : "");
    shell_option(&r->replay, "--host", o->place.host);
    shell_option(&r->replay, "--cert", o->place.certificate_file);
    shell_option(&r->replay, "--key", o->place.key_file);
    for (const char *const *name = o->profiles; name != NULL && *name != NULL; name++)
        shell_option(&r->replay, "--profile", *name);
    if (o->pace != 1)
        buf_printf(&r->replay, " --factor %g", o->pace);
    if (o->patience != 1)
        buf_printf(&r->replay, " --timeout %g", o->patience);
}

static void introduce(struct resilience *r)
{
    r->run->mode = "resilience";
    r->run->started = r->options->tell.started;
    r->run->seed = r->options->seed;
    r->run->testee = (struct testee_info){
        .url = "", .command = r->options->command == NULL ? "" : r->options->command, .agent = "", .role = ROLE_CLIENT};
}

static bool prepare(struct resilience *r)
{
    if (r->options->command == NULL && r->options->place.port == 0)
        return diag_set(r->why, DIAG_USAGE, "who is tested? --exec 'CMD {url}', or --port P and who comes there");
    r->loop = loop_uv_new(r->why);
    if (r->loop == NULL || !choose(r) || !place_prepare(&r->place, &r->options->place, r->why))
        return false;
    write_replay(r);
    r->config = (struct check_config){
        .loop = r->loop, .promises = &r->profile.promises, .command = r->options->command, .at = r->place.at,
        .tls = r->place.tls, .authority = r->place.authority, .fingerprint = buf_text(&r->place.fingerprint),
        .ca_file = r->place.tls == NULL ? NULL : buf_text(&r->place.ca_file),
        .pace = r->options->pace, .patience = r->options->patience, .seed = r->options->seed,
        .replay_prefix = buf_text(&r->replay), .run = r->run, .done = on_done, .arg = r};
    introduce(r);
    return make_entries(r);
}

static int run_all(struct resilience *r)
{
    struct sinks sinks = {0};
    int status = DIAG_TROUBLE;
    if (sinks_open(&sinks, r->options->tell.reports, r->options->tell.json_file, r->why)) {
        struct buf by_hand;
        buf_init(&by_hand, 0);
        buf_append_text(&by_hand, "the client that comes to ");
        place_url(&r->place.at, r->place.tls != NULL, &by_hand);
        const char *who = r->options->command != NULL ? r->options->command : buf_text(&by_hand);
        show_begin(&r->show, r->run, who, buf_text(&r->profile.name), r->options->pace);
        buf_free(&by_hand);
        play(r);
        show_end(&r->show, r->run, r->why->text);
        const struct report report = {.runs = &r->run, .count = 1, .trace = r->options->tell.trace};
        status = sinks_write(&sinks, &report, r->why) ? run_exit_status(r->run) : DIAG_TROUBLE;
    }
    sinks_free(&sinks);
    return status;
}

static void free_all(struct resilience *r)
{
    for (size_t i = 0; r->entries != NULL && i < r->suite.case_count; i++)
        check_free(r->entries[i].check);
    free(r->entries);
    free(r->order);
    buf_free(&r->replay);
    profile_free(&r->profile);
    if (r->loop != NULL)
        loop_free(r->loop);
    place_free(&r->place);
    run_result_free(r->run);
    suite_free(&r->suite);
}

static int list_profiles(FILE *out)
{
    struct buf text;
    buf_init(&text, 0);
    profile_list(&text);
    fputs(buf_text(&text), out);
    buf_free(&text);
    return 0;
}

int resilience_main(const struct resilience_options *options, struct diag *why)
{
    if (options->profiles != NULL && strcmp(options->profiles[0], "list") == 0)
        return list_profiles(options->tell.out);
    struct resilience r = {.options = options, .why = why, .run = run_result_new()};
    int status = 0;
    r.show = show_new(options->tell.out, options->tell.color);
    r.show.verbose = options->tell.verbose;
    r.show.trace = options->tell.trace;
    if (r.run == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (prepare(&r))
        status = run_all(&r);
    status = why->kind != DIAG_NONE ? (int)why->kind : status;
    free_all(&r);
    return status;
}
