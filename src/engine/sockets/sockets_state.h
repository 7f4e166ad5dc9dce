/* sockets_state: the data of the sockets engine, shared by its files. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_STATE_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "engine/engine.h"
#include "engine/sockets/attempt.h"
#include "engine/sockets/pool.h"
#include "system/crew.h"

/* Started together: answers are looked at in between, so a round trip is measured this finely. */
#define SOCKETS_BATCH  128u
#define SOCKETS_EVENTS 256u
/* Share of a batch that was answered at once, in 1/256. */
#define SOCKETS_EARLY_ALL 256u

/* Probes taken from a walk and not yet taken by the kernel: offered again before others. */
struct held {
	const struct walk *walk;
	unsigned count;
	struct probe probe[SOCKETS_BATCH + 1];
};

struct sockets {
	struct engine base;
	struct engine_conf conf;
	struct attempt_conf common;
	struct engine_stats stats;
	struct crew *crew;
	struct pool pool;
	struct pool_list pending; /* oldest first: deadlines are nearly in this order */
	struct pool_list late;	  /* UDP past its deadline, oldest first */
	struct pool_list ready;	  /* answered, not yet told */
	struct held held[SHEETS];
	struct attempt *batch[SOCKETS_BATCH];
	struct attempt *asked[SOCKETS_EVENTS];
	struct epoll_event event[SOCKETS_EVENTS];
	bool ask;	/* this batch is asked at once */
	unsigned early; /* share that was answered at once, of SOCKETS_EARLY_ALL */
	unsigned batches;
	bool short_of;	    /* the last send ended for want of sockets */
	int refusal;	    /* errno of the last shortage, 0 if none since the last success */
	uint64_t stuck_ns;  /* when it began */
	uint64_t resume_ns; /* no send before this */
};

#endif
