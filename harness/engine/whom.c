/* See whom.h. */
#include "engine/whom.h"

#include "engine/placeholder.h"

#include "base/file.h"
#include "base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is asked for ---- */

static bool check_options(const struct whom_options *options, struct diag *why)
{
    bool other = options->url != NULL || options->command != NULL;
    if (other && options->fault != NULL)
        return diag_set(why, DIAG_USAGE, "--fault is for the built-in peer, not for a server of yours");
    if (other && options->simulated)
        return diag_set(why, DIAG_USAGE, "--sim plays against the built-in peer only: leave out --url and --exec");
    if (options->url != NULL && options->tls)
        return diag_set(why, DIAG_USAGE, "--tls is for the built-in peer and --exec: write wss:// in the URL");
    peer_fault_table *table = options->socketio ? socketio_faults : peer_faults;
    if (options->fault == NULL || peer_fault_in(table, options->fault) != NULL)
        return true;
    struct nearest nearest = {0};
    size_t count;
    const struct peer_fault *faults = table(&count);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, options->fault, faults[i].name);
    return diag_set(why, DIAG_USAGE, "unknown fault '%s'; %s%s%s", options->fault,
                    nearest.word != NULL ? "did you mean '"
                    : options->socketio ? "`wsgauntlet echo --socketio --fault list` prints them"
                                        : "`wsgauntlet echo --fault list` prints them",
                    nearest.word == NULL ? "" : nearest.word, nearest.word == NULL ? "" : "'?");
}

/* "wsgauntlet run --url ...": everything but seed and case. */
static void write_replay(struct buf *out, const struct whom_options *options)
{
    buf_append_text(out, options->replay);
    if (options->url_option)
        shell_option(out, "--url", options->url);
    else if (options->url != NULL) {
        buf_append_byte(out, ' ');
        shell_word(out, options->url);
    }
    shell_option(out, "--exec", options->command);
    shell_option(out, "--fault", options->fault);
    buf_append_text(out, options->socketio ? " --socketio" : "");
    if (options->eio != 0)
        buf_printf(out, " --eio %u", options->eio);
    shell_option(out, "--ca", options->ca_file);
    for (const char *const *header = options->headers; header != NULL && *header != NULL; header++)
        shell_option(out, "--header", *header);
    shell_option(out, "--origin", options->origin);
    for (const char *const *protocol = options->protocols; protocol != NULL && *protocol != NULL; protocol++)
        shell_option(out, "--subprotocol", *protocol);
    buf_append_text(out, options->simulated ? " --sim" : "");
    buf_append_text(out, options->tls ? " --tls" : "");
    buf_append_text(out, options->insecure ? " --insecure" : "");
}

/* ---- certificates ---- */

/* A certificate of our own, as files below a folder of our own. */
static bool make_certificate(struct whom *w, struct diag *why)
{
    if (!file_make_temporary(&w->folder, why))
        return false;
    buf_printf(&w->certificate_file, "%s/cert.pem", buf_text(&w->folder));
    buf_printf(&w->key_file, "%s/key.pem", buf_text(&w->folder));
    w->server_tls = tls_server_new(&(struct tls_server_options){0}, why);
    if (w->server_tls == NULL)
        return false;
    struct buf key;
    buf_init(&key, 0);
    const char *pem = tls_certificate_pem(w->server_tls);
    bool fine = tls_key_pem(w->server_tls, &key) || diag_set(why, DIAG_TROUBLE, "out of memory");
    fine = fine && file_write(buf_text(&w->certificate_file), pem, strlen(pem), why) &&
           file_write(buf_text(&w->key_file), buf_text(&key), key.size, why);
    buf_free(&key);
    return fine;
}

static void remove_certificate(struct whom *w)
{
    if (w->folder.size == 0)
        return;
    unlink(buf_text(&w->certificate_file));
    unlink(buf_text(&w->key_file));
    rmdir(buf_text(&w->folder));
    buf_free(&w->folder);
}

bool whom_aim(struct testee *testee, const struct whom_options *options, const char *url, const char *ca_file,
              struct diag *why)
{
    const char *reason = "";
    if (!ws_url_parse(&testee->url, url, true, &reason))
        return diag_set(why, DIAG_USAGE, "%s is not a WebSocket URL: %s", url, reason);
    testee->headers = options->headers;
    testee->origin = options->origin;
    testee->protocols = options->protocols;
    if (testee->url.secure)
        testee->tls = tls_client_new(
            &(struct tls_client_options){.ca_file = ca_file, .insecure = options->insecure}, why);
    return !testee->url.secure || testee->tls != NULL;
}

const char *whom_trusts(const struct whom *w)
{
    bool own = w->server_tls != NULL && w->options->ca_file == NULL;
    return own ? buf_text(&w->certificate_file) : w->options->ca_file;
}

static bool aim(struct whom *w, const char *url, struct diag *why)
{
    buf_append_text(&w->url, url);
    w->testee.loop = w->loop;
    return whom_aim(&w->testee, w->options, url, whom_trusts(w), why);
}

