/* See record.h: a proxy that does nothing but listen, and a story of what it hears. */
#include "modes/record.h"

#include "base/file.h"
#include "engine/proxy/proxy.h"
#include "engine/story/story.h"
#include "net/descriptors.h"

#include <stdlib.h>
#include <string.h>

#define KEEP (1u << 20) /* of a frame */
#define OPEN_MAX 4096u  /* connections that are told apart */

struct recorder {
    const struct record_options *options;
    struct loop *loop;
    struct story story;
    struct buf fragments[2][OPEN_MAX]; /* of the message under way: [client][connection] */
    uint64_t whole[2][OPEN_MAX];
    uint8_t opcode[2][OPEN_MAX];
    bool known[OPEN_MAX];              /* asks for WebSocket */
    unsigned over;
};

static void add(struct recorder *r, const struct proxy_event *e, struct story_event event)
{
    event.connection = e->connection;
    event.at_ns = e->at_ns;
    event.client = e->upstream;
    story_add(&r->story, &event);
}

static void data_frame(struct recorder *r, const struct proxy_event *e)
{
    struct buf *message = &r->fragments[e->upstream][e->connection];
    uint64_t *whole = &r->whole[e->upstream][e->connection];
    if (e->head.opcode != WS_CONTINUATION)
        r->opcode[e->upstream][e->connection] = e->head.opcode;
    *whole += e->whole;
    if (message->size + e->size <= KEEP)
        buf_append(message, e->bytes, e->size);
    if (!e->head.fin)
        return;
    add(r, e, (struct story_event){.kind = STORY_MESSAGE, .opcode = r->opcode[e->upstream][e->connection],
                                   .bytes = message->data, .size = message->size, .whole = *whole});
    buf_free(message);
    *whole = 0;
}

static void frame(struct recorder *r, const struct proxy_event *e)
{
    size_t skip = e->size >= 2 ? 2 : e->size;
    if (!ws_opcode_is_control(e->head.opcode))
        data_frame(r, e);
    else if (e->head.opcode == WS_PING)
        add(r, e, (struct story_event){.kind = STORY_PING, .bytes = e->bytes, .size = e->size, .whole = e->whole});
    else if (e->head.opcode == WS_CLOSE)
        add(r, e, (struct story_event){.kind = STORY_CLOSE,
                                       .code = skip == 2 ? (unsigned)e->bytes[0] << 8 | e->bytes[1] : 0,
                                       .bytes = e->bytes + skip, .size = e->size - skip, .whole = e->whole - skip});
}

static bool is_upgrade(const struct proxy_event *e)
{
    return memmem(e->bytes, e->size, "websocket", 9) != NULL || memmem(e->bytes, e->size, "WebSocket", 9) != NULL;
}

static void save(struct recorder *r, struct diag *why);

static void on_event(void *arg, const struct proxy_event *e)
{
    struct recorder *r = arg;
    if (e->connection >= OPEN_MAX || (e->kind != PROXY_HEAD && e->kind != PROXY_NOTE && !r->known[e->connection]))
        return;
    switch (e->kind) {
    case PROXY_HEAD:
        if (e->upstream && !is_upgrade(e))
            return; /* a page, an image: not ours */
        r->known[e->connection] = r->known[e->connection] || e->upstream;
        if (r->known[e->connection])
            add(r, e, (struct story_event){.kind = e->upstream ? STORY_OPEN : STORY_ANSWER, .bytes = e->bytes,
                                           .size = e->size, .whole = e->size});
        break;
    case PROXY_FRAME:
        frame(r, e);
        break;
    case PROXY_ENDED:
        add(r, e, (struct story_event){.kind = e->end == LAYER_EOF || e->end == LAYER_CUT ? STORY_FIN : STORY_RESET});
        break;
    case PROXY_OVER:
        r->over++;
        save(r, NULL); /* what is over is on the disk, whatever comes */
        if (r->options->sessions != 0 && r->over >= r->options->sessions)
            loop_stop(r->loop);
        break;
    case PROXY_NOTE:
        fprintf(r->options->errors, "note: %s\n", e->text);
        break;
    default:
        break;
    }
}

