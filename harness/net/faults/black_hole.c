/* `fault black-hole`: as stall, and the kernel acknowledges nothing that comes (layer_deafen). What was sent meanwhile
 * comes when the fault is taken away: TCP has gone on trying. */
#include "net/fault_way.h"

const struct fault_acts fault_acts_BLACK_HOLE = {.hold = hold_all, .deaf = true};
