/* xdp: what the files of the xdp engine share. Not for others. */
#ifndef PORTLIGHT_ENGINE_XDP_XDP_H
#define PORTLIGHT_ENGINE_XDP_XDP_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/frames/frames_egress.h"
#include "engine/frames/frames_prepare.h"
#include "engine/frames/frames_receive.h"
#include "engine/frames/frames_send.h"
#include "engine/frames/frames_state.h"
#include "engine/xdp/xdp_shared.h"

struct xdp_programs;
struct ring_buffer;

/* The memory of the programs, mapped. */
struct xdp_memory {
	struct xdp_setting *setting;
	struct xdp_window *window; /* XDP_WINDOWS */
	struct xdp_tally (*tally)[XDP_TALLIES];
	struct xdp_egress *egress;   /* XDP_WAYS */
	struct xdp_payload *payload; /* XDP_PAYLOADS */
	volatile struct xdp_pass *pass;
	volatile struct xdp_sender *sender; /* XDP_SENDERS */
	struct xdp_receive *receiving;
	uint64_t *words;	/* XDP_WINDOWS places each */
	struct hop_group *hops; /* NULL until xdp_kernel_hops */
	uint64_t *rate_limited;
	uint32_t *blocks;
	size_t words_bytes, hops_bytes, rate_limited_bytes, blocks_bytes;
};

/* The kernel's half: loaded, attached, mapped (xdp_load.c). */
struct xdp_kernel {
	struct xdp_programs *programs;
	struct xdp_memory memory;
	int probe_fd;
	int hook_fd; /* the link that holds our program on the interface; -1 if none */
	struct ring_buffer *opened;
	struct xdp_taking *taking; /* while it is read */
};

/* Takes SYN+ACKs that were answered in place, at most so many. */
unsigned xdp_kernel_opened(struct xdp_kernel *k, struct xdp_opened *out, unsigned max);

/* What the largest window has. */
struct xdp_room {
	uint32_t cells, hosts;
	bool alike; /* all hosts of any window are sent to alike */
	bool udp;   /* of which some hosts limit their errors */
};

/* Loads with that room in each place: 0, or -1 with *f and nothing kept. */
int xdp_kernel_load(struct xdp_kernel *k, const struct xdp_room *room, struct failure *f);
/* The hosts' hops of all places: mapped, and so resident, only once they are needed. NULL without
 * memory. */
struct hop_group *xdp_kernel_hops(struct xdp_kernel *k);
/* Puts the receiving program on the interface, in driver mode or in generic mode, and the counting
 * ones on the trace points. They go with this process. 0, or -1 with *f. */
int xdp_kernel_attach(struct xdp_kernel *k, const struct link *link, bool generic,
		      struct failure *f);
/* Whether frames can be redirected out of the interface; sends nothing. 0, or -1 with *f. */
int xdp_kernel_trial(struct xdp_kernel *k, const struct link *link, struct failure *f);
/* Runs the transmit program so many times, as one of the senders: by one thread at a time. 0 or
 * -errno; -EINTR after a signal. */
int xdp_kernel_run(const struct xdp_kernel *k, unsigned sender, uint32_t frame_bytes,
		   uint32_t times);
/* As many runs of which the last hands its frame back, if pass->test is 1 (-ENODATA: it has none):
 * the length of it, or -errno. For tests. */
int xdp_kernel_test(const struct xdp_kernel *k, unsigned sender, uint32_t times, uint8_t *out,
		    size_t room);
/* What the receiving program says to a frame (XDP_PASS, XDP_DROP, XDP_TX), or -errno. For tests. */
int xdp_kernel_judge(const struct xdp_kernel *k, const uint8_t *frame, size_t length);
/* The same, and the frame as it is then: *length of room for its own length before. */
int xdp_kernel_answer(const struct xdp_kernel *k, uint8_t *frame, size_t *length);
void xdp_kernel_unload(struct xdp_kernel *k);

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
	struct xdp_kernel kernel;
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

int xdp_prepare(struct engine *e, struct sheet *sheet, struct failure *f);
int xdp_pass_begin(struct engine *e, struct walk *walk, uint64_t now_ns, double rate_pps,
		   struct failure *f);
int xdp_pass_poll(struct engine *e, uint64_t now_ns, double rate_pps, struct failure *f);
void xdp_pass_stop(struct engine *e);

/*
 * The threads of a pass that is filled in: x->senders of them, or fewer where no more can be had. 0
 * or -errno with none. Each takes blocks until none is left, or until pass->stop, and ends with
 * none in hand, or with sending.error set.
 */
int xdp_senders_begin(struct xdp *x);
bool xdp_senders_over(const struct xdp *x);
/* Joins them, waiting if need be. */
void xdp_senders_end(struct xdp *x);

/* Whether the hosts [rank, end) of the plan all go to one gateway. */
bool xdp_hosts_alike(const struct xdp *x, uint64_t rank, uint64_t end);
/* Gives the sheet's host[] the place that the programs read, or one entry for all if they are
 * alike. Without memory it stays as it is. */
void xdp_hosts_place(struct xdp *x, unsigned place, struct sheet *sheet);
/*
 * Tells the programs where the hosts of a prepared window are sent to: true; or false, and frames
 * can send, if one of them cannot be sent to by the programs, or there was no memory.
 */
bool xdp_hosts_fill(struct xdp *x, unsigned place, struct sheet *sheet);

/* The template in the kernel's form. */
void xdp_template_fill(struct xdp_template *out, const struct template *in);
/* A window's part of the shared memory, as its sheet is. `place` holds no other. */
void xdp_window_fill(struct xdp_memory *m, unsigned place, const struct sheet *sheet);
/* What of the plan and the conf the programs need, payloads that fit the link included. Frees
 * nothing, asks nothing. */
void xdp_setting_fill(struct xdp_memory *m, const struct plan *plan, const struct engine_conf *conf,
		      uint32_t mtu);
/* A release of the kernel, as uname(2) says it, as a number; 0 if it cannot be read. */
#define XDP_RELEASE(major, minor) ((major)*1000u + (minor))
unsigned xdp_release(const char *release);
/*
 * How many bytes more than the longest probe has the frames that runs begin with want, under a
 * kernel of this release (as uname(2) says it). virtio_net puts a header of its own before each
 * frame that it is given, and leaves it there; Linux before 6.4 takes such a frame for as good as
 * new when it comes round, unless our program changes its length. Then it would send what is no
 * probe of ours, and in the end write where no frame is.
 */
uint32_t xdp_spare_bytes(const char *release);

#endif
