/* host_names: -R: the names of hosts that are up, looked up while the scan runs. */
#ifndef PORTLIGHT_RUN_HOST_NAMES_H
#define PORTLIGHT_RUN_HOST_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "run/observer.h"
#include "scan/scan.h"

/* How long finished windows wait for names before they are reported, in the whole scan. */
#define HOST_NAMES_WAIT_NS UINT64_C(10000000000)

struct host_names;

/* NULL if out of memory. */
struct host_names *host_names_new(void);
/* Reports how many lookups were not finished, and frees everything, without waiting for a resolver.
 * NULL is fine. */
void host_names_end(struct host_names *n, const struct observer *observer);

/* Host number `host` of the sheet's window is up: looks up its name, unless that was done. Without
 * memory or threads, and while 65,536 lookups are waiting, it gets none. */
void host_names_ask(struct host_names *n, const struct sheet *sheet, uint32_t host);
/*
 * Of the window at that place, which is finished: looks up the names of all hosts that are up, and
 * returns whether to wait for them: until all lookups are over, or HOST_NAMES_WAIT_NS have passed
 * in which this returned true. `findings` is storage for those of one host.
 */
bool host_names_wait(struct host_names *n, struct scan *scan, int place, struct finding *findings,
		     const struct observer *observer);
/* Whether a window waits. */
bool host_names_waits(const struct host_names *n);
/* The name of a host, or NULL if it has none or it is not known in time; valid until the window is
 * closed. Called once for each host. */
const char *host_names_get(struct host_names *n, const struct sheet *sheet, uint32_t host);
/* The window was reported. */
void host_names_close(struct host_names *n, const struct sheet *sheet);

#endif
