/* The routes of the HTTP interface: toxiproxy's paths and bodies, so that its
 * clients work, and what it does not have (GET /proxies/NAME/connections). */
#include "modes/proxy/serve.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "wsgauntlet proxy: a WebSocket-aware fault proxy\n"
    "\n"
    "GET    /version\n"
    "GET    /proxies                           all of them, by name\n"
    "POST   /proxies                           {\"name\", \"listen\", \"upstream\", \"enabled\"}\n"
    "POST   /populate                          a list of these\n"
    "GET    /proxies/NAME\n"
    "POST   /proxies/NAME                      {\"enabled\": false} stops listening and resets\n"
    "DELETE /proxies/NAME\n"
    "GET    /proxies/NAME/connections          what is open now\n"
    "GET    /proxies/NAME/toxics\n"
    "POST   /proxies/NAME/toxics               {\"type\", \"name\", \"stream\", \"toxicity\", \"attributes\"}\n"
    "GET    /proxies/NAME/toxics/TOXIC\n"
    "POST   /proxies/NAME/toxics/TOXIC         other toxicity or attributes\n"
    "DELETE /proxies/NAME/toxics/TOXIC\n"
    "POST   /reset                             no toxics, all enabled\n"
    "\n"
    "type: latency bandwidth slow_close timeout reset_peer slicer limit_data, as toxiproxy has them,\n"
    "or any word of `wsgauntlet help fault`, its text in the attribute \"arguments\":\n"
    "\n"
    "  curl localhost:8474/proxies/proxy/toxics -d '{\"type\": \"close\",\n"
    "    \"attributes\": {\"arguments\": \"1012\", \"after\": \"3 messages\"}}'\n"
    "\n"
    "attributes \"after\": \"3 messages\", \"connection\": \"2\": when, and to which. Errors are\n"
    "{\"error\": SENTENCE, \"status\": CODE}.\n";

struct request {
    struct serve *serve;
    struct served *served; /* of the path */
    const char *toxic;     /* of the path */
    const json_t *body;    /* NULL: none */
    json_t *answer;
    const char *text;
    struct diag why;
};

static json_t *proxy_json(const struct served *served)
{
    const struct proxy_config *config = proxy_config(served->proxy);
    struct buf at, to;
    buf_init(&at, 0);
    buf_init(&to, 0);
    proxy_address_print(&config->at, served->secure, served->secure, &at);
    proxy_address_print(&config->to, served->to_secure, served->to_secure, &to);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", served->name, "listen", buf_text(&at), "upstream",
                  buf_text(&to), "enabled", (int)proxy_enabled(served->proxy), "toxics", toxics_json(served));
    buf_free(&at);
    buf_free(&to);
    return json;
}

static int get_help(struct request *r)
{
    r->text = help;
    return 200;
}

static int get_version(struct request *r)
{
    r->answer = json_pack("{s:s}", "version", WSGAUNTLET_VERSION);
    return 200;
}

static int list_proxies(struct request *r)
{
    r->answer = json_object();
    for (const struct served *s = r->serve->first; s != NULL; s = s->next)
        json_object_set_new(r->answer, s->name, proxy_json(s));
    return 200;
}

static const char *text_of(const json_t *body, const char *key)
{
    return json_string_value(json_object_get(body, key));
}

/* A name is a part of a path. */
static bool name_is_fine(const char *name)
{
    return name[0] != 0 && strlen(name) <= 200 && strpbrk(name, "/?#% ") == NULL;
}

