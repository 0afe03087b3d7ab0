/* A story as a file of two scenarios. Each is the timeline of all connections as
 * one side lives it: what it did is a step, what the other did is expected. */
#include "engine/story/tokens.h"

#include "engine/language/script.h"
#include "engine/proxy/secrets.h"
#include "net/loop.h"
#include "wire/http1.h"
#include "wire/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_LEAST (50 * NS_PER_MS)  /* a shorter one is not worth a line */
#define PUSH_LEAST (500 * NS_PER_MS)  /* what comes by itself after so long comes not sooner than half of it */
#define ANSWER_USUAL (2 * NS_PER_S)   /* as long as an expect waits anyway */
#define EXACT_MAX 4096u               /* a longer payload is expected by its kind alone */
#define VALUES_MAX 60u                /* captures: LIMIT_CAPTURES of the language */
#define SECRETS_MAX 100u
#define SECRET_LEAST 4u               /* bytes: a shorter one would mask half the text */

/* One side made it up, the other repeats it: ${v1} ... */
struct recurring { const uint8_t *bytes; size_t size; bool captured; };

struct teller {
    const struct story *story;
    const struct story_options *options;
    struct buf *out;
    bool client;               /* whose side is ours */
    bool actors;               /* connections overlap */
    struct recurring values[VALUES_MAX];
    unsigned value_count;
    struct recurring secrets[SECRETS_MAX]; /* masked wherever they stand, so that they agree */
    unsigned secret_count;
    uint64_t last_ns;          /* of the event before */
    bool last_ours;            /* on the same connection: what comes next is an answer */
    bool *closed, *gone;       /* by connection: a Close went; its end was told */
    unsigned open;             /* connections so far */
};

/* ---- order ---- */

