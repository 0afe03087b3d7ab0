/* The kernels for neon: AArch64. */
#if defined __aarch64__
#define UNIT neon
#define TARGET
#define TARGET_SMALL TARGET
#define LANE 16
#define LANE_SHORT 16
#include "simd_level.h"
#else
typedef int no_such_unit; /* a file must not be empty */
#endif
