/* privilege: what this process may do, and giving it up. */
#ifndef PORTLIGHT_SANDBOX_PRIVILEGE_H
#define PORTLIGHT_SANDBOX_PRIVILEGE_H

#include <stdint.h>

#include "base/failure.h"

/* Whether hand-made frames can be sent and received here. */
enum privilege_raw {
	PRIVILEGE_RAW,	       /* yes */
	PRIVILEGE_RAW_NO_CAP,  /* CAP_NET_RAW is not effective */
	PRIVILEGE_RAW_FOREIGN, /* it is, but in a user namespace that does not own this network
				  namespace, or a filter forbids it */
};

/* Tries it out (a raw socket, closed at once): a capability of a user
 * namespace says nothing about a network namespace that is not its own. */
enum privilege_raw privilege_raw(void);

/* For the line that says which engine is used and why; a sentence part, never NULL. */
const char *privilege_raw_why(enum privilege_raw raw);

/* Raises the soft limit of open files to the hard one. Returns the soft limit that holds now. */
uint64_t privilege_raise_files(void);

#define PRIVILEGE_LOW_PORTS  (UINT32_C(1) << 10) /* CAP_NET_BIND_SERVICE: -g below 1024 */
#define PRIVILEGE_RAW_FRAMES (UINT32_C(1) << 13) /* CAP_NET_RAW: more packet sockets */

/*
 * Gives up all capabilities for good but those to keep that are there (PRIVILEGE_*), the bounding
 * set included where that is allowed, and any way back (no_new_privs). To be called once the engine
 * and all output files are open, and before there are threads: capabilities are the thread's own.
 * 0, or -errno with *f; then some may be gone and some not, and the process should end.
 */
int privilege_drop(uint32_t keep, struct failure *f);

#endif
