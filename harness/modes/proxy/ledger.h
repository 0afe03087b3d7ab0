/* What the proxies saw, as a run for --report: a case for each connection, with its
 * frames, what was done to it, and how it ended. Nothing is judged. */
#ifndef MODES_PROXY_LEDGER_H
#define MODES_PROXY_LEDGER_H

#include "modes/proxy/serve.h"

#define LEDGER_CONNECTIONS 1000u /* that have a case; later ones are counted */
#define LEDGER_EVENTS 200u       /* of each; later ones too, but for its end */
#define LEDGER_BYTES 512u        /* of each frame */

struct ledger;

/* NULL with a diag: no memory, or a report that cannot be written. */
struct ledger *ledger_new(struct serve *serve, struct diag *why);
void ledger_event(struct ledger *ledger, const struct proxy_event *event);
/* Behind the last event. False with a diag when a report could not be written. */
bool ledger_write(struct ledger *ledger, const char *url, struct diag *why);
void ledger_free(struct ledger *ledger); /* NULL is fine */

#endif
