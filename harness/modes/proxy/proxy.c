/* See proxy.h: puts together what was asked for, and runs it until it is interrupted. */
#include "modes/proxy/ledger.h"

#include "base/file.h"
#include "net/descriptors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void interrupted(void *arg)
{
    struct serve *serve = arg;
    serve->interrupted = true;
    loop_stop(serve->loop);
}

/* ---- what happens to connections ---- */

static bool tell_errors(struct serve *serve, struct buf *errors, bool fine)
{
    if (!fine)
        fputs(buf_text(errors), serve->options->tell.errors);
    buf_free(errors);
    return fine;
}

static bool add_script(struct serve *serve, struct served *served, struct diag *why)
{
    const char *path = serve->options->script;
    struct buf text, errors;
    buf_init(&text, LIMIT_SCRIPT_BYTES);
    buf_init(&errors, 0);
    if (!file_read(path, &text, why)) {
        why->kind = DIAG_USAGE;
        buf_free(&text);
        return false;
    }
    struct proxy_script *script = proxy_script_read(path, buf_text(&text), text.size, &errors, why);
    bool fine = script != NULL && proxy_add(served->proxy, path, script);
    buf_free(&text);
    return tell_errors(serve, &errors, fine);
}

static bool add_faults(struct serve *serve, struct served *served, struct diag *why)
{
    for (size_t i = 0; serve->options->faults != NULL && serve->options->faults[i] != NULL; i++) {
        struct buf errors;
        char name[32];
        buf_init(&errors, 0);
        snprintf(name, sizeof name, "--fault %zu", i + 1);
        struct proxy_script *script = proxy_script_short("--fault", serve->options->faults[i], 1, &errors, why);
        if (!tell_errors(serve, &errors, script != NULL && proxy_add(served->proxy, name, script)))
            return false;
    }
    return true;
}

static void announce(const struct serve *serve, const struct served *served)
{
    const struct proxy_config *config = proxy_config(served->proxy);
    FILE *out = serve->events == serve->options->tell.out ? serve->options->tell.errors : serve->options->tell.out;
    struct buf line;
    buf_init(&line, 0);
    buf_append_text(&line, "listening on ");
    proxy_address_print(&config->at, served->secure, true, &line);
    buf_append_text(&line, "/, server ");
    proxy_address_print(&config->to, served->to_secure, true, &line);
    fprintf(out, "%s/; seed 0x%llx\n", buf_text(&line), (unsigned long long)serve->options->seed);
    fflush(out);
    buf_free(&line);
}

static bool begin(struct serve *serve, struct diag *why)
{
    const struct proxy_options *o = serve->options;
    if (o->control != NULL && (serve->control = control_new(serve, o->control, why)) == NULL)
        return false;
    if (o->control != NULL) {
        FILE *out = serve->events == o->tell.out ? o->tell.errors : o->tell.out;
        fprintf(out, "control on http://127.0.0.1:%u/\n", control_port(serve->control));
        fflush(out);
    }
    if (o->listen == NULL)
        return true;
    struct served *served = served_new(serve, "proxy", o->listen, o->upstream, why);
    if (served == NULL || (o->script != NULL && !add_script(serve, served, why)) || !add_faults(serve, served, why) ||
        !proxy_enable(served->proxy, true, why))
        return false;
    announce(serve, served);
    return true;
}

/* What stands before the file's name; "." for one without. */
static char *folder_of(const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    return slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
}

static bool open_events(struct serve *serve, struct diag *why)
{
    const char *path = serve->options->events;
    if (path == NULL)
        return true;
    serve->events = strcmp(path, "-") == 0 ? serve->options->tell.out : fopen(path, "we");
    return serve->events != NULL || diag_set(why, DIAG_USAGE, "%s: %s", path, strerror(errno));
}

