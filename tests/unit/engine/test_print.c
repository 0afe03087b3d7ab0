/* What is printed parses to the same script, and prints the same again: for
 * every scenario of the project, and for scripts made at random from the table. */
#include "scripts.h"

#include "base/prng.h"
#include "engine/language/verbs.h"

/* ---- files ---- */

static char *printed(const struct script *script)
{
    struct buf out;
    buf_init(&out, 0);
    script_print(script, &out);
    ck_assert(!out.failed && out.data != NULL);
    return (char *)buf_steal(&out, &(size_t){0});
}

static void check_round_trip(const char *path)
{
    size_t size;
    char *text = unit_file(path, &size);
    struct parsed p = parsed_text(path, text, size);
    ck_assert_msg(p.mistakes == 0, "%s", buf_text(&p.errors));
    char *once = printed(p.script);
    struct parsed q = parsed_text(path, once, strlen(once));
    ck_assert_msg(q.mistakes == 0, "%s", buf_text(&q.errors));
    char *twice = printed(q.script);
    check_same_lines(path, twice, once);
    ck_assert_msg(same_steps(p.script->lines, q.script->lines), "%s is another script when printed:\n%s", path, once);
    free(text);
    free(once);
    free(twice);
    parsed_free(&p);
    parsed_free(&q);
}

START_TEST(every_scenario_survives_printing)
{
    each_file("scenarios", check_round_trip);
    each_file("tests/golden/fmt", check_round_trip);
}
END_TEST

static void say_canonical(const struct parsed *parsed, struct buf *out)
{
    script_print(parsed->script, out);
}

/* tests/golden/fmt/X.wsg as `wsgauntlet fmt` writes it, X.out. */
static void check_golden(const char *path)
{
    check_golden_file(path, say_canonical);
}

START_TEST(files_print_as_their_golden_text)
{
    each_file("tests/golden/fmt", check_golden);
}
END_TEST

START_TEST(a_case_prints_alone)
{
    struct script *s = good_script("suite \"x\"\ncase a each n 1 2 # why\n send close ${n}\n"
                                   "# about b\ncase b\n open\n");
    struct buf out;
    buf_init(&out, 0);
    test_case_print(&s->cases[1], &out);
    ck_assert_str_eq(buf_text(&out), "case a each n 1 2  # why\n  send close ${n}\n");
    buf_clear(&out);
    test_case_print(&s->cases[2], &out);
    ck_assert_str_eq(buf_text(&out), "# about b\ncase b\n  open\n");
    buf_clear(&out);
    step_print(s->cases[1].steps, &out);
    ck_assert_str_eq(buf_text(&out), "send close 2");
    buf_free(&out);
    script_free(s);
}
END_TEST

START_TEST(comments_and_blank_lines_stay)
{
    struct script *s = good_script("\n\n# top\n\n\n  #second\ncase a\n\n\n   # of the step  \nopen#behind\n"
                                   "repeat 2\n# of end\nend # last\n\n# after\n\n");
    char *out = printed(s);
    ck_assert_str_eq(out, "# top\n\n#second\ncase a\n\n  # of the step\n  open  #behind\n"
                          "  repeat 2\n  # of end\n  end  # last\n\n# after\n");
    free(out);
    script_free(s);
}
END_TEST

/* ---- scripts made at random ---- */

struct maker {
    struct arena arena;
    struct prng random;
    const char *family; /* name of its value, while inside one */
};

static uint64_t below(struct maker *m, uint64_t n)
{
    return prng_below(&m->random, n);
}

static const char *random_word(struct maker *m, const char *letters, size_t most)
{
    char word[32];
    size_t n = 1 + below(m, most);
    for (size_t i = 0; i < n; i++)
        word[i] = letters[below(m, strlen(letters))];
    return arena_text_n(&m->arena, word, n);
}

static const char *random_name(struct maker *m)
{
    return random_word(m, "abcdefghijk_XYZ", 8);
}

/* A piece of text that a literal can hold: any bytes when quoted. */
static void random_text(struct maker *m, struct piece *piece)
{
    static const char plain[] = "ab \\\"#$}{x\xe6\x97\xa5\xf0\x9f\x98\x80";
    uint8_t bytes[24];
    piece->size = 1 + below(m, sizeof bytes);
    if (piece->kind == PIECE_RAW) {
        piece->size = below(m, 2) ? sizeof plain - 1 : 5;
        memcpy(bytes, plain, piece->size);
    } else if (below(m, 2)) {
        prng_fill(&m->random, bytes, piece->size);
    } else {
        for (size_t i = 0; i < piece->size; i++)
            bytes[i] = (uint8_t)"\0\n\t'\"\\${x}\x7f\xc2\x85#"[below(m, 15)];
    }
    piece->bytes = arena_copy(&m->arena, bytes, piece->size);
}

