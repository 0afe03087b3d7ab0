/* The proxy against a direct connection, in one run on the loopback: what it adds
 * to a small message, how fast a large one streams, what an idle connection costs.
 * Plain sockets at both ends; the program itself runs beside them. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000
#define MOST 10000
#define LARGE (256u << 20)

static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(3);
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in at_port(unsigned host, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
}

static int listen_on(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = at_port(INADDR_LOOPBACK, 0);
    socklen_t size = sizeof at;
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0)
        die("listen");
    getsockname(fd, (struct sockaddr *)&at, &size);
    *port = ntohs(at.sin_port);
    return fd;
}

/* A server for all: a request gets a 101, whatever else comes goes back, 'L' starts the large message. */
static _Noreturn void serve(int listener)
{
    int epoll = epoll_create1(0);
    static uint8_t bytes[1 << 16];
    struct epoll_event all[256], add = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &add);
    for (;;) {
        int n = epoll_wait(epoll, all, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = all[i].data.fd, one = 1;
            if (fd == listener) {
                fd = accept(listener, NULL, NULL);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                add.data.fd = fd;
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &add);
                continue;
            }
            ssize_t size = recv(fd, bytes, sizeof bytes, 0);
            if (size <= 0)
                close(fd);
            else if (size > 4 && memcmp(bytes, "GET ", 4) == 0)
                send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
            else if (size == 7 && (bytes[6] ^ 1) == 'L') {
                uint8_t head[10] = {0x82, 127, 0, 0, 0, 0, LARGE >> 24, (LARGE >> 16) & 255};
                send(fd, head, sizeof head, MSG_NOSIGNAL);
                for (size_t left = LARGE; left > 0; left -= left < sizeof bytes ? left : sizeof bytes)
                    send(fd, bytes, left < sizeof bytes ? left : sizeof bytes, MSG_NOSIGNAL);
            } else
                send(fd, bytes, (size_t)size, MSG_NOSIGNAL);
        }
    }
}

static void take(int fd, size_t size)
{
    static uint8_t bytes[1 << 16];
    while (size != 0) {
        ssize_t n = recv(fd, bytes, size < sizeof bytes ? size : sizeof bytes, 0);
        if (n <= 0)
            die("recv");
        size -= (size_t)n;
    }
}

static int open_websocket(unsigned from, uint16_t port, size_t *answer_size)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in mine = at_port(from, 0), to = at_port(INADDR_LOOPBACK, port);
    if (fd < 0 || bind(fd, (struct sockaddr *)&mine, sizeof mine) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
    take(fd, *answer_size = sizeof answer - 1);
    return fd;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The median and the 99th of a hundred of a round trip, in microseconds; both ways in turn, so that load hits both. */
static void round_trips(const int fds[2], double median[2], double p99[2])
{
    static const uint8_t frame[] = {0x81, 0x85, 1, 2, 3, 4, 'h' ^ 1, 'e' ^ 2, 'l' ^ 3, 'l' ^ 4, 'o' ^ 1};
    static uint64_t times[2][ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        for (int k = 0; k < 2; k++) {
            uint64_t begin = now();
            send(fds[k], frame, sizeof frame, MSG_NOSIGNAL);
            take(fds[k], sizeof frame);
            times[k][i] = now() - begin;
        }
    for (int k = 0; k < 2; k++) {
        qsort(times[k], ROUNDS, sizeof **times, by_size);
        median[k] = (double)times[k][ROUNDS / 2] / 1e3;
        p99[k] = (double)times[k][ROUNDS * 99 / 100] / 1e3;
    }
}

static void tell(const char *what, const double median[2], const double p99[2])
{
    printf("proxy: %-30s direct %.1f us (p99 %.1f), proxy %.1f us (p99 %.1f): adds %.1f us\n", what, median[0], p99[0],
           median[1], p99[1], median[1] - median[0]);
}

static double stream(int fd)
{
    static const uint8_t go[] = {0x81, 0x81, 1, 2, 3, 4, 'L' ^ 1};
    uint64_t begin = now();
    send(fd, go, sizeof go, MSG_NOSIGNAL);
    take(fd, 10 + (size_t)LARGE);
    return (double)LARGE / (double)(now() - begin) * 1e9 / (1 << 20);
}

static long resident(pid_t pid, const char *what)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            kib = atol(line + strlen(what));
    if (file != NULL)
        fclose(file);
    return kib;
}

/* The program as a user starts it, quiet; its port. */
static pid_t start_proxy(const char *program, uint16_t server, uint16_t *port)
{
    int out[2];
    char upstream[32], line[256];
    snprintf(upstream, sizeof upstream, "127.0.0.1:%u", server);
    if (pipe(out) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        execl(program, program, "proxy", "127.0.0.1:0", upstream, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *in = fdopen(out[0], "r");
    bool told = in != NULL && fgets(line, sizeof line, in) != NULL;
    if (!told || sscanf(line, "listening on ws://127.0.0.1:%hu", port) != 1) {
        fprintf(stderr, "%s does not start; make first\n", program);
        exit(3);
    }
    if (fork() == 0) /* reads what the program says, as a pager would */
        while (fgets(line, sizeof line, in) != NULL || (_exit(0), 0))
            continue;
    return pid;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    uint16_t server, port;
    size_t size;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int idle = files.rlim_max < 2 * MOST + 100 ? (int)(files.rlim_max - 100) / 2 : MOST; /* two each in the proxy */
    int listener = listen_on(&server);
    pid_t server_pid = fork();
    if (server_pid == 0)
        serve(listener);
    close(listener);
    pid_t pid = start_proxy(argc > 1 ? argv[1] : "./wsgauntlet", server, &port);

    int fds[2] = {open_websocket(INADDR_LOOPBACK, server, &size), open_websocket(INADDR_LOOPBACK, port, &size)};
    double median[2], p99[2];
    round_trips(fds, median, p99);
    tell("small message, there and back", median, p99);

    double speed[2] = {stream(fds[0]), stream(fds[1])};
    printf("proxy: one message of %u MiB: direct %.0f MiB/s, proxy %.0f MiB/s; peak %ld KiB resident\n", LARGE >> 20,
           speed[0], speed[1], resident(pid, "VmHWM:"));

    long before = resident(pid, "VmRSS:");
    uint64_t begin = now();
    for (int i = 0; i < idle; i++)
        open_websocket(INADDR_LOOPBACK + 1 + (unsigned)i / 5000, port, &size);
    double seconds = (double)(now() - begin) / 1e9;
    long after = resident(pid, "VmRSS:");
    printf("proxy: %d open connections: %.0f a second, %.2f KiB resident each\n", idle, idle / seconds,
           (double)(after - before) / idle);
    round_trips(fds, median, p99);
    tell("small message beside them", median, p99);
    kill(pid, SIGKILL);
    kill(server_pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}
