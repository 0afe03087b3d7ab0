/* Judges the bytes that a WebSocket client sent, on standard input: prints what
 * a server received and what of it breaks the protocol.
 *   cc example.c $(pkg-config --cflags --libs wswire) -o example */
#include <wswire/judge.h>

#include <stdio.h>

static void hear(void *context, const struct ws_event *event)
{
    (void)context;
    static const char *const names[] = {"frame", "message", "ping", "pong", "close", "violation"};
    printf("%s", names[event->kind]);
    if (event->kind == WS_EVENT_MESSAGE)
        printf(" %s \"%.*s\"", ws_opcode_name(event->opcode), (int)event->size, (const char *)event->data);
    if (event->kind == WS_EVENT_VIOLATION)
        printf(" at byte %llu: the client %s", (unsigned long long)event->at, ws_violation_get(event->violation)->sentence);
    putchar('\n');
}

int main(void)
{
    struct ws_judge *judge = ws_judge_new(&(struct ws_judge_config){.receiver = WS_SERVER, .event = hear});
    unsigned char bytes[4096];
    for (size_t n; judge != NULL && (n = fread(bytes, 1, sizeof bytes, stdin)) > 0;)
        ws_judge_feed(judge, bytes, n);
    bool fails = judge == NULL || ws_judge_predict(judge).outcome == WS_OUTCOME_FAIL;
    ws_judge_free(judge);
    return fails;
}
