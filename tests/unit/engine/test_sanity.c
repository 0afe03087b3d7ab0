/* The check of a testee that need not echo: is a connection enough? */
#include "unit.h"

#include "engine/suite/sanity.h"
#include "net/loop.h"

#include <string.h>

/* A server that takes a connection and ends it a while later: by itself, or it is killed and its listener goes last. */
struct dying {
    struct loop *loop;
    bool killed;
    struct layer *taken;
    bool done;
    enum sanity_state state;
    struct diag why;
};

static void forget(void *arg)
{
    struct dying *d = arg;
    if (d->killed)
        layer_reset(d->taken);
    layer_release(d->taken);
    d->taken = NULL;
}

static void nothing(void *arg) { (void)arg; }

static void no_data(void *arg, uint8_t *bytes, size_t size) { (void)arg, (void)bytes, (void)size; }

static void no_end(void *arg, enum layer_end end, const struct diag *why) { (void)arg, (void)end, (void)why; }

static void take(void *arg, struct layer *fresh)
{
    static const struct layer_sink sink = {.opened = nothing, .data = no_data, .ended = no_end, .drained = nothing};
    struct dying *d = arg;
    d->taken = fresh;
    layer_listen(fresh, &sink, d);
    timer_start(d->loop, 20 * NS_PER_MS, forget, d);
}

static void on_done(void *arg, enum sanity_state state, const struct diag *why)
{
    struct dying *d = arg;
    d->done = true;
    d->state = state;
    d->why = *why;
}

static void check_dying(bool killed, uint64_t stays_ns, enum sanity_state state, const char *says)
{
    struct dying d = {.loop = loop_sim_new(1, NULL), .killed = killed};
    struct diag why = {0};
    struct listener *listener = loop_listen(d.loop, &(struct net_address){.host = "127.0.0.1"}, take, &d, &why);
    ck_assert_ptr_nonnull(listener);
    struct testee testee = {.loop = d.loop, .url = {.host = "127.0.0.1", .port = listener_port(listener)}};
    struct runner_config config = {.loop = d.loop, .testee = &testee, .role = WS_CLIENT, .seed = 1};
    ck_assert_ptr_nonnull(sanity_start(&config, false, stays_ns, on_done, &d));
    loop_run(d.loop);
    ck_assert(d.done);
    ck_assert_msg(d.state == state && strstr(d.why.text, says) != NULL, "%d: %s", d.state, d.why.text);
    listener_close(listener);
    loop_free(d.loop);
}

START_TEST(a_connection_that_is_reset_is_none)
{
    check_dying(true, 0, SANITY_FINE, "");
    check_dying(true, 10 * NS_PER_MS, SANITY_FINE, "");
    check_dying(true, 100 * NS_PER_MS, SANITY_GONE, "ends each connection at once");
    check_dying(false, 100 * NS_PER_MS, SANITY_FINE, "");
}
END_TEST

UNIT_MAIN("sanity", a_connection_that_is_reset_is_none)
