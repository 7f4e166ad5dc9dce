/* xdp_programs: loads, maps, attaches and runs the BPF programs of the xdp engine. */
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

/* The loaded programs. Caller's storage. */
struct xdp_programs {
	struct xdp_skeleton *skeleton; /* libbpf's; NULL: not loaded */
	struct xdp_memory memory;
	int probe_fd;		    /* file descriptor of the XDP program */
	int hook_fd;		    /* of the bpf_link to the interface; -1: not attached */
	struct ring_buffer *opened; /* of struct xdp_opened */
	struct xdp_taking *taking;  /* while `opened` is read */
};

/* Size of the maps: what the largest window needs. */
struct xdp_room {
	uint32_t cells, hosts;
	bool alike; /* every host of the plan has the same egress and destination MAC address */
	bool udp;   /* the plan has UDP probes */
};

/* Loads the programs and maps their memory, with that room for each of XDP_WINDOWS windows. 0, or
 * -1 with *f and nothing left to unload. */
int xdp_programs_load(struct xdp_programs *p, const struct xdp_room *room, struct failure *f);

/* Detaches and unloads everything. The memory that xdp_programs_load() mapped is gone. */
void xdp_programs_unload(struct xdp_programs *p);

/* The entries of the hosts of all windows, setting->hops groups each, mapped at the first call.
 * NULL out of memory. */
struct hop_group *xdp_programs_hops(struct xdp_programs *p);

/* Reads up to `max` reports of SYN+ACKs that the receiving program has answered itself, and returns
 * how many. Does not wait. */
unsigned xdp_programs_opened(struct xdp_programs *p, struct xdp_opened *out, unsigned max);

/* Attaches the XDP program to the interface, in driver mode or (generic) in generic mode, and the
 * counting programs to their trace points. The kernel detaches them when this process ends. Leaves
 * another XDP program that is attached alone and fails. 0, or -1 with *f. */
int xdp_programs_attach(struct xdp_programs *p, const struct link *link, bool generic,
			struct failure *f);

/* Checks that the interface's driver can send redirected frames; sends nothing. Some drivers only
 * fail in the first pass (see xdp_quirks.h). 0, or -1 with *f. */
int xdp_programs_trial(struct xdp_programs *p, const struct link *link, struct failure *f);

/* Runs the transmitting program `times` times as sender number `sender` (< XDP_SENDERS), each run
 * with a frame of `frame_bytes` bytes. Two threads never run the same sender at once. 0 or -errno;
 * -EINTR after a signal. */
int xdp_programs_run(const struct xdp_programs *p, unsigned sender, uint32_t frame_bytes,
		     uint32_t times);

/* For tests, with pass->test 1: runs it `times` times and copies the last frame to `out` (`room`
 * bytes) instead of sending it. Its length, -ENODATA if the last run made none, or -errno. */
int xdp_programs_test(const struct xdp_programs *p, unsigned sender, uint32_t times, uint8_t *out,
		      size_t room);

/* For tests: what the receiving program returns for a frame (XDP_PASS, XDP_DROP, XDP_TX), or
 * -errno. */
int xdp_programs_judge(const struct xdp_programs *p, const uint8_t *frame, size_t length);

/* The same, and replaces the frame by what the program made of it: *length is its length before and
 * after. */
int xdp_programs_answer(const struct xdp_programs *p, uint8_t *frame, size_t *length);

#endif
