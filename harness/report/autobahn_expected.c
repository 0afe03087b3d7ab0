/* See autobahn_expected.h. A scenario that says nothing of the closing leaves it to us: 1000, begun by us, clean. */
#include "report/autobahn_expected.h"

#include "engine/language/script.h"

#include <string.h>

struct expected {
    json_t *codes;
    bool begun, by_us; /* the closing, by the step that came first */
    bool close;        /* a step expects the testee's Close */
    bool unclean;      /* the connection may as well end without one */
};

static void begin(struct expected *expected, bool by_us)
{
    expected->by_us = expected->begun ? expected->by_us : by_us;
    expected->begun = true;
}

/* Each once, and single ones: 4xx is no list. */
static void add_codes(struct expected *expected, const struct setting *codes)
{
    for (size_t i = 0; codes != NULL && i < codes->value.code_count; i++) {
        const struct code_range *range = &codes->value.codes[i];
        bool known = range->from != range->to || range->from >= SCRIPT_CODE_NONE;
        for (size_t k = 0; k < json_array_size(expected->codes); k++)
            known |= json_integer_value(json_array_get(expected->codes, k)) == (json_int_t)range->from;
        if (!known)
            json_array_append_new(expected->codes, json_integer(range->from));
    }
}

/* Is it as good as any? What is only put up with is not expected. */
static bool is_wanted(const struct step *one)
{
    const struct setting *as = step_setting(one, SLOT_AS);
    return as == NULL || strcmp(as->value.word, "pass") == 0;
}

/* A frame that is no Close, or no whole one, begins nothing. */
static bool begins_closing(const struct step *step)
{
    return step->form == FORM_SEND_CLOSE && step_setting(step, SLOT_RSV) == NULL &&
           step_setting(step, SLOT_OPCODE) == NULL && step_setting(step, SLOT_MORE) == NULL &&
           step_setting(step, SLOT_CUT) == NULL;
}

/* Any one of its alternatives will do. */
static void look_at_expect(struct expected *expected, const struct step *step)
{
    bool close = false, end = false;
    for (const struct step *one = step; one != NULL; one = one == step ? step->alternatives : one->next) {
        bool fail = one->form == FORM_EXPECT_FAIL;
        if (!is_wanted(one))
            continue;
        end |= fail || one->form == FORM_EXPECT_EOF || one->form == FORM_EXPECT_RESET || one->form == FORM_EXPECT_DROP;
        if (!fail && one->form != FORM_EXPECT_CLOSE)
            continue;
        close = true;
        add_codes(expected, step_setting(one, SLOT_CODES));
    }
    if (close || end)
        begin(expected, false);
    expected->unclean |= end && !expected->close; /* behind a Close it is what has to come */
    expected->close |= close;
}

static void look_at(struct expected *expected, const struct step *step)
{
    for (; step != NULL; step = step->next) {
        if (step->verb == VERB_EXPECT)
            look_at_expect(expected, step);
        else if (begins_closing(step))
            begin(expected, true);
        look_at(expected, step->body);
    }
}

json_t *autobahn_expected_close(const struct case_result *result)
{
    struct expected expected = {.codes = json_array()};
    struct buf errors;
    unsigned mistakes;
    buf_init(&errors, 0);
    struct script *script = script_parse("", result->source, strlen(result->source), &errors, &mistakes);
    for (size_t i = 0; script != NULL && i < script->case_count; i++)
        if (strcmp(script->cases[i].id, result->id) == 0)
            look_at(&expected, script->cases[i].steps);
    script_free(script);
    buf_free(&errors);
    begin(&expected, true);
    if (json_array_size(expected.codes) == 0 && !expected.unclean)
        json_array_append_new(expected.codes, json_integer(1000));
    return json_pack("{so sb sb}", "closeCode", expected.codes, "closedByMe", expected.by_us, "requireClean",
                     !expected.unclean);
}
