/* A small HTTP/1.1 server for the routes of api.c: one request after the other on
 * a connection, heads and bodies bounded. A page in a browser cannot use it:
 * whoever sends an Origin is refused. */
#include "modes/proxy/serve.h"

#include "wire/http1.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX 16384u
#define BODY_MAX (1u << 20)
#define GUESTS_MAX 100u

struct control {
    struct serve *serve;
    struct listener *listener;
    struct guest *guests;
    size_t count;
    struct ws_head head; /* scratch */
};

struct guest {
    struct control *control;
    struct guest *next, **link;
    struct layer *layer;
    struct buf in;
    size_t seen;
    bool continued; /* 100 was said */
    bool ending;    /* we said the last word */
    bool gone;      /* and so did it */
};

static void guest_free(struct guest *g)
{
    *g->link = g->next;
    if (g->next != NULL)
        g->next->link = g->link;
    g->control->count--;
    layer_release(g->layer);
    buf_free(&g->in);
    free(g);
}

static const char *reason_of(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    default: return "Internal Server Error";
    }
}

static void answer(struct guest *g, int status, json_t *json, const char *text, bool close)
{
    struct buf out;
    char *dump = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    const char *body = dump != NULL ? dump : text != NULL ? text : "";
    buf_init(&out, 0);
    buf_printf(&out, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
    if (status != 204)
        buf_printf(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                   dump != NULL ? "application/json" : "text/plain; charset=utf-8", strlen(body));
    if (close)
        buf_append_text(&out, "Connection: close\r\n");
    buf_append_text(&out, "\r\n");
    if (status != 204)
        buf_append_text(&out, body);
    layer_write(g->layer, out.data, out.size);
    buf_free(&out);
    free(dump);
    json_decref(json);
    if (close && !g->ending) {
        g->ending = true;
        layer_finish(g->layer, FINISH_CLEAN);
    }
}

static void refuse(struct guest *g, int status, const char *sentence)
{
    answer(g, status, json_pack("{s:s, s:i}", "error", sentence, "status", status), NULL, true);
}

/* Its digits; SIZE_MAX when they are none. */
static size_t content_length(const struct ws_head *head)
{
    size_t from = 0, length = 0;
    const struct ws_header *h = ws_head_next(head, WS_HEADER_CONTENT_LENGTH, &from);
    if (h == NULL)
        return 0;
    for (size_t i = 0; i < h->value.size; i++) {
        if (h->value.at[i] < '0' || h->value.at[i] > '9' || length > BODY_MAX)
            return SIZE_MAX;
        length = length * 10 + (size_t)(h->value.at[i] - '0');
    }
    return h->value.size == 0 ? SIZE_MAX : length;
}

static bool wants_close(const struct ws_head *head)
{
    size_t from = 0;
    const struct ws_header *h = ws_head_next(head, WS_HEADER_CONNECTION, &from);
    return head->minor == 0 || (h != NULL && ws_span_is_nocase(h->value, "close"));
}

/* What stands against answering; 0: nothing. */
static int objection(const struct ws_head *head, size_t length, const char **sentence)
{
    if (head->id_count[WS_HEADER_ORIGIN] != 0)
        return *sentence = "this interface is not for pages in a browser", 403;
    if (head->id_count[WS_HEADER_TRANSFER_ENCODING] != 0)
        return *sentence = "a body comes with its Content-Length here", 411;
    if (length == SIZE_MAX || head->id_count[WS_HEADER_CONTENT_LENGTH] > 1)
        return *sentence = "Content-Length is a number, once, up to 1 MiB", 400;
    return length > BODY_MAX ? (*sentence = "a body has at most 1 MiB", 413) : 0;
}

static void serve_one(struct guest *g, const struct ws_head *head, size_t length)
{
    char method[16] = "", path[600] = "";
    size_t target = head->target.size;
    const char *query = memchr(head->target.at, '?', target);
    target = query != NULL ? (size_t)(query - head->target.at) : target;
    while (target > 1 && head->target.at[target - 1] == '/')
        target--;
    json_t *json;
    const char *text;
    bool close = wants_close(head);
    if (head->method.size >= sizeof method || target >= sizeof path) {
        refuse(g, 404, "there is no such path; GET / lists them");
        return;
    }
    memcpy(method, head->method.at, head->method.size);
    memcpy(path, head->target.at, target);
    const char *body = (const char *)g->in.data + head->size;
    int status = api_answer(g->control->serve, method, path, body, length, &json, &text);
    answer(g, status, json, text, close);
}

/* All requests that are complete. */
static void look(struct guest *g)
{
    struct ws_head *head = &g->control->head;
    while (!g->ending && g->in.size != 0) {
        struct ws_head_scan scan = ws_head_parse(head, false, (const char *)g->in.data, g->in.size, g->seen, HEAD_MAX);
        g->seen = scan.answer == WS_SCAN_MORE ? g->in.size : 0;
        if (scan.answer == WS_SCAN_MORE)
            return;
        if (scan.answer == WS_SCAN_BROKEN || head->start_oddities != 0) {
            bool large = scan.answer == WS_SCAN_BROKEN && scan.broken != WS_HEAD_NOT_HTTP;
            refuse(g, large ? 431 : 400, large ? "the head is too large" : "this is no HTTP/1.1 request");
            return;
        }
        size_t length = content_length(head);
        const char *sentence;
        int status = objection(head, length, &sentence);
        if (status != 0) {
            refuse(g, status, sentence);
            return;
        }
        if (g->in.size - head->size < length) {
            if (head->id_count[WS_HEADER_EXPECT] != 0 && !g->continued)
                layer_write(g->layer, "HTTP/1.1 100 Continue\r\n\r\n", 25);
            g->continued = true;
            return;
        }
        size_t whole = head->size + length;
        g->continued = false;
        serve_one(g, head, length);
        buf_consume(&g->in, whole);
    }
}

static void on_data(void *owner, uint8_t *bytes, size_t size)
{
    struct guest *g = owner;
    if (g->ending)
        return;
    if (!buf_append(&g->in, bytes, size))
        refuse(g, 413, "too much at once");
    else
        look(g);
}

static void on_ended(void *owner, enum layer_end end, const struct diag *why)
{
    struct guest *g = owner;
    (void)why;
    bool broken = end == LAYER_RESET || end == LAYER_ERROR;
    if (!broken && !g->ending)
        layer_finish(g->layer, FINISH_CLEAN);
    g->ending = g->gone = true;
    if (broken || layer_queued(g->layer) == 0)
        guest_free(g);
}

static void on_drained(void *owner)
{
    struct guest *g = owner;
    if (g->gone)
        guest_free(g);
}

static void on_guest(void *arg, struct layer *fresh)
{
    static const struct layer_sink ears = {.data = on_data, .ended = on_ended, .drained = on_drained};
    struct control *control = arg;
    struct guest *g = control->count < GUESTS_MAX ? calloc(1, sizeof *g) : NULL;
    if (g == NULL) {
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    buf_init(&g->in, HEAD_MAX + BODY_MAX);
    g->control = control;
    g->layer = fresh;
    g->link = &control->guests;
    g->next = control->guests;
    if (g->next != NULL)
        g->next->link = &g->next;
    control->guests = g;
    control->count++;
    layer_listen(fresh, &ears, g);
}

struct control *control_new(struct serve *serve, const char *at, struct diag *why)
{
    struct proxy_address address;
    if (!proxy_address_read(at, false, &address, why))
        return NULL;
    if (address.secure) {
        diag_set(why, DIAG_USAGE, "--control speaks HTTP without TLS");
        return NULL;
    }
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    control->serve = serve;
    control->listener = loop_listen(serve->loop, &address.net, on_guest, control, why);
    if (control->listener != NULL)
        return control;
    free(control);
    return NULL;
}

uint16_t control_port(const struct control *control)
{
    return listener_port(control->listener);
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    while (control->guests != NULL)
        guest_free(control->guests);
    listener_close(control->listener);
    free(control);
}
