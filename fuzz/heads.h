/* What the head and the response target share: a head parsed whole, and as it
 * comes in pieces with `seen`, must be the same head or break at the same byte. */
#ifndef FUZZ_HEADS_H
#define FUZZ_HEADS_H

#include "fuzz.h"

#include "wire/handshake.h"

/* The same place in two buffers? */
static inline bool heads_same_span(struct ws_span a, const char *a_base, struct ws_span b, const char *b_base)
{
    return a.size == b.size && (a.size == 0 || a.at - a_base == b.at - b_base);
}

static inline void heads_compare(const struct ws_head *a, const char *a_base, const struct ws_head *b,
                                 const char *b_base)
{
    must(a->is_response == b->is_response && a->start_oddities == b->start_oddities && a->major == b->major &&
             a->minor == b->minor && a->status == b->status && a->header_count == b->header_count &&
             a->size == b->size && a->oddities == b->oddities &&
             memcmp(a->id_count, b->id_count, sizeof a->id_count) == 0,
         "in pieces, it is another head");
    must(heads_same_span(a->start_line, a_base, b->start_line, b_base) &&
             heads_same_span(a->method, a_base, b->method, b_base) &&
             heads_same_span(a->target, a_base, b->target, b_base) &&
             heads_same_span(a->version, a_base, b->version, b_base) &&
             heads_same_span(a->reason, a_base, b->reason, b_base),
         "in pieces, it has another start line");
    for (size_t i = 0; i < a->header_count; i++)
        must(heads_same_span(a->headers[i].name, a_base, b->headers[i].name, b_base) &&
                 heads_same_span(a->headers[i].value, a_base, b->headers[i].value, b_base) &&
                 a->headers[i].oddities == b->headers[i].oddities && a->headers[i].id == b->headers[i].id,
             "in pieces, header %zu is another", i);
}

/* The first header of each name is found by it. */
static inline void heads_check_find(const struct ws_head *head, size_t i)
{
    char name[64];
    size_t first = 0;
    if (!ws_span_is_token(head->headers[i].name) || head->headers[i].name.size >= sizeof name)
        return;
    memcpy(name, head->headers[i].name.at, head->headers[i].name.size);
    name[head->headers[i].name.size] = 0;
    while (!ws_span_is_nocase(head->headers[first].name, name))
        first++;
    must(ws_head_find(head, name) == &head->headers[first], "%s is found elsewhere", name);
    must(ws_head_find(head, "\n") == NULL, "a name is found that is none");
}

static inline void heads_check_span(struct ws_span s, const struct ws_head *head, const char *bytes)
{
    must(s.size == 0 || (s.at >= bytes && s.at + s.size <= bytes + head->size), "a span outside of the head");
}

/* What http1.h promises of a head that was read. */
static inline void heads_check(const struct ws_head *head, const char *bytes, size_t size)
{
    uint16_t ids[WS_HEADER_IDS] = {0};
    uint32_t oddities = 0;
    must(head->size <= size && head->header_count <= WS_HEADERS_MAX, "a head beyond its limits");
    must(head->size > 0 && bytes[head->size - 1] == '\n', "a head that does not end in a line");
    heads_check_span(head->start_line, head, bytes);
    heads_check_span(head->method, head, bytes);
    heads_check_span(head->target, head, bytes);
    heads_check_span(head->version, head, bytes);
    heads_check_span(head->reason, head, bytes);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ws_header *h = &head->headers[i];
        heads_check_span(h->name, head, bytes);
        heads_check_span(h->value, head, bytes);
        must(h->id < WS_HEADER_IDS, "header %zu has the id %u", i, h->id);
        must(ws_span_is_token(h->name) == !(h->oddities & (WS_ODD_NAME | WS_ODD_NO_COLON)) ||
                 (h->oddities & WS_ODD_NO_COLON),
             "header %zu: is its name a token?", i);
        heads_check_find(head, i);
        ids[h->id]++;
        oddities |= h->oddities;
    }
    must((head->oddities & ~(uint32_t)WS_ODD_BARE_LF) == (oddities & ~(uint32_t)WS_ODD_BARE_LF) &&
             (head->oddities | oddities) == head->oddities,
         "oddities %x of all headers, not %x", head->oddities, oddities);
    for (unsigned id = WS_HEADER_OTHER + 1; id < WS_HEADER_IDS; id++) {
        size_t from = 0, found = 0;
        while (ws_head_next(head, (enum ws_header_id)id, &from))
            found++;
        must(found == ids[id] && head->id_count[id] == ids[id], "%zu, %u and %u headers of id %u", found, ids[id],
             head->id_count[id], id);
    }
}

/* Parses data[0 .. size), whole and in pieces. On DONE *head points into `bytes`, a copy of data. */
static inline struct ws_head_scan heads_parse(struct ws_head *head, bool is_response, const char *bytes, size_t size,
                                              struct fuzz_cut cut, size_t limit)
{
    static struct ws_head other;
    struct ws_head_scan whole = ws_head_parse(head, is_response, bytes, size, 0, limit), scan = {WS_SCAN_MORE, 0, 0};
    size_t seen = 0, piece, least = size / 64; /* not too many of them: each is a copy */
    fuzz_unit(cut.seed / 2); /* and on another vector unit than whole */
    while (scan.answer == WS_SCAN_MORE && (piece = fuzz_cut_next(&cut, size - seen)) != 0) {
        size_t now = seen + (piece < least && least < size - seen ? least : piece);
        char *copy = (char *)fuzz_copy(bytes, now);
        scan = ws_head_parse(&other, is_response, copy, now, seen, limit);
        must(scan.answer != WS_SCAN_MORE || scan.at == now, "MORE at %zu of %zu", scan.at, now);
        if (scan.answer == WS_SCAN_DONE && whole.answer == WS_SCAN_DONE)
            heads_compare(head, bytes, &other, copy);
        free(copy);
        seen = now;
    }
    ws_simd_force(NULL);
    must(size == 0 || (scan.answer == whole.answer && scan.at == whole.at && scan.broken == whole.broken),
         "in pieces, the answer is %d at %zu (%d), not %d at %zu (%d)", scan.answer, scan.at, scan.broken, whole.answer,
         whole.at, whole.broken);
    if (whole.answer == WS_SCAN_DONE) {
        must(whole.at == head->size, "done at %zu, with a head of %zu", whole.at, head->size);
        heads_check(head, bytes, size);
    }
    return whole;
}

#endif
