/* See file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(struct diag *why, enum diag_kind kind, const char *what, const char *path)
{
    int error = errno;
    return diag_set(why, kind, "cannot %s %s: %s", what, path, strerror(error));
}

bool file_read(const char *path, struct buf *out, struct diag *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(why, DIAG_USAGE, "read", path);
    char piece[16384];
    ssize_t n;
    bool fits = true;
    while (fits && (n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            failed(why, DIAG_USAGE, "read", path);
            close(fd);
            return false;
        }
        fits = buf_append(out, piece, (size_t)n);
    }
    close(fd);
    return fits || diag_set(why, DIAG_USAGE, "cannot read %s: larger than %zu bytes", path, out->limit);
}

/* Where a file is written to. */
struct target {
    char place[PATH_MAX];         /* links followed */
    char temporary[PATH_MAX + 32]; /* "" for what is no regular file: it is written to as it is */
    mode_t mode;
};

static struct target target_of(const char *path)
{
    struct target target = {.mode = 0666};
    struct stat status;
    bool there = stat(path, &status) == 0;
    if (!there || realpath(path, target.place) == NULL)
        snprintf(target.place, sizeof target.place, "%s", path);
    if (there && S_ISREG(status.st_mode))
        target.mode = status.st_mode & 07777;
    if (!there || S_ISREG(status.st_mode))
        snprintf(target.temporary, sizeof target.temporary, "%s.%ld.tmp", target.place, (long)getpid());
    return target;
}

static int target_open(const struct target *target)
{
    if (target->temporary[0] == 0)
        return open(target->place, O_WRONLY | O_CLOEXEC);
    return open(target->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, target->mode);
}

bool file_writable(const char *path, struct diag *why)
{
    struct target target = target_of(path);
    int fd = target_open(&target);
    if (fd < 0)
        return failed(why, DIAG_USAGE, "write", path);
    close(fd);
    if (target.temporary[0] != 0)
        unlink(target.temporary);
    return true;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size != 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool file_write(const char *path, const void *bytes, size_t size, struct diag *why)
{
    struct target target = target_of(path);
    int fd = target_open(&target);
    if (fd < 0)
        return failed(why, DIAG_TROUBLE, "write", path);
    bool replaces = target.temporary[0] != 0;
    bool fine = write_all(fd, bytes, size) && (!replaces || fsync(fd) == 0);
    int error = errno;
    if (close(fd) != 0 && fine) {
        fine = false;
        error = errno;
    }
    if (fine && replaces && rename(target.temporary, target.place) != 0) {
        fine = false;
        error = errno;
    }
    if (fine)
        return true;
    if (replaces)
        unlink(target.temporary);
    errno = error;
    return failed(why, DIAG_TROUBLE, "write", path);
}

bool file_make_folder(const char *path, struct diag *why)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return diag_set(why, DIAG_TROUBLE, "the name of a folder is longer than %d bytes", PATH_MAX - 1);
    for (char *slash = part + 1; slash != NULL && *slash != 0;) {
        slash = strchr(slash, '/');
        if (slash != NULL)
            *slash = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return diag_set(why, DIAG_TROUBLE, "cannot make the folder %s: %s", path, strerror(errno));
        if (slash != NULL)
            *slash++ = '/';
    }
    return true;
}

bool file_make_temporary(struct buf *path, struct diag *why)
{
    const char *root = getenv("TMPDIR");
    char name[PATH_MAX];
    if (root == NULL || snprintf(name, sizeof name, "%s/wsgauntlet-XXXXXX", root) >= (int)sizeof name)
        snprintf(name, sizeof name, "/tmp/wsgauntlet-XXXXXX");
    if (mkdtemp(name) == NULL)
        return failed(why, DIAG_TROUBLE, "make the folder", name);
    return buf_append_text(path, name);
}
