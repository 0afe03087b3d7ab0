/* See commands.h. One function per row of the command table. */
#include "cli/commands.h"

#include "base/nearest.h"
#include "cli/clock.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "engine/peer/peer.h"
#include "engine/language/script.h"
#include "modes/catch.h"
#include "modes/corpus/corpus.h"
#include "modes/echo/connect.h"
#include "modes/echo/echo.h"
#include "modes/fmt.h"
#include "modes/import.h"
#include "modes/lint.h"
#include "modes/list.h"
#include "modes/livefuzz/fuzz.h"
#include "modes/play/play.h"
#include "modes/resilience/resilience.h"
#include "modes/serve/serve.h"
#include "modes/storm/storm.h"
#include "modes/report.h"
#include "modes/proxy/proxy.h"
#include "modes/record.h"

#include <stdio.h>
#include <string.h>

typedef int command_fn(const struct options *options, struct diag *why);

static const char *const *option_list(const struct options *options, enum option option)
{
    return options->values[option].list;
}

static bool option_set(const struct options *options, enum option option)
{
    return options->values[option].set;
}

static uint64_t seed_of(const struct options *options)
{
    return option_set(options, OPTION_SEED) ? options->values[OPTION_SEED].number : clock_seed();
}

/* The end of a command that prints one text. */
static int print(struct buf *text, struct diag *why)
{
    bool fine = !text->failed || diag_set(why, DIAG_TROUBLE, "out of memory");
    fputs(buf_text(text), stdout);
    buf_free(text);
    return fine ? 0 : DIAG_TROUBLE;
}

/* Which defects there are; with --catch, which cases notice them. */
static int list_faults(const struct options *options, struct diag *why)
{
    struct buf text;
    if (option_set(options, OPTION_CATCH) && option_set(options, OPTION_SOCKETIO))
        return diag_set(why, DIAG_USAGE, "--catch plays the conformance suite: leave out --socketio"), DIAG_USAGE;
    if (option_set(options, OPTION_CATCH))
        return catch_main(
            &(struct catch_options){
                .include = option_list(options, OPTION_CASE), .seed = seed_of(options), .out = stdout},
            why);
    buf_init(&text, 0);
    peer_fault_print(option_set(options, OPTION_SOCKETIO) ? socketio_faults : peer_faults, &text);
    return print(&text, why);
}

static bool wants_fault_list(const struct options *options)
{
    const char *fault = option_text(options, OPTION_FAULT);
    return fault != NULL && strcmp(fault, "list") == 0;
}

static struct whom_options whom_of(const struct options *options, const char *url)
{
    const struct option_value *timeout = &options->values[OPTION_TIMEOUT];
    return (struct whom_options){
        .url = url,
        .command = option_text(options, OPTION_EXEC),
        .simulated = option_set(options, OPTION_SIM),
        .tls = option_set(options, OPTION_TLS),
        .fault = option_text(options, OPTION_FAULT),
        .socketio = option_set(options, OPTION_SOCKETIO),
        .eio = option_set(options, OPTION_EIO) ? 3 + (unsigned)option_number(options, OPTION_EIO, 1) : 0,
        .ca_file = option_text(options, OPTION_CA),
        .insecure = option_set(options, OPTION_INSECURE),
        .headers = option_list(options, OPTION_HEADER),
        .origin = option_text(options, OPTION_ORIGIN),
        .protocols = option_list(options, OPTION_SUBPROTOCOL),
        .seed = seed_of(options),
        .patience = timeout->set ? timeout->factor : 1,
    };
}

/* Begins a run: `started` is filled, and has to last. */
static struct telling telling_of(const struct options *options, char started[CLOCK_STAMP_SIZE])
{
    struct moment now = clock_moment();
    clock_stamp(&now, started);
    return (struct telling){
        .mode = cli_commands[options->command].word,
        .version = WSGAUNTLET_VERSION,
        .started = started,
        .began = now,
        .reports = option_list(options, OPTION_REPORT),
        .json_file = option_text(options, OPTION_JSON),
        .trace = option_set(options, OPTION_TRACE),
        .verbose = option_set(options, OPTION_VERBOSE),
        .color = (enum color_choice)option_number(options, OPTION_COLOR, COLOR_AUTO),
        .out = stdout,
        .errors = stderr,
    };
}

