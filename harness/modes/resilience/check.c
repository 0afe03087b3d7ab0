/* See check.h. A client is started once the script had its first turn, so that a
 * case may begin with a closed port. */
#include "modes/resilience/check.h"

#include "base/hash.h"
#include "engine/placeholder.h"
#include "modes/resilience/place.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_NS (500 * NS_PER_MS)         /* what the machine of a client may need on top of what it promises */
#define END_NS (500 * NS_PER_MS)           /* from SIGTERM to SIGKILL */
#define FIRST_STEP_NS (2 * NS_PER_MS)
#define APART_NS (20 * NS_PER_MS)          /* between two processes of one check */
#define START_NS (20 * NS_PER_S)           /* until a client that we start must have come */
#define USUAL_RATE 10u                     /* messages a second of a client that makes numbered ones */
#define BY_HAND_NS (3600 * NS_PER_S)

struct process_of {
    struct check *check;
    struct exec_client *client;
};

struct check {
    struct check_config config;
    const struct test_case *test;
    struct test_case own;        /* of it, with the patience of this run */
    struct case_result *result;
    uint64_t began_ns;
    struct listener_share *listener;
    struct testee testee;
    struct runner *runner;       /* NULL: its result stands */
    struct process_of *clients;
    unsigned wanted, started, running;
    bool crashed;
    struct buf hopeless;         /* why its client ended before it came; empty: it did not */
    struct buf command, last_words;
    struct buf url;
    struct timer *start, *clean;
    bool over;                   /* `done` was told */
};

struct case_result *check_result(const struct check *check) { return check->result; }
const struct test_case *check_test(const struct check *check) { return check->test; }
uint64_t check_began(const struct check *check) { return check->began_ns; }
const char *check_url(const struct check *check) { return buf_text(&check->url); }

const char *check_hopeless(const struct check *check)
{
    return check->hopeless.size == 0 ? NULL : buf_text(&check->hopeless);
}

bool check_came(const struct check *check) { return check->result->attempt_count > 0; }

bool check_waits_for_client(const struct check *check)
{
    return check->runner != NULL && runner_attempts(check->runner) == 0;
}

/* ---- the end ---- */

static void tell_done(void *arg)
{
    struct check *check = arg;
    check->clean = NULL;
    if (check->running != 0 || check->over)
        return;
    check->over = true;
    listener_share_free(check->listener); /* not before: who still comes would come to another check */
    check->listener = NULL;
    check->config.done(check->config.arg, check);
}

/* Not within a callback of the runner or a process. */
static void clean_up(void *arg)
{
    struct check *check = arg;
    check->clean = NULL;
    for (unsigned i = 0; i < check->started; i++)
        exec_client_end(check->clients[i].client, END_NS);
    tell_done(check);
}

static void on_done(void *arg, struct case_result *result, const struct trace *trace)
{
    struct check *check = arg;
    result->sent_digest = hash_value(&trace->sent);
    check->runner = NULL;
    if (check->start != NULL)
        timer_stop(check->start);
    check->start = NULL;
    check->clean = timer_start(check->config.loop, 0, clean_up, check);
}

/* ---- the client ---- */

/* With a closed port: to give up there is what the case asks for. */
static bool begins_closed(const struct test_case *test)
{
    return test->steps == NULL || test->steps->form == FORM_LISTEN_OFF;
}

static void on_ended(void *arg, struct process_exit exit, const char *how)
{
    struct process_of *one = arg;
    struct check *check = one->check;
    bool came = check->runner != NULL && !check_waits_for_client(check);
    char words[256];
    (void)how;
    exec_client_how(one->client, words, sizeof words);
    check->running--;
    if (!came && exit.status != 0 && check->runner != NULL && !begins_closed(check->test))
        buf_append_text(&check->hopeless, words);
    if (came && (exit.signal != 0 || exit.status != 0)) { /* before, it is no client yet */
        check->crashed = true;
        buf_clear(&check->last_words);
        buf_append_text(&check->last_words, exec_client_last_words(one->client));
    }
    if (check->runner != NULL && check->running == 0 && check->started == check->wanted)
        runner_client_ended(check->runner, words);
    if (check->runner == NULL && check->running == 0 && check->clean == NULL)
        check->clean = timer_start(check->config.loop, 0, tell_done, check);
}

