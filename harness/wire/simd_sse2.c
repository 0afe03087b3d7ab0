/* The kernels for sse2: x86-64, always there. */
#if defined __x86_64__
#define UNIT sse2
#define TARGET
#define TARGET_SMALL TARGET
#define LANE 16
#define LANE_SHORT 16
#include "simd_level.h"
#else
typedef int no_such_unit; /* a file must not be empty */
#endif