static struct proxy_certificates certificates_of(const struct options *options)
{
    return (struct proxy_certificates){
        .certificate_file = option_text(options, OPTION_CERT),
        .key_file = option_text(options, OPTION_KEY),
        .certificate_out = option_text(options, OPTION_CERT_OUT),
        .ca_file = option_text(options, OPTION_CA),
        .insecure = option_set(options, OPTION_INSECURE),
    };
}

static int play(const struct options *options, const char *const *paths, const char *url, struct diag *why)
{
    if (wants_fault_list(options))
        return list_faults(options, why);
    char started[CLOCK_STAMP_SIZE];
    const struct option_value *timeout = &options->values[OPTION_TIMEOUT];
    return play_main(
        &(struct play_options){
            .paths = paths,
            .include = option_list(options, OPTION_CASE),
            .exclude = option_list(options, OPTION_EXCLUDE),
            .sections = option_list(options, OPTION_SECTION),
            .requirements = option_list(options, OPTION_REQUIREMENT),
            .shard = (unsigned)options->values[OPTION_SHARD].number,
            .shards = (unsigned)options->values[OPTION_SHARD].shards,
            .repeat = (unsigned)option_number(options, OPTION_REPEAT, 1),
            .spec_file = option_text(options, OPTION_SPEC),
            .baseline_file = option_text(options, OPTION_BASELINE),
            .baseline_out = option_text(options, OPTION_WRITE_BASELINE),
            .whom = whom_of(options, url),
            .listen = option_text(options, OPTION_LISTEN),
            .certificates = certificates_of(options),
            .parallel = (unsigned)option_number(options, OPTION_JOBS, 8),
            .timeout_ns = timeout->number,
            .fail_fast = option_set(options, OPTION_FAIL_FAST),
            .full = option_set(options, OPTION_FULL),
            .weights = (enum weights)option_number(options, OPTION_WEIGHTS, WEIGHTS_RFC),
            .tell = telling_of(options, started),
        },
        why);
}

static int command_RUN(const struct options *options, struct diag *why)
{
    return play(options, options->words, option_text(options, OPTION_URL), why);
}

static int command_TEST(const struct options *options, struct diag *why)
{
    if (option_set(options, OPTION_CATCH) && !wants_fault_list(options))
        return (int)(diag_set(why, DIAG_USAGE, "--catch goes with --fault list"), DIAG_USAGE);
    if (option_set(options, OPTION_EIO) && !option_set(options, OPTION_SOCKETIO))
        return diag_set(why, DIAG_USAGE, "--eio goes with --socketio"), DIAG_USAGE;
    if (option_set(options, OPTION_LISTEN) && !option_set(options, OPTION_SOCKETIO))
        return diag_set(why, DIAG_USAGE, "--listen goes with --socketio here; `wsgauntlet serve` tests other clients"),
               DIAG_USAGE;
    return play(options, NULL, options->words[0], why);
}

static int command_STORM(const struct options *options, struct diag *why)
{
    char started[CLOCK_STAMP_SIZE];
    return storm_main(
        &(struct storm_options){
            .whom = whom_of(options, options->words[0]),
            .clients = option_number(options, OPTION_CLIENTS, 1000),
            .ramp = option_number(options, OPTION_RAMP, 0),
            .policies = option_list(options, OPTION_POLICY),
            .drop = (enum storm_drop)option_number(options, OPTION_DROP, STORM_DROP_AUTO),
            .most_ns = option_number(options, OPTION_WATCH, 0),
            .handshakes = option_number(options, OPTION_HANDSHAKES, 0),
            .workers = option_number(options, OPTION_WORKERS, 0),
            .outage_ns = option_number(options, OPTION_OUTAGE, 0),
            .shard = options->values[OPTION_SHARD].number,
            .shards = options->values[OPTION_SHARD].shards,
            .tell = telling_of(options, started),
        },
        why);
}

