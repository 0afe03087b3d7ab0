/* wslay_event_recv over the whole stream, as a server: frames, messages, UTF-8, Close. */
#include "frames.h"

#include <wslay/wslay.h>

struct source {
    const uint8_t *at;
    size_t left, heard;
};

static ssize_t give(wslay_event_context_ptr context, uint8_t *out, size_t size, int flags, void *arg)
{
    struct source *source = arg;
    size_t now = size < source->left ? size : source->left;
    (void)flags;
    if (now == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(out, source->at, now);
    source->at += now;
    source->left -= now;
    return (ssize_t)now;
}

static void hear(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct source *source = arg;
    (void)context;
    source->heard += message->msg_length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wslay_event_callbacks callbacks = {.recv_callback = give, .on_msg_recv_callback = hear};
    struct source source = {data, size, 0};
    wslay_event_context_ptr context;
    if (size > STREAM_MAX || wslay_event_context_server_init(&context, &callbacks, &source) != 0)
        return 0;
    wslay_event_recv(context);
    wslay_event_context_free(context);
    return 0;
}