static int by_time(const void *a, const void *b)
{
    const struct story_event *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static unsigned highest(const struct story *story)
{
    unsigned most = 0;
    for (size_t i = 0; i < story->count; i++)
        most = story->events[i].connection > most ? story->events[i].connection : most;
    return most;
}

static bool overlap(const struct story *story)
{
    unsigned last = 0, most = highest(story);
    bool *seen = calloc(most + 1u, sizeof *seen), found = false;
    for (size_t i = 0; seen != NULL && i < story->count && !found; i++) {
        unsigned c = story->events[i].connection;
        found = c != last && seen[c];
        seen[c] = true;
        last = c;
    }
    free(seen);
    return found;
}

/* ---- values that one side makes up and the other repeats ---- */

static const struct recurring *value_find(const struct teller *t, const uint8_t *bytes, size_t size)
{
    for (unsigned i = 0; i < t->value_count; i++)
        if (t->values[i].size == size && memcmp(t->values[i].bytes, bytes, size) == 0)
            return &t->values[i];
    return NULL;
}

static bool is_text(const struct story_event *e)
{
    return e->kind == STORY_MESSAGE && e->opcode == 1 && e->size == e->whole && e->size != 0 &&
           memchr(e->bytes, 1, e->size) == NULL;
}

/* Did our side say that word before event `end`, or (behind) after it? */
static bool we_say(const struct teller *t, size_t begin, size_t end, const uint8_t *word, size_t size)
{
    for (size_t i = begin; i < end; i++) {
        const struct story_event *e = &t->story->events[i];
        if (is_text(e) && e->client == t->client && story_has_word(e->bytes, e->size, word, size))
            return true;
    }
    return false;
}

static void find_secrets(struct teller *t)
{
    for (size_t i = 0; i < t->story->count && !t->options->secrets; i++) {
        const struct story_event *e = &t->story->events[i];
        struct story_token token;
        for (size_t from = 0; is_text(e) && story_token_next(e->bytes, e->size, &from, &token);)
            if (token.kind == TOKEN_SECRET && token.size >= SECRET_LEAST && t->secret_count < SECRETS_MAX)
                t->secrets[t->secret_count++] = (struct recurring){.bytes = e->bytes + token.at, .size = token.size};
    }
}

/* The next part of the text that varies or is secret. */
static bool next_token(const struct teller *t, const struct story_event *e, size_t *from, struct story_token *token)
{
    size_t start = *from;
    bool found = story_token_next(e->bytes, e->size, from, token);
    for (unsigned i = 0; i < t->secret_count; i++) {
        const struct recurring *secret = &t->secrets[i];
        size_t end = found ? token->at + token->size : e->size;
        const uint8_t *at = memmem(e->bytes + start, end - start, secret->bytes, secret->size);
        if (at == NULL || (found && token->kind == TOKEN_SECRET && token->at <= (size_t)(at - e->bytes)))
            continue;
        *token = (struct story_token){.at = (size_t)(at - e->bytes), .size = secret->size, .kind = TOKEN_SECRET};
        *from = token->at + token->size;
        found = true;
    }
    return found;
}

static void find_values(struct teller *t)
{
    for (size_t i = 0; i < t->story->count; i++) {
        const struct story_event *e = &t->story->events[i];
        if (!is_text(e) || e->client == t->client || e->size > EXACT_MAX)
            continue;
        struct story_token token;
        for (size_t from = 0; next_token(t, e, &from, &token) && t->value_count < VALUES_MAX;) {
            const uint8_t *word = e->bytes + token.at;
            if (value_find(t, word, token.size) == NULL && !we_say(t, 0, i, word, token.size) &&
                we_say(t, i + 1, t->story->count, word, token.size))
                t->values[t->value_count++] = (struct recurring){.bytes = word, .size = token.size};
        }
    }
}

/* ---- payloads ---- */

/* In a text under way a name stands between two bytes that no text has. */
static void put_name(struct buf *out, unsigned index)
{
    buf_printf(out, "\x01%u\x02", index + 1);
}

/* Can it stand in single quotes, which have no escapes? */
static bool fits_raw(const struct buf *text)
{
    size_t bad;
    for (size_t i = 0; i < text->size; i++) {
        uint8_t c = text->data[i];
        if (c == '\'' || c == 0x7f || (c < 0x20 && c != 1 && c != 2) || (c == '$' && text->data[i + 1] == '{'))
            return false; /* a NUL stands behind the bytes of a buf */
    }
    return ws_utf8_valid(text->data, text->size, &bad);
}

static void print_raw(struct teller *t, const struct buf *text)
{
    buf_append_byte(t->out, '\'');
    for (size_t i = 0; i < text->size; i++)
        if (text->data[i] == 1)
            buf_append_text(t->out, "${v");
        else
            buf_append_byte(t->out, text->data[i] == 2 ? '}' : text->data[i]);
    buf_append_byte(t->out, '\'');
}

/* Prints bytes whose marks stand for names: in one pair of quotes where that can be read. */
static void print_marked(struct teller *t, const struct buf *text)
{
    bool marked = text->size != 0 && memchr(text->data, 1, text->size) != NULL;
    bool quotes = text->size != 0 && (memchr(text->data, '"', text->size) || memchr(text->data, '\\', text->size));
    if ((marked || quotes) && fits_raw(text)) {
        print_raw(t, text);
        return;
    }
    if (!marked) {
        bytes_print(text->data, text->size, t->out);
        return;
    }
    const uint8_t *at = text->data, *end = at + text->size;
    for (const char *blank = ""; at < end; blank = " ") {
        const uint8_t *mark = memchr(at, 1, (size_t)(end - at));
        size_t size = (size_t)((mark == NULL ? end : mark) - at);
        if (size != 0) {
            buf_append_text(t->out, blank);
            bytes_print(at, size, t->out);
            blank = " ";
        }
        if (mark == NULL)
            return;
        const uint8_t *stop = memchr(mark, 2, (size_t)(end - mark));
        buf_printf(t->out, "%s\"${v%.*s}\"", blank, (int)(stop - mark - 1), (const char *)mark + 1);
        at = stop + 1;
    }
}

/* What we send: repeated values by name, secrets masked. */
static void our_text(struct teller *t, const struct story_event *e)
{
    struct buf text;
    struct story_token token;
    size_t done = 0;
    buf_init(&text, 0);
    for (size_t from = 0; next_token(t, e, &from, &token);) {
        const struct recurring *value = value_find(t, e->bytes + token.at, token.size);
        bool mask = token.kind == TOKEN_SECRET && !t->options->secrets;
        if ((value == NULL || !value->captured) && !mask)
            continue;
        buf_append(&text, e->bytes + done, token.at - done);
        if (value != NULL && value->captured)
            put_name(&text, (unsigned)(value - t->values));
        else
            buf_append_text(&text, SECRETS_MASK);
        done = token.at + token.size;
    }
    buf_append(&text, e->bytes + done, e->size - done);
    print_marked(t, &text);
    buf_free(&text);
}

static void pattern_literal(struct buf *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0 && strchr("\\^$.[]|()?*+{}", bytes[i]) != NULL)
            buf_append_byte(out, '\\');
        buf_append_byte(out, bytes[i]);
    }
}