static int command_FUZZ(const struct options *options, struct diag *why)
{
    if (wants_fault_list(options))
        return list_faults(options, why);
    if (option_number(options, OPTION_WEIGHTS, WEIGHTS_RFC) == WEIGHTS_AUTOBAHN) {
        diag_set(why, DIAG_USAGE, "--profile autobahn weighs cases; fuzz knows rfc and strict");
        return DIAG_USAGE;
    }
    char started[CLOCK_STAMP_SIZE];
    return fuzz_main(
        &(struct fuzz_options){
            .whom = whom_of(options, options->words[0]),
            .folder = option_text(options, OPTION_DIR),
            .time_ns = option_number(options, OPTION_TIME, 0),
            .runs = option_number(options, OPTION_RUNS, 0),
            .rate = option_number(options, OPTION_RATE, 0),
            .parallel = (unsigned)option_number(options, OPTION_JOBS, 8),
            .timeout_ns = options->values[OPTION_TIMEOUT].number,
            .message_max = option_number(options, OPTION_MAX_MESSAGE, 0),
            .fail_fast = option_set(options, OPTION_FAIL_FAST),
            .strict = option_number(options, OPTION_WEIGHTS, WEIGHTS_RFC) == WEIGHTS_STRICT,
            .no_seeds = option_set(options, OPTION_NO_SEEDS),
            .seeds = option_list(options, OPTION_SEEDS),
            .coverage = option_set(options, OPTION_COVERAGE),
            .seed_given = option_set(options, OPTION_SEED),
            .own_target = option_set(options, OPTION_OWN_TARGET),
            .clock = clock_monotonic,
            .tell = telling_of(options, started),
        },
        why);
}

static int command_SERVE(const struct options *options, struct diag *why)
{
    char started[CLOCK_STAMP_SIZE];
    const struct option_value *timeout = &options->values[OPTION_TIMEOUT];
    return serve_main(
        &(struct serve_options){
            .paths = options->words,
            .filter = {
                .include = option_list(options, OPTION_CASE),
                .exclude = option_list(options, OPTION_EXCLUDE),
                .sections = option_list(options, OPTION_SECTION),
                .requirements = option_list(options, OPTION_REQUIREMENT),
                .shard = (unsigned)options->values[OPTION_SHARD].number,
                .shards = (unsigned)options->values[OPTION_SHARD].shards,
            },
            .baseline_file = option_text(options, OPTION_BASELINE),
            .baseline_out = option_text(options, OPTION_WRITE_BASELINE),
            .spec_file = option_text(options, OPTION_SPEC),
            .autobahn = option_set(options, OPTION_AUTOBAHN),
            .host = option_text(options, OPTION_HOST),
            .port = (uint16_t)option_number(options, OPTION_PORT, 0),
            .port_set = option_set(options, OPTION_PORT),
            .tls = option_set(options, OPTION_TLS),
            .certificate_file = option_text(options, OPTION_CERT),
            .key_file = option_text(options, OPTION_KEY),
            .certificate_out = option_text(options, OPTION_CERT_OUT),
            .command = option_text(options, OPTION_CLIENT),
            .agent = option_text(options, OPTION_AGENT),
            .seed = seed_of(options),
            .patience = timeout->set ? timeout->factor : 1,
            .full = option_set(options, OPTION_FULL),
            .weights = (enum weights)option_number(options, OPTION_WEIGHTS, WEIGHTS_RFC),
            .timeout_ns = timeout->number,
            .tell = telling_of(options, started),
        },
        why);
}

