/* privilege: finds out and drops the privileges of this process. */
#ifndef PORTLIGHT_SANDBOX_PRIVILEGE_H
#define PORTLIGHT_SANDBOX_PRIVILEGE_H

#include <stdint.h>

#include "base/failure.h"

/* Whether raw packets can be sent and received. */
enum privilege_raw {
	PRIVILEGE_RAW,	       /* yes */
	PRIVILEGE_RAW_NO_CAP,  /* CAP_NET_RAW is not effective */
	PRIVILEGE_RAW_FOREIGN, /* it is, but in a user namespace that does not own this network
				  namespace, or a seccomp filter forbids raw sockets */
};

/* Tries it with a raw socket: a capability in a user namespace does not hold for a network
 * namespace of another one. */
enum privilege_raw privilege_raw(void);

/* The reason, as part of the sentence that names the engine; static, never NULL. */
const char *privilege_raw_why(enum privilege_raw raw);

/* Raises the soft limit of open files to the hard limit. Returns the soft limit afterwards. */
uint64_t privilege_raise_files(void);

#define PRIVILEGE_LOW_PORTS  (UINT32_C(1) << 10) /* CAP_NET_BIND_SERVICE: -g below 1024 */
#define PRIVILEGE_RAW_FRAMES (UINT32_C(1) << 13) /* CAP_NET_RAW: more packet sockets */

/*
 * Drops all capabilities but those in `keep` (PRIVILEGE_*), irrevocably (no_new_privs), also from
 * the bounding set where that is allowed. To be called when the engine and all output files are
 * open, and before there are threads: capabilities are per thread. 0, or -errno with *f: the
 * process should end then, as only some may be dropped.
 */
int privilege_drop(uint32_t keep, struct failure *f);

#endif
