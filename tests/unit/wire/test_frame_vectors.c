/* tests/vectors/frame-vectors.tsv: what a receiver must make of 550 streams of
 * frames, each whole, byte by byte and at every split. Where the text leaves a
 * choice, docs/frame-choices.md says what we expect. */
#include "judged.h"

#include <openssl/sha.h>

#define MESSAGE_MAX (1u << 20) /* the judge's limit: below the 64 MiB of the bombs */
#define ALL_SPLITS_BELOW 4096u
#define SPLITS_OF_LONG 64u

static char *choices; /* docs/frame-choices.md */

struct vector {
    const char *name, *role, *extensions, *hex, *events, *outcome, *requirement, *certainty;
};

/* Cuts a line at its tabs, in place. */
static struct vector vector_read(char *line)
{
    char *columns[12];
    size_t count = 0;
    for (char *c = line; c != NULL && count < 12; count++) {
        columns[count] = c;
        c = strchr(c, '\t');
        if (c != NULL)
            *c++ = 0;
    }
    ck_assert_msg(count == 12, "%s: not 12 columns", columns[0]);
    return (struct vector){columns[0], columns[1], columns[2], columns[3],
                           columns[4], columns[5], columns[6], columns[7]};
}

static unsigned hex_byte(const char *text)
{
    unsigned byte;
    ck_assert_msg(sscanf(text, "%2x", &byte) == 1, "not hex: %.10s", text);
    return byte;
}

/* "81{3*6162}": bytes in hex, and groups that repeat. */
static void hex_read(const char *text, struct buf *out)
{
    while (*text != 0) {
        if (*text != '{') {
            buf_append_byte(out, (uint8_t)hex_byte(text));
            text += 2;
            continue;
        }
        char *group;
        unsigned long times = strtoul(text + 1, &group, 10);
        ck_assert(*group == '*' && times > 0);
        const char *end = strchr(group, '}');
        size_t size = (size_t)(end - group - 1) / 2, start = out->size;
        for (size_t i = 0; i < size; i++)
            buf_append_byte(out, (uint8_t)hex_byte(group + 1 + 2 * i));
        buf_reserve(out, size * times);
        while (--times != 0)
            buf_append(out, out->data + start, size);
        text = end + 1;
    }
}

static struct ws_judge_config vector_config(const struct vector *v)
{
    return (struct ws_judge_config){
        .receiver = strcmp(v->role, "server") == 0 ? WS_SERVER : WS_CLIENT,
        .deflate = strncmp(v->extensions, "permessage-deflate", 18) == 0,
        .context_takeover = strstr(v->extensions, "no_context_takeover") == NULL,
        .message_max = MESSAGE_MAX,
    };
}

/* ---- events ---- */

static void check_bytes(const struct vector *v, const struct item *item, const char *expected)
{
    const struct buf *b = &item->bytes;
    if (strncmp(expected, "sha1=", 5) == 0) {
        uint8_t digest[SHA_DIGEST_LENGTH];
        char text[80];
        SHA1(b->data, b->size, digest);
        int at = snprintf(text, sizeof text, "sha1=");
        for (size_t i = 0; i < sizeof digest; i++)
            at += snprintf(text + at, sizeof text - (size_t)at, "%02x", digest[i]);
        snprintf(text + at, sizeof text - (size_t)at, ",len=%zu", b->size);
        ck_assert_msg(strcmp(text, expected) == 0, "%s: %s, not %s", v->name, text, expected);
        return;
    }
    struct buf bytes;
    buf_init(&bytes, 0);
    hex_read(expected, &bytes);
    ck_assert_msg(bytes.size == b->size && (b->size == 0 || memcmp(bytes.data, b->data, b->size) == 0),
                  "%s: other %s than %s", v->name, item->kind, expected);
    buf_free(&bytes);
}

/* "text:6162": an item; "close:1000:6279": with a code, "-" when there is none. */
static void check_item(const struct vector *v, const struct item *item, char *token)
{
    char *value = strchr(token, ':');
    ck_assert(value != NULL);
    *value++ = 0;
    ck_assert_msg(strcmp(token, item->kind) == 0, "%s: %s, not %s", v->name, item->kind, token);
    if (strcmp(token, "close") == 0) {
        unsigned code = *value == '-' ? 1005 : (unsigned)strtoul(value, NULL, 10);
        ck_assert_msg(code == item->code, "%s: code %u", v->name, item->code);
        value = strchr(value, ':') + 1;
    }
    check_bytes(v, item, value);
}

/* The items that were heard are those of the row; with `all` false they may be
 * the first few of them. */
static void check_events(const struct vector *v, const struct judged *j, bool all)
{
    char *events = strdup(v->events), *rest = events;
    size_t count = 0;
    while (strcmp(v->events, "-") != 0 && rest != NULL) {
        char *token = strsep(&rest, " ");
        if (count < j->count)
            check_item(v, &j->items[count], token);
        count++;
    }
    ck_assert_msg(all ? j->count == count : j->count <= count, "%s: %zu events, not %zu", v->name,
                  j->count, count);
    free(events);
}

/* ---- outcomes ---- */

/* The codes of "fail 1007|1002 or wait" are those of the prediction; with
 * `all` false the two share one. */
