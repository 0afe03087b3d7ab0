/* The server that a client under test believes to talk to, as its profile's
 * `service` lines say: greets, answers, acknowledges, publishes, and keeps the
 * numbers of what came. Patterns are compiled once, and get bounded effort. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/runner/play.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EFFORT 100000u
#define DIGITS_MAX 20u
#define BEAT_NS (25 * NS_PER_S)

struct rule {
    const struct step *line;
    pcre2_code *code; /* NULL: the line has no pattern */
};

struct service {
    struct runner *runner;
    struct rule rules[PROMISES_SERVICE_MAX];
    size_t count;
    pcre2_match_context *context;
    struct timer *beat;
};

void numbers_add(struct numbers *numbers, uint64_t n, uint64_t came_ns)
{
    if (numbers->count == numbers->capacity) {
        size_t capacity = numbers->capacity ? 2 * numbers->capacity : 256;
        struct number *more = capacity > 2 * LIMIT_NUMBERS ? NULL : realloc(numbers->at, capacity * sizeof *more);
        if (!more) {
            numbers->left_out++;
            return;
        }
        numbers->at = more;
        numbers->capacity = capacity;
    }
    numbers->at[numbers->count++] = (struct number){n, came_ns};
}

/* ---- what a line says ---- */

static const struct step *line_of(const struct service *service, enum form form)
{
    for (size_t i = 0; i < service->count; i++)
        if (service->rules[i].line->form == form)
            return service->rules[i].line;
    return NULL;
}

/* Is there somebody to talk to, who reads what is said? */
static bool can_say(const struct conn *c)
{
    return c->endpoint && c->phase == CONN_FRAMES && !c->close_sent && !c->fin_sent && !c->end &&
           layer_queued(endpoint_layer(c->endpoint)) <= LIMIT_PONG_BYTES;
}

static void say(struct conn *c, const struct payload *payload, const char *name, const uint8_t *value, size_t size)
{
    struct runner *r = c->runner;
    struct capture captures[] = {{name, value, size}};
    struct payload_scope scope = {.captures = captures, .capture_count = name != NULL, .random = &r->random};
    struct diag why = {0};
    struct buf text;
    buf_init(&text, LIMIT_PAYLOAD_BYTES);
    if (!payload_bytes(payload, &scope, &text, &why))
        end_case(r, VERDICT_ERROR, "", "", "a service line of the profile: %s", why.text);
    else if (can_say(c))
        endpoint_send_message(c->endpoint, WS_TEXT, text.data, text.size, false);
    buf_free(&text);
}

static void say_number(struct conn *c, const struct step *line, uint64_t n)
{
    char digits[DIGITS_MAX + 1];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    say(c, step_setting(line, SLOT_PAYLOAD)->value.bytes, "n", (const uint8_t *)digits, (size_t)size);
}

/* The first group, or all of the match; NULL: no match. */
static const uint8_t *match(const struct service *service, const struct rule *rule, const uint8_t *bytes, size_t size,
                            size_t *found_size)
{
    const uint8_t *found = NULL;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(rule->code, NULL);
    if (data && pcre2_match(rule->code, bytes, size, 0, 0, data, service->context) > 0) {
        const size_t *ends = pcre2_get_ovector_pointer(data);
        uint32_t group = pcre2_get_ovector_count(data) > 1 && ends[2] != PCRE2_UNSET ? 1 : 0;
        found = bytes + ends[2 * group];
        *found_size = ends[2 * group + 1] - ends[2 * group];
    }
    pcre2_match_data_free(data);
    return found;
}

static bool read_number(const uint8_t *bytes, size_t size, uint64_t *n)
{
    char digits[DIGITS_MAX + 1];
    if (size == 0 || size > DIGITS_MAX - 1)
        return false;
    memcpy(digits, bytes, size);
    digits[size] = '\0';
    char *end;
    *n = strtoull(digits, &end, 10);
    return *end == '\0';
}

/* ---- what happens ---- */

void service_opened(struct conn *c)
{
    struct service *service = c->runner->service;
    const struct step *greet = service ? line_of(service, FORM_SERVICE_GREET) : NULL;
    if (greet)
        say(c, step_setting(greet, SLOT_PAYLOAD)->value.bytes, NULL, NULL, 0);
}

static void take_number(struct conn *c, uint64_t n)
{
    const struct step *ack = line_of(c->runner->service, FORM_SERVICE_ACK);
    numbers_add(&c->runner->sent_numbers, n, runner_now(c->runner));
    c->numbered++;
    if (ack)
        say_number(c, ack, n);
}

static void take_resume(struct conn *c, uint64_t last)
{
    const struct step *publish = line_of(c->runner->service, FORM_SERVICE_PUBLISH);
    for (uint64_t n = last + 1; publish && n <= c->runner->published; n++)
        say_number(c, publish, n);
}