static int create(struct request *r, const json_t *body, struct served **made)
{
    const char *name = text_of(body, "name"), *listen = text_of(body, "listen"), *upstream = text_of(body, "upstream");
    const json_t *enabled = json_object_get(body, "enabled");
    if (name == NULL || !name_is_fine(name))
        return diag_set(&r->why, DIAG_USAGE, "missing required field: name (no blanks, no /)"), 400;
    if (upstream == NULL)
        return diag_set(&r->why, DIAG_USAGE, "missing required field: upstream"), 400;
    if (served_find(r->serve, name) != NULL)
        return diag_set(&r->why, DIAG_USAGE, "proxy already exists: %.100s", name), 409;
    if (r->serve->count >= PROXIES_MAX)
        return diag_set(&r->why, DIAG_USAGE, "there are at most %u proxies", PROXIES_MAX), 400;
    *made = served_new(r->serve, name, listen == NULL ? "0" : listen, upstream, &r->why);
    if (*made == NULL)
        return r->why.kind == DIAG_USAGE ? 400 : 500;
    if (!json_is_false(enabled) && !proxy_enable((*made)->proxy, true, &r->why)) {
        served_free(*made);
        return 500;
    }
    return 201;
}

static int create_proxy(struct request *r)
{
    struct served *made;
    int status = create(r, r->body, &made);
    if (status == 201)
        r->answer = proxy_json(made);
    return status;
}

/* As toxiproxy does it: one that is there is replaced. */
static int populate(struct request *r)
{
    const json_t *body;
    size_t i;
    json_t *list = json_array();
    int status = json_is_array(r->body) ? 201 : 400;
    if (status == 400)
        diag_set(&r->why, DIAG_USAGE, "the body is a list of proxies");
    json_array_foreach(r->body, i, body) {
        const char *name = text_of(body, "name");
        struct served *made, *old = name == NULL ? NULL : served_find(r->serve, name);
        if (old != NULL)
            served_free(old);
        status = create(r, body, &made);
        if (status != 201)
            break;
        json_array_append_new(list, proxy_json(made));
    }
    if (status == 201)
        r->answer = json_pack("{s:o}", "proxies", list);
    else
        json_decref(list);
    return status;
}

static int get_proxy(struct request *r)
{
    r->answer = proxy_json(r->served);
    return 200;
}

static int update_proxy(struct request *r)
{
    const json_t *enabled = json_object_get(r->body, "enabled");
    const char *upstream = text_of(r->body, "upstream");
    if (upstream != NULL && !served_redirect(r->served, upstream, &r->why))
        return 400;
    if (json_is_boolean(enabled) && !proxy_enable(r->served->proxy, json_is_true(enabled), &r->why))
        return 500;
    return get_proxy(r);
}

static int delete_proxy(struct request *r)
{
    served_free(r->served);
    return 204;
}

static json_t *flow_json(const struct proxy_flow *flow)
{
    return json_pack("{s:I, s:I, s:I}", "messages", (json_int_t)flow->messages, "frames", (json_int_t)flow->frames,
                     "bytes", (json_int_t)flow->bytes);
}

static int list_connections(struct request *r)
{
    enum { ROOM = 1000 };
    struct proxy_status *all = calloc(ROOM, sizeof *all);
    size_t count = all == NULL ? 0 : proxy_look(r->served->proxy, all, ROOM);
    r->answer = json_array();
    for (size_t i = 0; i < count; i++) {
        double seconds = (double)(loop_now(r->serve->loop) - all[i].since_ns) / 1e9;
        json_array_append_new(r->answer,
                              json_pack("{s:i, s:s, s:f, s:o, s:o, s:i}", "connection", (int)all[i].connection,
                                        "state", proxy_state_word(all[i].state), "seconds", seconds,
                                        "upstream", flow_json(&all[i].up), "downstream", flow_json(&all[i].down),
                                        "faults", (int)all[i].faults));
    }
    free(all);
    return 200;
}

static int list_toxics(struct request *r)
{
    r->answer = toxics_json(r->served);
    return 200;
}

static int create_toxic(struct request *r)
{
    return toxic_create(r->served, r->body, &r->answer, &r->why);
}

static int get_toxic(struct request *r)
{
    r->answer = toxic_json(r->served, r->toxic);
    return r->answer != NULL ? 200 : (diag_set(&r->why, DIAG_USAGE, "toxic not found"), 404);
}

static int update_toxic(struct request *r)
{
    return toxic_update(r->served, r->toxic, r->body, &r->answer, &r->why);
}

static int delete_toxic(struct request *r)
{
    return toxic_remove(r->served, r->toxic, &r->why);
}