/* {"event":"message","n":5} is a number that it got; what else it says in JSON goes to the trace. */
static void on_line(void *arg, const char *text, size_t size)
{
    struct process_of *one = arg;
    struct runner *runner = one->check->runner;
    if (runner == NULL || size == 0 || text[0] != '{')
        return;
    json_t *line = json_loads(text, 0, NULL);
    const char *event = json_string_value(json_object_get(line, "event"));
    json_t *n = json_object_get(line, "n");
    if (event != NULL && strcmp(event, "message") == 0 && json_is_integer(n) && json_integer_value(n) >= 0)
        runner_heard_number(runner, (uint64_t)json_integer_value(n));
    else if (event != NULL)
        runner_heard(runner, text);
    json_decref(line);
}

static const struct exec_client_events client_events = {.ended = on_ended, .line = on_line};

static void start_one(void *arg)
{
    struct check *check = arg;
    struct process_of *one = &check->clients[check->started];
    struct diag why = {0};
    struct exec_client_options options = {.command = buf_text(&check->command), .url = buf_text(&check->url),
                                          .ca_file = check->config.ca_file};
    check->start = NULL;
    one->check = check;
    one->client = exec_client_start(check->config.loop, &options, &client_events, one, &why);
    if (one->client == NULL) {
        buf_append_text(&check->hopeless, why.text);
        runner_client_ended(check->runner, why.text);
        return;
    }
    check->started++;
    check->running++;
    if (check->started < check->wanted)
        check->start = timer_start(check->config.loop, APART_NS, start_one, check);
}

/* The client learns of the pace, and of how much it is to say, by its command and by its environment. */
static bool make_command(struct check *check, struct diag *why)
{
    char factor[32], rate[16];
    snprintf(factor, sizeof factor, "%g", check->config.pace);
    snprintf(rate, sizeof rate, "%u", check->test->rate > 0 ? check->test->rate : USUAL_RATE);
    const struct placeholder rows[] = {{"{factor}", factor}, {"{rate}", rate}, {NULL, NULL}};
    buf_printf(&check->command, "export WSGAUNTLET_FACTOR=%s WSGAUNTLET_RATE=%s; ", factor, rate);
    if (check->config.ca_file != NULL) {
        buf_append_text(&check->command, "WSGAUNTLET_CA=");
        shell_word(&check->command, check->config.ca_file);
        buf_printf(&check->command, " WSGAUNTLET_FINGERPRINT=%s NODE_EXTRA_CA_CERTS=$WSGAUNTLET_CA "
                                    "SSL_CERT_FILE=$WSGAUNTLET_CA; export WSGAUNTLET_CA WSGAUNTLET_FINGERPRINT "
                                    "NODE_EXTRA_CA_CERTS SSL_CERT_FILE; ", check->config.fingerprint);
    }
    return placeholders_fill(check->config.command, rows, &check->command, why);
}

/* ---- what the steps ask of the testee ---- */

static bool signal_clients(void *arg, int signal, struct diag *why)
{
    struct check *check = arg;
    (void)why;
    for (unsigned i = 0; i < check->started; i++)
        if (exec_client_running(check->clients[i].client))
            exec_client_signal(check->clients[i].client, signal);
    return true;
}

/* One that ends by itself and says that all is well has only given up. */
static bool clients_well(void *arg) { return !((struct check *)arg)->crashed; }

static const char *clients_last_words(void *arg) { return buf_text(&((struct check *)arg)->last_words); }

static const struct testee_ops client_ops = {
    .signal = signal_clients, .running = clients_well, .last_words = clients_last_words};

/* ---- the beginning ---- */

