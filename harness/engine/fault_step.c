/* See fault_step.h. */
#include "engine/fault_step.h"

/* Where the numbers of each row stand in its step. */
static const struct fault_form {
    bool is_one;
    enum fault_kind kind;
    enum slot time, amount; /* SLOT_NONE: it has none */
} forms[FORMS] = {
    [FORM_FAULT_OFF] = {true, FAULT_OFF, SLOT_NONE, SLOT_NONE},
    [FORM_FAULT_LATENCY] = {true, FAULT_LATENCY, SLOT_DURATION, SLOT_NONE},
    [FORM_FAULT_BANDWIDTH] = {true, FAULT_BANDWIDTH, SLOT_NONE, SLOT_SPEED},
    [FORM_FAULT_SLICE] = {true, FAULT_SLICE, SLOT_EVERY, SLOT_AMOUNT},
    [FORM_FAULT_CUT] = {true, FAULT_CUT, SLOT_NONE, SLOT_AFTER_BYTES},
    [FORM_FAULT_LIMIT] = {true, FAULT_LIMIT, SLOT_NONE, SLOT_AFTER_BYTES},
    [FORM_FAULT_STALL] = {true, FAULT_STALL, SLOT_NONE, SLOT_NONE},
    [FORM_FAULT_BLACK_HOLE] = {true, FAULT_BLACK_HOLE, SLOT_NONE, SLOT_NONE},
    [FORM_FAULT_CORRUPT] = {true, FAULT_CORRUPT, SLOT_NONE, SLOT_AMOUNT},
    [FORM_FAULT_SLOW_CLOSE] = {true, FAULT_SLOW_CLOSE, SLOT_DURATION, SLOT_NONE},
};

bool fault_of_step(const struct step *step, struct fault_setting *setting)
{
    const struct fault_form *form = &forms[step->form];
    *setting = (struct fault_setting){
        .kind = form->kind,
        .direction = FAULT_BOTH,
        .time_ns = form->time == SLOT_NONE ? 0 : step_number(step, form->time, 0),
        .jitter_ns = step_number(step, SLOT_JITTER_TIME, 0),
        .amount = form->amount == SLOT_NONE ? 0 : step_number(step, form->amount, 0),
    };
    return form->is_one;
}
