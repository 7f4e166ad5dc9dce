/* xdp_programs: the kernel's half of the xdp engine: loaded, mapped, attached, run. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_PROGRAMS_H
#define PORTLIGHT_ENGINE_XDP_XDP_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "engine/xdp/xdp_memory.h"

struct link;
struct ring_buffer;
struct xdp_opened;
struct xdp_skeleton;
struct xdp_taking;

/* The kernel's half: loaded, attached, mapped (xdp_programs.c). */
struct xdp_programs {
	struct xdp_skeleton *skeleton;
	struct xdp_memory memory;
	int probe_fd;
	int hook_fd; /* the link that holds our program on the interface; -1 if none */
	struct ring_buffer *opened;
	struct xdp_taking *taking; /* while it is read */
};

/* Takes SYN+ACKs that were answered in place, at most so many. */
unsigned xdp_programs_opened(struct xdp_programs *p, struct xdp_opened *out, unsigned max);

/* What the largest window has. */
struct xdp_room {
	uint32_t cells, hosts;
	bool alike; /* all hosts of any window are sent to alike */
	bool udp;   /* of which some hosts limit their errors */
};

/* Loads with that room in each place: 0, or -1 with *f and nothing kept. */
int xdp_programs_load(struct xdp_programs *p, const struct xdp_room *room, struct failure *f);
/* The hosts' hops of all places: mapped, and so resident, only once they are needed. NULL without
 * memory. */
struct hop_group *xdp_programs_hops(struct xdp_programs *p);
/* Puts the receiving program on the interface, in driver mode or in generic mode, and the counting
 * ones on the trace points. They go with this process. 0, or -1 with *f. */
int xdp_programs_attach(struct xdp_programs *p, const struct link *link, bool generic,
			struct failure *f);
/* Whether frames can be redirected out of the interface; sends nothing. 0, or -1 with *f. */
int xdp_programs_trial(struct xdp_programs *p, const struct link *link, struct failure *f);
/* Runs the transmit program so many times, as one of the senders: by one thread at a time. 0 or
 * -errno; -EINTR after a signal. */
int xdp_programs_run(const struct xdp_programs *p, unsigned sender, uint32_t frame_bytes,
		     uint32_t times);
/* As many runs of which the last hands its frame back, if pass->test is 1 (-ENODATA: it has none):
 * the length of it, or -errno. For tests. */
int xdp_programs_test(const struct xdp_programs *p, unsigned sender, uint32_t times, uint8_t *out,
		      size_t room);
/* What the receiving program says to a frame (XDP_PASS, XDP_DROP, XDP_TX), or -errno. For tests. */
int xdp_programs_judge(const struct xdp_programs *p, const uint8_t *frame, size_t length);
/* The same, and the frame as it is then: *length of room for its own length before. */
int xdp_programs_answer(const struct xdp_programs *p, uint8_t *frame, size_t *length);
void xdp_programs_unload(struct xdp_programs *p);

#endif