static bool varies(const struct teller *t, size_t index, const struct story_event *e, const struct story_token *token)
{
    const uint8_t *word = e->bytes + token->at;
    return value_find(t, word, token->size) != NULL || (token->kind == TOKEN_SECRET && !t->options->secrets) ||
           !we_say(t, 0, index, word, token->size);
}

/* What they send: exact where nothing varies, else a pattern, its new values captured. */
static void their_text(struct teller *t, size_t index, const struct story_event *e)
{
    struct buf text, captures;
    struct story_token token;
    size_t done = 0;
    bool pattern = false;
    buf_init(&text, 0);
    buf_init(&captures, 0);
    buf_append_byte(&text, '^');
    for (size_t from = 0; next_token(t, e, &from, &token);) {
        if (!varies(t, index, e, &token))
            continue;
        struct recurring *value = (struct recurring *)value_find(t, e->bytes + token.at, token.size);
        pattern_literal(&text, e->bytes + done, token.at - done);
        bool word = token.kind != TOKEN_TIME && token.kind != TOKEN_SECRET; /* means itself in an expression */
        if (value != NULL && value->captured && word) {
            put_name(&text, (unsigned)(value - t->values));
        } else if (value != NULL && !value->captured) {
            value->captured = true;
            buf_printf(&text, "(%s)", story_token_pattern(token.kind));
            buf_printf(&captures, " capture v%u", (unsigned)(value - t->values) + 1);
        } else {
            buf_append_text(&text, story_token_pattern(token.kind));
        }
        done = token.at + token.size;
        pattern = true;
    }
    if (pattern) {
        pattern_literal(&text, e->bytes + done, e->size - done);
        buf_append_byte(&text, '$');
        buf_append_text(t->out, " matches ");
        print_marked(t, &text);
        buf_append(t->out, captures.data, captures.size);
    } else if (e->size != 0 || e->whole == 0) {
        buf_append_byte(t->out, ' ');
        buf_clear(&text);
        buf_append(&text, e->bytes, e->size);
        print_marked(t, &text);
    }
    buf_free(&text);
    buf_free(&captures);
}

/* ---- lines ---- */

static void begin(struct teller *t, const struct story_event *e)
{
    buf_append_text(t->out, "  ");
    if (!t->actors)
        return;
    unsigned n = e->connection - 1;
    if (n >= 26)
        buf_append_byte(t->out, (uint8_t)('a' + (n / 26 - 1) % 26));
    buf_printf(t->out, "%c: ", 'a' + (int)(n % 26));
}

static void finish(struct teller *t)
{
    buf_append_byte(t->out, '\n');
}

/* A time as a person would say it: two digits are enough. */
static void print_time(struct buf *out, uint64_t ns)
{
    uint64_t ms = ns / NS_PER_MS, step = ms >= 10000 ? 1000 : ms >= 1000 ? 100 : ms >= 100 ? 10 : 1;
    buf_printf(out, "%" PRIu64 "ms", ms / step * step == 0 ? 1 : ms / step * step);
}

static void pause_before(struct teller *t, const struct story_event *e)
{
    uint64_t gap = e->at_ns - t->last_ns;
    if (t->last_ns == 0 || gap < PAUSE_LEAST)
        return;
    begin(t, e);
    buf_append_text(t->out, "wait ");
    print_time(t->out, gap);
    finish(t);
}