static void check_codes(const struct vector *v, const struct ws_prediction *p, bool all)
{
    const char *fail = strstr(v->outcome, "fail");
    ck_assert_msg(fail != NULL, "%s: predicted to fail", v->name);
    size_t shared = 0, predicted = 0, named = 0;
    for (const char *c = fail + 4; *c == ' ' || *c == '|'; c += 5) {
        if (c[1] < '0' || c[1] > '9')
            break;
        named++;
        shared += ws_prediction_allows(p, (unsigned)strtoul(c + 1, NULL, 10));
    }
    while (predicted < WS_PREDICTION_CODES_MAX && p->codes[predicted] != 0)
        predicted++;
    if (named == 0)
        ck_assert_msg(ws_prediction_allows(p, 3999), "%s: any code will do", v->name);
    else if (all)
        ck_assert_msg(shared == named && predicted == named, "%s: other codes", v->name);
    else
        ck_assert_msg(shared != 0, "%s: no code in common", v->name);
}

/* The outcome that docs/frame-choices.md names for this requirement: the row
 * "| may fail | `ID` | strict | why |". */
static enum ws_outcome choice_for(const struct vector *v)
{
    static const char *const names[] = {
        [WS_OUTCOME_OK] = "ok",     [WS_OUTCOME_WAIT] = "wait",         [WS_OUTCOME_FAIL] = "fail",
        [WS_OUTCOME_MAY_FAIL] = "may fail", [WS_OUTCOME_FAIL_SOON] = "fail soon"};
    for (enum ws_outcome outcome = WS_OUTCOME_OK; outcome <= WS_OUTCOME_FAIL_SOON; outcome++) {
        char row[200];
        snprintf(row, sizeof row, "\n| %s | `%s` | %s |", names[outcome], v->requirement, v->certainty);
        if (strstr(choices, row) != NULL)
            return outcome;
    }
    ck_abort_msg("%s: no row in docs/frame-choices.md for %s", v->name, v->requirement);
}

static void check_choice(const struct vector *v, const struct judged *j, const struct ws_prediction *p)
{
    ck_assert_msg(p->outcome == choice_for(v), "%s: outcome %d", v->name, (int)p->outcome);
    if (p->outcome != WS_OUTCOME_OK)
        check_codes(v, p, false);
    if (strncmp(v->outcome, "ok", 2) == 0)
        check_events(v, j, p->outcome == WS_OUTCOME_OK);
}

static void check_must(const struct vector *v, const struct judged *j, const struct ws_prediction *p)
{
    enum ws_outcome expected = strcmp(v->outcome, "ok") == 0     ? WS_OUTCOME_OK
                               : strcmp(v->outcome, "wait") == 0 ? WS_OUTCOME_WAIT
                                                                 : WS_OUTCOME_FAIL;
    ck_assert_msg(p->outcome == expected, "%s: outcome %d", v->name, (int)p->outcome);
    if (expected == WS_OUTCOME_FAIL)
        check_codes(v, p, true);
    check_events(v, j, true);
}

/* ---- cuts ---- */

static void check_split(const struct vector *v, const struct judged *whole, const struct buf *bytes,
                        size_t split)
{
    struct judged j;
    judged_init(&j, vector_config(v));
    judged_feed_guard(&j, guard_end(bytes->data, split));
    judged_feed_guard(&j, guard_begin(bytes->data + split, bytes->size - split));
    ck_assert_msg(judged_same(&j, whole), "%s: differs when cut at %zu", v->name, split);
    judged_free(&j);
}

static void check_bytewise(const struct vector *v, const struct judged *whole, const struct buf *bytes)
{
    struct judged j;
    struct guard g = guard_end("", 1);
    judged_init(&j, vector_config(v));
    for (size_t i = 0; i < bytes->size; i++) {
        g.bytes[0] = bytes->data[i];
        ws_judge_feed(j.judge, g.bytes, 1);
    }
    ck_assert_msg(judged_same(&j, whole), "%s: differs byte by byte", v->name);
    judged_free(&j);
    guard_free(&g);
}

static void check_vector(const struct vector *v)
{
    struct buf bytes;
    buf_init(&bytes, 0);
    hex_read(v->hex, &bytes);

    struct judged whole;
    judged_init(&whole, vector_config(v));
    judged_feed(&whole, bytes.data, bytes.size);
    struct ws_prediction p = ws_judge_predict(whole.judge);
    if (strcmp(v->certainty, "must") == 0)
        check_must(v, &whole, &p);
    else
        check_choice(v, &whole, &p);

    check_bytewise(v, &whole, &bytes);
    bool is_long = bytes.size > ALL_SPLITS_BELOW;
    size_t splits = is_long ? SPLITS_OF_LONG : bytes.size;
    for (size_t i = 1; i < splits; i++)
        check_split(v, &whole, &bytes, is_long ? i * bytes.size / splits + i % 3 : i);
    judged_free(&whole);
    buf_free(&bytes);
}

START_TEST(every_vector)
{
    char *text = unit_file("tests/vectors/frame-vectors.tsv", NULL), *rest = text;
    size_t rows = 0;
    choices = unit_file("docs/frame-choices.md", NULL);
    while (rest != NULL) {
        char *line = strsep(&rest, "\n");
        if (*line == 0 || *line == '#' || strncmp(line, "name\t", 5) == 0)
            continue;
        struct vector v = vector_read(line);
        check_vector(&v);
        rows++;
    }
    ck_assert_uint_eq(rows, 550);
    free(text);
    free(choices);
}
END_TEST

UNIT_MAIN("frame vectors", every_vector)
