/* xdp_state: what the files of the xdp engine share. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_STATE_H
#define PORTLIGHT_ENGINE_XDP_XDP_STATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/xdp/xdp_programs.h"
#include "engine/xdp/xdp_shared.h"

struct frames;
struct frames_egress;
struct link;

/* One of the threads that send a pass. */
struct xdp_thread {
	struct xdp *x;
	unsigned number; /* of its sender */
	pthread_t thread;
	bool begun;
	uint64_t next_ns;	  /* no further call before that */
	uint64_t taken, taken_ns; /* of its frames, when last looked at; since when no more */
	sem_t wake; /* of all but the first, which sleep until the one before cannot keep up */
	atomic_bool awake;
};

/* A pass that goes on in threads of its own (xdp_pass.c). */
struct xdp_sending {
	struct xdp_thread thread[XDP_SENDERS];
	bool begun;
	atomic_uint going, awake; /* threads */
	atomic_int error;	  /* of a run */
	struct walk *walk;
	uint64_t sent;		/* already told to the walk */
	uint64_t refused;	/* in this pass, as counted */
	uint64_t errors, drops; /* of the kernel's count, when something was last taken */
	uint64_t taken_ns;
};

struct xdp {
	struct engine engine;
	struct frames *frames; /* sends and receives whatever the kernel programs do not */
	struct engine_conf conf;
	const struct link *link;
	struct xdp_programs programs;
	const struct frames_egress *egresses[XDP_EGRESSES];
	unsigned egress_count;
	unsigned senders;  /* threads that a pass may have */
	atomic_bool alone; /* but the interface does not take what more than one send */
	struct xdp_sending sending;
	bool broken; /* the interface takes no more: frames for the rest */
	uint64_t marked[XDP_WINDOWS], duplicate[XDP_WINDOWS]; /* as told already */
	uint64_t sent, judged, duplicates, refused, refused_burst;
	bool has_news; /* not told yet */
	char news[240];
};

#endif