/* How long it may take: twice what it took and a second; what comes by itself not sooner than half. */
static void within(struct teller *t, const struct story_event *e)
{
    uint64_t gap = t->last_ns == 0 ? 0 : e->at_ns - t->last_ns;
    bool push = !t->last_ours && gap >= PUSH_LEAST;
    if (!push && 2 * gap + NS_PER_S <= ANSWER_USUAL)
        return;
    buf_append_text(t->out, " within ");
    if (push) {
        print_time(t->out, gap / 2);
        buf_append_text(t->out, "..");
    }
    print_time(t->out, 2 * gap + NS_PER_S);
}

static void message(struct teller *t, size_t index, const struct story_event *e)
{
    const char *kind = e->opcode == 1 ? "text" : "binary";
    bool ours = e->client == t->client, cut = e->size < e->whole;
    if (ours)
        pause_before(t, e);
    begin(t, e);
    buf_printf(t->out, "%s %s", ours ? "send" : "expect", kind);
    if (ours) {
        buf_append_byte(t->out, ' ');
        if (is_text(e))
            our_text(t, e);
        else
            bytes_print(e->bytes, e->size, t->out);
        if (cut)
            buf_printf(t->out, " fill(0x2e x %" PRIu64 ")", e->whole - e->size);
    } else if (is_text(e) && e->size <= EXACT_MAX) {
        their_text(t, index, e);
    } else if (!cut && e->size <= EXACT_MAX) {
        buf_append_byte(t->out, ' ');
        bytes_print(e->bytes, e->size, t->out);
    }
    if (!ours)
        within(t, e);
    if (cut || (!ours && e->size > EXACT_MAX))
        buf_printf(t->out, "  # of %" PRIu64 " bytes", e->whole);
    finish(t);
}

static void ping(struct teller *t, const struct story_event *e)
{
    if (e->client != t->client)
        return; /* is answered by itself */
    pause_before(t, e);
    begin(t, e);
    buf_append_text(t->out, "send ping ");
    bytes_print(e->bytes, e->size, t->out);
    finish(t);
    begin(t, e);
    buf_append_text(t->out, "expect pong ");
    bytes_print(e->bytes, e->size, t->out);
    finish(t);
}

static void close_frame(struct teller *t, const struct story_event *e)
{
    bool ours = e->client == t->client;
    if (ours)
        pause_before(t, e);
    begin(t, e);
    buf_printf(t->out, "%s close", ours ? "send" : "expect");
    if (e->code != 0)
        buf_printf(t->out, " %u", e->code);
    else if (!ours)
        buf_append_text(t->out, " none");
    if (e->size != 0) {
        buf_append_byte(t->out, ' ');
        bytes_print(e->bytes, e->size, t->out);
    }
    if (!ours)
        within(t, e);
    finish(t);
    t->closed[e->connection] = true;
}

/* ---- the opening handshake ---- */

static const char *const usual[] = {
    "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
    "sec-websocket-protocol", "origin", "user-agent", "accept-encoding", "accept-language", "accept", "cache-control",
    "pragma", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site",
};

static bool is_usual(struct ws_span name)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (ws_span_is_nocase(name, usual[i]))
            return true;
    return false;
}

static void protocols(struct teller *t, const struct ws_head *head)
{
    size_t from = 0;
    for (const struct ws_header *h; (h = ws_head_next(head, WS_HEADER_PROTOCOL, &from)) != NULL;) {
        struct ws_span rest = h->value, element;
        while (ws_list_next(&rest, &element)) {
            buf_append_text(t->out, " protocol ");
            bytes_print((const uint8_t *)element.at, element.size, t->out);
        }
    }
}

