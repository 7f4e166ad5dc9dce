/* transmit: sends frames through one interface, in batches. */
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
/* Room for one frame: Ethernet's 1514 bytes, rounded up so that neighbouring slots do not compete
 * for the same cache sets. */
#define TRANSMIT_FRAME_BYTES 1600

struct transmit_conf {
	const struct link *link;
	/*
	 * Bypasses the queueing discipline and packet taps (PACKET_QDISC_BYPASS): faster, and a
	 * full device queue is reported instead of dropping silently. A ring on this machine does
	 * not receive such frames, so it is not for a scan with a trace. Without it, ENOBUFS also
	 * means that a filter on the way out (nftables, tc) has dropped the frame.
	 */
	bool bypass;
	/* Without bypass: rules of the queue drop single frames, which are denied then; a queue
	 * that is full for a moment cannot be distinguished from that. */
	bool queue;
	/*
	 * 4 or 6: send IP packets through a raw IP socket of that family: the kernel treats them as
	 * its own (routes, packet filters, address translation, IPsec policies); 0: send frames. To
	 * this machine frames would not do: the kernel drops packets received on lo from one of our
	 * addresses (RFC 1122, 3.2.1.3 (g)).
	 */
	int ip_family;
	unsigned zone; /* with ip_family 6: interface of link-local addresses */
	/*
	 * With ip_family: IPPROTO_TCP or IPPROTO_UDP, the only one that is sent then, so that
	 * IPsec policies for a protocol hold; 0: any. `bound`: leaves from `source`, by `link`
	 * alone if by_link.
	 */
	int protocol;
	bool bound, by_link;
	struct addr source;
	/*
	 * Send through shared_fd, a packet socket that is bound to the link and stays the caller's,
	 * and open no other: to close one takes an RCU grace period, some 15 ms. The socket does
	 * not receive what it sends.
	 */
	bool shared;
	int shared_fd;
	/*
	 * Threads that send large batches together; the caller's; NULL: none. Worthwhile since the
	 * kernel does much within the sending call: through a veth pair, all up to the receiver's
	 * answer.
	 */
	struct crew *crew;
};

struct crew;
struct transmit;

/* Opens a transmitter. NULL with *f, as ring_open(). *conf is copied; except crew and shared_fd,
 * what it refers to is not needed afterwards. */
struct transmit *transmit_open(const struct transmit_conf *conf, struct failure *f);
void transmit_close(struct transmit *t);

/* The first header that a frame must have. */
enum packet_link transmit_link(const struct transmit *t);

/* Room for the next frame of the batch: TRANSMIT_FRAME_BYTES bytes, aligned to 64. NULL if the
 * batch is full. Until transmit_commit() each call returns the same room. */
uint8_t *transmit_reserve(struct transmit *t);
/* Adds the frame written there, `length` bytes to address `to`, to the batch. */
void transmit_commit(struct transmit *t, size_t length, struct addr to);
/* Number of frames in the batch. */
unsigned transmit_waiting(const struct transmit *t);

/*
 * Hands the batch to the kernel and empties it. Returns how many frames the kernel accepted; if not
 * all, *error is the errno of one that it refused and *refused that frame's index in the batch, but
 * for those of transmit_denied().
 * ENOBUFS and EAGAIN: there is no room at the moment. Waits at most 2 ms for room in the socket's
 * buffer, which empties at the speed of the link.
 */
unsigned transmit_flush(struct transmit *t, int *error, unsigned *refused);
/* Whether the kernel accepted the frame with that index in the batch that was flushed last. */
bool transmit_took(const struct transmit *t, unsigned place);
/* Whether a packet filter or an IPsec policy of this machine refused that one (EPERM), which a raw
 * IP socket reports, or with `queue` the queue did (ENOBUFS). The others are sent all the same. */
bool transmit_denied(const struct transmit *t, unsigned place);

#endif