static void setup_add(struct setup *setup, uint64_t said)
{
    if (setup->count < SETUPS_KEPT)
        setup->said[setup->count] = said;
    setup->count++;
}

static void take_setup(struct conn *c, const uint8_t *bytes, size_t size)
{
    uint64_t said = hash_of(bytes, size);
    setup_add(&c->setup, said);
    if (c->attempt == 1)
        setup_add(&c->runner->first_setup, said);
    c->setup.late |= c->numbered != 0;
}

/* Does this line take the message? A `setup` line only looks on. */
static bool apply(struct conn *c, const struct rule *rule, const uint8_t *bytes, size_t size)
{
    size_t found_size = 0;
    uint64_t n;
    const uint8_t *found = rule->code ? match(c->runner->service, rule, bytes, size, &found_size) : NULL;
    if (!found)
        return false;
    switch (rule->line->form) {
    case FORM_SERVICE_NUMBER:
        if (read_number(found, found_size, &n))
            take_number(c, n);
        return true;
    case FORM_SERVICE_RESUME:
        if (read_number(found, found_size, &n))
            take_resume(c, n);
        return true;
    case FORM_SERVICE_SETUP:
        take_setup(c, found, found_size);
        return false;
    default:
        if (step_setting(rule->line, SLOT_WITH))
            say(c, step_setting(rule->line, SLOT_WITH)->value.bytes, "group", found, found_size);
        return true;
    }
}

void service_message(struct conn *c, uint8_t opcode, const uint8_t *bytes, size_t size)
{
    const struct service *service = c->runner->service;
    if (!bytes)
        bytes = (const uint8_t *)"";
    for (int looks = 1; opcode == WS_TEXT && looks >= 0; looks--) /* first those who only look on */
        for (size_t i = 0; i < service->count; i++)
            if ((service->rules[i].line->form == FORM_SERVICE_SETUP) == looks &&
                apply(c, &service->rules[i], bytes, size))
                return;
    if (can_say(c) && line_of(service, FORM_SERVICE_ECHO))
        endpoint_send_message(c->endpoint, (enum ws_opcode)opcode, bytes, size, false);
}

bool service_publish(struct runner *r, struct conn *c)
{
    const struct step *publish = r->service ? line_of(r->service, FORM_SERVICE_PUBLISH) : NULL;
    if (!publish) {
        end_case(r, VERDICT_ERROR, "", "", "there is no `service publish` line in the profile");
        return false;
    }
    say_number(c, publish, ++r->published);
    return !r->decided;
}

static uint64_t beat_ns(const struct service *service)
{
    return runner_paced(service->runner, step_number(line_of(service, FORM_SERVICE_BEAT), SLOT_EVERY, BEAT_NS));
}

static void on_beat(void *arg)
{
    struct service *service = arg;
    struct runner *r = service->runner;
    const struct step *beat = line_of(service, FORM_SERVICE_BEAT);
    service->beat = timer_start(r->config.loop, beat_ns(service), on_beat, service);
    for (struct conn *c = r->conns; c; c = c->next)
        say(c, step_setting(beat, SLOT_PAYLOAD)->value.bytes, NULL, NULL, 0);
}

/* ---- life ---- */

static bool compile(struct service *service, struct rule *rule)
{
    const struct setting *pattern = step_setting(rule->line, SLOT_PATTERN);
    struct buf text;
    int error;
    size_t at;
    if (!pattern)
        return true;
    buf_init(&text, 0);
    if (runner_payload(service->runner, pattern->value.bytes, &text)) {
        rule->code = pcre2_compile((PCRE2_SPTR)buf_text(&text), text.size, 0, &error, &at, NULL);
        if (!rule->code)
            end_case(service->runner, VERDICT_ERROR, "", "", "line %d of the profile: no expression, at its byte %zu",
                     rule->line->line, at + 1);
    }
    buf_free(&text);
    return rule->code != NULL;
}

struct service *service_new(struct runner *r, const struct promises *promises)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service) {
        end_case(r, VERDICT_ERROR, "", "", "no memory");
        return NULL;
    }
    service->runner = r;
    service->context = pcre2_match_context_create(NULL);
    if (service->context) {
        pcre2_set_match_limit(service->context, EFFORT);
        pcre2_set_depth_limit(service->context, EFFORT);
    }
    for (size_t i = 0; i < promises->service_count && !r->decided; i++) {
        service->rules[service->count++] = (struct rule){.line = promises->service[i]};
        compile(service, &service->rules[i]);
    }
    if (line_of(service, FORM_SERVICE_BEAT))
        service->beat = timer_start(r->config.loop, beat_ns(service), on_beat, service);
    return service;
}

void service_free(struct service *service)
{
    if (!service)
        return;
    timer_stop(service->beat);
    for (size_t i = 0; i < service->count; i++)
        pcre2_code_free(service->rules[i].code);
    pcre2_match_context_free(service->context);
    free(service);
}