static void other_headers(struct teller *t, const struct ws_head *head, struct buf *masked)
{
    size_t from = 0;
    const struct ws_header *origin = ws_head_next(head, WS_HEADER_ORIGIN, &from);
    if (origin != NULL) {
        buf_append_text(t->out, " origin ");
        bytes_print((const uint8_t *)origin->value.at, origin->value.size, t->out);
    }
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *h = &head->headers[i];
        if (is_usual(h->name) || h->oddities != 0)
            continue;
        if (secrets_is_header(h->name.at, h->name.size) && !t->options->secrets) {
            buf_printf(masked, "%s%.*s", masked->size == 0 ? "" : ", ", (int)h->name.size, h->name.at);
            continue;
        }
        buf_append_text(t->out, " header ");
        struct buf line;
        buf_init(&line, 0);
        buf_printf(&line, "%.*s: %.*s", (int)h->name.size, h->name.at, (int)h->value.size, h->value.at);
        bytes_print(line.data, line.size, t->out);
        buf_free(&line);
    }
}

static bool read_head(struct ws_head *head, const struct story_event *e, bool response)
{
    return e->size != 0 &&
           ws_head_parse(head, response, (const char *)e->bytes, e->size, 0, 0).answer == WS_SCAN_DONE;
}

static void open_path(struct teller *t, struct ws_span target, struct buf *masked)
{
    struct buf path;
    buf_init(&path, 0);
    secrets_target(target.at, target.size, t->options->secrets, &path);
    if (path.size != target.size || memcmp(path.data, target.at, path.size) != 0)
        buf_printf(masked, "%sa part of the path", masked->size == 0 ? "" : ", ");
    buf_append_text(t->out, " path ");
    bytes_print(path.data, path.size, t->out);
    buf_free(&path);
}

/* Does it ask for what the connection before asked for? */
static bool same_request(const struct teller *t, const struct story_event *e)
{
    const struct story_event *last = NULL;
    for (const struct story_event *at = t->story->events; at < e; at++)
        last = at->kind == STORY_OPEN ? at : last;
    const uint8_t *a = last == NULL ? NULL : memchr(last->bytes, '\r', last->size);
    const uint8_t *b = memchr(e->bytes, '\r', e->size);
    size_t size = b == NULL ? e->size : (size_t)(b - e->bytes);
    return last != NULL && size == (a == NULL ? last->size : (size_t)(a - last->bytes)) &&
           memcmp(last->bytes, e->bytes, size) == 0;
}

/* The client's side: the same request again; after the first a new one, with the pause there was. */
static void open_ours(struct teller *t, const struct story_event *e, const struct ws_head *head, struct buf *masked)
{
    bool known = head != NULL;
    if (t->open > 1 && !t->actors && same_request(t, e)) {
        buf_append_text(t->out, "  reconnect after ");
        print_time(t->out, e->at_ns - t->last_ns);
        buf_append_text(t->out, " tries 5");
        return;
    }
    if (t->open > 1)
        pause_before(t, e);
    begin(t, e);
    buf_append_text(t->out, "open");
    open_path(t, known ? head->target : (struct ws_span){(const char *)e->bytes, e->size}, masked);
    if (known) {
        protocols(t, head);
        other_headers(t, head, masked);
    }
}

/* The server's side: whoever comes, in its time, is let in as it was then. */
static void open_theirs(struct teller *t, const struct story_event *e, size_t index)
{
    struct ws_head head;
    begin(t, e);
    buf_append_text(t->out, "accept");
    for (size_t i = index + 1; i < t->story->count; i++) {
        const struct story_event *answer = &t->story->events[i];
        if (answer->connection != e->connection || answer->kind != STORY_ANSWER || !read_head(&head, answer, true))
            continue;
        protocols(t, &head);
        if (head.status != 101 && head.status > 0)
            buf_printf(t->out, " status %d", head.status);
        break;
    }
    if (t->open > 1) {
        uint64_t gap = e->at_ns - t->last_ns;
        buf_append_text(t->out, " within ");
        print_time(t->out, 3 * gap + 5 * NS_PER_S);
    }
}

static void opening(struct teller *t, size_t index, const struct story_event *e)
{
    struct ws_head head;
    struct buf masked;
    bool known = read_head(&head, e, false);
    buf_init(&masked, 0);
    t->open++;
    if (t->client)
        open_ours(t, e, known ? &head : NULL, &masked);
    else
        open_theirs(t, e, index);
    if (masked.size != 0)
        buf_printf(t->out, "  # masked: %s", buf_text(&masked));
    finish(t);
    buf_free(&masked);
}