static int command_RESILIENCE(const struct options *options, struct diag *why)
{
    const struct option_value *factor = &options->values[OPTION_FACTOR], *timeout = &options->values[OPTION_TIMEOUT];
    char started[CLOCK_STAMP_SIZE];
    if (factor->set && factor->number != 0)
        return diag_set(why, DIAG_USAGE, "--factor is a plain number: 0.1"), DIAG_USAGE;
    if (timeout->number != 0)
        return diag_set(why, DIAG_USAGE, "--timeout is a factor here: 2; a profile says how long a client may take"),
               DIAG_USAGE;
    return resilience_main(
        &(struct resilience_options){
            .paths = options->words,
            .include = option_list(options, OPTION_CASE),
            .exclude = option_list(options, OPTION_EXCLUDE),
            .command = option_text(options, OPTION_CLIENT),
            .place = {.host = option_text(options, OPTION_HOST),
                      .port = (uint16_t)option_number(options, OPTION_PORT, 0),
                      .tls = option_set(options, OPTION_TLS),
                      .certificate_file = option_text(options, OPTION_CERT),
                      .key_file = option_text(options, OPTION_KEY),
                      .certificate_out = option_text(options, OPTION_CERT_OUT)},
            .profiles = option_list(options, OPTION_PROFILE),
            .pace = factor->set ? factor->factor : 1,
            .parallel = (unsigned)option_number(options, OPTION_JOBS, option_text(options, OPTION_CLIENT) ? 64 : 1),
            .seed = seed_of(options),
            .patience = timeout->set ? timeout->factor : 1,
            .tell = telling_of(options, started),
        },
        why);
}

static int echo_connect(const struct options *options, struct diag *why)
{
    return connect_main(
        &(struct connect_options){
            .url = option_text(options, OPTION_CONNECT),
            .agent = option_text(options, OPTION_AGENT),
            .parallel = (unsigned)option_number(options, OPTION_JOBS, 1),
            .ca_file = option_text(options, OPTION_CA),
            .insecure = option_set(options, OPTION_INSECURE),
            .deflate = option_set(options, OPTION_DEFLATE),
            .protocols = option_list(options, OPTION_SUBPROTOCOL),
            .message_max = option_number(options, OPTION_MAX_MESSAGE, 0),
            .fault = option_text(options, OPTION_FAULT),
            .seed = seed_of(options),
            .out = stdout,
        },
        why);
}

static int command_ECHO(const struct options *options, struct diag *why)
{
    if (option_set(options, OPTION_CONNECT))
        return echo_connect(options, why);
    if (wants_fault_list(options))
        return list_faults(options, why);
    const char *host = option_text(options, OPTION_HOST);
    return echo_main(
        &(struct echo_options){
            .host = host,
            .port = (uint16_t)option_number(options, OPTION_PORT, 0),
            .tls = option_set(options, OPTION_TLS),
            .certificate_file = option_text(options, OPTION_CERT),
            .key_file = option_text(options, OPTION_KEY),
            .certificate_out = option_text(options, OPTION_CERT_OUT),
            .deflate = {.enabled = option_set(options, OPTION_DEFLATE)},
            .protocols = option_list(options, OPTION_SUBPROTOCOL),
            .message_max = option_number(options, OPTION_MAX_MESSAGE, 0),
            .fault = option_text(options, OPTION_FAULT),
            .socketio = option_set(options, OPTION_SOCKETIO),
            .seed = seed_of(options),
            .out = stdout,
        },
        why);
}

static int command_PROXY(const struct options *options, struct diag *why)
{
    char started[CLOCK_STAMP_SIZE];
    bool both = options->word_count == 2;
    return proxy_main(
        &(struct proxy_options){
            .tell = telling_of(options, started),
            .listen = options->words[0],
            .upstream = both ? options->words[1] : NULL,
            .script = option_text(options, OPTION_SCRIPT),
            .faults = option_list(options, OPTION_DO),
            .certificates = certificates_of(options),
            .keep_deflate = option_set(options, OPTION_KEEP_DEFLATE),
            .keep_host = option_set(options, OPTION_KEEP_HOST),
            .control = option_text(options, OPTION_CONTROL),
            .events = option_text(options, OPTION_EVENTS),
            .secrets = option_set(options, OPTION_SECRETS),
            .workers = option_number(options, OPTION_WORKERS, 0),
            .seed = seed_of(options),
        },
        why);
}

static int command_RECORD(const struct options *options, struct diag *why)
{
    return record_main(
        &(struct record_options){
            .listen = options->words[0],
            .upstream = options->words[1],
            .out_file = option_text(options, OPTION_OUT),
            .certificates = certificates_of(options),
            .keep_host = option_set(options, OPTION_KEEP_HOST),
            .secrets = option_set(options, OPTION_SECRETS),
            .sessions = (unsigned)option_number(options, OPTION_SESSIONS, 0),
            .seed = seed_of(options),
            .out = stdout,
            .errors = stderr,
        },
        why);
}

