/* The rows of socketio_faults.def as those of any peer. */
#include "engine/peer/socketio_peer.h"

static const struct peer_fault faults[] = {
#define FAULT(id, fault_name, case_id, version, text, overlooks)                                              \
    {.name = fault_name, .section = "Socket.IO", .requirement = "", .caught_by = case_id, .summary = text,     \
     .hooks = &(const struct peer_hooks){.socketio = SIO_FAULT_##id, .eio = version}},
#include "engine/peer/socketio_faults.def"
#undef FAULT
};

const struct peer_fault *socketio_faults(size_t *count)
{
    *count = sizeof faults / sizeof *faults;
    return faults;
}
