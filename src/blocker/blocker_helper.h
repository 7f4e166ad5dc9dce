/* blocker_helper: the process that may change the packet filter, and nothing else. */
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

/* One message each over a SOCK_SEQPACKET pair; of any other length: the helper ends. */
struct blocker_request {
	uint32_t op, sequence;
	struct addr source;
};

struct blocker_reply {
	uint32_t sequence; /* of the request */
	int32_t result;	   /* as blocker_add returns */
};

/* The first message from the helper: exit_code 0 if the table is made. */
struct blocker_hello {
	struct failure failure;
};

/*
 * The helper's whole life, in the child: shuts itself in, makes the table, answers requests from
 * `fd` until the other end closes or asks it to quit, takes the table away. Never returns.
 */
_Noreturn void blocker_helper(const struct blocker_conf *conf, int fd);

#endif