static bool to_file(const struct record_options *o)
{
    return o->out_file != NULL && strcmp(o->out_file, "-") != 0;
}

/* The whole file anew; `why` NULL: in between. */
static void save(struct recorder *r, struct diag *why)
{
    struct story_options options = {.title = "a recorded session", .secrets = r->options->secrets};
    struct diag trouble = {0};
    struct buf text;
    buf_init(&text, 0);
    if (why == NULL && !to_file(r->options))
        return;
    bool fine = story_write(&r->story, &options, &text, &trouble);
    if (fine && to_file(r->options))
        fine = file_write(r->options->out_file, text.data, text.size, &trouble);
    else if (fine)
        fputs(buf_text(&text), r->options->out);
    if (!fine && why != NULL)
        *why = trouble;
    buf_free(&text);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static bool serve(struct recorder *r, const struct proxy_config *config, bool secure, struct diag *why)
{
    FILE *told = to_file(r->options) ? r->options->out : r->options->errors;
    struct proxy *proxy = proxy_new(r->loop, config);
    if (proxy == NULL)
        return diag_set(why, DIAG_TROUBLE, "out of memory");
    loop_on_interrupt(r->loop, stop, r->loop);
    bool fine = proxy_enable(proxy, true, why);
    if (fine) {
        struct buf address;
        buf_init(&address, 0);
        proxy_address_print(&proxy_config(proxy)->at, secure, true, &address);
        fprintf(told, "recording on %s/; Ctrl-C ends it\n", buf_text(&address));
        fflush(told);
        buf_free(&address);
        loop_run(r->loop);
        save(r, why);
        fine = why->kind == DIAG_NONE;
    }
    memset(r->known, 0, sizeof r->known); /* the end of the proxy is not a part of the session */
    proxy_free(proxy);
    if (fine && to_file(r->options))
        fprintf(told, "%u connection%s recorded in %s\n", r->over, r->over == 1 ? "" : "s", r->options->out_file);
    return fine;
}

static bool record(struct recorder *r, struct diag *why)
{
    const struct record_options *o = r->options;
    struct proxy_address at, to;
    struct tls_context *tls = NULL, *to_tls = NULL;
    if (!proxy_address_read(o->listen, false, &at, why) || !proxy_address_read(o->upstream, true, &to, why) ||
        (!at.secure && !proxy_certificates_unused(&o->certificates, "wss:// before the address to listen on", why)) ||
        (to_file(o) && !file_writable(o->out_file, why)))
        return false;
    bool fine = proxy_contexts(&o->certificates, at.secure, to.secure, &tls, &to_tls, why);
    struct proxy_config config = {
        .at = at.net, .to = to.net, .tls = tls, .to_tls = to_tls, .keep_host = o->keep_host, .plain = true,
        .seed = o->seed, .watch = {.event = on_event, .arg = r, .frames = true, .keep = KEEP}};
    fine = fine && serve(r, &config, at.secure, why);
    tls_context_free(tls);
    tls_context_free(to_tls);
    return fine;
}

int record_main(const struct record_options *options, struct diag *why)
{
    struct recorder *r = calloc(1, sizeof *r);
    descriptors_raise();
    if (r == NULL || (r->loop = loop_uv_new(why)) == NULL) {
        free(r);
        return DIAG_TROUBLE;
    }
    r->options = options;
    story_init(&r->story);
    bool fine = record(r, why);
    for (size_t i = 0; i < OPEN_MAX; i++) {
        buf_free(&r->fragments[0][i]);
        buf_free(&r->fragments[1][i]);
    }
    story_free(&r->story);
    loop_free(r->loop);
    free(r);
    return fine ? 0 : (int)why->kind;
}
