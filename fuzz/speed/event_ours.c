/* The judge over the whole stream, as a server: frames, messages, UTF-8, Close. */
#include "frames.h"

#include "wire/judge.h"

static void hear(void *context, const struct ws_event *event)
{
    size_t *heard = context;
    *heard += event->size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t stream[STREAM_MAX];
    size_t heard = 0;
    if (size == 0 || size > sizeof stream)
        return 0;
    memcpy(stream, data, size);
    struct ws_judge *judge =
        ws_judge_new(&(struct ws_judge_config){.receiver = WS_SERVER, .event = hear, .context = &heard});
    if (judge == NULL)
        return 0;
    ws_judge_feed(judge, stream, size);
    ws_judge_free(judge);
    return 0;
}
