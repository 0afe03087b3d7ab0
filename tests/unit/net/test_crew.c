/* Processes of ours: what is said over their lines, connections that are handed
 * over, and what is told of one that dies. */
#include "net/crew.h"

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

enum { ASK = CREW_TROUBLE + 1, ANSWER, TAKE, DIE, FAIL };

struct member {
    struct loop *loop;
    struct line *line;
};

static void on_gone(void *arg)
{
    struct member *m = arg;
    loop_stop(m->loop);
}

static void said_back(void *owner, uint8_t *bytes, size_t size)
{
    layer_write(owner, bytes, size);
}

static void said_end(void *owner, enum layer_end end, const struct diag *why)
{
    (void)end, (void)why;
    layer_release(owner);
}

/* An echo server for one connection. */
static void on_connection(void *arg, struct layer *fresh)
{
    static const struct layer_sink sink = {.data = said_back, .ended = said_end};
    (void)arg;
    layer_listen(fresh, &sink, fresh);
}

static void on_asked(void *arg, unsigned kind, const uint8_t *bytes, size_t size, bool carries)
{
    struct member *m = arg;
    struct diag why = {0};
    if (kind == ASK)
        line_send(m->line, ANSWER, bytes, size);
    else if (kind == TAKE && carries)
        line_take(m->line, on_connection, m);
    else if (kind == DIE)
        raise(SIGKILL);
    else if (kind == FAIL)
        crew_say_trouble(m->line, (diag_set(&why, DIAG_TROUBLE, "no more"), &why));
    if (kind == TAKE)
        line_send(m->line, ANSWER, &carries, sizeof carries);
}

static int live(void *arg, int line)
{
    static const struct line_events events = {.message = on_asked, .ended = on_gone};
    struct member m = {0};
    (void)arg;
    m.loop = loop_uv_new(NULL);
    m.line = line_new(m.loop, line, &events, &m);
    loop_run(m.loop);
    line_free(m.line);
    loop_free(m.loop);
    return 7;
}

static size_t bytes_heard;

static void on_answer(void *arg, size_t member, const uint8_t *bytes, size_t size)
{
    const uint8_t *wanted = arg;
    ck_assert_uint_lt(member, 3);
    ck_assert(size == 0 || memcmp(bytes, wanted, size) == 0);
    bytes_heard += size;
}

START_TEST(what_is_said_arrives)
{
    static uint8_t large[3 << 20];
    struct crew crew;
    struct diag why = {0};
    ck_assert(crew_start(&crew, "the process", 3, live, NULL, &why));
    struct loop *loop = loop_uv_new(&why);
    crew_meet(&crew, loop);
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 31 + i / 997);
    for (size_t size = 0; size <= sizeof large; size = size == 0 ? 1 : 3 * size + 1) {
        bytes_heard = 0;
        crew_tell_all(&crew, ASK, large, size);
        ck_assert_msg(crew_hear(&crew, ANSWER, on_answer, large, &why), "%s", why.text);
        ck_assert_uint_eq(bytes_heard, 3 * size);
    }
    crew_tell(&crew, 1, ASK, "x", 1); /* while nothing else is done */
    ck_assert(line_await(crew.members[1].line, ANSWER, 10 * NS_PER_S));
    ck_assert(!line_await(crew.members[1].line, ANSWER, 30 * NS_PER_MS));
    crew_end(&crew);
    loop_free(loop);
}
END_TEST

START_TEST(one_that_dies_is_named)
{
    struct crew crew;
    struct diag why = {0};
    ck_assert(crew_start(&crew, "the process", 3, live, NULL, &why));
    struct loop *loop = loop_uv_new(&why);
    crew_meet(&crew, loop);
    crew_tell(&crew, 1, DIE, NULL, 0);
    ck_assert(!crew_hear(&crew, ANSWER, NULL, NULL, &why));
    ck_assert_str_eq(why.text, "the process 2 of 3 ended: killed by signal 9");
    crew_end(&crew);
    ck_assert(crew_start(&crew, "the process", 2, live, NULL, &why));
    crew_meet(&crew, loop);
    crew_tell(&crew, 0, FAIL, NULL, 0);
    ck_assert(!crew_hear(&crew, ANSWER, NULL, NULL, &why));
    ck_assert_str_eq(why.text, "no more");
    crew_end(&crew);
    loop_free(loop);
}
END_TEST

/* ---- a connection for another process ---- */

struct handing {
    struct crew *crew;
};

static void hand_over(void *arg, struct layer *fresh)
{
    struct handing *h = arg;
    line_hand(h->crew->members[0].line, TAKE, NULL, 0, fresh);
}

static void on_taken(void *arg, size_t member, const uint8_t *bytes, size_t size)
{
    (void)arg, (void)member;
    ck_assert(size == sizeof(bool) && *(const bool *)bytes);
}

START_TEST(a_connection_is_handed_over)
{
    struct crew crew;
    struct diag why = {0};
    char back[5] = "";
    ck_assert(crew_start(&crew, "the process", 1, live, NULL, &why));
    struct loop *loop = loop_uv_new(&why);
    crew_meet(&crew, loop);
    struct handing handing = {&crew};
    struct net_address at = {.port = 0};
    struct listener *listener = loop_listen(loop, &at, hand_over, &handing, &why);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(listener_port(listener)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(send(fd, "hello", 5, 0), 5); /* before anyone has taken it */
    ck_assert(crew_hear(&crew, ANSWER, on_taken, NULL, &why));
    ck_assert_int_eq(recv(fd, back, 5, MSG_WAITALL), 5);
    ck_assert_int_eq(memcmp(back, "hello", 5), 0);
    listener_close(listener);
    crew_end(&crew);
    ck_assert_int_eq(recv(fd, back, 5, 0), 0); /* it went with its process, and nobody else had it */
    close(fd);
    loop_free(loop);
}
END_TEST

UNIT_MAIN("net/crew", what_is_said_arrives, one_that_dies_is_named, a_connection_is_handed_over)