/* The last line: what there was. */
static void sum_up(const struct serve *serve)
{
    FILE *out = serve->events == serve->options->tell.out ? serve->options->tell.errors : serve->options->tell.out;
    unsigned long long connections = 0, up = 0, down = 0;
    for (const struct served *s = serve->first; s != NULL; s = s->next) {
        connections += proxy_count(s->proxy);
        up += proxy_flow(s->proxy, true).messages;
        down += proxy_flow(s->proxy, false).messages;
    }
    fprintf(out, "%llu connection%s, %llu message%s to the server, %llu to clients\n", connections,
            connections == 1 ? "" : "s", up, up == 1 ? "" : "s", down);
}

static bool check_options(const struct proxy_options *o, struct diag *why)
{
    if (o->listen == NULL && o->control == NULL)
        return diag_set(why, DIAG_USAGE, "what is missing: wsgauntlet proxy LISTEN UPSTREAM, or --control alone");
    if (o->listen != NULL && o->upstream == NULL)
        return diag_set(why, DIAG_USAGE, "what is missing: the server, wsgauntlet proxy %s UPSTREAM", o->listen);
    if (o->listen == NULL && (o->script != NULL || o->faults != NULL))
        return diag_set(why, DIAG_USAGE, "--script and --fault are for the proxy that LISTEN and UPSTREAM make");
    if ((o->certificates.certificate_file == NULL) != (o->certificates.key_file == NULL))
        return diag_set(why, DIAG_USAGE, "--cert and --key go together");
    return true;
}

/* Before there is a loop: other processes begin as copies of this one, with both TLS contexts. */
static bool start_sharing(struct serve *serve, struct diag *why)
{
    const struct proxy_options *o = serve->options;
    if (o->workers == 0)
        return true;
    if (!proxy_contexts(&o->certificates, true, true, &serve->tls, &serve->to_tls, why))
        return false;
    serve->share = proxy_share_start((size_t)o->workers, serve->tls, serve->to_tls, why);
    return serve->share != NULL;
}

int proxy_main(const struct proxy_options *options, struct diag *why)
{
    struct serve serve = {.options = options};
    bool reports = options->tell.reports != NULL || options->tell.json_file != NULL;
    if (!check_options(options, why) || (reports && (serve.ledger = ledger_new(&serve, why)) == NULL))
        return (int)why->kind;
    if (!open_events(&serve, why)) {
        ledger_free(serve.ledger);
        return (int)why->kind;
    }
    descriptors_raise();
    serve.folder = folder_of(options->script);
    bool shared = start_sharing(&serve, why);
    serve.loop = shared ? loop_uv_new(why) : NULL;
    if (serve.share != NULL && serve.loop != NULL)
        proxy_share_meet(serve.share, serve.loop);
    bool fine = serve.loop != NULL && (serve.folder != NULL || diag_set(why, DIAG_TROUBLE, "out of memory"));
    if (fine) {
        loop_on_interrupt(serve.loop, interrupted, &serve); /* before anyone can know that we are here */
        fine = begin(&serve, why);
    }
    if (fine && terminal_of(options->tell.out, options->tell.color).live && serve.events != options->tell.out)
        serve.view = view_new(&serve);
    if (fine)
        loop_run(serve.loop);
    view_free(serve.view);
    serve.view = NULL;
    if (fine)
        sum_up(&serve);
    control_free(serve.control);
    struct buf url;
    buf_init(&url, 0);
    if (serve.first != NULL)
        proxy_address_print(&proxy_config(serve.first->proxy)->to, serve.first->to_secure, true, &url);
    served_free_all(&serve);
    if (fine && serve.ledger != NULL)
        fine = ledger_write(serve.ledger, buf_text(&url), why);
    ledger_free(serve.ledger);
    buf_free(&url);
    proxy_share_end(serve.share);
    if (serve.loop != NULL)
        loop_free(serve.loop);
    tls_context_free(serve.tls);
    tls_context_free(serve.to_tls);
    free(serve.folder);
    if (serve.events != NULL && serve.events != options->tell.out && fclose(serve.events) != 0 && fine)
        fine = diag_set(why, DIAG_TROUBLE, "%s: %s", options->events, strerror(errno));
    return fine ? 0 : (int)why->kind;
}
