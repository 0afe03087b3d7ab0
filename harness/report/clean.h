/* Text that a peer may have written, made fit to be shown: nothing in it can
 * break a JSON file or drive a terminal. And how wide it is there. */
#ifndef REPORT_CLEAN_H
#define REPORT_CLEAN_H

#include "base/buf.h"

/* Appends `text`; bytes that are not UTF-8 become \xNN. For JSON, which escapes the rest itself. */
void clean_utf8(struct buf *out, const char *text);
/* The same for one line of a terminal: control characters become \xNN too. */
void clean_line(struct buf *out, const char *text);
/* Text or an attribute of XML 1.0: its four signs are escaped, what it cannot hold becomes \xNN; newlines stay. */
void clean_xml(struct buf *out, const char *text);
/* Several lines, each behind `indent`, ended by a newline. */
void clean_block(struct buf *out, const char *indent, const char *text);

/* Columns of a terminal that clean text takes: wide characters count 2, combining ones 0. */
size_t clean_columns(const char *text);
/* Appends at most `columns` columns of clean text, whole characters only, the last one "…" when cut. */
void clean_cut(struct buf *out, const char *text, size_t columns);

#endif
