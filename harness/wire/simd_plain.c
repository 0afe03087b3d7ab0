/* The kernels for plain: no vector unit. */
#define UNIT plain
#define TARGET
#define TARGET_SMALL TARGET
#define LANE 8
#define LANE_SHORT 8
#include "simd_level.h"
