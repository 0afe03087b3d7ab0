/* Files read and written whole: a reader of a written file sees the old one or
 * the new one, never a part. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/diag.h"

/* Appends the file's bytes; over the buffer's limit is an error. */
bool file_read(const char *path, struct buf *out, struct diag *why);
/* Could file_write do it? Leaves nothing behind and an existing file as it is. Asked before there is anything to lose:
 * that it could not is wrong usage, and another place the mend. */
bool file_writable(const char *path, struct diag *why);
/* To a temporary file beside it, then renamed; links are followed and the mode is kept. */
bool file_write(const char *path, const void *bytes, size_t size, struct diag *why);
/* An empty folder of our own below TMPDIR, /tmp without that; its name is appended. The caller removes it. */
bool file_make_temporary(struct buf *path, struct diag *why);
/* With its parents, as far as they are missing. False, as trouble, where one cannot be. */
bool file_make_folder(const char *path, struct diag *why);

#endif