static struct piece *add_piece(struct maker *m, struct piece ***tail, enum piece_kind kind)
{
    struct piece *piece = arena_alloc(&m->arena, sizeof *piece);
    piece->kind = kind;
    **tail = piece;
    *tail = &piece->next;
    return piece;
}

/* One literal: texts of one kind of quotes, with captures between them. */
static void random_literal(struct maker *m, struct piece ***tail, bool captures)
{
    enum piece_kind kind = below(m, 2) ? PIECE_QUOTED : PIECE_RAW;
    bool text = !captures || below(m, 3) > 0;
    size_t n = captures ? 1 + below(m, 4) : 1;
    for (size_t i = 0; i < n; i++, text = !text && below(m, 4) > 0) { /* never two texts in a row: they are one */
        struct piece *piece = add_piece(m, tail, text ? kind : PIECE_CAPTURE);
        piece->glued = i > 0;
        if (!text)
            piece->name = random_name(m);
        else if (n > 1 || below(m, 8) > 0)
            random_text(m, piece);
        else
            piece->bytes = (const uint8_t *)"";
    }
}

static struct payload *random_payload(struct maker *m, unsigned depth)
{
    struct payload *payload = arena_alloc(&m->arena, sizeof *payload);
    struct piece **tail = &payload->pieces;
    for (size_t n = 1 + below(m, 3); n > 0; n--) {
        enum piece_kind kind = (enum piece_kind)below(m, PIECES);
        if (kind <= PIECE_CAPTURE || (kind == PIECE_REPEAT && depth == 0)) {
            random_literal(m, &tail, true);
            continue;
        }
        struct piece *piece = add_piece(m, &tail, kind);
        piece->byte = kind == PIECE_FILL ? (uint8_t)below(m, 256) : 0;
        if (kind == PIECE_HEX)
            piece->size = below(m, 5), piece->bytes = arena_copy(&m->arena, "\x00\x81\xff\x7f", 4);
        else if (kind == PIECE_FILE || kind == PIECE_REPEAT)
            piece->inner = arena_alloc(&m->arena, sizeof *piece->inner);
        if (kind == PIECE_FILE)
            random_literal(m, &(struct piece **){&piece->inner->pieces}, true);
        else if (kind == PIECE_REPEAT)
            piece->inner = random_payload(m, depth - 1);
        if (kind != PIECE_FILE && below(m, 5) == 0) {
            piece->name = random_name(m);
            piece->bytes = NULL;
            piece->size = 0;
        } else if (kind != PIECE_FILE && kind != PIECE_HEX) {
            piece->times = below(m, 2) ? below(m, 300) : below(m, 64) << 20;
        }
        if (kind == PIECE_HEX && piece->size == 0)
            piece->bytes = NULL;
    }
    return payload;
}

static uint64_t random_time(struct maker *m)
{
    static const uint64_t units[] = {1, 1000, 1000000, 1000000000, 60000000000};
    return below(m, 600) * units[below(m, 5)];
}

/* Within "0..7", "1..", any. */
static uint64_t random_number(struct maker *m, const char *legal, uint64_t most)
{
    if (strstr(legal, "..") == NULL)
        return below(m, 3) == 0 ? prng_next(&m->random) % most : below(m, 200);
    uint64_t from = strtoull(legal, NULL, 10);
    const char *to = strstr(legal, "..") + 2;
    return from + below(m, (*to == 0 ? most : strtoull(to, NULL, 10)) - from + 1);
}

/* One of "none|########". */
static const char *random_alternative(struct maker *m, const char *legal)
{
    char copy[300];
    size_t n = 1, pick;
    snprintf(copy, sizeof copy, "%s", legal);
    for (const char *p = copy; *p != 0; p++)
        n += *p == '|';
    char *word = copy;
    for (pick = below(m, n); pick > 0; pick--)
        word = strchr(word, '|') + 1;
    word[strcspn(word, "|")] = 0;
    for (char *p = word; *p != 0; p++)
        *p = *p == '#' ? "0123456789abcdef"[below(m, 16)] : *p;
    return arena_text(&m->arena, word);
}

