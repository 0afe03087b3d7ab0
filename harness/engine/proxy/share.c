/* See share.h: the side of the process that listens. */
#include "engine/proxy/share.h"

#include "engine/proxy/share_inside.h"
#include "engine/proxy/share_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (5 * NS_PER_S) /* for an answer of a process */
#define PROXIES_MOST 1024u

struct proxy_share {
    struct crew crew;
    struct loop *loop;
    struct tls_context *tls, *to_tls; /* the members have them too, by the fork */
    struct proxy *proxies[PROXIES_MOST];
    uint32_t lives[PROXIES_MOST];     /* of each place: an old proxy's messages are not the new one's */
    struct proxy_status *status;      /* LOOK, FLOW, FAULTS: the answer under way */
    size_t room, seen;
    struct proxy_flow flow[2];
    struct buf *faults;
};

/* ---- what comes from the processes ---- */

static struct proxy *proxy_of(struct proxy_share *share, uint32_t id)
{
    uint32_t place = id % PROXIES_MOST;
    return share->lives[place] == id / PROXIES_MOST ? share->proxies[place] : NULL;
}

static void on_event(struct proxy_share *share, size_t member, const uint8_t *bytes, size_t size)
{
    struct share_event told;
    if (size < sizeof told)
        return;
    memcpy(&told, bytes, sizeof told);
    struct proxy *proxy = proxy_of(share, told.proxy);
    if (proxy == NULL || size != sizeof told + told.event.size + strlen((const char *)bytes + sizeof told +
                                                                         told.event.size) + 1)
        return;
    bool over = told.event.kind == PROXY_OVER && proxy->shared[member] != 0;
    proxy->shared[member] -= over;
    proxy->count -= over;
    told.event.proxy = proxy;
    told.event.bytes = bytes + sizeof told;
    told.event.text = (const char *)bytes + sizeof told + told.event.size;
    told.event.at_ns -= loop_begin(share->loop);
    if (proxy->config.watch.event != NULL)
        proxy->config.watch.event(proxy->config.watch.arg, &told.event);
}

static void on_seen(struct proxy_share *share, const uint8_t *bytes, size_t size)
{
    for (; size >= sizeof *share->status && share->seen < share->room; size -= sizeof *share->status) {
        struct proxy_status *one = &share->status[share->seen++];
        memcpy(one, bytes, sizeof *one);
        bytes += sizeof *one;
        one->since_ns -= loop_begin(share->loop);
    }
}

/* One has failed or died: its connections are gone with it. */
static void on_trouble(struct proxy_share *share, size_t member, const struct diag *why)
{
    for (size_t i = 0; i < PROXIES_MOST; i++) {
        struct proxy *proxy = share->proxies[i];
        if (proxy == NULL)
            continue;
        proxy_say(proxy, (struct proxy_event){.kind = PROXY_NOTE, .text = why->text});
        if (share->crew.members[member].line == NULL) {
            proxy->count -= proxy->shared[member];
            proxy->shared[member] = 0;
        }
    }
}

static void on_message(void *arg, size_t member, unsigned kind, const uint8_t *bytes, size_t size)
{
    struct proxy_share *share = arg;
    struct share_about about = {0};
    struct diag why;
    struct proxy *proxy;
    switch (kind) {
    case CREW_TROUBLE:
        memcpy(&why, bytes, sizeof why);
        on_trouble(share, member, &why);
        break;
    case SHARE_EVENT:
        on_event(share, member, bytes, size);
        break;
    case SHARE_SEEN:
        on_seen(share, bytes, size);
        break;
    case SHARE_FLOWS:
        for (size_t i = 0; i < 2 && size == 2 * sizeof(struct proxy_flow); i++) {
            struct proxy_flow flow;
            memcpy(&flow, bytes + i * sizeof flow, sizeof flow);
            share->flow[i].bytes += flow.bytes;
            share->flow[i].frames += flow.frames;
            share->flow[i].messages += flow.messages;
        }
        break;
    case SHARE_FAULTY:
        if (share->faults != NULL)
            buf_append(share->faults, bytes, size);
        break;
    case SHARE_REFUSE:
        memcpy(&about, bytes, size == sizeof about ? size : 0);
        if (size == sizeof about && (proxy = proxy_of(share, about.proxy)) != NULL)
            proxy_refuse(proxy, about.number);
        break;
    default:
        break;
    }
}

/* ---- what is said to them ---- */

static void tell(const struct proxy *proxy, size_t member, enum share_word word, uint64_t number, const void *bytes,
                 size_t size)
{
    struct share_about about = {.proxy = proxy->share_id, .number = number};
    struct buf message;
    buf_init(&message, 0);
    buf_append(&message, &about, sizeof about);
    buf_append(&message, bytes, size);
    crew_tell(&proxy->config.share->crew, member, word, message.data, message.size);
    buf_free(&message);
}

/* To all, and until all have done it: what is asked next finds it done. */
static void tell_all(const struct proxy *proxy, enum share_word word, enum share_word answer, uint64_t number,
                     const void *bytes, size_t size)
{
    struct crew *crew = &proxy->config.share->crew;
    for (size_t i = 0; i < crew->count; i++)
        tell(proxy, i, word, number, bytes, size);
    for (size_t i = 0; i < crew->count; i++)
        if (crew->members[i].line != NULL)
            line_await(crew->members[i].line, answer, PATIENCE_NS);
}

