/* blocker_helper: the process that changes the packet filter, with no other privilege. */
#ifndef PORTLIGHT_BLOCKER_BLOCKER_HELPER_H
#define PORTLIGHT_BLOCKER_BLOCKER_HELPER_H

#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "blocker/blocker.h"

enum blocker_op {
	BLOCKER_ADD = 1,
	BLOCKER_CLEAR,
	BLOCKER_QUIT,
};

/* Messages over a SOCK_SEQPACKET pair. At one of another length the helper ends. */
struct blocker_request {
	uint32_t op, sequence;
	struct addr source;
};

struct blocker_reply {
	uint32_t sequence; /* of the request */
	int32_t result;	   /* as blocker_add returns */
};

/* The first message from the helper: failure.exit_code is 0 if the table was created. */
struct blocker_hello {
	struct failure failure;
};

/*
 * Runs the helper, in the child: enters its cage, creates the table, serves requests on `fd` until
 * the other end is closed or sends BLOCKER_QUIT, and removes the table. Never returns.
 */
_Noreturn void blocker_helper(const struct blocker_conf *conf, int fd);

#endif