static void random_codes(struct maker *m, struct value *v)
{
    v->code_count = 1 + below(m, SCRIPT_CODES_MAX);
    v->codes = arena_alloc(&m->arena, v->code_count * sizeof *v->codes);
    for (size_t i = 0; i < v->code_count; i++) {
        uint32_t a = (uint32_t)below(m, 65536), b = (uint32_t)below(m, 65536);
        switch (below(m, 4)) {
        case 0: v->codes[i] = (struct code_range){SCRIPT_CODE_NONE, SCRIPT_CODE_NONE}; break;
        case 1: v->codes[i] = (struct code_range){100 * (1 + a % 9), 100 * (1 + a % 9) + 99}; break;
        case 2: v->codes[i] = (struct code_range){a < b ? a : b, a < b ? b : a}; break;
        default: v->codes[i] = (struct code_range){a, a};
        }
    }
}

static void random_ordinals(struct maker *m, struct value *v)
{
    v->code_count = 1 + below(m, SCRIPT_CODES_MAX);
    v->codes = arena_alloc(&m->arena, v->code_count * sizeof *v->codes);
    for (size_t i = 0; i < v->code_count; i++) {
        uint32_t a = 1 + (uint32_t)below(m, 1000), b = a + (uint32_t)below(m, 1000);
        switch (below(m, 4)) {
        case 0: v->codes[i] = (struct code_range){1, SCRIPT_NTH_LAST}; break;
        case 1: v->codes[i] = (struct code_range){1 + a, SCRIPT_NTH_LAST}; break;
        case 2: v->codes[i] = (struct code_range){a, b}; break;
        default: v->codes[i] = (struct code_range){a, a};
        }
    }
}

static void random_words(struct maker *m, struct value *v, bool first_is_name)
{
    v->word_count = 2 + below(m, 5);
    v->words = arena_alloc(&m->arena, v->word_count * sizeof *v->words);
    for (size_t i = 0; i < v->word_count; i++)
        v->words[i] = arena_printf(&m->arena, "%zu", 1000 + i);
    if (first_is_name)
        v->words[0] = m->family;
}

static void random_bytes(struct maker *m, struct value *v, enum slot slot)
{
    struct payload *one = arena_alloc(&m->arena, sizeof *one);
    if (v->kind == VALUE_DIGITS && below(m, 2))
        v->bytes = payload_of(&m->arena, "0013", 4);
    else if (slot == SLOT_TITLE)
        v->bytes = payload_of(&m->arena, "a \"title\" \\ ${x} \xe6\x97\xa5", 20);
    else if (v->kind == VALUE_STRING) {
        random_literal(m, &(struct piece **){&one->pieces}, true);
        v->bytes = one;
    } else if (v->kind != VALUE_MAYBE_BYTES || below(m, 2))
        v->bytes = random_payload(m, 2);
}

static void random_value(struct maker *m, struct value *v, enum slot slot)
{
    const char *legal = slot_rows[slot].legal;
    switch (v->kind) {
    case VALUE_FLAG:
    case VALUES: break;
    case VALUE_INT:
        if (slot == SLOT_CODE && m->family != NULL && below(m, 2))
            v->written = arena_printf(&m->arena, "${%s}", m->family);
        else if (strchr(legal, '|') != NULL)
            v->number = strtoull(random_alternative(m, legal), NULL, 10);
        else
            v->number = random_number(m, legal, UINT64_MAX);
        break;
    case VALUE_SIZE:
    case VALUE_RATE: v->number = random_number(m, legal, UINT64_C(1) << 40); break;
    case VALUE_FREQUENCY: v->number = random_number(m, legal, 1000000); break;
    case VALUE_TIME: v->number = random_time(m); break;
    case VALUE_RANGE:
    case VALUE_SPAN:
        v->from = below(m, 2) ? 0 : random_time(m);
        v->to = v->from + random_time(m);
        break;
    case VALUE_NUMBER: v->real = (double)(100 + below(m, 10000)) / 100; break;
    case VALUE_PERCENT: v->real = (double)below(m, 1000) / 10 / 100; break;
    case VALUE_WORD:
        v->word = strchr(legal, '|') != NULL ? random_alternative(m, legal)
                : strcmp(legal, "NAME") == 0 ? random_name(m) : random_word(m, "aZ09-._", 12);
        break;
    case VALUE_WORDS: random_words(m, v, slot == SLOT_EACH); break;
    case VALUE_CODES: random_codes(m, v); break;
    case VALUE_NTH: random_ordinals(m, v); break;
    case VALUE_BYTES:
    case VALUE_STRING:
    case VALUE_DIGITS:
    case VALUE_MAYBE_BYTES: random_bytes(m, v, slot); break;
    }
}

static void add_value(struct maker *m, struct step *step, enum slot slot)
{
    random_value(m, step_add(&m->arena, step, slot), slot);
}

