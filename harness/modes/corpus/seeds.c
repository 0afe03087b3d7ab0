/* See seeds.h. */
#include "modes/corpus/seeds.h"

#include "base/hash.h"
#include "wire/http1.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const names[SEED_TARGETS] = {
    [SEED_FRAME] = "frame",         [SEED_JUDGE] = "judge",
    [SEED_DIFF_FRAME] = "diff_frame", [SEED_CLOSE] = "close",
    [SEED_UTF8] = "utf8",           [SEED_DEFLATE] = "deflate",
    [SEED_DIFF_DEFLATE] = "diff_deflate", [SEED_HEAD] = "head",
    [SEED_RESPONSE] = "response",   [SEED_DIFF_HEAD] = "diff_head",
    [SEED_EXTENSION] = "extension", [SEED_SCRIPT] = "script",
    [SEED_SESSION] = "session",
};

const char *seed_target_name(enum seed_target target) { return names[target]; }

static void folder_for(struct seeds *seeds, const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        diag_set(seeds->why, DIAG_TROUBLE, "cannot make the folder %s: %s", path, strerror(errno));
}

/* Thousands of small files that can be made again: without file_write's care for a crash in between. */
static bool write_small(const char *path, const struct buf *content, struct diag *why)
{
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fwrite(content->data, 1, content->size, file) == content->size;
    if (file != NULL)
        fine = fclose(file) == 0 && fine;
    return fine || diag_set(why, DIAG_TROUBLE, "cannot write %s: %s", path, strerror(errno));
}

static void write_seed(struct seeds *seeds, enum seed_target target, const uint8_t *options, size_t option_count,
                       const void *bytes, size_t size)
{
    struct buf content, path;
    struct stat there;
    if (seeds->why->kind != DIAG_NONE || option_count + size > SEED_BYTES_MAX)
        return;
    buf_init(&content, 0);
    buf_init(&path, 0);
    buf_printf(&path, "%s/%s", seeds->folder, names[target]);
    if (seeds->written[target] == 0)
        folder_for(seeds, buf_text(&path));
    if (!buf_append(&content, options, option_count) || !buf_append(&content, bytes, size) ||
        !buf_printf(&path, "/%016" PRIx64, hash_bytes(HASH_START, content.data, content.size)))
        diag_set(seeds->why, DIAG_TROUBLE, "out of memory");
    if (seeds->why->kind == DIAG_NONE && stat(buf_text(&path), &there) != 0)
        seeds->written[target] += write_small(buf_text(&path), &content, seeds->why);
    buf_free(&content);
    buf_free(&path);
}

void seed_stream(struct seeds *seeds, enum ws_role receiver, bool deflate, bool takeover, const void *bytes,
                 size_t size)
{
    const unsigned turn = seeds->turn++, client = receiver == WS_CLIENT;
    const uint8_t frame[] = {(uint8_t)(client | turn % 8 << 1 | turn % 5 << 5), (uint8_t)turn};
    const unsigned agreed = (unsigned)deflate << 1 | (unsigned)takeover << 2;
    const uint8_t judge[] = {(uint8_t)(client | agreed | turn % 2 << 3), (uint8_t)turn};
    const uint8_t unit = (uint8_t)(turn % 6);
    if (size == 0)
        return;
    write_seed(seeds, SEED_FRAME, frame, sizeof frame, bytes, size);
    write_seed(seeds, SEED_JUDGE, judge, sizeof judge, bytes, size);
    write_seed(seeds, SEED_DIFF_FRAME, &unit, 1, bytes, size);
}

void seed_payload(struct seeds *seeds, enum ws_role receiver, unsigned opcode, bool compressed, const void *bytes,
                  size_t size)
{
    const unsigned turn = seeds->turn++;
    const uint8_t role = receiver == WS_CLIENT, any = (uint8_t)turn;
    const uint8_t hostile[] = {1, (uint8_t)(15u | turn % 16 << 4)};
    const uint8_t split[] = {(uint8_t)(1u | turn % 16 << 4), (uint8_t)(turn % 3 * 127)};
    if (compressed) {
        write_seed(seeds, SEED_DEFLATE, hostile, sizeof hostile, bytes, size);
        write_seed(seeds, SEED_DIFF_DEFLATE, split, sizeof split, bytes, size);
    } else if (opcode == WS_CLOSE) {
        write_seed(seeds, SEED_CLOSE, &role, 1, bytes, size);
    } else if (opcode == WS_TEXT) {
        write_seed(seeds, SEED_UTF8, &any, 1, bytes, size);
    }
}

static void seed_extensions(struct seeds *seeds, bool is_response, const char *bytes, size_t size)
{
    static struct ws_head head;
    const struct ws_header *h;
    if (ws_head_parse(&head, is_response, bytes, size, 0, 0).answer != WS_SCAN_DONE)
        return;
    for (size_t from = 0; (h = ws_head_next(&head, WS_HEADER_EXTENSIONS, &from)) != NULL;) {
        const unsigned turn = seeds->turn++;
        const uint8_t options[] = {(uint8_t)(1u | turn % 128 << 1), (uint8_t)turn};
        write_seed(seeds, SEED_EXTENSION, options, sizeof options, h->value.at, h->value.size);
    }
}

void seed_head(struct seeds *seeds, bool is_response, const void *bytes, size_t size)
{
    const unsigned turn = seeds->turn++;
    const uint8_t options[] = {(uint8_t)(is_response ? 0x11u | turn % 8 << 1 : turn), (uint8_t)(turn % 7 * 3)};
    const uint8_t which = (uint8_t)(is_response | turn % 6 << 1);
    write_seed(seeds, is_response ? SEED_RESPONSE : SEED_HEAD, options, sizeof options, bytes, size);
    write_seed(seeds, SEED_DIFF_HEAD, &which, 1, bytes, size);
    seed_extensions(seeds, is_response, bytes, size);
}

void seed_script(struct seeds *seeds, bool playable, const void *bytes, size_t size)
{
    write_seed(seeds, SEED_SCRIPT, NULL, 0, bytes, size);
    if (playable)
        write_seed(seeds, SEED_SESSION, NULL, 0, bytes, size);
}
