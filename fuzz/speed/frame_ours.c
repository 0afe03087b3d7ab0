/* ws_frame_parse over the whole stream, as a server. */
#include "frames.h"

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t stream[STREAM_MAX];
    struct ws_frame_parser parser;
    struct ws_frame_part parts[16];
    if (size == 0 || size > sizeof stream)
        return 0;
    memcpy(stream, data, size);
    ws_frame_parser_init(&parser, WS_SERVER);
    for (size_t at = 0, count; at < size;)
        at += ws_frame_parse(&parser, stream + at, size - at, parts, 16, &count);
    return 0;
}
