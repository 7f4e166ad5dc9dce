/* xdp_state: the data of the xdp engine, shared by its files. */
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
	unsigned number; /* of its struct xdp_sender */
	pthread_t thread;
	bool begun;
	uint64_t next_ns;	  /* earliest time of the next call of BPF_PROG_RUN */
	uint64_t taken, taken_ns; /* frames that the device had accepted when last checked; since
				     when that number has not changed */
	sem_t wake;		  /* the first never sleeps; the others until it is posted */
	atomic_bool awake;
};

/* The pass that is being sent, if any. */
struct xdp_sending {
	struct xdp_thread thread[XDP_SENDERS];
	bool begun;
	atomic_uint going, awake; /* threads that have not ended; of those, that do not sleep */
	atomic_int error;	  /* -errno of a run that failed, or 0 */
	struct walk *walk;
	uint64_t sent;		/* frames reported to the walk so far */
	uint64_t refused;	/* frames refused so far */
	uint64_t errors, drops; /* the senders' counters when a frame was last accepted */
	uint64_t taken_ns;	/* when that was */
};

struct xdp {
	struct engine engine;
	struct frames *frames; /* sends and receives the frames that the BPF programs do not */
	struct engine_conf conf;
	const struct link *link;
	struct xdp_programs programs;
	const struct frames_egress *egresses[XDP_EGRESSES]; /* by number in the programs' memory */
	unsigned egress_count;
	unsigned senders;  /* threads that a pass may have */
	atomic_bool alone; /* one thread only: the interface refused what several sent */
	struct xdp_sending sending;
	bool broken; /* the interface refuses every frame: engine frames sends the rest */
	uint64_t marked[XDP_WINDOWS], duplicate[XDP_WINDOWS]; /* counted into the stats so far */
	uint64_t sent, judged, duplicates, refused, refused_burst;
	bool rerouted; /* routes have changed during a pass, and are not prepared yet */
	bool stranded; /* they are such as the programs cannot follow */
	bool has_news; /* news[] has not been reported yet */
	char news[240];
};

#endif