/* ---- the built-in peer ---- */

static bool start_builtin(struct whom *w, struct diag *why)
{
    static const char *const protocols[] = {"chat", "superchat", NULL};
    struct peer_config config = {
        .tls = w->server_tls,
        .deflate = {.enabled = true},
        .protocols = protocols,
        .fault = w->options->fault == NULL ? NULL
                 : peer_fault_in(w->options->socketio ? socketio_faults : peer_faults, w->options->fault),
        .socketio = w->options->socketio,
        .seed = w->options->seed,
        .patience = w->options->patience,
        .message_max = w->options->message_max,
    };
    config.at.shared = w->options->shared_port;
    w->builtin = true;
    if (!peer_testee_start(&w->peer, w->loop, &config, why))
        return false;
    w->testee.ops = peer_testee_ops();
    w->testee.ops_arg = &w->peer;
    char url[64];
    snprintf(url, sizeof url, "%s://127.0.0.1:%u/", w->options->tls ? "wss" : "ws", peer_testee_port(&w->peer));
    buf_append_text(&w->against, w->options->simulated ? "the simulated built-in peer" : "the built-in peer");
    if (w->options->fault != NULL)
        buf_printf(&w->against, " with the fault %s", w->options->fault);
    if (!w->options->simulated)
        buf_printf(&w->against, " at %s", url);
    return aim(w, url, why);
}

/* ---- a process ---- */

static void on_ready(void *arg, const struct diag *why)
{
    struct whom *w = arg;
    if (why != NULL)
        diag_set(w->why, why->kind, "%s", why->text);
    loop_stop(w->loop);
}

static void on_interrupt(void *arg)
{
    struct whom *w = arg;
    if (w->why != NULL)
        diag_set(w->why, DIAG_TROUBLE, "interrupted");
    loop_stop(w->loop);
}

static bool start_process(struct whom *w, struct diag *why)
{
    const char *otherwise = w->options->tls ? "wss://127.0.0.1:{port}/" : "ws://127.0.0.1:{port}/";
    struct exec_options options = {
        .command = w->options->command,
        .certificate_file = w->options->tls ? buf_text(&w->certificate_file) : NULL,
        .key_file = w->options->tls ? buf_text(&w->key_file) : NULL,
        .scheme_path = w->options->url == NULL ? otherwise : w->options->url,
        .patience_ns = (uint64_t)(10e9 * w->options->patience),
    };
    struct diag trouble = {0};
    w->why = &trouble;
    w->process = exec_testee_start(w->loop, &options, on_ready, w);
    if (w->process == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    loop_on_interrupt(w->loop, on_interrupt, w);
    loop_run(w->loop);
    loop_on_interrupt(w->loop, NULL, NULL);
    w->why = NULL;
    if (trouble.kind != DIAG_NONE)
        return diag_set(why, trouble.kind, "%s", trouble.text);
    w->testee.ops = exec_testee_ops();
    w->testee.ops_arg = w->process;
    const char *url = exec_testee_url(w->process);
    buf_printf(&w->against, "%s, started with `%s`", url, w->options->command);
    return aim(w, url, why);
}

/* ---- the whole ---- */

static struct loop *make_loop(const struct whom_options *options, struct diag *why)
{
    static const struct sim_options network = {.latency_ns = NS_PER_MS};
    return options->simulated ? loop_sim_new(options->seed, &network) : loop_uv_new(why);
}

bool whom_start(struct whom *w, const struct whom_options *options, struct diag *why)
{
    *w = (struct whom){.options = options};
    if (!check_options(options, why))
        return false;
    write_replay(&w->replay, options);
    w->loop = make_loop(options, why);
    if (w->loop == NULL)
        return why->kind != DIAG_NONE ? false : diag_set(why, DIAG_TROUBLE, "out of memory");
    if (options->tls && !make_certificate(w, why))
        return false;
    if (options->command != NULL)
        return start_process(w, why);
    if (options->url == NULL)
        return start_builtin(w, why);
    buf_append_text(&w->against, options->url);
    return aim(w, options->url, why);
}

static void on_process_ended(void *arg)
{
    struct whom *w = arg;
    loop_stop(w->loop);
}

void whom_end(struct whom *w)
{
    if (w->process != NULL) {
        loop_on_interrupt(w->loop, on_interrupt, w);
        exec_testee_end(w->process, on_process_ended, w);
        loop_run(w->loop);
        exec_testee_release(w->process);
    }
    peer_testee_end(&w->peer);
    if (w->testee.tls != NULL)
        tls_context_free(w->testee.tls);
    if (w->server_tls != NULL)
        tls_context_free(w->server_tls);
    if (w->loop != NULL)
        loop_free(w->loop);
    remove_certificate(w);
    buf_free(&w->certificate_file);
    buf_free(&w->key_file);
    buf_free(&w->url);
    buf_free(&w->against);
    buf_free(&w->replay);
}