static int reset(struct request *r)
{
    for (struct served *s = r->serve->first; s != NULL; s = s->next) {
        toxics_remove_all(s);
        if (!proxy_enable(s->proxy, true, &r->why))
            return 500;
    }
    return 204;
}

/* In a path, NAME is a proxy and TOXIC one of its faults. */
static const struct route {
    const char *method, *path;
    int (*answer)(struct request *r);
    bool body;
} routes[] = {
    {"GET", "/", get_help, false},
    {"GET", "/version", get_version, false},
    {"GET", "/proxies", list_proxies, false},
    {"POST", "/proxies", create_proxy, true},
    {"POST", "/populate", populate, true},
    {"POST", "/reset", reset, false},
    {"GET", "/proxies/NAME", get_proxy, false},
    {"POST", "/proxies/NAME", update_proxy, true},
    {"PATCH", "/proxies/NAME", update_proxy, true},
    {"DELETE", "/proxies/NAME", delete_proxy, false},
    {"GET", "/proxies/NAME/connections", list_connections, false},
    {"GET", "/proxies/NAME/toxics", list_toxics, false},
    {"POST", "/proxies/NAME/toxics", create_toxic, true},
    {"GET", "/proxies/NAME/toxics/TOXIC", get_toxic, false},
    {"POST", "/proxies/NAME/toxics/TOXIC", update_toxic, true},
    {"PATCH", "/proxies/NAME/toxics/TOXIC", update_toxic, true},
    {"DELETE", "/proxies/NAME/toxics/TOXIC", delete_toxic, false},
};

/* Does the path fit? Its parts are copied. */
static bool path_fits(const char *pattern, const char *path, char name[256], char toxic[256])
{
    while (*pattern != 0 && *path != 0) {
        char *into = strncmp(pattern, "NAME", 4) == 0 ? name : strncmp(pattern, "TOXIC", 5) == 0 ? toxic : NULL;
        if (into == NULL) {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t size = strcspn(path, "/");
        if (size == 0 || size > 255)
            return false;
        memcpy(into, path, size);
        into[size] = 0;
        path += size;
        pattern += into == name ? 4 : 5;
    }
    return *pattern == 0 && *path == 0;
}

static int run(struct request *r, const struct route *route, const char *name, const char *body, size_t size)
{
    json_error_t error;
    json_t *json = NULL;
    if (strstr(route->path, "NAME") != NULL && (r->served = served_find(r->serve, name)) == NULL)
        return diag_set(&r->why, DIAG_USAGE, "proxy not found"), 404;
    if (route->body && (json = json_loadb(body, size, JSON_REJECT_DUPLICATES, &error)) == NULL)
        return diag_set(&r->why, DIAG_USAGE, "bad request body: %s", error.text), 400;
    if (route->body && !json_is_object(json) && !json_is_array(json)) {
        json_decref(json);
        return diag_set(&r->why, DIAG_USAGE, "bad request body: an object is wanted"), 400;
    }
    r->body = json;
    int status = route->answer(r);
    json_decref(json);
    return status;
}

int api_answer(struct serve *serve, const char *method, const char *path, const char *body, size_t size,
               json_t **answer, const char **text)
{
    struct request r = {.serve = serve};
    char name[256] = "", toxic[256] = "";
    bool path_known = false;
    int status = 0;
    r.toxic = toxic;
    for (size_t i = 0; i < sizeof routes / sizeof *routes && status == 0; i++) {
        if (!path_fits(routes[i].path, path, name, toxic))
            continue;
        path_known = true;
        if (strcmp(routes[i].method, method) == 0)
            status = run(&r, &routes[i], name, body, size);
    }
    if (status == 0) {
        status = path_known ? 405 : 404;
        diag_set(&r.why, DIAG_USAGE, "%s", path_known ? "this path has no such method; GET / lists them"
                                                      : "there is no such path; GET / lists them");
    }
    if (status >= 400) {
        json_decref(r.answer);
        r.answer = json_pack("{s:s, s:i}", "error", r.why.text, "status", status);
    }
    *answer = r.answer;
    *text = r.text;
    return status;
}
