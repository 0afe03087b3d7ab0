/* `fault off` is no fault: fault_set() takes the others away. */
#include "net/fault_way.h"

const struct fault_acts fault_acts_OFF = {0};
