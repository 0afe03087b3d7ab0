/* `wsgauntlet import app.har`: Chrome writes WebSocket messages into entries of
 * their own, `_webSocketMessages`. Several entries are drops and reconnects. It
 * does not write control frames, nor how a connection ended. */
#include "modes/import.h"

#include "base/file.h"
#include "engine/story/story.h"
#include "net/loop.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HAR_MAX (256u << 20)

static const char *text_at(const json_t *object, const char *a, const char *b)
{
    const json_t *inner = json_object_get(object, a);
    return json_string_value(b == NULL ? inner : json_object_get(inner, b));
}

/* "2026-01-31T12:00:00.123Z" as ns since 1970; 0 when it is none. */
static uint64_t read_date(const char *text)
{
    struct tm tm = {0};
    const char *rest = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL)
        return 0;
    time_t seconds = timegm(&tm);
    double part = *rest == '.' ? strtod(rest, NULL) : 0;
    return seconds < 0 ? 0 : (uint64_t)seconds * NS_PER_S + (uint64_t)(part * 1e9);
}

/* DevTools writes seconds since 1970, Playwright milliseconds: told apart until the year 2286. */
static uint64_t time_ns(double time)
{
    double seconds = time >= 1e10 ? time / 1e3 : time;
    return seconds > 0 && seconds < 1e10 ? (uint64_t)(seconds * 1e6) * 1000 : 0; /* a double has microseconds here */
}

/* Appends what base64 stands for. */
static bool decode(const char *text, size_t size, struct buf *out)
{
    if (size % 4 != 0 || !buf_reserve(out, size / 4 * 3 + 1))
        return false;
    int made = size == 0 ? 0 : EVP_DecodeBlock(out->data + out->size, (const unsigned char *)text, (int)size);
    if (made < 0)
        return false;
    size_t padding = size > 1 && text[size - 2] == '=' ? 2 : size > 0 && text[size - 1] == '=' ? 1 : 0;
    out->size += (size_t)made - padding;
    return true;
}

static uint64_t add_message(struct story *story, const json_t *message, unsigned connection, uint64_t last)
{
    const json_t *data = json_object_get(message, "data");
    const char *type = json_string_value(json_object_get(message, "type"));
    json_int_t opcode = json_integer_value(json_object_get(message, "opcode"));
    uint64_t at = time_ns(json_number_value(json_object_get(message, "time")));
    struct buf bytes;
    buf_init(&bytes, 0);
    at = at < last ? last : at;
    bool known = type != NULL && json_is_string(data) && (opcode == 1 || opcode == 2) &&
                 (strcmp(type, "send") == 0 || strcmp(type, "receive") == 0);
    if (known && (opcode == 1 ? buf_append(&bytes, json_string_value(data), json_string_length(data))
                              : decode(json_string_value(data), json_string_length(data), &bytes)))
        story_add(story, &(struct story_event){.kind = STORY_MESSAGE, .connection = connection, .at_ns = at,
                                               .client = strcmp(type, "send") == 0, .opcode = (uint8_t)opcode,
                                               .bytes = bytes.data, .size = bytes.size, .whole = bytes.size});
    buf_free(&bytes);
    return at;
}

/* The request as its head was, but for what the story leaves out anyway. */
static void request_head(const json_t *entry, const char *url, struct buf *out)
{
    const char *host = strstr(url, "://"), *path = host == NULL ? NULL : strchr(host + 3, '/');
    const json_t *headers = json_object_get(json_object_get(entry, "request"), "headers"), *header;
    size_t i;
    buf_printf(out, "GET %s HTTP/1.1\r\n", path == NULL ? "/" : path);
    json_array_foreach(headers, i, header) {
        const char *name = text_at(header, "name", NULL), *value = text_at(header, "value", NULL);
        if (name != NULL && value != NULL && name[0] != ':' && strpbrk(name, "\r\n") == NULL &&
            strpbrk(value, "\r\n") == NULL)
            buf_printf(out, "%s: %s\r\n", name, value);
    }
    buf_append_text(out, "\r\n");
}

/* Of the answer; 0 when there was none: browsers write 0 or -1 for a server that they could not reach. */
static int status_of(const json_t *entry)
{
    json_int_t status = json_integer_value(json_object_get(json_object_get(entry, "response"), "status"));
    return status >= 100 && status <= 599 ? (int)status : 0;
}

static void response_head(const json_t *entry, struct buf *out)
{
    const json_t *response = json_object_get(entry, "response"), *header;
    const json_t *headers = json_object_get(response, "headers");
    size_t i;
    int status = status_of(entry);
    buf_printf(out, "HTTP/1.1 %d x\r\n", status == 0 ? 101 : status); /* there are messages, or it were not here */
    json_array_foreach(headers, i, header) {
        const char *name = text_at(header, "name", NULL), *value = text_at(header, "value", NULL);
        if (name != NULL && value != NULL && strcasecmp(name, "sec-websocket-protocol") == 0 &&
            strpbrk(value, "\r\n") == NULL)
            buf_printf(out, "%s: %s\r\n", name, value);
    }
    buf_append_text(out, "\r\n");
}