static void describe(const struct proxy *proxy, struct share_proxy *out)
{
    *out = (struct share_proxy){.proxy = proxy->share_id, .config = proxy->config};
    snprintf(out->name, sizeof out->name, "%s", proxy->config.name);
    snprintf(out->file_dir, sizeof out->file_dir, "%s", proxy->config.file_dir == NULL ? "" : proxy->config.file_dir);
}

void share_new(struct proxy *proxy)
{
    struct proxy_share *share = proxy->config.share;
    struct share_proxy whole;
    uint32_t place = 0;
    while (place + 1 < PROXIES_MOST && share->proxies[place] != NULL)
        place++;
    share->proxies[place] = proxy;
    proxy->share_id = ++share->lives[place] * PROXIES_MOST + place;
    describe(proxy, &whole);
    crew_tell_all(&share->crew, SHARE_NEW, &whole, sizeof whole);
}

void share_free(struct proxy *proxy)
{
    tell_all(proxy, SHARE_FREE, SHARE_DONE, 0, NULL, 0);
    proxy->config.share->proxies[proxy->share_id % PROXIES_MOST] = NULL;
}

/* The n-th goes to the n-th process, round and round; past one that is gone. */
void share_accept(struct proxy *proxy, struct layer *fresh)
{
    struct crew *crew = &proxy->config.share->crew;
    struct share_about about = {.proxy = proxy->share_id, .number = ++proxy->number};
    for (size_t i = 0; i < crew->count; i++) {
        size_t member = (proxy->number - 1 + i) % crew->count;
        if (crew->members[member].line == NULL)
            continue;
        proxy->shared[member]++;
        proxy->count++;
        line_hand(crew->members[member].line, SHARE_ACCEPT, &about, sizeof about, fresh);
        return;
    }
    layer_reset(fresh);
    layer_release(fresh);
}

void share_add(struct proxy *proxy, const char *name, const struct script *text)
{
    struct buf both;
    buf_init(&both, 0);
    buf_append(&both, name, strlen(name) + 1);
    buf_append(&both, text->name, strlen(text->name) + 1);
    buf_append(&both, text->text, text->size);
    tell_all(proxy, SHARE_ADD, SHARE_DONE, 0, both.data, both.size);
    buf_free(&both);
}

void share_remove(struct proxy *proxy, const char *name)
{
    if (name == NULL)
        tell_all(proxy, SHARE_REMOVE_ALL, SHARE_DONE, 0, NULL, 0);
    else
        tell_all(proxy, SHARE_REMOVE, SHARE_DONE, 0, name, strlen(name) + 1);
}

void share_reset(struct proxy *proxy, const char *how)
{
    tell_all(proxy, SHARE_RESET, SHARE_DONE, 0, how, strlen(how) + 1);
}

void share_redirect(struct proxy *proxy)
{
    struct share_proxy whole;
    describe(proxy, &whole);
    crew_tell_all(&proxy->config.share->crew, SHARE_REDIRECT, &whole, sizeof whole);
}

/* ---- what is asked ---- */

static int newest_first(const void *a, const void *b)
{
    const struct proxy_status *x = a, *y = b;
    return (x->connection < y->connection) - (x->connection > y->connection);
}

size_t share_look(const struct proxy *proxy, struct proxy_status *status, size_t room)
{
    struct proxy_share *share = proxy->config.share;
    size_t each = share->crew.count * room;
    share->status = calloc(each + 1, sizeof *share->status);
    share->room = share->status == NULL ? 0 : each;
    share->seen = 0;
    tell_all(proxy, SHARE_LOOK, SHARE_DONE, room, NULL, 0);
    size_t count = share->seen < room ? share->seen : room;
    if (share->seen != 0) {
        qsort(share->status, share->seen, sizeof *share->status, newest_first);
        memcpy(status, share->status, count * sizeof *status);
    }
    free(share->status);
    share->status = NULL;
    share->room = 0;
    return count;
}

struct proxy_flow share_flow(const struct proxy *proxy, bool upstream)
{
    struct proxy_share *share = proxy->config.share;
    memset(share->flow, 0, sizeof share->flow);
    tell_all(proxy, SHARE_FLOW, SHARE_DONE, 0, NULL, 0);
    return share->flow[upstream ? 0 : 1];
}

void share_faults_of(const struct proxy *proxy, unsigned connection, struct buf *out)
{
    struct proxy_share *share = proxy->config.share;
    share->faults = out;
    tell_all(proxy, SHARE_FAULTS, SHARE_DONE, connection, NULL, 0);
    share->faults = NULL;
}

/* ---- life ---- */

struct tls_context *share_tls(const struct proxy_share *share, bool to_server)
{
    return to_server ? share->to_tls : share->tls;
}

struct proxy_share *proxy_share_start(size_t processes, struct tls_context *tls, struct tls_context *to_tls,
                                      struct diag *why)
{
    struct proxy_share *share = calloc(1, sizeof *share);
    if (share == NULL) {
        diag_set(why, DIAG_TROUBLE, "out of memory");
        return NULL;
    }
    share->tls = tls;
    share->to_tls = to_tls;
    if (crew_start(&share->crew, "the proxy's process", processes, share_live, share, why))
        return share;
    proxy_share_end(share);
    return NULL;
}

void proxy_share_meet(struct proxy_share *share, struct loop *loop)
{
    share->loop = loop;
    share->crew.other = on_message;
    share->crew.other_arg = share;
    crew_meet(&share->crew, loop);
}

void proxy_share_end(struct proxy_share *share)
{
    if (share == NULL)
        return;
    crew_end(&share->crew);
    free(share);
}