static bool prepare(struct check *check, struct diag *why)
{
    struct net_address at = check->config.at;
    check->listener = listener_share_new(check->config.loop, &at, check->config.tls, why);
    if (check->listener == NULL)
        return false;
    listener_share_authority(check->listener, check->config.authority);
    at.port = listener_share_port(check->listener);
    place_url(&at, check->config.tls != NULL, &check->url);
    if (check->config.command == NULL)
        return true;
    check->wanted = check->test->clients > 0 ? check->test->clients : 1;
    check->clients = calloc(check->wanted, sizeof *check->clients);
    if (check->clients == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    check->testee.ops = &client_ops;
    check->testee.ops_arg = check;
    return make_command(check, why);
}

static bool begin(struct check *check, struct diag *why)
{
    const struct check_config *config = &check->config;
    check->own = *check->test;
    check->own.timeout_ns = config->command == NULL ? BY_HAND_NS : START_NS;
    struct runner_config runner = {.loop = config->loop, .testee = &check->testee, .role = WS_SERVER,
                                   .listener = check->listener, .own_listener = true, .seed = config->seed,
                                   .patience = config->patience, .pace = config->pace, .grace_ns = GRACE_NS,
                                   .promises = config->promises, .replay_prefix = config->replay_prefix};
    check->runner = runner_start(&runner, &check->own, config->run, check->result, on_done, check);
    if (check->runner == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    if (check->wanted != 0)
        check->start = timer_start(config->loop, FIRST_STEP_NS, start_one, check);
    return true;
}

struct check *check_start(const struct check_config *config, const struct test_case *test, struct case_result *result,
                          struct diag *why)
{
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    *check = (struct check){.config = *config, .test = test, .result = result, .began_ns = loop_now(config->loop)};
    buf_init(&check->command, 0);
    buf_init(&check->url, 0);
    buf_init(&check->hopeless, 0);
    buf_init(&check->last_words, 0);
    if (prepare(check, why) && begin(check, why))
        return check;
    check_free(check);
    return NULL;
}

void check_interrupt(struct check *check)
{
    if (check->runner != NULL)
        runner_interrupt(check->runner);
}

void check_free(struct check *check)
{
    if (check == NULL)
        return;
    timer_stop(check->start);
    timer_stop(check->clean);
    for (unsigned i = 0; i < check->started; i++)
        exec_client_release(check->clients[i].client);
    free(check->clients);
    listener_share_free(check->listener);
    buf_free(&check->command);
    buf_free(&check->url);
    buf_free(&check->hopeless);
    buf_free(&check->last_words);
    free(check);
}

/* ---- how long it can take ---- */

static uint64_t step_worst_ns(const struct step *step, uint64_t patience_ns)
{
    const struct setting *within = step_setting(step, SLOT_WITHIN), *time = step_setting(step, SLOT_FOR);
    switch (step->verb) {
    case VERB_WAIT: return step_number(step, SLOT_DURATION, 0);
    case VERB_PUBLISH: return step_number(step, SLOT_COUNT, 1) * step_number(step, SLOT_EVERY, 10 * NS_PER_MS);
    case VERB_ACCEPT:
    case VERB_OPEN:
    case VERB_CONNECT:
    case VERB_EXPECT:
        return within != NULL ? within->value.to + GRACE_NS : time != NULL ? time->value.number : patience_ns;
    default: return 0;
    }
}

/* Patience is only asked of the first connection; a step that may take it again most likely does not. */
static uint64_t steps_worst_ns(const struct step *step, uint64_t patience_ns)
{
    uint64_t sum = 0;
    for (; step != NULL; step = step->next) {
        if (step->verb != VERB_REPEAT) {
            sum += step_worst_ns(step, patience_ns);
            continue;
        }
        uint64_t all = steps_worst_ns(step->body, patience_ns) * step_number(step, SLOT_COUNT, 1);
        uint64_t most = step_number(step, SLOT_FOR, UINT64_MAX);
        sum += all < most ? all : most;
    }
    return sum;
}

uint64_t check_worst_ns(const struct test_case *test, const struct check_config *config)
{
    return (uint64_t)((double)steps_worst_ns(test->steps, NS_PER_S) * config->pace) + NS_PER_S;
}
