/* wslay_frame_recv over the whole stream, until it ends or is refused. */
#include "frames.h"

#include <wslay/wslay.h>

struct source {
    const uint8_t *at;
    size_t left;
};

static ssize_t give(uint8_t *out, size_t size, int flags, void *arg)
{
    struct source *source = arg;
    size_t now = size < source->left ? size : source->left;
    (void)flags;
    if (now == 0)
        return -1;
    memcpy(out, source->at, now);
    source->at += now;
    source->left -= now;
    return (ssize_t)now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wslay_frame_callbacks callbacks = {.recv_callback = give};
    struct source source = {data, size};
    wslay_frame_context_ptr context;
    struct wslay_frame_iocb frame;
    if (size > STREAM_MAX || wslay_frame_context_init(&context, &callbacks, &source) != 0)
        return 0;
    while (wslay_frame_recv(context, &frame) >= 0)
        ;
    wslay_frame_context_free(context);
    return 0;
}
