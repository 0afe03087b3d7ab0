/* The process that has some of the connections of shared proxies: the same proxies
 * again, which listen nowhere and tell what they see. See share_words.h. */
#include "engine/proxy/share_words.h"
#include "net/descriptors.h"

#include <stdlib.h>
#include <string.h>

struct shared {
    struct shared *next;
    struct member *member;
    struct proxy *proxy;
    uint32_t id;
    char *file_dir;
};

struct member {
    const struct proxy_share *share; /* as it was at the fork: for its TLS contexts */
    struct loop *loop;
    struct line *line;
    struct shared *first;
    uint32_t accepts;                /* the proxy of the connection that is coming */
    uint64_t number;                 /* and its number */
};

static struct shared *find(const struct member *m, uint32_t id)
{
    struct shared *s = m->first;
    while (s != NULL && s->id != id)
        s = s->next;
    return s;
}

/* ---- what is seen ---- */

static void on_event(void *arg, const struct proxy_event *event)
{
    const struct shared *s = arg;
    struct share_event told = {.proxy = s->id, .event = *event};
    struct buf message;
    told.event.proxy = NULL;
    told.event.bytes = NULL;
    told.event.text = NULL;
    told.event.at_ns += loop_begin(s->member->loop);
    buf_init(&message, 0);
    buf_append(&message, &told, sizeof told);
    buf_append(&message, event->bytes, event->size);
    buf_append(&message, event->text, strlen(event->text) + 1);
    line_send(s->member->line, SHARE_EVENT, message.data, message.size);
    buf_free(&message);
}

static void on_refuse(void *arg, uint64_t time_ns)
{
    const struct shared *s = arg;
    struct share_about about = {.proxy = s->id, .number = time_ns};
    line_send(s->member->line, SHARE_REFUSE, &about, sizeof about);
}

/* ---- proxies ---- */

static void make(struct member *m, const struct share_proxy *whole)
{
    struct proxy_config config = whole->config;
    struct shared *s = calloc(1, sizeof *s);
    if (s == NULL || (s->file_dir = strdup(whole->file_dir)) == NULL) {
        free(s);
        return;
    }
    s->member = m;
    s->id = whole->proxy;
    config.name = whole->name;
    config.share = NULL;
    config.refuse = on_refuse;
    config.tls = config.tls == NULL ? NULL : share_tls(m->share, false);
    config.to_tls = config.to_tls == NULL ? NULL : share_tls(m->share, true);
    config.file_dir = config.file_dir == NULL ? NULL : s->file_dir;
    config.watch.event = on_event;
    config.watch.arg = s;
    s->proxy = proxy_new(m->loop, &config);
    s->next = m->first;
    m->first = s;
}

static void unmake(struct member *m, uint32_t id)
{
    for (struct shared **at = &m->first; *at != NULL; at = &(*at)->next) {
        struct shared *s = *at;
        if (s->id != id)
            continue;
        *at = s->next;
        proxy_free(s->proxy);
        free(s->file_dir);
        free(s);
        return;
    }
}

static void accept_one(void *arg, struct layer *fresh)
{
    struct member *m = arg;
    struct shared *s = find(m, m->accepts);
    if (s == NULL) {
        layer_reset(fresh);
        layer_release(fresh);
        return;
    }
    s->proxy->number = (unsigned)m->number - 1;
    conn_accept(s->proxy, fresh);
}

/* The text was understood before it was sent. */
static void add(struct shared *s, const char *text, size_t size)
{
    struct buf errors;
    const char *label = text + strlen(text) + 1, *script = label + strlen(label) + 1;
    buf_init(&errors, 0);
    struct proxy_script *read = proxy_script_read(label, script, size - (size_t)(script - text), &errors, NULL);
    if (read != NULL && !proxy_add(s->proxy, text, read))
        proxy_script_free(read);
    buf_free(&errors);
}

static void look(struct member *m, struct shared *s, size_t room)
{
    struct proxy_status *status = calloc(room + 1, sizeof *status);
    size_t count = status == NULL ? 0 : proxy_look(s->proxy, status, room);
    struct buf message;
    buf_init(&message, 0);
    for (size_t i = 0; i < count; i++) {
        status[i].since_ns += loop_begin(m->loop);
        buf_append(&message, &status[i], sizeof status[i]);
    }
    line_send(m->line, SHARE_SEEN, message.data, message.size);
    buf_free(&message);
    free(status);
}

static void obey(struct member *m, enum share_word word, struct shared *s, uint64_t number, const uint8_t *bytes,
                 size_t size)
{
    struct proxy_flow flow[2];
    struct buf faults;
    switch (word) {
    case SHARE_ADD:
        add(s, (const char *)bytes, size);
        break;
    case SHARE_REMOVE:
        proxy_remove(s->proxy, (const char *)bytes);
        break;
    case SHARE_REMOVE_ALL:
        proxy_remove_all(s->proxy);
        break;
    case SHARE_RESET:
        proxy_reset(s->proxy, (const char *)bytes);
        break;
    case SHARE_LOOK:
        look(m, s, (size_t)number);
        break;
    case SHARE_FLOW:
        flow[0] = proxy_flow(s->proxy, true);
        flow[1] = proxy_flow(s->proxy, false);
        line_send(m->line, SHARE_FLOWS, flow, sizeof flow);
        break;
    case SHARE_FAULTS:
        buf_init(&faults, 0);
        proxy_faults_of(s->proxy, (unsigned)number, &faults);
        line_send(m->line, SHARE_FAULTY, faults.data, faults.size);
        buf_free(&faults);
        break;
    case SHARE_FREE:
        unmake(m, s->id);
        break;
    default:
        break;
    }
}

static void on_whole(struct member *m, enum share_word word, const uint8_t *bytes)
{
    static struct share_proxy whole;
    memcpy(&whole, bytes, sizeof whole);
    struct shared *s = find(m, whole.proxy);
    if (word == SHARE_NEW)
        make(m, &whole);
    else if (s != NULL)
        proxy_redirect(s->proxy, &whole.config.to, whole.config.to_tls == NULL ? NULL : share_tls(m->share, true));
}

static void on_message(void *arg, unsigned kind, const uint8_t *bytes, size_t size, bool carries)
{
    struct member *m = arg;
    struct share_about about;
    if ((kind == SHARE_NEW || kind == SHARE_REDIRECT) && size == sizeof(struct share_proxy)) {
        on_whole(m, kind, bytes);
        return;
    }
    if (size < sizeof about)
        return;
    memcpy(&about, bytes, sizeof about);
    if (kind == SHARE_ACCEPT && carries) {
        m->accepts = about.proxy;
        m->number = about.number;
        line_take(m->line, accept_one, m);
        return;
    }
    struct shared *s = find(m, about.proxy);
    if (s != NULL)
        obey(m, kind, s, about.number, bytes + sizeof about, size - sizeof about);
    line_send(m->line, SHARE_DONE, NULL, 0);
}

static void on_line_ended(void *arg)
{
    struct member *m = arg;
    loop_stop(m->loop);
}

int share_live(void *share, int line)
{
    static const struct line_events events = {.message = on_message, .ended = on_line_ended};
    struct member m = {.share = share};
    struct diag why = {0};
    descriptors_raise();
    m.loop = loop_uv_new(&why);
    if (m.loop == NULL)
        return DIAG_TROUBLE;
    m.line = line_new(m.loop, line, &events, &m);
    loop_run(m.loop);
    while (m.first != NULL)
        unmake(&m, m.first->id);
    line_free(m.line);
    loop_free(m.loop);
    return 0;
}
