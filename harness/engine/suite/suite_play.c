/* Plays a suite on one loop, several cases at once. advance() looks at what is
 * under way and does the next thing; everything else only notes what happened.
 * A bad result is believed once the testee is seen to be well behind it. When it
 * is not, those who could have done it are tried: played again, one by one. */
#include "engine/suite/sanity.h"
#include "engine/suite/suite.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESTART_PATIENCE_NS (20 * NS_PER_S) /* times the run's factor */
#define RETURN_TRIES 15u                    /* until a testee that is not ours is given up */
#define RETURN_PAUSE_NS (200 * NS_PER_MS)
#define TRIAL_PAUSE_NS (50 * NS_PER_MS)     /* an end that comes behind the case is its own too */
#define DOUBT_NS (100 * NS_PER_MS)          /* so long none is reset, behind cases that ended badly */

/* One case of the suite. */
struct item {
    struct play *play;
    bool alone;                /* no other plays beside it */
    bool again;                /* it found no testee, and is played once more */
    bool handles;              /* has `testee` steps */
    uint64_t weight;           /* of its largest message */
    struct case_result *result;
    struct case_result fresh;  /* what it was before it was played */
    struct runner *runner;     /* while under way */
    bool told;                 /* its result was reported, as this verdict */
    enum verdict told_verdict;
};

/* Cases that have one thing in common, in the order in which they came to it. */
struct group {
    struct item **at;
    size_t count;
};

struct restart;

struct play {
    const struct suite *suite;
    const struct play_config *config;
    const struct testee *testee;
    struct run_result *run;
    struct diag *why;
    enum play_end end;

    struct item *items;     /* one per case */
    size_t next;            /* the first that was never begun */
    struct group under_way;
    struct group unsure;    /* ended badly; final when the check behind is fine */
    struct group again;     /* found nobody, where the check behind found the testee well: to be played once more */
    struct group recent;    /* the last to end well, oldest first, as many as play at once */
    struct group suspects;  /* those of them when the testee was lost; on trial */
    size_t tried;           /* of the suspects */
    bool convicted;         /* one of them ends the testee */

    struct timer *kick, *patience, *most;
    struct sanity *sanity;
    struct restart *restart;
    unsigned restarts;      /* so far */
    bool met;               /* the first check was fine */
    bool parted;            /* the last check has begun */
    bool echoes;            /* the testee was seen to echo, and has to go on doing so */
    bool check_due;
    bool lost;              /* and not yet back */
    unsigned tries;         /* to find it again, when it is not ours */
    const char *loss;       /* how it was lost, as a sentence */
    bool stopping;          /* nothing more begins */
    bool interrupted;       /* by a signal */
};

/* A testee of ours being started again. Its own memory, since the play may end first. */
struct restart {
    struct play *play; /* NULL: nobody waits any more */
};

static void advance(void *arg);
static void on_rested(void *arg);

/* advance() is only called from the loop, never within the callback of a runner or layer. */
static void soon(struct play *p)
{
    if (p->kick == NULL)
        p->kick = timer_start(p->config->runner.loop, 0, advance, p);
}

static void group_add(struct group *group, struct item *item)
{
    group->at[group->count++] = item;
}

static void group_remove(struct group *group, const struct item *item)
{
    size_t kept = 0;
    for (size_t i = 0; i < group->count; i++)
        if (group->at[i] != item)
            group->at[kept++] = group->at[i];
    group->count = kept;
}

