/* See connect.h. */
#include "modes/echo/connect.h"

#include "engine/peer/driver.h"
#include "modes/echo/echo.h"

#include <string.h>

struct visit {
    struct loop *loop;
    struct driver *driver;
    struct peer_conn *client; /* the only one, with a path */
    struct diag why;
    bool interrupted;
};

static void on_interrupt(void *arg)
{
    struct visit *visit = arg;

    visit->interrupted = true;
    loop_stop(visit->loop);
}

static void on_done(void *arg, const struct diag *why)
{
    struct visit *visit = arg;

    if (why != NULL)
        visit->why = *why;
    loop_stop(visit->loop);
}

static void on_over(void *arg, bool opened, const char *kept)
{
    struct visit *visit = arg;

    (void)kept;
    visit->client = NULL;
    if (!opened)
        diag_set(&visit->why, DIAG_TROUBLE, "the connection did not open");
    loop_stop(visit->loop);
}

/* The second context takes any certificate. */
static bool begin(struct visit *visit, const struct connect_options *options, const struct ws_url *url,
                  struct tls_context *const tls[2], const struct peer_fault *fault)
{
    static const char *const offered[] = {"chat", "superchat", NULL};
    bool deflate = options->deflate || (fault != NULL && fault->needs_deflate);
    const char *const *protocols = fault != NULL && fault->needs_protocol ? offered : options->protocols;
    char agent[128];

    snprintf(agent, sizeof agent, "wsgauntlet%s%s", fault != NULL ? " with " : "", fault != NULL ? fault->name : "");
    if (strcmp(url->resource, "/") == 0)
        visit->driver = driver_start(visit->loop, &(struct driver_config){
            .base = url, .agent = options->agent != NULL ? options->agent : agent, .parallel = options->parallel,
            .tls = tls[0], .any_tls = tls[1], .verifies = !options->insecure,
            .deflate = deflate, .protocols = protocols, .fault = fault, .seed = options->seed,
            .message_max = options->message_max, .done = on_done, .arg = visit});
    else
        visit->client = client_start(visit->loop, &(struct client_config){
            .url = url, .tls = tls[0], .deflate = deflate, .protocols = protocols, .fault = fault,
            .seed = options->seed, .message_max = options->message_max, .over = on_over, .arg = visit});
    return visit->driver != NULL || visit->client != NULL;
}

static void end(struct visit *visit)
{
    driver_stop(visit->driver);
    if (visit->client != NULL)
        client_stop(visit->client);
    if (visit->loop != NULL)
        loop_free(visit->loop);
}

static bool go(const struct connect_options *options, const struct ws_url *url, const struct peer_fault *fault,
               struct tls_context *const tls[2], struct diag *why)
{
    struct visit visit = {.loop = loop_uv_new(why)};

    if (visit.loop != NULL && !begin(&visit, options, url, tls, fault))
        diag_set(why, DIAG_TROUBLE, "no memory");
    if (why->kind == DIAG_NONE) {
        loop_on_interrupt(visit.loop, on_interrupt, &visit);
        loop_run(visit.loop);
        loop_on_interrupt(visit.loop, NULL, NULL);
    }
    if (visit.why.kind != DIAG_NONE)
        diag_set(why, visit.why.kind, "%s", visit.why.text);
    else if (visit.driver != NULL && !visit.interrupted)
        fprintf(options->out, "called for %zu cases\n", driver_count(visit.driver));
    end(&visit);
    return why->kind == DIAG_NONE;
}

int connect_main(const struct connect_options *options, struct diag *why)
{
    struct ws_url url;
    const char *reason = "";
    struct tls_context *tls[2] = {NULL};

    if (options->fault != NULL && strcmp(options->fault, "list") == 0)
        return echo_list_faults(client_faults, options->out);
    const struct peer_fault *fault = peer_fault_wanted(client_faults, options->fault, why);
    if (!ws_url_parse(&url, options->url, true, &reason))
        diag_set(why, DIAG_USAGE, "%s is not a WebSocket URL: %s", options->url, reason);
    if (why->kind == DIAG_NONE && url.secure)
        tls[0] = tls_client_new(&(struct tls_client_options){.ca_file = options->ca_file, .alpn = "http/1.1",
                                                             .insecure = options->insecure}, why);
    if (why->kind == DIAG_NONE && url.secure)
        tls[1] = tls_client_new(&(struct tls_client_options){.insecure = true, .alpn = "http/1.1"}, why);
    bool fine = why->kind == DIAG_NONE && go(options, &url, fault, tls, why);
    tls_context_free(tls[0]);
    tls_context_free(tls[1]);
    return fine ? 0 : (int)why->kind;
}
