/* transmit: frames out through one interface, in batches. */
#ifndef PORTLIGHT_CAPTURE_TRANSMIT_H
#define PORTLIGHT_CAPTURE_TRANSMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/addr.h"
#include "base/failure.h"
#include "net/link.h"
#include "packet/packet.h"

#define TRANSMIT_BATCH 256
/* Of one frame: Ethernet's 1514, rounded so that neighbouring slots share no cache set. */
#define TRANSMIT_FRAME_BYTES 1600

struct transmit_conf {
	const struct link *link;
	/*
	 * Straight to the driver, past queueing discipline and taps: faster, and a full device
	 * queue is an error instead of a silent drop. A ring on this machine does not see such
	 * frames, so a trace must do without.
	 */
	bool bypass;
	/*
	 * Packets to ourselves cannot go in as frames: the kernel drops those from lo whose
	 * addresses are ours (RFC 1122, 3.2.1.3 (g)). 4 or 6: a raw IP socket of that family
	 * sends them down the ordinary path; 0: frames.
	 */
	int local_family;
	unsigned zone; /* with local_family 6: interface of link-local addresses */
	/*
	 * Send through this packet socket, bound to the link already, instead of another one:
	 * each that is closed costs a grace period of the kernel, some 15 ms. The socket itself
	 * does not see what it sends.
	 */
	bool shared;
	int shared_fd; /* stays the caller's */
	/*
	 * Threads that share large batches of frames; stays the caller's; NULL: none. The kernel
	 * carries a frame a long way inside the call that sends it: through a veth pair, to the
	 * far end's answer and back.
	 */
	struct crew *crew;
};

struct crew;
struct transmit;

/* As ring_open. *conf is copied; what it points to is not needed afterwards. */
struct transmit *transmit_open(const struct transmit_conf *conf, struct failure *f);
void transmit_close(struct transmit *t);

/* What a frame has to start with. */
enum packet_link transmit_link(const struct transmit *t);

/* Room for TRANSMIT_FRAME_BYTES bytes, at even address + 0 and aligned to 64; NULL if the batch is
 * full. Asked twice without commit, it is the same room. */
uint8_t *transmit_reserve(struct transmit *t);
/* The frame written there, `length` bytes to `to`, is part of the batch. */
void transmit_commit(struct transmit *t, size_t length, struct addr to);
unsigned transmit_waiting(const struct transmit *t);

/*
 * Hands the batch to the kernel and empties it. Returns how many frames the kernel took; if not
 * all, *error is an errno that it gave and *refused the place in the batch, from 0, of the frame
 * it is about: ENOBUFS and EAGAIN mean that there is no room at the moment. Waits at most 2 ms,
 * for room in the socket's own buffer, which empties at the speed of the link.
 */
unsigned transmit_flush(struct transmit *t, int *error, unsigned *refused);
/* Whether the kernel took the frame at that place of the batch last flushed. */
bool transmit_took(const struct transmit *t, unsigned place);

#endif