static void note(const struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(const struct play *p, const char *format, ...)
{
    if (p->config->note == NULL)
        return;
    char text[LIMIT_DIAG_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->config->note(p->config->arg, text);
}

static uint64_t patience(const struct play *p, uint64_t ns)
{
    double factor = p->config->runner.patience;
    return factor > 0 ? (uint64_t)((double)ns * factor) : ns;
}

/* Only one that we started can be known to have ended. */
static bool testee_ended(const struct play *p)
{
    const struct testee_ops *ops = p->testee->ops;
    return ops != NULL && ops->running != NULL && !ops->running(p->testee->ops_arg);
}

/* The line by which a server names itself, from the first answer that has one. */
static void learn_agent(struct play *p, const struct trace *trace)
{
    static const char name[] = "\nserver:";
    const char *known = p->run->testee.agent;
    for (size_t i = 0; i < trace->count && (known == NULL || known[0] == 0); i++) {
        const struct trace_event *event = &trace->events[i];
        if (event->kind != TRACE_HEAD || event->ours)
            continue;
        char *head = arena_text_n(&p->run->arena, (const char *)event->bytes, event->size);
        char *value = head == NULL ? NULL : strcasestr(head, name);
        if (value == NULL)
            return;
        value += sizeof name - 1;
        value += strspn(value, " \t");
        value[strcspn(value, "\r\n")] = 0;
        p->run->testee.agent = known = value;
    }
}

/* ---- results that stand ---- */

static void stop(struct play *p, enum play_end end)
{
    if (p->stopping)
        return;
    p->end = end;
    p->stopping = true;
    p->run->interrupted = true;
    soon(p);
}

static void conclude(struct play *p, struct item *item)
{
    enum verdict verdict = item->result->verdict;
    bool known = item->told && item->told_verdict == verdict;
    p->run->ended += !item->told;
    item->told = true;
    item->told_verdict = verdict;
    if (p->config->progress != NULL && !known)
        p->config->progress(p->config->arg, p->run, item->result);
    if (p->config->fail_fast && case_result_fails(item->result))
        stop(p, PLAY_FAIL_FAST);
}

static void conclude_group(struct play *p, struct group *group, size_t from)
{
    for (size_t i = from; i < group->count; i++)
        conclude(p, group->at[i]);
    group->count = 0;
}

/* How a testee of ours ended and the end of its standard error; "" when it runs or is not ours. */
static const char *last_words(const struct play *p)
{
    const struct testee_ops *ops = p->testee->ops;
    const char *words = ops == NULL || ops->last_words == NULL ? NULL : ops->last_words(p->testee->ops_arg);
    return words == NULL ? "" : words;
}

/* FAIL, for how the testee was lost, and `more` about it. What the case saw itself stays. */
static void accuse(struct play *p, struct case_result *result, const char *more)
{
    const char *said = strncmp(result->detail, p->loss, strlen(p->loss)) == 0 ? "" : result->detail;
    const char *separator = said[0] == 0 ? "" : "; ";
    const char *detail = arena_printf(&p->run->arena, "%s%s%s%s", p->loss, more, separator, said);
    const char *tail = arena_text(&p->run->arena, last_words(p));
    result->verdict = VERDICT_FAIL;
    result->not_played = false;
    result->detail = detail == NULL ? p->loss : detail;
    if (tail != NULL && tail[0] != 0)
        result->stderr_tail = tail;
}

/* ---- playing ---- */

static bool on_trial(const struct play *p)
{
    return p->tried < p->suspects.count;
}

static void on_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct item *item = arg;
    struct play *p = item->play;
    item->runner = NULL;
    result->sent_digest = hash_value(&trace->sent);
    group_remove(&p->under_way, item);
    learn_agent(p, trace);
    soon(p);
    if (p->stopping) {
        conclude(p, item);
    } else if (p->lost) {
        group_add(&p->suspects, item);
    } else if (on_trial(p)) {
        p->patience = timer_start(p->config->runner.loop, TRIAL_PAUSE_NS, on_rested, p);
    } else if (item->alone || result->verdict >= VERDICT_FAIL || testee_ended(p)) {
        group_add(&p->unsure, item);
        p->check_due = true;
    } else {
        if (p->recent.count == p->config->parallel)
            group_remove(&p->recent, p->recent.at[0]);
        group_add(&p->recent, item);
        conclude(p, item);
    }
}

/* The folder of a file named in `file`; "." for one without. */
static const char *folder_of(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (file[0] == 0)
        return NULL;
    return slash == NULL ? "." : arena_text_n(arena, file, (size_t)(slash - file) + 1);
}

/* A result in the order of the suite, with what stands before it is played; NULL without memory. */
static struct case_result *announce(struct play *p, const struct item *item)
{
    size_t at = (size_t)(item - p->items), rounds = p->run->rounds;
    const struct suite_case *of = &p->suite->cases[at];
    struct case_result *result = run_result_add(p->run);
    char section[64];
    if (result == NULL)
        return NULL;
    suite_section(of->script, section, sizeof section);
    result->section = arena_text(&p->run->arena, section);
    baseline_mark(p->config->baseline, p->run, result, of->test->id);
    result->round = rounds < 2 ? 0 : (unsigned)(at / (p->suite->case_count / rounds)) + 1;
    return result;
}

static void begin(struct play *p, struct item *item)
{
    const struct suite_case *of = &p->suite->cases[item - p->items];
    if (item->result == NULL) {
        item->result = announce(p, item);
        if (item->result != NULL)
            item->fresh = *item->result;
    } else {
        *item->result = item->fresh;
    }
    struct runner_config config = p->config->runner;
    config.file_dir = folder_of(&p->run->arena, of->test->file);
    if (item->result != NULL)
        item->runner = runner_start(&config, of->test, p->run, item->result, on_done, item);
    if (item->runner != NULL) {
        group_add(&p->under_way, item);
        return;
    }
    diag_set(p->why, DIAG_TROUBLE, "out of memory");
    stop(p, PLAY_LOST);
}

static uint64_t weight_under_way(const struct play *p)
{
    uint64_t weight = 0;
    for (size_t i = 0; i < p->under_way.count; i++)
        weight += p->under_way.at[i]->weight;
    return weight;
}

static void begin_more(struct play *p)
{
    bool taken = p->under_way.count != 0 && p->under_way.at[0]->alone;
    while (!p->stopping && !taken && p->again.count != 0 && p->under_way.count < p->config->parallel)
        begin(p, p->again.at[--p->again.count]);
    while (!p->stopping && p->next < p->suite->case_count && p->under_way.count < p->config->parallel) {
        struct item *item = &p->items[p->next];
        bool alone = item->alone || (p->under_way.count != 0 && p->under_way.at[0]->alone);
        if (p->under_way.count != 0 && (alone || weight_under_way(p) + item->weight > LIMIT_TOGETHER_BYTES))
            return;
        if (item->alone)
            p->recent.count = 0; /* not theirs, whatever its script does to the testee */
        p->next++;
        begin(p, item);
    }
}

static void interrupt_all(struct play *p)
{
    while (p->under_way.count != 0)
        runner_interrupt(p->under_way.at[0]->runner);
}

/* ---- is the testee well? ---- */

/* Not well. Who was under way, ended badly or had only just ended may be the reason. */
static void lose(struct play *p, const char *how)
{
    const char *words = last_words(p);
    p->lost = true;
    p->tries = 0;
    p->loss = testee_ended(p)
                  ? arena_printf(&p->run->arena, "the testee died: %.*s", (int)strcspn(words, "\n"), words)
                  : arena_printf(&p->run->arena, "the testee was lost: %s", how);
    if (p->loss == NULL)
        p->loss = "the testee was lost";
    if (on_trial(p)) {
        struct item *item = p->suspects.at[p->tried++];
        accuse(p, item->result, "");
        p->convicted = true;
        conclude(p, item);
        return;
    }
    p->suspects.count = p->tried = 0;
    p->convicted = false;
    bool by_script = p->unsure.count == 1 && p->unsure.at[0]->handles;
    if (by_script) {
        conclude_group(p, &p->unsure, 0);
        return;
    }
    for (size_t i = 0; i < p->recent.count; i++)
        group_add(&p->suspects, p->recent.at[i]);
    for (size_t i = 0; i < p->unsure.count; i++)
        group_add(&p->suspects, p->unsure.at[i]);
    p->recent.count = p->unsure.count = 0;
    interrupt_all(p); /* they join the suspects */
}

static void give_up(struct play *p, const char *reason)
{
    size_t under_way = 0;
    for (size_t i = p->tried; i < p->suspects.count; i++)
        under_way += p->suspects.at[i]->result->verdict >= VERDICT_FAIL;
    const char *more = under_way < 2 ? NULL
                     : arena_printf(&p->run->arena, ", while this was one of %zu cases under way: "
                                    "any of them may be the reason", under_way);
    for (size_t i = p->tried; i < p->suspects.count; i++)
        if (p->suspects.at[i]->result->verdict >= VERDICT_FAIL)
            accuse(p, p->suspects.at[i]->result, more == NULL ? ", while this case was under way" : more);
    diag_set(p->why, DIAG_TROUBLE, "%s; it does not come back: %s", p->loss, reason);
    stop(p, PLAY_LOST);
}

static void on_first_check(struct play *p, enum sanity_state state, const struct diag *reason)
{
    p->met = state != SANITY_GONE && state != SANITY_REFUSED;
    p->echoes = p->config->echoes && state == SANITY_FINE;
    if (!p->met) {
        diag_set(p->why, DIAG_TROUBLE, "%s", reason->text);
        stop(p, PLAY_NO_TESTEE);
    } else if (state == SANITY_NO_ECHO) {
        note(p, "%s (these cases need a server that echoes)", reason->text);
    }
}

/* The testee is well, and results stand. Who found nobody there met one that was too busy with the others. */
static void settle(struct play *p)
{
    size_t count = p->unsure.count;
    for (size_t i = 0; i < count; i++) {
        struct item *item = p->unsure.at[i];
        bool busy = item->result->verdict == VERDICT_ERROR && !item->again && !item->alone && !p->stopping;
        item->again |= busy;
        if (busy)
            group_add(&p->again, item);
        else
            conclude(p, item);
    }
    p->unsure.count = 0;
}

static void on_checked(void *arg, enum sanity_state state, const struct diag *reason)
{
    struct play *p = arg;
    p->sanity = NULL;
    soon(p);
    if (!p->met) {
        on_first_check(p, state, reason);
    } else if (state != SANITY_FINE && p->lost && ++p->tries == RETURN_TRIES) {
        give_up(p, reason->text);
    } else if (state != SANITY_FINE && !p->lost) {
        lose(p, reason->text);
    } else if (state == SANITY_FINE && p->lost) {
        p->lost = false;
        note(p, "the testee is back");
    } else if (state == SANITY_FINE && on_trial(p)) {
        conclude(p, p->suspects.at[p->tried++]);
    } else if (state == SANITY_FINE && !p->check_due) {
        settle(p);
    }
}

static void check(struct play *p)
{
    static const struct diag none = {0};
    p->check_due = false;
    if (p->met && !p->lost && testee_ended(p)) {
        on_checked(p, SANITY_GONE, &none);
        return;
    }
    bool echo = p->met ? p->echoes : p->config->echoes;
    uint64_t stays_ns = p->unsure.count == 0 ? 0 : DOUBT_NS;
    p->sanity = sanity_start(&p->config->runner, echo, stays_ns, on_checked, p);
    if (p->sanity == NULL)
        give_up(p, "out of memory");
}

/* ---- bringing it back ---- */

static void on_restarted(void *arg)
{
    struct restart *restart = arg;
    struct play *p = restart->play;
    free(restart);
    if (p == NULL)
        return;
    p->restart = NULL;
    timer_stop(p->patience);
    p->patience = NULL;
    p->lost = false;
    note(p, "%s; it was started again", p->loss);
    soon(p);
}

static void forget_restart(struct play *p)
{
    if (p->restart != NULL)
        p->restart->play = NULL;
    p->restart = NULL;
}

static void on_patience(void *arg)
{
    struct play *p = arg;
    p->patience = NULL;
    if (p->restart != NULL) {
        forget_restart(p);
        give_up(p, "started again, it takes no connection");
    }
    soon(p);
}

static void restart_testee(struct play *p)
{
    struct diag why = {0};
    if (p->restarts++ == LIMIT_RESTARTS) {
        diag_set(&why, DIAG_TROUBLE, "given up after %u restarts", LIMIT_RESTARTS);
        give_up(p, why.text);
        return;
    }
    struct restart *restart = malloc(sizeof *restart);
    if (restart == NULL) {
        give_up(p, "out of memory");
        return;
    }
    restart->play = p;
    p->restart = restart;
    p->patience = timer_start(p->config->runner.loop, patience(p, RESTART_PATIENCE_NS), on_patience, p);
    if (p->testee->ops->restart(p->testee->ops_arg, on_restarted, restart, &why))
        return;
    free(restart);
    p->restart = NULL;
    give_up(p, why.text);
}

static void on_rested(void *arg)
{
    struct play *p = arg;
    p->patience = NULL;
    check(p);
}

/* One that is not ours may be brought back by others: look for it for a while. */
static void recover(struct play *p)
{
    if (p->testee->ops != NULL && p->testee->ops->restart != NULL)
        restart_testee(p);
    else
        p->patience = timer_start(p->config->runner.loop, RETURN_PAUSE_NS, on_rested, p);
}

/* All suspects were tried. */
static void close_trial(struct play *p)
{
    if (!p->convicted) {
        struct item *last = p->suspects.at[p->suspects.count - 1];
        accuse(p, last->result, ", while this case and others were under way; alone, none of them does it");
        conclude(p, last);
    }
    p->suspects.count = p->tried = 0;
    soon(p);
}

/* ---- the whole ---- */

/* So that a report does not lack what a lost testee could not play. */
static void add_unplayed(struct play *p)
{
    struct arena *arena = &p->run->arena;
    const char *reason = arena_printf(arena, "not played: %s", p->why->text);
    for (; p->next < p->suite->case_count; p->next++) {
        const struct test_case *test = p->suite->cases[p->next].test;
        struct case_result *result = announce(p, &p->items[p->next]);
        if (result == NULL)
            return;
        result->id = arena_text(arena, test->id);
        result->title = arena_text(arena, test->title == NULL ? "" : test->title);
        result->alias = arena_text(arena, test->autobahn == NULL || test->autobahn[0] == NULL ? "" : test->autobahn[0]);
        result->file = arena_text(arena, test->file);
        result->line = test->line;
        result->verdict = VERDICT_ERROR;
        result->not_played = true;
        result->detail = reason == NULL ? "not played" : reason;
    }
}

static void finish(struct play *p)
{
    conclude_group(p, &p->unsure, 0);
    conclude_group(p, &p->suspects, p->tried);
    conclude_group(p, &p->again, 0);
    if (p->end == PLAY_LOST)
        add_unplayed(p);
    loop_stop(p->config->runner.loop);
}

static void go_on(struct play *p)
{
    begin_more(p);
    if (p->under_way.count != 0 || p->stopping)
        return;
    if (p->parted) {
        finish(p);
    } else {
        p->parted = true;
        check(p);
    }
}

static void advance(void *arg)
{
    struct play *p = arg;
    p->kick = NULL;
    if (p->sanity != NULL || p->patience != NULL)
        return; /* their callbacks come back here */
    bool idle = p->under_way.count == 0;
    if (p->stopping && idle)
        finish(p);
    else if (p->stopping || (p->lost && !idle))
        return;
    else if (p->lost)
        recover(p);
    else if (!p->met || p->check_due)
        check(p);
    else if (on_trial(p) && idle)
        begin(p, p->suspects.at[p->tried]);
    else if (p->suspects.count != 0 && !on_trial(p))
        close_trial(p);
    else if (!on_trial(p))
        go_on(p);
}

/* At once, whatever is under way. */
static void cut(struct play *p, enum play_end end)
{
    stop(p, end);
    sanity_release(p->sanity);
    p->sanity = NULL;
    forget_restart(p);
    if (p->patience != NULL)
        timer_stop(p->patience);
    p->patience = NULL;
    interrupt_all(p);
    soon(p);
}

static void on_time_up(void *arg)
{
    struct play *p = arg;
    p->most = NULL;
    cut(p, PLAY_TIME_UP);
}

static void on_interrupt(void *arg)
{
    struct play *p = arg;
    if (p->interrupted) { /* the second time: at once */
        if (p->testee->ops != NULL && p->testee->ops->signal != NULL)
            p->testee->ops->signal(p->testee->ops_arg, SIGKILL, NULL);
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    p->interrupted = true;
    diag_set(p->why, DIAG_TROUBLE, "interrupted");
    cut(p, PLAY_INTERRUPTED);
}

static bool has_verb(const struct step *step, enum verb verb)
{
    for (; step != NULL; step = step->next)
        if (step->verb == verb || has_verb(step->body, verb))
            return true;
    return false;
}

static bool play_init(struct play *p)
{
    size_t count = p->suite->case_count;
    p->items = calloc(count + 1, sizeof *p->items);
    struct item **room = calloc(5 * count + 1, sizeof(struct item *));
    if (p->items == NULL || room == NULL) {
        free(room);
        return diag_set(p->why, DIAG_TROUBLE, "out of memory");
    }
    struct group *const groups[] = {&p->under_way, &p->unsure, &p->again, &p->recent, &p->suspects};
    for (size_t i = 0; i < 5; i++)
        groups[i]->at = room + i * count;
    for (size_t i = 0; i < count; i++) {
        const struct test_case *test = p->suite->cases[i].test;
        bool handles = has_verb(test->steps, VERB_TESTEE);
        /* What a fleet measures would be measured of the others too. */
        bool alone = handles || test->alone || has_verb(test->steps, VERB_FLEET);
        p->items[i] = (struct item){.play = p, .alone = alone, .handles = handles, .weight = runner_weight(test)};
    }
    return true;
}

enum play_end suite_play(const struct suite *suite, const struct play_config *config,
                         struct run_result *run, struct diag *why)
{
    struct loop *loop = config->runner.loop;
    struct play play = {.suite = suite, .config = config, .testee = config->runner.testee,
                        .run = run, .why = why, .end = PLAY_DONE};
    play.met = play.parted = config->unchecked;
    play.echoes = config->unchecked && config->echoes;
    run->planned = suite->case_count;
    run->rounds = suite->rounds;
    if (!play_init(&play)) {
        free(play.items);
        return PLAY_NO_TESTEE;
    }
    uint64_t began = loop_now(loop);
    struct loop_hearer before = loop_on_interrupt(loop, on_interrupt, &play);
    if (config->most_ns != 0)
        play.most = timer_start(loop, config->most_ns, on_time_up, &play);
    soon(&play);
    loop_run(loop);
    loop_on_interrupt(loop, before.fn, before.arg);
    run->duration_ns = loop_now(loop) - began;
    timer_stop(play.kick);
    timer_stop(play.most);
    forget_restart(&play);
    free(play.under_way.at); /* the room of all groups */
    free(play.items);
    return play.end;
}
