/* `fault stall`: nothing goes on until the fault is taken away: half-open, with the kernel's acknowledgements. */
#include "net/fault_way.h"

const struct fault_acts fault_acts_STALL = {.hold = hold_all};
