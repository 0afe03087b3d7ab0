/* The files of scenarios/ as they were when the program was built: all *.wsg,
 * sorted by path, and requirements.tsv. */
#ifndef ENGINE_EMBEDDED_H
#define ENGINE_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *path; /* below scenarios/: "rfc6455/ping.wsg" */
    const char *text; /* NUL-terminated behind `size` bytes */
    size_t size;
};
extern const struct embedded_file embedded_files[]; /* ends with a NULL path */

#endif
