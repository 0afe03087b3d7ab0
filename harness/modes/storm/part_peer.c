/* See part.h: the process that has a part of the built-in peer, on the port that
 * all parts listen on; the kernel shares connections out among them. */
#include "modes/storm/part.h"

#include "engine/peer/peer_testee.h"
#include "net/descriptors.h"

#include <string.h>

struct part_of_peer {
    struct loop *loop;
    struct line *line;
    struct peer_testee peer;
    struct tls_context *tls;
};

static void serve(struct part_of_peer *p, const struct part_peer *order)
{
    struct diag why = {0};
    struct tls_server_options files = {.certificate_file = order->certificate, .key_file = order->key};
    struct peer_config config = {.at = {.port = order->port, .shared = true}, .deflate = {.enabled = true}};
    descriptors_raise();
    if (order->certificate[0] != 0)
        config.tls = p->tls = tls_server_new(&files, &why);
    if (why.kind == DIAG_NONE && peer_testee_start(&p->peer, p->loop, &config, &why))
        line_send(p->line, PART_SERVES, NULL, 0);
    else
        crew_say_trouble(p->line, &why);
}

static void answers(void *arg)
{
    struct part_of_peer *p = arg;
    line_send(p->line, PART_SERVES, NULL, 0);
}

static void on_message(void *arg, unsigned kind, const uint8_t *bytes, size_t size, bool carries)
{
    struct part_of_peer *p = arg;
    struct part_peer order;
    struct diag why = {0};
    (void)carries;
    if (kind == PART_SERVE && size == sizeof order) {
        memcpy(&order, bytes, sizeof order);
        serve(p, &order);
    } else if (kind == PART_RESTART && !peer_testee_ops()->restart(&p->peer, answers, p, &why)) {
        crew_say_trouble(p->line, &why);
    }
}

static void on_line_ended(void *arg)
{
    struct part_of_peer *p = arg;
    loop_stop(p->loop);
}

int part_serve(void *options, int line)
{
    static const struct line_events events = {.message = on_message, .ended = on_line_ended};
    struct part_of_peer p = {0};
    struct diag why = {0};
    (void)options;
    p.loop = loop_uv_new(&why);
    if (p.loop == NULL)
        return DIAG_TROUBLE;
    p.line = line_new(p.loop, line, &events, &p);
    loop_run(p.loop);
    peer_testee_end(&p.peer);
    line_free(p.line);
    tls_context_free(p.tls);
    loop_free(p.loop);
    return 0;
}
