/* See finding.h. */
#include "modes/livefuzz/finding.h"

#include "base/hash.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Words only: nothing in quotes or brackets, no numbers but close codes and statuses. */
static void words_of(const char *text, struct buf *out)
{
    char quote = 0;
    int depth = 0;
    for (const char *at = text; *at != 0 && *at != '\n'; at++) {
        if (quote != 0) {
            if (*at == '\\' && at[1] != 0)
                at++;
            else if (*at == quote)
                quote = 0;
        } else if (*at == '"') {
            quote = *at;
        } else if (*at == '(') { /* hex(...), fill(...): its word goes too */
            while (out->size != 0 && isalpha(out->data[out->size - 1]))
                out->data[--out->size] = 0;
            depth++;
        } else if (*at == ')') {
            depth -= depth > 0;
        } else if (depth == 0 && isdigit((unsigned char)*at)) {
            size_t digits = strspn(at, "0123456789");
            bool code = digits == 3 || digits == 4;
            buf_printf(out, "%.*s", code ? (int)digits : 1, code ? at : "#");
            at += digits - 1;
        } else if (depth == 0 && (*at != ' ' || (out->size != 0 && out->data[out->size - 1] != ' '))) {
            buf_append_byte(out, (uint8_t)*at);
        }
    }
    while (out->size != 0 && strchr(" .,;:", out->data[out->size - 1]) != NULL)
        out->data[--out->size] = 0;
}

/* Without its grade, which the signature's beginning tells. */
static void cut_grade(struct buf *words)
{
    static const char grade[] = " as non-strict";
    size_t size = strlen(grade);
    if (words->size >= size && memcmp(words->data + words->size - size, grade, size) == 0) {
        words->size -= size;
        words->data[words->size] = 0;
    }
}

static const char *behind(const char *text, const char *start)
{
    size_t size = strlen(start);
    return text != NULL && strncmp(text, start, size) == 0 ? text + size : NULL;
}

/* What a sanitizer sums up, else how it ended. */
static void last_words(const struct case_result *result, const char *died, struct buf *out)
{
    const char *summary = result->stderr_tail == NULL ? NULL : strstr(result->stderr_tail, "SUMMARY: ");
    const char *text = summary == NULL ? died : summary + strlen("SUMMARY: ");
    buf_printf(out, "%.*s", (int)strcspn(text, "\n;"), text);
}

void finding_signature(const struct case_result *result, const char *label, char out[SIGNATURE_SIZE])
{
    struct buf words;
    buf_init(&words, SIGNATURE_SIZE - 32);
    const char *died = behind(result->detail, "the testee died: ");
    const char *lost = behind(result->detail, "the testee was lost");
    const char *seen = result->seen == NULL ? "" : result->seen, *breach = behind(seen, "a testee that ");
    if (result->verdict == VERDICT_NON_STRICT) { /* a remark: what came, or what the testee did */
        seen = result->detail;
        breach = behind(seen, "the testee ");
    }
    if (died != NULL)
        last_words(result, died, &words);
    else if (breach != NULL)
        words_of(breach, &words);
    else if (lost == NULL)
        words_of(seen, &words);
    cut_grade(&words);
    if (words.size == 0)
        buf_printf(&words, "%.40s", seen); /* all of it in quotes: a head */
    const char *grows = strstr(label, "-grow"); /* by how much is another each time */
    if (grows != NULL && died == NULL && lost == NULL && breach == NULL)
        snprintf(out, SIGNATURE_SIZE, "%.60s", label);
    else if (died != NULL)
        snprintf(out, SIGNATURE_SIZE, "died: %s", buf_text(&words));
    else if (lost != NULL)
        snprintf(out, SIGNATURE_SIZE, "lost behind %s", label[0] == 0 ? "a session" : label);
    else if (breach != NULL)
        snprintf(out, SIGNATURE_SIZE, "breach: %s", buf_text(&words));
    else
        snprintf(out, SIGNATURE_SIZE, "%.60s -> %s", label[0] == 0 ? "the end" : label, buf_text(&words));
    buf_free(&words);
}

void finding_slug(const char *signature, char out[SIGNATURE_SIZE])
{
    size_t size = 0;
    for (const char *at = signature; *at != 0 && size < 60; at++) {
        if (isalnum((unsigned char)*at))
            out[size++] = (char)tolower((unsigned char)*at);
        else if (size != 0 && out[size - 1] != '-')
            out[size++] = '-';
    }
    while (size != 0 && out[size - 1] == '-')
        size--;
    uint64_t hash = hash_bytes(HASH_START, signature, strlen(signature));
    snprintf(out + size, SIGNATURE_SIZE - size, "-%08x", (unsigned)(hash & 0xffffffffu));
}
