/* See store.h. */
#include "modes/livefuzz/store.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const kinds[] = {"/findings", "/corpus"};

/* A file system without locks is no reason not to fuzz. */
static bool lock(struct store *store, struct diag *why)
{
    int folder = open(buf_text(&store->folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    store->lock = folder + 1;
    if (folder < 0 || flock(folder, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    return diag_set(why, DIAG_USAGE, "another campaign is at work in %s: give another --dir, or end that one",
                    buf_text(&store->folder));
}

bool store_open(struct store *store, const char *folder, struct diag *why)
{
    buf_init(&store->folder, 4096);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        buf_clear(&store->folder);
        if (!buf_printf(&store->folder, "%s%s", folder, kinds[i]))
            return diag_set(why, DIAG_USAGE, "the path of the folder is too long");
        if (!file_make_folder(buf_text(&store->folder), why))
            return false;
    }
    buf_clear(&store->folder);
    return buf_append_text(&store->folder, folder) && lock(store, why);
}

void store_close(struct store *store)
{
    if (store->lock > 0)
        close(store->lock - 1);
    buf_free(&store->folder);
}

void store_path(const struct store *store, const char *kind, struct buf *path)
{
    buf_printf(path, "%s/%s", buf_text(&store->folder), kind);
}

/* ---- the state: a line each ---- */

bool store_read_state(const struct store *store, struct store_state *state, struct diag *why)
{
    struct buf path, text;
    buf_init(&path, 0);
    buf_init(&text, 4096);
    store_path(store, "state", &path);
    *state = (struct store_state){0};
    bool there = access(buf_text(&path), F_OK) == 0, fine = there && file_read(buf_text(&path), &text, why);
    if (fine) {
        int fields = sscanf(buf_text(&text),
                            "wsgauntlet-fuzz 1\nseed %" SCNx64 "\nsessions %" SCNu64 "\nspent-ns %" SCNu64
                            "\nagainst %511[^\n]\n",
                            &state->seed, &state->sessions, &state->spent_ns, state->against);
        fine = fields == 4 || diag_set(why, DIAG_USAGE, "%s is damaged: remove it to begin anew", buf_text(&path));
    }
    buf_free(&path);
    buf_free(&text);
    return fine;
}

bool store_write_state(const struct store *store, const struct store_state *state, struct diag *why)
{
    struct buf path, text;
    buf_init(&path, 0);
    buf_init(&text, 0);
    store_path(store, "state", &path);
    buf_printf(&text, "wsgauntlet-fuzz 1\nseed %#" PRIx64 "\nsessions %" PRIu64 "\nspent-ns %" PRIu64 "\nagainst %s\n",
               state->seed, state->sessions, state->spent_ns, state->against);
    bool fine = file_write(buf_text(&path), buf_text(&text), text.size, why);
    buf_free(&path);
    buf_free(&text);
    return fine;
}

void store_file(const struct store *store, const char *kind, const char *name, struct buf *path)
{
    store_path(store, kind, path);
    buf_printf(path, "/%s.wsg", name);
}

bool store_write(const struct store *store, const char *kind, const char *name, const struct buf *text,
                 struct diag *why)
{
    struct buf path;
    buf_init(&path, 0);
    store_file(store, kind, name, &path);
    bool fine = file_write(buf_text(&path), buf_text(text), text->size, why);
    buf_free(&path);
    return fine;
}
