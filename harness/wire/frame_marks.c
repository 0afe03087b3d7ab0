/* RFC 6455 section 5.2: what the first two bytes of a head say, tabulated. */
#include "simd.h"

#define FAULT(broken, fault) ((broken) ? (unsigned)(fault) : 0u)
#define RESERVED(b) (0xf8f8u >> ((b) & 15u) & 1u)
#define FIRST(b)                                                                       \
    {{.faults = FAULT(RESERVED(b), WS_FAULT_RESERVED_OPCODE) |                         \
                FAULT((b) & 0x70u, WS_FAULT_RSV) |                                     \
                FAULT(((b) & 0x88u) == 0x08u, WS_FAULT_CONTROL_FRAGMENTED),            \
      .opcode = (b) & 15u, .rsv = (b) >> 4 & 7u, .fin = (b) >> 7}}
#define FIRST_4(b) FIRST(b), FIRST((b) + 1u), FIRST((b) + 2u), FIRST((b) + 3u)
#define FIRST_16(b) FIRST_4(b), FIRST_4((b) + 4u), FIRST_4((b) + 8u), FIRST_4((b) + 12u)
#define FIRST_64(b) FIRST_16(b), FIRST_16((b) + 16u), FIRST_16((b) + 32u), FIRST_16((b) + 48u)

const union ws_frame_marks ws_frame_first[256] = {FIRST_64(0u), FIRST_64(64u), FIRST_64(128u), FIRST_64(192u)};

const union ws_frame_marks ws_frame_second[2][2] = {
    [WS_SERVER] = {{{.faults = WS_FAULT_UNMASKED, .head_length = 2, .length_form = WS_LENGTH_7}},
                   {{.masked = 1, .head_length = 6, .length_form = WS_LENGTH_7}}},
    [WS_CLIENT] = {{{.head_length = 2, .length_form = WS_LENGTH_7}},
                   {{.faults = WS_FAULT_MASKED, .masked = 1, .head_length = 6, .length_form = WS_LENGTH_7}}},
};
