/* The files of reports/page/ as they were when the program was built: the page, its style, its scripts in their
 * order. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "engine/suite/embedded.h"

extern const struct embedded_file page_files[]; /* ends with a NULL path */

#endif