static void answer(struct teller *t, const struct story_event *e)
{
    struct ws_head head;
    if (!t->client || !read_head(&head, e, true) || head.status == 101)
        return;
    begin(t, e);
    buf_printf(t->out, "expect status %d", head.status);
    finish(t);
    t->gone[e->connection] = true;
}

static void ending(struct teller *t, const struct story_event *e)
{
    bool ours = e->client == t->client && e->kind != STORY_GONE;
    if (t->gone[e->connection] || (t->closed[e->connection] && e->kind != STORY_RESET))
        return; /* a closing handshake sees to the rest */
    t->gone[e->connection] = true;
    if (ours)
        pause_before(t, e);
    begin(t, e);
    if (e->kind == STORY_GONE)
        buf_append_text(t->out, "drop fin  # how it ended is not known"); /* whoever is played can do it */
    else if (ours)
        buf_append_text(t->out, e->kind == STORY_FIN ? "drop fin" : "drop reset");
    else
        buf_append_text(t->out, "expect drop");
    if (!ours && e->kind != STORY_GONE)
        within(t, e);
    finish(t);
}

static void tell(struct teller *t, size_t index)
{
    const struct story_event *e = &t->story->events[index];
    switch (e->kind) {
    case STORY_OPEN: opening(t, index, e); break;
    case STORY_ANSWER: answer(t, e); break;
    case STORY_MESSAGE: message(t, index, e); break;
    case STORY_PING: ping(t, e); break;
    case STORY_CLOSE: close_frame(t, e); break;
    default: ending(t, e); break;
    }
    if (e->kind != STORY_ANSWER) {
        t->last_ns = e->at_ns;
        t->last_ours = e->client == t->client;
    }
}

static bool tell_side(struct story *story, const struct story_options *options, bool client, struct buf *out)
{
    struct teller *t = calloc(1, sizeof *t);
    unsigned most = highest(story);
    bool *flags = calloc(2 * (most + 1u), sizeof *flags);
    if (t != NULL && flags != NULL) {
        *t = (struct teller){.story = story, .options = options, .out = out, .client = client,
                             .actors = overlap(story), .closed = flags, .gone = flags + most + 1};
        buf_append_text(out, "scenario ");
        struct buf title;
        buf_init(&title, 0);
        buf_printf(&title, "%s%s", options->title, client ? "" : ", mirrored: we are the server");
        bytes_print(title.data, title.size, out);
        buf_free(&title);
        buf_printf(out, "\n  testee %s\n  timeout 5s\n", client ? "server" : "client");
        find_secrets(t);
        find_values(t);
        for (size_t i = 0; i < story->count; i++)
            tell(t, i);
    }
    bool fine = t != NULL && flags != NULL;
    free(flags);
    free(t);
    return fine;
}

bool story_write(struct story *story, const struct story_options *options, struct buf *out, struct diag *why)
{
    struct buf text;
    unsigned mistakes = 0;
    if (story->count == 0)
        return diag_set(why, DIAG_TROUBLE, "nothing was recorded: no connection came");
    qsort(story->events, story->count, sizeof *story->events, by_time);
    buf_init(&text, 0);
    bool fine = tell_side(story, options, true, &text);
    buf_append_byte(&text, '\n');
    fine = fine && tell_side(story, options, false, &text);
    if (story->left_out != 0)
        buf_printf(&text, "  # %zu more events were not kept\n", story->left_out);
    struct buf errors;
    buf_init(&errors, 0);
    struct script *script = fine && !text.failed ? script_parse("story", buf_text(&text), text.size, &errors, &mistakes)
                                                 : NULL;
    if (script == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (mistakes != 0)
        diag_set(why, DIAG_TROUBLE, "the session is too long for one scenario: %.200s", buf_text(&errors));
    else
        script_print(script, out);
    fine = script != NULL && mistakes == 0;
    if (script != NULL)
        script_free(script);
    buf_free(&errors);
    buf_free(&text);
    return fine;
}
