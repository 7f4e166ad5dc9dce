/* sockets_state: the data of the sockets engine, shared by its files. */
#ifndef PORTLIGHT_ENGINE_SOCKETS_SOCKETS_STATE_H
#define PORTLIGHT_ENGINE_SOCKETS_SOCKETS_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "engine/engine.h"
#include "engine/sockets/attempt.h"
#include "engine/sockets/pool.h"
#include "engine/sockets/sockets_elsewhere.h"
#include "net/netlink.h"
#include "net/own.h"
#include "system/crew.h"

/* Probes started together, and events read together. Answers are read between two batches, so a
 * batch bounds the error of a measured round-trip time. */
#define SOCKETS_BATCH  128u
#define SOCKETS_EVENTS 256u
/* The unit of sockets.early: all of a batch. */
#define SOCKETS_EARLY_ALL 256u

/* Probes taken from a walk that the kernel has not accepted: they are sent before others. */
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
	struct pool_list pending; /* oldest first: nearly in the order of their deadlines */
	struct pool_list late;	  /* UDP past its deadline, oldest first */
	struct pool_list ready;	  /* answered, not reported yet */
	struct held held[SHEETS]; /* one for each open walk */
	struct attempt *batch[SOCKETS_BATCH];
	struct attempt *asked[SOCKETS_EVENTS];
	struct epoll_event event[SOCKETS_EVENTS];
	struct attempt elsewhere[SOCKETS_ELSEWHERES]; /* see sockets_elsewhere.h */
	struct answer caught[ELSEWHERE_MOST];	      /* by these, not reported yet */
	unsigned caught_count;
	bool ask;	/* check for answers as soon as a batch is sent */
	unsigned early; /* moving average of the share that is answered by then */
	unsigned batches;
	bool short_of;		 /* the last send ended since no socket was free */
	int refusal;		 /* errno of the last shortage; 0: none since a probe was sent */
	uint64_t stuck_ns;	 /* when no probe could be sent any more; 0: probes are sent */
	uint64_t resume_ns;	 /* nothing is sent before this time */
	struct netlink *netlink; /* for the neighbour table; NULL: it is not read */
	struct own_list owns;	 /* this machine's addresses */
	bool knows_owns;
	const struct sheet *finishing; /* the sheet whose neighbours are waited for */
	uint64_t finish_ns;	       /* since then */
	uint32_t finish_host;	/* its hosts before this number were looked at for an entry */
	unsigned finish_rounds; /* so often probes were sent for hosts without an entry */
	struct path *path;	/* the routes of some targets that were probed */
	unsigned follow;	/* probes until another target's route is added */
};

#endif
