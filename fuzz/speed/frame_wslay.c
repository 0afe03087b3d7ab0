/* wslay_frame_recv over the whole stream, until it ends or is refused. */
#include "frames.h"

#include "../wslay_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wslay_frame_callbacks callbacks = {.recv_callback = wslay_source_give};
    struct wslay_source source = {data, size};
    wslay_frame_context_ptr context;
    struct wslay_frame_iocb frame;
    if (size > STREAM_MAX || wslay_frame_context_init(&context, &callbacks, &source) != 0)
        return 0;
    while (wslay_frame_recv(context, &frame) >= 0)
        ;
    wslay_frame_context_free(context);
    return 0;
}