/* A line of that form with arguments and some of its options. */
static struct step *random_line(struct maker *m, enum form form)
{
    struct step *step = step_new(&m->arena, form);
    for (int i = 0; i < 2; i++) {
        enum slot slot = form_rows[form].argument[i];
        if (slot != SLOT_NONE && (form_rows[form].needed[i] || below(m, 2)))
            add_value(m, step, slot);
    }
    for (size_t i = 0; i < option_row_count; i++)
        if (form_has_option(form, &option_rows[i]) && option_rows[i].slot != SLOT_EACH)
            for (uint64_t n = below(m, option_rows[i].many ? 3 : 2); n > 0; n--)
                add_value(m, step, option_rows[i].slot);
    step->comment = below(m, 6) == 0 ? " a comment" : NULL;
    step->before = below(m, 6) == 0 ? "\n# above it\n" : NULL;
    step->actor = below(m, 6) == 0 && verb_rows[step->verb].place == PLACE_STEP ? "bob" : NULL;
    return step;
}

static struct step **hang(struct step **tail, struct step *step)
{
    *tail = step;
    return &step->next;
}

static enum form random_form(struct maker *m, bool (*fits)(enum form form))
{
    enum form form;
    do
        form = (enum form)below(m, FORMS);
    while (!fits(form));
    return form;
}

static bool is_step(enum form form)
{
    return verb_rows[form_rows[form].verb].place == PLACE_STEP && form != FORM_END;
}

static bool is_expect(enum form form)
{
    return form_rows[form].verb == VERB_EXPECT;
}

/* A line of a profile. */
static bool is_profile(enum form form)
{
    return form_rows[form].verb == VERB_PROMISE || form_rows[form].verb == VERB_SERVICE;
}

static bool is_free_head(enum form form)
{
    return verb_rows[form_rows[form].verb].place == PLACE_HEAD && form_rows[form].verb != VERB_TESTEE_ROLE &&
           form != FORM_ALIAS_AUTOBAHN;
}

static struct step *random_steps(struct maker *m, unsigned depth)
{
    struct step *first = NULL, **tail = &first;
    for (uint64_t n = below(m, 6); n > 0; n--) {
        enum form form = random_form(m, is_step);
        if (form == FORM_REPEAT && depth == 0)
            continue;
        struct step *step = random_line(m, form);
        tail = hang(tail, step);
        if (form == FORM_REPEAT)
            step->body = random_steps(m, depth - 1);
        if (form == FORM_FLEET) /* not everything may stand in one */
            step->body = step_new(&m->arena, FORM_OPEN);
        struct step **or_tail = &step->alternatives;
        for (uint64_t k = below(m, 3); k > 0 && is_expect(form); k--) {
            struct step *or = random_line(m, random_form(m, is_expect));
            or->verb = VERB_OR;
            or_tail = hang(or_tail, or);
        }
    }
    return first;
}

static struct step **random_case(struct maker *m, struct step **tail, unsigned number)
{
    struct step *head = step_new(&m->arena, below(m, 3) == 0 ? FORM_SCENARIO : FORM_CASE);
    m->family = NULL;
    if (head->form == FORM_CASE) {
        step_add(&m->arena, head, SLOT_ID)->word = arena_printf(&m->arena, "a.b/%u", number);
        if (below(m, 2))
            add_value(m, head, SLOT_TITLE);
        m->family = below(m, 3) == 0 ? random_name(m) : NULL;
        if (m->family != NULL)
            add_value(m, head, SLOT_EACH);
    } else {
        add_value(m, head, SLOT_TITLE);
    }
    tail = hang(tail, head);
    if (below(m, 2))
        tail = hang(tail, random_line(m, FORM_TESTEE_BOTH));
    if (below(m, 2))
        tail = hang(tail, random_line(m, FORM_TIMEOUT));
    for (uint64_t n = below(m, 4); n > 0; n--)
        tail = hang(tail, random_line(m, random_form(m, is_free_head)));
    *tail = random_steps(m, 3);
    while (*tail != NULL)
        tail = &(*tail)->next;
    return tail;
}

