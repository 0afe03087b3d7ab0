/* Faults over HTTP. A toxic is a line of the language in other clothes: what
 * toxiproxy calls latency, slicer or reset_peer becomes one, and every word of
 * `fault` is a type of its own, with its text in the attribute `arguments`. */
#include "modes/proxy/serve.h"

#include <stdlib.h>
#include <string.h>

struct toxic {
    struct toxic *next;
    char *name, *type, *stream; /* stream "": both ways */
    double toxicity;
    json_t *attributes;
};

/* ---- toxiproxy's types ---- */

static long long number(const json_t *attributes, const char *key, long long otherwise)
{
    const json_t *value = json_object_get(attributes, key);
    double n = json_is_number(value) ? json_number_value(value) : (double)otherwise;
    return n < 0 ? 0 : n > 1e12 ? 1000000000000 : (long long)n;
}

static void latency(const json_t *a, const char *way, struct buf *out)
{
    buf_printf(out, "latency %lldms jitter %lldms%s", number(a, "latency", 0), number(a, "jitter", 0), way);
}

static void bandwidth(const json_t *a, const char *way, struct buf *out)
{
    long long rate = number(a, "rate", 0); /* KB a second */
    if (rate == 0)
        buf_printf(out, "stall%s", way);
    else
        buf_printf(out, "bandwidth %lldB/s%s", rate * 1000, way);
}

static void slow_close(const json_t *a, const char *way, struct buf *out)
{
    buf_printf(out, "slow-close %lldms%s", number(a, "delay", 0), way);
}

static void timeout(const json_t *a, const char *way, struct buf *out)
{
    long long time = number(a, "timeout", 0);
    buf_printf(out, "stall%s", way);
    if (time != 0)
        buf_printf(out, "; wait %lldms; fin", time);
}

static void reset_peer(const json_t *a, const char *way, struct buf *out)
{
    long long time = number(a, "timeout", 0);
    (void)way;
    if (time != 0)
        buf_printf(out, "wait %lldms; ", time);
    buf_append_text(out, "reset");
}

static void slicer(const json_t *a, const char *way, struct buf *out)
{
    long long size = number(a, "average_size", 1);
    buf_printf(out, "slice %lld every %lldus%s", size == 0 ? 1 : size, number(a, "delay", 0), way);
}

static void limit_data(const json_t *a, const char *way, struct buf *out)
{
    buf_printf(out, "limit after %lld%s", number(a, "bytes", 0), way);
}

static const struct {
    const char *type;
    void (*write)(const json_t *attributes, const char *way, struct buf *out);
} types[] = {
    {"latency", latency}, {"bandwidth", bandwidth}, {"slow_close", slow_close}, {"timeout", timeout},
    {"reset_peer", reset_peer}, {"slicer", slicer}, {"limit_data", limit_data},
};
enum { TYPES = sizeof types / sizeof *types };

static bool is_fault_word(const char *word)
{
    for (enum form form = FORM_FAULT_OFF + 1; form <= FORM_FAULT_EDIT_MESSAGE; form++)
        if (form_word(form)[0] != 0 && strcmp(form_word(form), word) == 0)
            return true;
    return false;
}

/* ---- one toxic as a script ---- */

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? otherwise : text;
}

static bool has_line_end(const struct buf *line)
{
    for (size_t i = 0; i < line->size; i++)
        if (line->data[i] < 0x20)
            return true;
    return false;
}

/* "connection 2 chance 50%; after 3 messages; latency 100ms downstream" */
static void write_line(const struct toxic *t, struct buf *out)
{
    char way[16] = "";
    const char *connection = text_of(t->attributes, "connection", "any");
    const char *after = text_of(t->attributes, "after", NULL);
    const char *arguments = text_of(t->attributes, "arguments", NULL);
    if (t->stream[0] != 0)
        snprintf(way, sizeof way, " %s", t->stream);
    buf_printf(out, "connection %s chance %.15g%%; ", connection, t->toxicity * 100);
    if (after != NULL)
        buf_printf(out, "after %s; ", after);
    for (size_t i = 0; i < TYPES && arguments == NULL; i++)
        if (strcmp(types[i].type, t->type) == 0) {
            types[i].write(t->attributes, way, out);
            return;
        }
    buf_printf(out, "%s %s%s", t->type, arguments == NULL ? "" : arguments, way);
}

static struct proxy_script *script_of(const struct toxic *t, struct diag *why)
{
    struct buf line, errors;
    buf_init(&line, LIMIT_SCRIPT_BYTES);
    buf_init(&errors, 0);
    write_line(t, &line);
    struct proxy_script *script = NULL;
    if (has_line_end(&line) || line.failed)
        diag_set(why, DIAG_USAGE, "an attribute is one line of text");
    else
        script = proxy_script_short("toxic", buf_text(&line), 1, &errors, why);
    const char *message = strstr(buf_text(&errors), "error: ");
    if (script == NULL && message != NULL) /* the first mistake says more than their number */
        diag_set(why, DIAG_USAGE, "%.*s in '%s'", (int)strcspn(message + 7, "\n"), message + 7, buf_text(&line));
    buf_free(&line);
    buf_free(&errors);
    return script;
}

/* ---- the toxics of a proxy ---- */

static void toxic_free(struct toxic *t)
{
    free(t->name);
    free(t->type);
    free(t->stream);
    json_decref(t->attributes);
    free(t);
}

static struct toxic **find(const struct served *served, const char *name)
{
    struct toxic **at = (struct toxic **)&served->toxics;
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static json_t *describe(const struct toxic *t)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:O}", "name", t->name, "type", t->type, "stream", t->stream, "toxicity",
                     t->toxicity, "attributes", t->attributes);
}

