/* See echo.h: a loop, the reference peer on it, and the words around it. */
#include "modes/echo/echo.h"

#include "base/file.h"

#include <string.h>

int echo_list_faults(peer_fault_table *table, FILE *out)
{
    struct buf text;

    buf_init(&text, 0);
    peer_fault_print(table, &text);
    fputs(buf_text(&text), out);
    buf_free(&text);
    return 0;
}

/* Server context, with its certificate written out where that is wanted. */
static struct tls_context *make_tls(const struct echo_options *options, struct diag *why)
{
    struct tls_server_options tls = {
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .alpn = "http/1.1",
    };
    struct tls_context *context = tls_server_new(&tls, why);

    if (context == NULL || tls_certificate_save(context, options->certificate_out, why))
        return context;
    tls_context_free(context);
    return NULL;
}

#define LEAVE_PATIENCE (500 * NS_PER_MS)

struct service {
    struct loop *loop;
    struct peer *peer;
    struct timer *patience; /* it leaves: how long its clients may take */
};

static void stop(void *arg)
{
    loop_stop(arg);
}

static void out_of_patience(void *arg)
{
    struct service *service = arg;
    service->patience = NULL;
    loop_stop(service->loop);
}

/* Its clients hear of it. Who interrupts twice means it. */
static void leave(void *arg)
{
    struct service *service = arg;
    if (service->patience != NULL) {
        loop_stop(service->loop);
        return;
    }
    service->patience = timer_start(service->loop, LEAVE_PATIENCE, out_of_patience, service);
    peer_leave(service->peer, stop, service->loop);
}

static bool serve(struct loop *loop, const struct peer_config *config, FILE *out, struct diag *why)
{
    const char *host = config->at.host[0] != '\0' ? config->at.host : "127.0.0.1";
    bool brackets = strchr(host, ':') != NULL;
    struct service service = {.loop = loop, .peer = peer_start(loop, config, why)};

    if (service.peer == NULL)
        return false;
    loop_on_interrupt(loop, leave, &service); /* before anyone can know that we are here */
    fprintf(out, "listening on %s://%s%s%s:%u/\n", config->tls != NULL ? "wss" : "ws", brackets ? "[" : "", host,
            brackets ? "]" : "", peer_port(service.peer));
    fflush(out);
    loop_run(loop);
    loop_on_interrupt(loop, NULL, NULL);
    timer_stop(service.patience);
    peer_stop(service.peer);
    return true;
}

static bool echo(const struct echo_options *options, struct diag *why)
{
    peer_fault_table *table = options->socketio ? socketio_faults : peer_faults;
    const struct peer_fault *fault = peer_fault_wanted(table, options->fault, why);
    struct peer_config config = {
        .at = {.port = options->port},
        .deflate = options->deflate,
        .protocols = options->protocols,
        .message_max = options->message_max,
        .fault = fault,
        .socketio = options->socketio,
        .seed = options->seed,
    };

    if (options->fault != NULL && fault == NULL)
        return false;
    if (options->host != NULL && strlen(options->host) >= sizeof config.at.host)
        return diag_set(why, DIAG_USAGE, "the address to listen on is too long");
    if (options->host != NULL)
        strcpy(config.at.host, options->host);
    config.deflate.enabled |= fault != NULL && fault->needs_deflate;
    if (options->tls ? (config.tls = make_tls(options, why)) == NULL
                     : !tls_certificate_unused(options->certificate_file, options->key_file, options->certificate_out,
                                               "--tls", why))
        return false;
    struct loop *loop = loop_uv_new(why);
    bool served = loop != NULL && serve(loop, &config, options->out, why);
    if (loop != NULL)
        loop_free(loop);
    tls_context_free(config.tls);
    return served;
}

int echo_main(const struct echo_options *options, struct diag *why)
{
    if (options->fault != NULL && strcmp(options->fault, "list") == 0)
        return echo_list_faults(options->socketio ? socketio_faults : peer_faults, options->out);
    return echo(options, why) ? 0 : (int)why->kind;
}