START_TEST(scripts_made_at_random_survive_printing)
{
    bool met[FORMS] = {false};
    size_t forms = 0;
    for (unsigned seed = 0; seed < 3000; seed++) {
        struct maker m = {.random = prng_stream_n(7, "scripts", seed)};
        struct script made = {.name = "made.wsg"};
        arena_init(&m.arena);
        struct step **tail = &made.lines;
        for (uint64_t n = below(&m, 3); n > 0; n--)
            tail = hang(tail, random_line(&m, random_form(&m, is_profile)));
        for (unsigned n = 0; n < 4; n++)
            tail = random_case(&m, tail, n);
        char *text = printed(&made);
        struct parsed p = parsed_text("made.wsg", text, strlen(text));
        ck_assert_msg(p.mistakes == 0, "%s", buf_text(&p.errors));
        ck_assert_msg(same_steps(made.lines, p.script->lines), "another script (seed %u) when read:\n%s", seed, text);
        char *again = printed(p.script);
        check_same_lines("made.wsg", again, text);
        for (const struct step *s = made.lines; s != NULL; s = s->next)
            met[s->form] = true;
        free(text);
        free(again);
        parsed_free(&p);
        arena_free(&m.arena);
    }
    for (enum form form = 0; form < FORMS; form++)
        forms += met[form];
    ck_assert_uint_ge(forms, FORMS - 6); /* all but end, suite, alias and two roles, which are not drawn */
}
END_TEST

START_TEST(any_bytes_print_and_come_back)
{
    struct prng random = prng_stream(3, "bytes");
    struct payload_scope scope = {0};
    struct buf text, bytes;
    buf_init(&text, 0);
    buf_init(&bytes, 0);
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t data[40];
        size_t n = (size_t)prng_below(&random, sizeof data + 1);
        prng_fill(&random, data, n);
        for (size_t k = 0; k < n; k++)
            data[k] = i % 3 == 0 ? data[k] : i % 3 == 1 ? 0x20 + data[k] % 0x60 : data[0];
        buf_clear(&text);
        buf_clear(&bytes);
        buf_append_text(&text, "case x\nsend raw ");
        bytes_print(data, n, &text);
        struct script *s = good_script(buf_text(&text));
        struct diag why = {0};
        ck_assert(payload_bytes(step_setting(s->cases[0].steps, SLOT_PAYLOAD)->value.bytes, &scope, &bytes, &why));
        ck_assert_msg(same_bytes(bytes.data, bytes.size, data, n), "%s", buf_text(&text));
        script_free(s);
    }
    buf_free(&text);
    buf_free(&bytes);
}
END_TEST

/* ---- help and manual ---- */

static void check_width(const struct buf *text)
{
    for (const char *line = buf_text(text), *stop; *line != 0; line = stop + 1) {
        stop = strchr(line, '\n');
        ck_assert_ptr_nonnull(stop);
        ck_assert_msg(stop - line <= 80, "%.*s", (int)(stop - line), line);
    }
}

START_TEST(help_fits_80_columns_and_names_everything)
{
    struct buf out;
    buf_init(&out, 0);
    ck_assert(verbs_help(NULL, &out));
    check_width(&out);
    for (enum verb verb = 0; verb < VERBS; verb++) {
        ck_assert_ptr_nonnull(strstr(buf_text(&out), verb_word(verb)));
    }
    for (enum verb verb = 0; verb < VERBS; verb++) {
        buf_clear(&out);
        ck_assert(verbs_help(verb_word(verb), &out));
        check_width(&out);
        for (size_t i = 0; i < option_row_count; i++)
            if (option_rows[i].verb == verb)
                ck_assert_ptr_nonnull(strstr(buf_text(&out), slot_word(option_rows[i].slot)));
    }
    ck_assert(!verbs_help("wobble", &out));
    buf_free(&out);
}
END_TEST

START_TEST(the_manual_holds_the_reference_of_the_table)
{
    static const char begin[] = "<!-- reference: begin -->\n", end[] = "<!-- reference: end -->\n";
    char *manual = unit_file("docs/scenario-language.md", NULL);
    struct buf reference;
    buf_init(&reference, 0);
    verbs_manual(&reference);
    const char *from = strstr(manual, begin), *to = strstr(manual, end);
    ck_assert(from != NULL && to != NULL);
    from += sizeof begin - 1;
    struct buf whole;
    buf_init(&whole, 0);
    buf_append(&whole, manual, (size_t)(from - manual));
    buf_append(&whole, reference.data, reference.size);
    buf_append_text(&whole, to);
    unit_update("docs/scenario-language.md", buf_text(&whole));
    check_same_lines("docs/scenario-language.md", manual, buf_text(&whole));
    buf_free(&whole);
    buf_free(&reference);
    free(manual);
}
END_TEST

UNIT_MAIN("engine/print", every_scenario_survives_printing, files_print_as_their_golden_text, a_case_prints_alone,
          comments_and_blank_lines_stay, scripts_made_at_random_survive_printing, any_bytes_print_and_come_back,
          help_fits_80_columns_and_names_everything, the_manual_holds_the_reference_of_the_table)
