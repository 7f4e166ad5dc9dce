/* ring: live frames from one interface or all, through memory shared with the kernel. */
#ifndef PORTLIGHT_CAPTURE_RING_H
#define PORTLIGHT_CAPTURE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "capture/filter.h"
#include "net/link.h"
#include "packet/packet.h"

enum ring_flag {
	RING_OUTGOING = 1 << 0,	  /* this machine sent it */
	RING_OTHER_HOST = 1 << 1, /* promiscuous: it was for another MAC address */
	RING_SUM_PENDING =
		1 << 2,		/* transport checksum not filled in yet: it never left a machine */
	RING_SUM_GOOD = 1 << 3, /* transport checksum already found right */
	RING_VLAN = 1 << 5,	/* the kernel took a VLAN tag off: vlan */
};

/* Borrowed from the ring until ring_release. */
struct ring_frame {
	const uint8_t *bytes;
	uint64_t wall_ns; /* CLOCK_REALTIME, by the kernel */
	uint32_t length;
	uint32_t wire_bytes; /* length before it was cut */
	uint32_t interface;  /* index of the one it passed */
	uint32_t network;    /* where the network header is in bytes[] */
	uint16_t hardware;   /* ARPHRD_* of that interface */
	uint16_t protocol;   /* Ethernet type, as the kernel understood the frame; 0x8100 and the
				like where it looked no further */
	uint16_t vlan;
	uint8_t flags; /* enum ring_flag */
};

struct ring_conf {
	const struct link *link; /* NULL: all there are, and that will be; whole frames of each */
	const struct filter *filter;	  /* NULL: every frame */
	const struct sock_fprog *program; /* instead of `filter`: any classic BPF; or NULL */
	bool outgoing;			  /* also frames that this machine sends */
	bool promiscuous;		  /* also frames for other MAC addresses */
	uint32_t slot_bytes;		  /* power of two, 128..65536: a frame and 66 bytes */
	uint32_t slots; /* slot_bytes * slots is the memory, a multiple of 64 KiB */
	bool packed;	/* see below: how many frames there is room for is up to them */
};

/*
 * In slots (TPACKET_V2) a frame can be read the moment the kernel has put it there, and whoever
 * waits is woken for each. Packed (TPACKET_V3) a frame takes 82 bytes and what is kept of it, so
 * that nearly twice as many SYNs find room; but they are handed out in blocks of 32 KiB, when full
 * or RING_LATE_MS (and a tick) old: too late for a scan, which would wait for that at each end.
 * What finds the ring full is dropped and counted.
 */
#define RING_LATE_MS 20

struct ring;

/*
 * The filter is in place before the first frame can come in. *conf is copied, what it points to
 * is not needed afterwards. NULL with *f: EXIT_NO_PERMISSION without CAP_NET_RAW,
 * EXIT_UNAVAILABLE naming the interface if it is down.
 */
struct ring *ring_open(const struct ring_conf *conf, struct failure *f);
void ring_close(struct ring *ring);

/* Readable (poll) when a frame is there. */
int ring_fd(const struct ring *ring);

/* What its frames start with; of a ring of all interfaces their hardware says it. */
enum packet_link ring_link(const struct ring *ring);

/* Frames for other MAC addresses too, on one interface more. 0 or -errno. */
int ring_promiscuous(struct ring *ring, unsigned interface);

/* The next frame, if one is there. It must be released before the next is asked for. */
bool ring_receive(struct ring *ring, struct ring_frame *frame);
void ring_release(struct ring *ring);

/* The socket's pending error as -errno (-ENETDOWN when the interface went down), 0 if none. */
int ring_error(struct ring *ring);

/* Frames lost so far because the ring was full. */
uint64_t ring_drops(struct ring *ring);

#endif