static int command_IMPORT(const struct options *options, struct diag *why)
{
    return import_main(
        &(struct import_options){
            .har_file = options->words[0],
            .out_file = option_text(options, OPTION_OUT),
            .url = option_text(options, OPTION_ENTRY),
            .secrets = option_set(options, OPTION_SECRETS),
            .out = stdout,
        },
        why);
}

static int command_LINT(const struct options *options, struct diag *why)
{
    return lint_main(options->words, stdout, why);
}

static int command_FMT(const struct options *options, struct diag *why)
{
    return fmt_main(
        &(struct fmt_options){
            .paths = options->words,
            .write = option_set(options, OPTION_WRITE),
            .check = option_set(options, OPTION_CHECK),
            .out = stdout,
            .errors = stderr,
        },
        why);
}

static int command_LIST(const struct options *options, struct diag *why)
{
    return list_main(
        &(struct list_options){
            .pattern = options->words[0],
            .requirements = option_set(options, OPTION_REQUIREMENTS),
            .autobahn = option_set(options, OPTION_LIST_AUTOBAHN),
            .resilience = option_set(options, OPTION_LIST_RESILIENCE),
            .socketio = option_set(options, OPTION_SOCKETIO),
            .out = stdout,
        },
        why);
}

static int unknown_topic(const char *word, struct diag *why)
{
    struct nearest nearest = {0};
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_offer(&nearest, word, cli_commands[i].word);
    for (size_t i = 0; i < VERBS; i++)
        nearest_offer(&nearest, word, verb_word((enum verb)i));
    if (nearest.word != NULL)
        diag_set(why, DIAG_USAGE, "no command or verb '%s'; did you mean '%s'?", word, nearest.word);
    else
        diag_set(why, DIAG_USAGE, "no command or verb '%s'; see `wsgauntlet help` and `wsgauntlet help verbs`", word);
    return DIAG_USAGE;
}

static int command_REPORT(const struct options *options, struct diag *why)
{
    return report_main(
        &(struct report_options){
            .what = options->words[0],
            .files = options->words + 1,
            .place = option_text(options, OPTION_OUT),
            .reports = option_list(options, OPTION_REPORT),
            .trace = option_set(options, OPTION_TRACE),
            .color = (enum color_choice)option_number(options, OPTION_COLOR, COLOR_AUTO),
            .out = stdout,
        },
        why);
}

static int command_CORPUS(const struct options *options, struct diag *why)
{
    if (strcmp(options->words[0], "export") != 0) {
        diag_set(why, DIAG_USAGE, "'%s' is nothing to do with a corpus: wsgauntlet corpus export DIR",
                 options->words[0]);
        return DIAG_USAGE;
    }
    return corpus_export_main(
        &(struct corpus_options){
            .folder = options->words[1],
            .vectors = option_text(options, OPTION_VECTORS),
            .out = stdout,
        },
        why);
}

static int command_HELP(const struct options *options, struct diag *why)
{
    struct buf text;
    buf_init(&text, 0);
    const char *word = options->words[0];
    enum command command = word == NULL ? COMMANDS : command_find(word);
    if (word == NULL)
        help_overview(&text);
    else if (command < COMMANDS)
        help_command(command, &text);
    else if (strcmp(word, "completion") == 0)
        completion_bash(&text);
    else if (!verbs_help(strcmp(word, "verbs") == 0 ? NULL : word, &text))
        return unknown_topic(word, why);
    return print(&text, why);
}

int command_run(const struct options *options, struct diag *why)
{
    static command_fn *const functions[COMMANDS] = {
#define COMMAND(id, word, arguments, least, most, summary) command_##id,
#include "cli/options.def"
    };
    if (!option_set(options, OPTION_HELP))
        return functions[options->command](options, why);
    struct buf text;
    buf_init(&text, 0);
    help_command(options->command, &text);
    return print(&text, why);
}
