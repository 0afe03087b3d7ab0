/* See serve.h: proxies by name. */
#include "modes/proxy/ledger.h"

#include <stdlib.h>
#include <string.h>

static void told(void *arg, const struct proxy_event *event)
{
    struct serve *serve = arg;
    if (serve->events != NULL)
        events_event(serve, event);
    if (serve->ledger != NULL)
        ledger_event(serve->ledger, event);
    if (serve->view != NULL)
        view_event(serve->view, event);
    else if (serve->events != serve->options->tell.out)
        lines_event(serve, event);
}

struct served *served_find(struct serve *serve, const char *name)
{
    struct served *s = serve->first;
    while (s != NULL && strcmp(s->name, name) != 0)
        s = s->next;
    return s;
}

/* The contexts are one for all proxies: made when first wanted. */
static bool contexts(struct serve *serve, bool secure, bool to_secure, struct diag *why)
{
    struct tls_context *tls = NULL, *to_tls = NULL;
    bool fine = proxy_contexts(&serve->options->certificates, secure && serve->tls == NULL,
                               to_secure && serve->to_tls == NULL, &tls, &to_tls, why);
    serve->tls = tls != NULL ? tls : serve->tls;
    serve->to_tls = to_tls != NULL ? to_tls : serve->to_tls;
    return fine;
}

struct served *served_new(struct serve *serve, const char *name, const char *listen, const char *upstream,
                          struct diag *why)
{
    struct proxy_address at, to;
    if (!proxy_address_read(listen, false, &at, why) || !proxy_address_read(upstream, true, &to, why) ||
        !contexts(serve, at.secure, to.secure, why))
        return NULL;
    struct served *served = calloc(1, sizeof *served);
    bool told_more = serve->options->tell.verbose || serve->events != NULL || serve->ledger != NULL;
    struct proxy_config config = {
        .name = name,
        .at = at.net,
        .to = to.net,
        .tls = at.secure ? serve->tls : NULL,
        .to_tls = to.secure ? serve->to_tls : NULL,
        .keep_host = serve->options->keep_host, .keep_deflate = serve->options->keep_deflate,
        .seed = serve->options->seed,
        .file_dir = serve->folder,
        .share = serve->share,
        .watch = {.event = told, .arg = serve, .frames = told_more, .keep = told_more ? LIMIT_TRACE_BYTES : 0},
    };
    if (served == NULL || (served->name = strdup(name)) == NULL ||
        (served->proxy = proxy_new(serve->loop, &config)) == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        if (served != NULL)
            free(served->name);
        free(served);
        return NULL;
    }
    served->serve = serve;
    served->secure = at.secure;
    served->to_secure = to.secure;
    struct served **tail = &serve->first;
    while (*tail != NULL)
        tail = &(*tail)->next;
    *tail = served;
    serve->count++;
    return served;
}

bool served_redirect(struct served *served, const char *upstream, struct diag *why)
{
    struct proxy_address to;
    if (!proxy_address_read(upstream, true, &to, why) || !contexts(served->serve, false, to.secure, why))
        return false;
    served->to_secure = to.secure;
    proxy_redirect(served->proxy, &to.net, to.secure ? served->serve->to_tls : NULL);
    return true;
}

void served_free(struct served *served)
{
    struct served **at = &served->serve->first;
    while (*at != served)
        at = &(*at)->next;
    *at = served->next;
    served->serve->count--;
    toxics_remove_all(served);
    proxy_free(served->proxy);
    free(served->name);
    free(served);
}

void served_free_all(struct serve *serve)
{
    while (serve->first != NULL)
        served_free(serve->first);
}
