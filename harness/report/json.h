/* A run as JSON, for machines: reports/result.schema.json says how it looks. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "base/buf.h"
#include "base/diag.h"
#include "engine/result.h"

struct json_options {
    const char *version; /* of the tool */
    bool trace;          /* with the source and the trace of each case */
};

/* Appends the document, ended by a newline. False only without memory. */
bool json_report(const struct run_result *run, const struct json_options *options, struct buf *out,
                 struct diag *why);

#endif
