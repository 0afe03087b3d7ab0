/* An echo server with one planted bug, for `wsgauntlet fuzz`. It uses the library for frames.
 *
 *     magic_server PORT [magic|descriptors|memory|slow]
 *
 * magic: aborts on a text that begins with four certain bytes, looked at one behind the other; who only sees answers
 * has to guess them all at once. descriptors: keeps one for each ping of 100 bytes and more. memory: keeps 64 KiB for
 * each binary message of 100 bytes and more. slow: compares each byte of a message that is no ASCII with many
 * others. */
#include "wire/handshake.h"
#include "wire/judge.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX (1u << 20)

struct conn {
    int socket;
    bool over;
    size_t size; /* of the message so far */
    uint8_t message[MESSAGE_MAX];
};

static void put(struct conn *c, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t sent = send(c->socket, at, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            c->over = true;
            return;
        }
        at += sent;
        size -= (size_t)sent;
    }
}

static void put_frame(struct conn *c, enum ws_opcode opcode, const void *bytes, size_t size)
{
    struct ws_frame_head head = ws_frame_head_make(opcode, size, NULL);
    uint8_t out[WS_FRAME_HEAD_MAX];
    put(c, out, ws_frame_head_write(&head, out));
    put(c, bytes, size);
}

static void fail(struct conn *c, unsigned code)
{
    const uint8_t body[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    put_frame(c, WS_CLOSE, body, sizeof body);
    c->over = true;
}

enum bug { BUG_MAGIC, BUG_DESCRIPTORS, BUG_MEMORY, BUG_SLOW, BUGS };
static enum bug bug;
static volatile unsigned alike; /* so that comparing is not left out */
static void *volatile kept; /* the latest; those before are lost */

static void keep_descriptor(size_t size)
{
    if (bug == BUG_DESCRIPTORS && size >= 100 && open("/dev/null", O_RDONLY) < 0)
        exit(1);
}

static void keep_memory(size_t size)
{
    if (bug != BUG_MEMORY || size < 100)
        return;
    kept = malloc(65536);
    if (kept != NULL)
        memset(kept, 1, 65536);
}

static void look_into(const uint8_t *message, size_t size)
{
    if (bug != BUG_MAGIC || size < 4)
        return;
    if (message[0] == 'D')
        if (message[1] == 'R')
            if (message[2] == 'O')
                if (message[3] == 'P')
                    abort();
}

/* Some of the others will do: a message of 64 KiB takes some tenths of a second. */
static void take_long(const uint8_t *message, size_t size)
{
    for (size_t i = 0; bug == BUG_SLOW && i < size; i++)
        for (size_t other = 0; message[i] >= 0x80 && other < size; other += 32)
            alike += message[i] == message[other];
}

static void on_message(struct conn *c, const struct ws_event *event)
{
    c->size = event->first ? 0 : c->size;
    if (event->size > MESSAGE_MAX - c->size) {
        fail(c, 1009);
        return;
    }
    if (event->size != 0)
        memcpy(c->message + c->size, event->data, event->size);
    c->size += event->size;
    if (!event->last)
        return;
    look_into(c->message, c->size);
    take_long(c->message, c->size);
    if (event->opcode == WS_BINARY)
        keep_memory(c->size);
    put_frame(c, event->opcode == WS_TEXT ? WS_TEXT : WS_BINARY, c->message, c->size);
}

static void pong(struct conn *c, const struct ws_event *event)
{
    keep_descriptor(event->size);
    put_frame(c, WS_PONG, event->data, event->size);
}

static void on_event(void *context, const struct ws_event *event)
{
    struct conn *c = context;
    if (c->over)
        return;
    if (event->kind == WS_EVENT_VIOLATION && ws_violation_get(event->violation)->reaction == WS_REACT_FAIL)
        fail(c, ws_violation_get(event->violation)->codes[0]);
    else if (event->kind == WS_EVENT_PING)
        pong(c, event);
    else if (event->kind == WS_EVENT_CLOSE)
        fail(c, event->code == 1005 ? 1000 : event->code);
    else if (event->kind == WS_EVENT_MESSAGE)
        on_message(c, event);
}

/* Reads the request and answers it. What came behind it goes to the judge. */
static bool shake_hands(struct conn *c, struct ws_judge *judge)
{
    char bytes[WS_HEAD_BYTES_MAX];
    struct ws_head head;
    struct ws_handshake_scratch scratch;
    struct ws_server_answer answer;
    static const struct ws_server_policy policy;
    char out[512];
    size_t size = 0;
    struct ws_head_scan scan = {.answer = WS_SCAN_MORE};
    while (scan.answer == WS_SCAN_MORE) {
        ssize_t got = recv(c->socket, bytes + size, sizeof bytes - size, 0);
        if (got <= 0)
            return false;
        scan = ws_head_parse(&head, false, bytes, size + (size_t)got, size, 0);
        size += (size_t)got;
    }
    if (scan.answer == WS_SCAN_DONE)
        ws_request_validate(&head, &policy, &scratch, &answer);
    else
        ws_request_broken(scan, &answer);
    put(c, out, ws_response_write(&answer, NULL, out, sizeof out));
    if (answer.accept)
        ws_judge_feed(judge, (uint8_t *)bytes + head.size, size - head.size);
    return answer.accept;
}

static void *serve(void *arg)
{
    struct conn *c = arg;
    uint8_t bytes[65536];
    struct ws_judge *judge =
        ws_judge_new(&(struct ws_judge_config){.receiver = WS_SERVER, .event = on_event, .context = c});
    bool open = judge != NULL && shake_hands(c, judge);
    while (open && !c->over) {
        ssize_t got = recv(c->socket, bytes, sizeof bytes, 0);
        if (got <= 0)
            break;
        ws_judge_feed(judge, bytes, (size_t)got);
    }
    ws_judge_free(judge);
    shutdown(c->socket, SHUT_WR);
    while (open && recv(c->socket, bytes, sizeof bytes, 0) > 0) /* so that nothing is reset */
        continue;
    close(c->socket);
    free(c);
    return NULL;
}

static void begin(int socket)
{
    pthread_t thread;
    struct conn *c = socket < 0 ? NULL : calloc(1, sizeof *c);
    if (c == NULL)
        exit(1);
    c->socket = socket;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (pthread_create(&thread, NULL, serve, c) != 0)
        exit(1);
    pthread_detach(thread);
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 0, on = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char *const names[BUGS] = {"magic", "descriptors", "memory", "slow"};
    for (int i = 0; argc > 2 && i < BUGS; i++)
        if (strcmp(argv[2], names[i]) == 0)
            bug = (enum bug)i;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (struct sockaddr *)&at, sizeof at) != 0 || listen(listening, 64) != 0) {
        perror("magic_server");
        return 1;
    }
    for (;;)
        begin(accept(listening, NULL, NULL));
}