json_t *toxic_json(const struct served *served, const char *name)
{
    const struct toxic *t = *find(served, name);
    return t == NULL ? NULL : describe(t);
}

json_t *toxics_json(const struct served *served)
{
    json_t *list = json_array();
    for (const struct toxic *t = served->toxics; t != NULL; t = t->next)
        json_array_append_new(list, describe(t));
    return list;
}

/* The name of its script in the proxy. */
static void script_name(const char *toxic, struct buf *out)
{
    buf_init(out, 0);
    buf_printf(out, "toxic %s", toxic);
}

static void take_away(struct served *served, const char *name)
{
    struct buf key;
    script_name(name, &key);
    proxy_remove(served->proxy, buf_text(&key));
    buf_free(&key);
}

static bool put_in(struct served *served, const struct toxic *t, struct proxy_script *script)
{
    struct buf key;
    script_name(t->name, &key);
    bool fine = proxy_add(served->proxy, buf_text(&key), script);
    buf_free(&key);
    if (!fine)
        proxy_script_free(script);
    return fine;
}

/* What the body says; what it does not say stays. */
static int read_body(struct toxic *t, const json_t *body, struct diag *why)
{
    const json_t *toxicity = json_object_get(body, "toxicity"), *attributes = json_object_get(body, "attributes");
    double part = json_is_number(toxicity) ? json_number_value(toxicity) : -1;
    if (toxicity != NULL && (part < 0 || part > 1))
        return diag_set(why, DIAG_USAGE, "toxicity is a number from 0 to 1"), 400;
    t->toxicity = toxicity == NULL ? t->toxicity : part;
    if (attributes != NULL && !json_is_object(attributes))
        return diag_set(why, DIAG_USAGE, "attributes is an object"), 400;
    if (attributes != NULL && json_object_update(t->attributes, (json_t *)attributes) != 0)
        return diag_set(why, DIAG_TROUBLE, "out of memory"), 500;
    return 200;
}

static bool is_toxiproxys(const char *type)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i].type, type) == 0)
            return true;
    return false;
}

static int check_new(const struct served *served, const char *type, const char *stream, const char *name, size_t count,
                     struct diag *why)
{
    bool stream_fine = stream[0] == 0 || strcmp(stream, "upstream") == 0 || strcmp(stream, "downstream") == 0;
    if (type == NULL)
        return diag_set(why, DIAG_USAGE, "missing required field: type"), 400;
    if (!is_toxiproxys(type) && !is_fault_word(type))
        return diag_set(why, DIAG_USAGE, "invalid toxic type '%.60s'; GET / lists them", type), 400;
    if (!stream_fine)
        return diag_set(why, DIAG_USAGE, "stream was invalid, can be either upstream or downstream"), 400;
    if (*find(served, name) != NULL)
        return diag_set(why, DIAG_USAGE, "toxic already exists: %.100s", name), 409;
    if (count >= TOXICS_MAX)
        return diag_set(why, DIAG_USAGE, "a proxy has at most %u toxics", TOXICS_MAX), 400;
    return 200;
}

int toxic_create(struct served *served, const json_t *body, json_t **answer, struct diag *why)
{
    const char *type = text_of(body, "type", NULL);
    const char *stream = text_of(body, "stream", type != NULL && is_toxiproxys(type) ? "downstream" : "");
    struct buf usual;
    size_t count = 0;
    buf_init(&usual, 0);
    buf_printf(&usual, "%s%s%s", type == NULL ? "" : type, stream[0] == 0 ? "" : "_", stream);
    const char *name = text_of(body, "name", "");
    name = name[0] != 0 ? name : buf_text(&usual);
    struct toxic **tail = &served->toxics;
    for (; *tail != NULL; tail = &(*tail)->next)
        count++;
    int status = check_new(served, type, stream, name, count, why);
    struct toxic *t = status == 200 ? calloc(1, sizeof *t) : NULL;
    if (t != NULL) {
        *t = (struct toxic){.name = strdup(name), .type = strdup(type), .stream = strdup(stream), .toxicity = 1,
                            .attributes = json_object()};
        status = read_body(t, body, why);
        struct proxy_script *script = status == 200 ? script_of(t, why) : NULL;
        if (script != NULL && put_in(served, t, script)) {
            *tail = t;
            *answer = describe(t);
        } else {
            status = status == 200 ? 400 : status;
            toxic_free(t);
        }
    }
    buf_free(&usual);
    return status;
}

int toxic_update(struct served *served, const char *name, const json_t *body, json_t **answer, struct diag *why)
{
    struct toxic *t = *find(served, name);
    if (t == NULL)
        return diag_set(why, DIAG_USAGE, "toxic not found"), 404;
    struct toxic changed = *t;
    changed.attributes = json_deep_copy(t->attributes);
    int status = read_body(&changed, body, why);
    struct proxy_script *script = status == 200 ? script_of(&changed, why) : NULL;
    if (script == NULL) {
        json_decref(changed.attributes);
        return status == 200 ? 400 : status;
    }
    take_away(served, name);
    json_decref(t->attributes);
    *t = changed;
    put_in(served, t, script);
    *answer = describe(t);
    return 200;
}

int toxic_remove(struct served *served, const char *name, struct diag *why)
{
    struct toxic **at = find(served, name), *t = *at;
    if (t == NULL)
        return diag_set(why, DIAG_USAGE, "toxic not found"), 404;
    *at = t->next;
    take_away(served, name);
    toxic_free(t);
    return 204;
}

void toxics_remove_all(struct served *served)
{
    while (served->toxics != NULL)
        toxic_remove(served, served->toxics->name, NULL);
}
