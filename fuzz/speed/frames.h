/* The four targets of fuzz/speed/run: the barest that fuzz a reader of frames,
 * ours and wslay's, so that their speeds can be compared. No oracle but a crash. */
#ifndef SPEED_FRAMES_H
#define SPEED_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