static void add_entry(struct story *story, const json_t *entry, const char *url, unsigned connection, bool more)
{
    const json_t *messages = json_object_get(entry, "_webSocketMessages"), *message;
    uint64_t at = read_date(text_at(entry, "startedDateTime", NULL));
    struct buf head;
    size_t i;
    buf_init(&head, 0);
    request_head(entry, url, &head);
    story_add(story, &(struct story_event){.kind = STORY_OPEN, .connection = connection, .at_ns = at, .client = true,
                                           .bytes = head.data, .size = head.size, .whole = head.size});
    buf_clear(&head);
    response_head(entry, &head);
    story_add(story, &(struct story_event){.kind = STORY_ANSWER, .connection = connection, .at_ns = at,
                                           .bytes = head.data, .size = head.size, .whole = head.size});
    buf_free(&head);
    json_array_foreach(messages, i, message)
        at = add_message(story, message, connection, at);
    if (more)
        story_add(story, &(struct story_event){.kind = STORY_GONE, .connection = connection, .at_ns = at});
}

struct found { const json_t *entry; const char *url; const char *started; };

static int by_start(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return strcmp(x->started, y->started);
}

/* One that nobody answered left nothing to play. */
static bool was_answered(const json_t *entry)
{
    return status_of(entry) != 0 || json_array_size(json_object_get(entry, "_webSocketMessages")) != 0;
}

static bool is_websocket(const json_t *entry, const char *url)
{
    return url != NULL && (strncmp(url, "ws://", 5) == 0 || strncmp(url, "wss://", 6) == 0 ||
                           json_object_get(entry, "_webSocketMessages") != NULL);
}

/* The entries that are meant, by their time. Freed by the caller. */
static struct found *find_entries(const json_t *har, const char *part, size_t *count, struct diag *why)
{
    const json_t *entries = json_object_get(json_object_get(har, "log"), "entries"), *entry;
    struct found *found = calloc(json_array_size(entries) + 1, sizeof *found);
    size_t i;
    *count = 0;
    json_array_foreach(entries, i, entry) {
        const char *url = text_at(entry, "request", "url"), *started = text_at(entry, "startedDateTime", NULL);
        bool played = is_websocket(entry, url) && was_answered(entry);
        if (found != NULL && played && (part == NULL || strstr(url, part) != NULL))
            found[(*count)++] = (struct found){entry, url, started == NULL ? "" : started};
    }
    if (found == NULL)
        diag_set(why, DIAG_TROUBLE, "out of memory");
    else if (!json_is_array(entries))
        diag_set(why, DIAG_USAGE, "this is no HAR: it has no log.entries");
    else if (*count == 0 && part != NULL)
        diag_set(why, DIAG_USAGE, "no WebSocket entry that was answered has '%s' in its URL", part);
    else if (*count == 0)
        diag_set(why, DIAG_USAGE, "no WebSocket entry that was answered: Chrome writes them when the network panel "
                                  "was open before the page was loaded");
    else
        qsort(found, *count, sizeof *found, by_start);
    return found;
}

static bool same_page(const char *a, const char *b)
{
    size_t n = strcspn(a, "?#");
    return n == strcspn(b, "?#") && strncmp(a, b, n) == 0;
}

static bool add_entries(struct story *story, const json_t *har, const char *part, struct diag *why)
{
    size_t count;
    struct found *found = find_entries(har, part, &count, why);
    bool fine = why->kind == DIAG_NONE;
    for (size_t i = 0; fine && i < count; i++) {
        bool more = false; /* it came back later: so this one ended */
        for (size_t j = i + 1; j < count; j++)
            more = more || same_page(found[i].url, found[j].url);
        add_entry(story, found[i].entry, found[i].url, (unsigned)i + 1, more);
    }
    free(found);
    return fine;
}

int import_main(const struct import_options *options, struct diag *why)
{
    struct buf text, out;
    struct story story;
    json_error_t error;
    buf_init(&text, HAR_MAX);
    buf_init(&out, 0);
    story_init(&story);
    bool to_file = options->out_file != NULL && strcmp(options->out_file, "-") != 0;
    bool fine = (!to_file || file_writable(options->out_file, why)) && file_read(options->har_file, &text, why);
    json_t *har = fine ? json_loadb(buf_text(&text), text.size, 0, &error) : NULL;
    if (fine && har == NULL)
        fine = diag_set(why, DIAG_USAGE, "%s:%d: no JSON: %.200s", options->har_file, error.line, error.text);
    const struct story_options how = {.title = "a session of a browser", .secrets = options->secrets};
    fine = fine && add_entries(&story, har, options->url, why) && story_write(&story, &how, &out, why);
    if (fine && to_file)
        fine = file_write(options->out_file, out.data, out.size, why);
    else if (fine)
        fputs(buf_text(&out), options->out);
    json_decref(har);
    story_free(&story);
    buf_free(&text);
    buf_free(&out);
    return fine ? 0 : (int)why->kind;
}
